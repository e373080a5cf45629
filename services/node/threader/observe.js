/** Counts and times every request. */

import { event } from "./log.js";

const PATHS = new Set(["/alert", "/health", "/ready", "/metrics"]);
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]);

/** One request, from its head to the end of its answer. */
export class Observation {
  /** True when it turned out to be a synthetic alert: no metric counts such a one. */
  synthetic = false;

  /**
   * Unknown paths and methods share one label, so no stranger can make series without end.
   * @param {import("./metrics.js").Metrics} metrics
   * @param {import("node:http").IncomingMessage} request
   */
  constructor(metrics, { method = "", url = "" }) {
    const path = url.split("?", 1)[0];
    this.metrics = metrics;
    this.method = METHODS.has(method) ? method : "other";
    this.path = PATHS.has(path) ? path : "other";
    this.begun = performance.now();
  }

  /** @param {number} code */
  end(code) {
    if (!this.synthetic) {
      this.metrics.requests.with(this.method, this.path, String(code)).inc();
      this.metrics.duration.with(this.method, this.path).observe((performance.now() - this.begun) / 1000);
    }
    event("debug", "request", { method: this.method, path: this.path, code, ...this.marked });
  }

  /** Fields for the log that say so. */
  get marked() {
    return this.synthetic ? { synthetic: true } : {};
  }
}
