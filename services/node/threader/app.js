/** The HTTP side: four routes. */

import { BadRequest, readWebhook } from "./body.js";
import { Gate } from "./gate.js";
import { event, failure } from "./log.js";
import { Observation } from "./observe.js";
import { IMPL, VERSION } from "./version.js";

const MAX_DELIVERIES = 32; // webhooks delivered at a time
const MAX_WAITING = 64; // more than that in the house: come again later
const EXPOSITION = "text/plain; version=0.0.4; charset=utf-8";

/** @typedef {{code: number, content: object | string, headers?: Record<string, string>}} Reply */
/** @typedef {import("node:http").IncomingMessage} Request */
/** @typedef {(request: Request) => Promise<Reply>} Route */

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
      ["/alert", ["POST", (request) => this.alert(request)]],
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
      return { reply: await this.route(request, observation.path), observation };
    } catch (error) {
      if (error instanceof BadRequest) return { reply: this.refuse(error), observation };
      failure("request failed", error, { method: observation.method, path: observation.path });
      this.service.metrics.errors.with("internal").inc();
      return { reply: { code: 500, content: { error: "internal error, see the log" } }, observation };
    }
  }

  /**
   * @param {Request} request
   * @param {string} path
   * @returns {Promise<Reply>}
   */
  async route(request, path) {
    const [method, run] = this.routes.get(path) ?? ["", null];
    if (!run) return { code: 404, content: { detail: "Not Found" } };
    if (request.method === method) return run(request);
    return { code: 405, content: { detail: "Method Not Allowed" }, headers: { Allow: method } };
  }

  /** @param {BadRequest} error */
  refuse({ code, message, content }) {
    this.service.metrics.errors.with("bad_request").inc();
    event("warning", "request refused", { code, reason: message });
    return { code, content };
  }

  /**
   * @param {Request} request
   * @returns {Promise<Reply>}
   */
  async alert(request) {
    const { deliverer, metrics, settings } = this.service;
    if (this.inFlight >= MAX_WAITING) {
      metrics.errors.with("overload").inc();
      return { code: 503, content: { error: "too many webhooks at once" }, headers: { "Retry-After": "1" } };
    }
    this.inFlight += 1;
    metrics.inFlight.with().set(this.inFlight);
    try {
      const webhook = await readWebhook(request, settings.maxBodyBytes);
      metrics.lastWebhook.with().set(Date.now() / 1000);
      this.noteTruncation(webhook.truncatedAlerts);
      return answerOf(await this.deliveries.through(() => deliverer.deliver(webhook.alerts)));
    } finally {
      this.inFlight -= 1;
      metrics.inFlight.with().set(this.inFlight);
    }
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
 * @returns {Reply}
 */
function answerOf({ complete, done, failed, notTried, storeFailed, retryAfter }) {
  const content = { done, failed, not_tried: notTried };
  if (complete) return { code: 200, content };
  if (!storeFailed && retryAfter === null) return { code: 502, content };
  return { code: 503, content, headers: { "Retry-After": String(Math.ceil(retryAfter || 1)) } };
}
