/** The usual proxy variables: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in capitals or not. */

import http from "node:http";
import https from "node:https";
import { BlockList, isIPv4 } from "node:net";
import tls from "node:tls";

/** @typedef {import("./settings.js").Environ} Environ */

/** Knows which proxy, if any, an address is reached through. */
export class Proxies {
  /** @param {Environ} environ */
  constructor(environ) {
    this.environ = environ;
    this.direct = this.read("no_proxy").split(/[\s,]+/).filter(Boolean);
  }

  /**
   * @param {string} name
   * @returns {string}
   */
  read(name) {
    return this.environ[name] || this.environ[name.toUpperCase()] || "";
  }

  /**
   * The proxy for an address, or null.
   * @param {URL} target
   */
  for(target) {
    const named = this.read(`${target.protocol.slice(0, -1)}_proxy`) || this.read("all_proxy");
    if (!named || this.direct.some((rule) => matches(rule, target))) return null;
    return new URL(named.includes("://") ? named : `http://${named}`);
  }

  /**
   * The header that a proxy with a user's name wants.
   * @param {URL} proxy
   * @returns {Record<string, string>}
   */
  authorization({ username, password }) {
    if (!username) return {};
    const both = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return { "Proxy-Authorization": `Basic ${Buffer.from(both).toString("base64")}` };
  }
}

/**
 * @param {string} rule
 * @param {URL} target
 */
function matches(rule, { hostname, host }) {
  const [network, bits] = rule.split("/");
  if (bits && isIPv4(network) && isIPv4(hostname)) {
    const list = new BlockList();
    list.addSubnet(network, Number(bits));
    return list.check(hostname);
  }
  const name = rule.replace(/^\*?\./, "").toLowerCase();
  return rule === "*" || [hostname, host].some((known) => known === name || known.endsWith(`.${name}`));
}

/** Connections to an https address through a proxy's CONNECT. */
export class TunnelAgent extends https.Agent {
  /**
   * @param {URL} proxy
   * @param {Record<string, string>} headers
   * @param {https.AgentOptions} options
   */
  constructor(proxy, headers, options) {
    super(options);
    this.proxy = proxy;
    this.headers = headers;
  }

  /**
   * @param {any} options - of tls.connect
   * @param {any} callback - gets an error, or null and the socket
   */
  createConnection(options, callback) {
    const where = `${options.host}:${options.port || 443}`;
    const { hostname, port } = this.proxy;
    const headers = { Host: where, ...this.headers };
    const request = http.request({ method: "CONNECT", hostname, port, path: where, headers });
    request.on("connect", (response, socket) => {
      if (response.statusCode === 200) callback(null, tls.connect({ ...options, path: undefined, socket }));
      else callback(proxyError(`answered ${response.statusCode}`), socket.destroy());
    });
    request.on("error", (error) => callback(proxyError(error.message)));
    request.end();
    return undefined;
  }
}

/** @param {string} message */
const proxyError = (message) => Object.assign(new Error(message), { code: "ERR_PROXY" });
