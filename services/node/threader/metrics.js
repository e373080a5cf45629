/** What the threader counts: the same names and labels whatever it is written in. */

import { Step } from "./incidents.js";
import { processMetrics } from "./process-metrics.js";
import { counter, gauge, histogram } from "./series.js";
import { IMPL, VERSION } from "./version.js";

/** Every metric of the threader. */
export class Metrics {
  requests = counter("http_requests_total", "Requests answered.", "method", "path", "code");
  duration = histogram("http_request_duration_seconds", "Seconds to answer a request.", "method", "path");
  health = gauge("threader_health_status", "1 when /health would say ok, else 0.");
  errors = counter("threader_errors_total", "Failures by kind.", "kind");
  messages = counter("threader_messages_total", "Alerts dealt with, by what was done.", "result");
  synthetic = counter(
    "threader_synthetic_alerts_total",
    "Signed synthetic alerts, which no other metric counts: delivered with an id from Slack, or failed.",
    "result",
  );
  slackSeconds = histogram("threader_slack_seconds", "Seconds of one call to Slack.");
  slackWaits = counter("threader_slack_rate_limit_waits_total", "Waits because Slack said too fast.");
  truncated = counter(
    "threader_truncated_alerts_total",
    "Alerts that Alertmanager left out of webhooks (its max_alerts).",
  );
  lastWebhook = gauge("threader_last_webhook_timestamp_seconds", "When the last valid webhook came; 0: none.");
  inFlight = gauge("threader_alerts_in_flight", "Webhooks being delivered now.");
  info = gauge("threader_info", "Who this is.", "impl", "version", "instance", "environment");

  /**
   * @param {string} instance
   * @param {string} environment
   */
  constructor(instance, environment) {
    this.info.with(IMPL, VERSION, instance, environment).set(1);
    // A rate over a series that does not exist yet hides its first events, so all begin at 0.
    for (const kind of ["slack", "store", "bad_request", "overload", "internal"]) this.errors.with(kind);
    for (const step of Object.values(Step)) this.messages.with(step);
    for (const result of ["delivered", "failed"]) this.synthetic.with(result);
  }

  /** The exposition for Prometheus. */
  text() {
    return [...Object.values(this), ...processMetrics()].map((family) => family.text()).join("");
  }
}
