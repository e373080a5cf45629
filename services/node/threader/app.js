/** The HTTP side: four routes. */

import { BadRequest, parse, readBody } from "./body.js";
import { Gate } from "./gate.js";
import { event, failure } from "./log.js";
import { Observation } from "./observe.js";
import * as synthetic from "./synthetic.js";
import { IMPL, VERSION } from "./version.js";

const MAX_DELIVERIES = 32; // webhooks delivered at a time
const MAX_WAITING = 64; // more than that in the house: come again later
const EXPOSITION = "text/plain; version=0.0.4; charset=utf-8";

/** @typedef {{code: number, content: object | string, headers?: Record<string, string>}} Reply */
/** @typedef {import("node:http").IncomingMessage} Request */
/** @typedef {(request: Request, observation: Observation) => Promise<Reply>} Route */

/** The application: takes requests, knows nothing of sockets. */
export class App {
  /** @param {import("./service.js").Service} service */
  constructor(service) {
    this.service = service;
    this.identity = { impl: IMPL, version: VERSION, instance: service.settings.instance };
    this.deliveries = new Gate(MAX_DELIVERIES);
    this.inFlight = 0;
    /** @type {Map<string, [string, Route]>} */
    this.routes = new Map([
      ["/alert", ["POST", (request, observation) => this.alert(request, observation)]],
      ["/health", ["GET", () => this.health()]],
      ["/ready", ["GET", () => this.ready()]],
      ["/metrics", ["GET", () => this.metrics()]],
    ]);
  }

  /**
   * Answer a request; whatever breaks is a 500 in plain JSON.
   * @param {Request} request
   * @returns {Promise<{reply: Reply, observation: Observation}>} the observation is to be ended when all is sent
   */
  async answer(request) {
    const observation = new Observation(this.service.metrics, request);
    try {
      return { reply: await this.route(request, observation), observation };
    } catch (error) {
      if (error instanceof BadRequest) return { reply: this.refuse(error, observation), observation };
      const { method, path, marked } = observation;
      failure("request failed", error, { method, path, ...marked });
      if (!observation.synthetic) this.service.metrics.errors.with("internal").inc();
      return { reply: { code: 500, content: { error: "internal error, see the log" } }, observation };
    }
  }

  /**
   * @param {Request} request
   * @param {Observation} observation
   * @returns {Promise<Reply>}
   */
  async route(request, observation) {
    const [method, run] = this.routes.get(observation.path) ?? ["", null];
    if (!run) return { code: 404, content: { detail: "Not Found" } };
    if (request.method === method) return run(request, observation);
    return { code: 405, content: { detail: "Method Not Allowed" }, headers: { Allow: method } };
  }

  /**
   * @param {BadRequest} error
   * @param {Observation} observation
   */
  refuse({ code, message, content }, observation) {
    if (!observation.synthetic) this.service.metrics.errors.with("bad_request").inc();
    event("warning", "request refused", { code, reason: message, ...observation.marked });
    return { code, content };
  }

  /**
   * @param {Request} request
   * @param {Observation} observation
   * @returns {Promise<Reply>}
   */
  async alert(request, observation) {
    const { metrics, settings } = this.service;
    if (this.inFlight >= MAX_WAITING) {
      metrics.errors.with("overload").inc();
      return { code: 503, content: { error: "too many webhooks at once" }, headers: { "Retry-After": "1" } };
    }
    this.inFlight += 1;
    metrics.inFlight.with().set(this.inFlight);
    try {
      const body = await readBody(request, settings.maxBodyBytes);
      if (synthetic.claimed(request.headers)) return await this.takeSynthetic(request, body, observation);
      return await this.take(body);
    } finally {
      this.inFlight -= 1;
      metrics.inFlight.with().set(this.inFlight);
    }
  }

  /** @param {Buffer} body */
  async take(body) {
    const { deliverer, metrics } = this.service;
    const webhook = parse(body);
    metrics.lastWebhook.with().set(Date.now() / 1000);
    this.noteTruncation(webhook.truncatedAlerts);
    return answerOf(await this.deliveries.through(() => deliverer.deliver(webhook.alerts)));
  }

  /**
   * @param {Request} request
   * @param {Buffer} body
   * @param {Observation} observation
   */
  async takeSynthetic(request, body, observation) {
    const { synthetic: deliverer, metrics, settings } = this.service;
    const reason = synthetic.refusal(settings, request.headers, body);
    if (reason !== null || deliverer === null) {
      throw new BadRequest(403, `not a synthetic alert: ${reason}`, { reason });
    }
    observation.synthetic = true;
    const { alerts } = parse(body);
    let report = null;
    try {
      report = await this.deliveries.through(() => deliverer.deliver(alerts));
    } finally {
      synthetic.count(metrics, alerts.length, report);
    }
    return answerOf(report, { delivered: report.delivered });
  }

  /** @returns {Promise<Reply>} */
  async health() {
    return this.state("ok", "broken", await this.service.health.sick());
  }

  /** @returns {Promise<Reply>} */
  async ready() {
    const { health } = this.service;
    return this.state("ready", health.draining ? "draining" : "unready", await health.unready());
  }

  /** @returns {Promise<Reply>} */
  async metrics() {
    await this.service.health.sick();
    return { code: 200, content: this.service.metrics.text(), headers: { "Content-Type": EXPOSITION } };
  }

  /**
   * @param {string} good
   * @param {string} bad
   * @param {string | null} reason
   * @returns {Reply}
   */
  state(good, bad, reason) {
    if (reason === null) return { code: 200, content: { status: good, ...this.identity } };
    return { code: 503, content: { status: bad, reason, ...this.identity } };
  }

  /** @param {number} leftOut */
  noteTruncation(leftOut) {
    if (!leftOut) return;
    this.service.metrics.truncated.with().inc(leftOut);
    event("warning", "Alertmanager left alerts out: raise its max_alerts", { left_out: leftOut });
  }
}

/**
 * 2xx only when every alert is dealt with, so that Alertmanager retries the others; it retries at any 5xx.
 * @param {import("./deliver.js").Report} report
 * @param {object} [more]
 * @returns {Reply}
 */
function answerOf({ complete, done, failed, notTried, storeFailed, retryAfter }, more = {}) {
  const content = { done, failed, not_tried: notTried, ...more };
  if (complete) return { code: 200, content };
  if (!storeFailed && retryAfter === null) return { code: 502, content };
  return { code: 503, content, headers: { "Retry-After": String(Math.ceil(retryAfter || 1)) } };
}
