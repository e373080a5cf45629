/** The only place that makes HTTP calls: always with a timeout, a size limit and no redirects. */

import http from "node:http";
import https from "node:https";

import { exchange } from "./exchange.js";
import { Proxies, TunnelAgent } from "./proxy.js";
import { trust } from "./trust.js";

const IDLE_MS = 4000; // shorter than servers keep an idle connection, so none is used that is just being closed

/** @typedef {import("./exchange.js").Answer} Answer */

/** A pool of connections to one service. */
export class Client {
  /**
   * @param {string} token - put into every call, if not empty
   * @param {number} timeout - seconds to connect, and again to answer
   * @param {import("./settings.js").Environ} [environ] - where proxies and trusted certificates are named
   */
  constructor(token, timeout, environ = process.env) {
    this.token = token;
    this.timeoutMs = timeout * 1000;
    this.environ = environ;
    this.proxies = new Proxies(environ);
    /** @type {Map<string, http.Agent>} */
    this.agents = new Map();
  }

  /**
   * Post once, with no retry of its own.
   * @param {string} url
   * @param {object} payload
   * @returns {Promise<Answer>}
   * @throws {import("./errors.js").UnreachableError}
   */
  async postJson(url, payload) {
    const target = new URL(url);
    const proxy = this.proxies.for(target);
    const secure = target.protocol === "https:";
    const body = Buffer.from(JSON.stringify(payload));
    // To an https address a proxy makes a tunnel; an http one it is asked to fetch.
    const first = proxy && !secure ? proxy : target;
    const options = {
      method: "POST",
      hostname: first.hostname.replace(/^\[|\]$/g, ""),
      port: first.port,
      path: first === target ? target.pathname + target.search : target.href,
      headers: { ...this.headers(target, body), ...(first === proxy ? this.proxies.authorization(proxy) : {}) },
      agent: this.agentFor(secure, proxy),
    };
    return exchange(secure, options, body, this.timeoutMs);
  }

  /**
   * @param {URL} target
   * @param {Buffer} body
   * @returns {Record<string, string>}
   */
  headers({ host, username, password }, body) {
    const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64");
    const authorization = this.token ? `Bearer ${this.token}` : username ? `Basic ${basic}` : "";
    return {
      Host: host,
      "User-Agent": "alert-threader",
      "Content-Type": "application/json; charset=utf-8",
      "Content-Length": String(body.length),
      ...(authorization && { Authorization: authorization }),
    };
  }

  /**
   * @param {boolean} secure
   * @param {URL | null} proxy
   * @returns {http.Agent}
   */
  agentFor(secure, proxy) {
    const key = secure ? `https through ${proxy?.href}` : "http";
    const agent = this.agents.get(key) ?? this.newAgent(secure, proxy);
    this.agents.set(key, agent);
    return agent;
  }

  /**
   * @param {boolean} secure
   * @param {URL | null} proxy
   */
  newAgent(secure, proxy) {
    const options = { keepAlive: true, timeout: IDLE_MS };
    if (!secure) return new http.Agent(options);
    const trusting = { ...options, ...trust(this.environ) };
    return proxy ? new TunnelAgent(proxy, this.proxies.authorization(proxy), trusting) : new https.Agent(trusting);
  }
}
