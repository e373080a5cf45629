/** One connection to Redis, made when it is needed and made again when it broke. */

import { createClient, ErrorReply } from "@redis/client";

import { StoreError } from "./errors.js";
import { optionsFor } from "./redis-url.js";

const CALL_TIMEOUT_MS = 3000;
// What a Redis says that was demoted or is loading: another connection may reach a better one.
const CONNECT_ANEW = new Set(["READONLY", "LOADING", "MASTERDOWN"]);

/** @typedef {import("@redis/client").RedisClientType<any, any, any, any, any>} Client */

/** Commands as lists of words. */
export class RedisLink {
  /** @type {{client: Client, ready: Promise<unknown>} | null} */
  #link = null;

  /** @param {string} url */
  constructor(url) {
    this.options = optionsFor(url);
  }

  /**
   * Send a command. A connection that went stale gets a second try; Alertmanager does the rest.
   * @param {...string} words
   * @returns {Promise<unknown>}
   * @throws {StoreError} without the address, since it can hold a password
   */
  async send(...words) {
    const used = this.#link !== null;
    try {
      return await this.#once(words);
    } catch (error) {
      if (!used || error instanceof ErrorReply) throw plainly(error);
    }
    return this.#once(words).catch((error) => Promise.reject(plainly(error)));
  }

  /** @param {string[]} words */
  async #once(words) {
    const link = (this.#link ??= this.#connect());
    const done = link.ready.then(() => link.client.sendCommand(words));
    try {
      return await within(CALL_TIMEOUT_MS, done);
    } catch (error) {
      const broken = !(error instanceof ErrorReply) || !link.client.isReady || CONNECT_ANEW.has(codeOf(error));
      if (broken && this.#link === link) {
        this.#link = null;
        if (link.client.isOpen) link.client.destroy();
      }
      throw error;
    }
  }

  #connect() {
    const socket = { connectTimeout: CALL_TIMEOUT_MS, reconnectStrategy: /** @type {const} */ (false) };
    const client = createClient({ ...this.options, socket: { ...this.options.socket, ...socket } });
    client.on("error", () => undefined); // each call tells its own failure
    return { client, ready: client.connect() };
  }
}

/**
 * @template T
 * @param {number} ms
 * @param {Promise<T>} work
 * @returns {Promise<T>}
 */
function within(ms, work) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("TimeoutError")), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** @param {Error} error */
const codeOf = (error) => error.message.split(" ", 1)[0];

/** @param {unknown} error */
function plainly(error) {
  if (error instanceof ErrorReply) return new StoreError(`Redis: ${codeOf(error)}`);
  return new StoreError(`Redis: ${/timeout/i.test(String(error)) ? "TimeoutError" : "ConnectionError"}`);
}
