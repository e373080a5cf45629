/** Addresses of a Redis: redis://[user[:password]@]host[:port][/db], rediss:// for TLS, unix://[...@]/path[?db=n]. */

import { readFileSync } from "node:fs";

import { StoreError } from "./errors.js";

/**
 * The client's options for an address.
 * @param {string} text
 * @returns {Pick<import("@redis/client").RedisClientOptions, "socket" | "username" | "password" | "database">}
 * @throws {StoreError} without the address, since it can hold a password
 */
export function optionsFor(text) {
  try {
    const url = new URL(text);
    const { protocol, searchParams: query } = url;
    const database = Number(query.get("db") ?? (protocol === "unix:" ? 0 : url.pathname.slice(1)));
    const username = decodeURIComponent(url.username) || query.get("username") || undefined;
    const password = decodeURIComponent(url.password) || query.get("password") || undefined;
    return { socket: socketFor(url), username, password, database: Number.isInteger(database) ? database : 0 };
  } catch {
    throw new StoreError("REDIS_URL: is not understood");
  }
}

/** @param {URL} url */
function socketFor({ protocol, hostname, port, pathname, searchParams: query }) {
  if (protocol === "unix:") return { tls: /** @type {const} */ (false), path: decodeURIComponent(pathname) };
  const place = { host: hostname.replace(/^\[|\]$/g, "") || "localhost", port: Number(port || 6379) };
  if (protocol !== "rediss:") return place;
  const ca = query.get("ssl_ca_certs");
  const checked = query.get("ssl_cert_reqs") !== "none";
  const trusted = ca ? { ca: readFileSync(ca) } : {};
  return { ...place, tls: /** @type {const} */ (true), rejectUnauthorized: checked, ...trusted };
}
