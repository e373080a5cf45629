/** Runs the application, and stops it without losing what is in flight. */

import http from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import { App } from "./app.js";
import { event } from "./log.js";

const HEAD_TIMEOUT_MS = 15_000; // for a request's head; the body has its own
const SWEEP_MS = 50;
const BACKLOG = 1024;
const SIGNALS = /** @type {const} */ ({ SIGINT: 2, SIGTERM: 15 });
// A refused body is read on for a while, or the sender would get a reset instead of the answer.
const LINGER_MS = 2000;

/** First signal: say "draining" for a while, then close and finish. Second signal: stop now. */
export class Server {
  /** @param {import("./service.js").Service} service */
  constructor(service) {
    this.settings = service.settings;
    this.health = service.health;
    this.app = new App(service);
    const options = { headersTimeout: HEAD_TIMEOUT_MS, requestTimeout: 0, connectionsCheckingInterval: 5000 };
    this.http = http.createServer(options, (request, response) => this.handle(request, response));
    /** @type {(value?: unknown) => void} */
    this.end = () => undefined;
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  /**
   * Listen, and from now on obey signals.
   * @param {string} host
   * @param {number} port
   */
  async listen(host, port) {
    await new Promise((resolve, reject) => {
      this.http.once("error", reject);
      this.http.listen({ host, port, backlog: BACKLOG, ipv6Only: true }, () => resolve(undefined));
    });
    for (const [name, number] of Object.entries(SIGNALS)) process.on(name, () => this.signalled(number));
    const { address, port: chosen } = /** @type {import("node:net").AddressInfo} */ (this.http.address());
    event("info", "listening", { addresses: [[address, chosen]] });
  }

  /** Resolves when the server has stopped. */
  async stopped() {
    await this.ended;
  }

  /** @param {number} signal */
  signalled(signal) {
    if (this.health.draining) {
      this.end();
      return;
    }
    this.health.draining = true;
    event("info", "stopping", { signal, drain_seconds: this.settings.drainSeconds });
    this.drain().then(this.end);
  }

  async drain() {
    await delay(this.settings.drainSeconds * 1000);
    const closed = new Promise((resolve) => this.http.close(resolve));
    // Node 18 does not close the connections that are idle now or become so.
    const sweep = setInterval(() => this.http.closeIdleConnections(), SWEEP_MS);
    this.http.closeIdleConnections();
    await Promise.race([closed, delay(this.settings.shutdownTimeout * 1000)]);
    clearInterval(sweep);
  }

  /**
   * @param {http.IncomingMessage} request
   * @param {http.ServerResponse} response
   */
  async handle(request, response) {
    const { reply, observation } = await this.app.answer(request);
    const { code, content, headers } = reply;
    const body = typeof content === "string" ? content : JSON.stringify(content);
    const unread = !request.complete;
    // While draining each answer ends its connection, so that no request is on its way into one that closes.
    if (unread || this.health.draining) response.setHeader("Connection", "close");
    const length = Buffer.byteLength(body);
    response.writeHead(code, { "Content-Type": "application/json", ...headers, "Content-Length": length });
    response.write(request.method === "HEAD" ? "" : body);
    if (unread) await discarded(request);
    response.end();
    observation.end(code);
  }
}

/**
 * Read on and forget, until the sender is done or the time is up.
 * @param {http.IncomingMessage} request
 */
async function discarded(request) {
  request.resume();
  const done = new Promise((resolve) => request.once("end", resolve).once("close", resolve));
  await Promise.race([done, delay(LINGER_MS)]);
}
