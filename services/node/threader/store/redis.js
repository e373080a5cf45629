/** Threads in Redis: shared by all instances, so an incident that fires here and resolves there is one thread. */

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { event } from "../log.js";
import { IncidentHeldError, StoreError } from "./errors.js";
import { pack, unpack } from "./records.js";
import { RedisLink } from "./redis-link.js";
import { CLAIM_WAIT } from "./turns.js";

/** @typedef {import("./index.js").ThreadStore} ThreadStore */

const CLAIM_PAUSE_MS = 50;
const PROBE_MS = 60_000;
// A claim that ran out may be another's by now, which must not be taken away.
const RELEASE = `if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) else return 0 end`;

/**
 * One key for each incident, with Redis' own expiry; one short-lived key for each claim.
 * @implements {ThreadStore}
 */
export class RedisStore {
  local = false;

  /**
   * A holder that was killed blocks its incident as long as a claim lives; Alertmanager retries meanwhile.
   * @param {string} url
   * @param {string} prefix
   * @param {number} ttl - seconds, of a thread's record
   * @param {number} [claimTtl] - seconds, of a claim: longer than a living holder can need
   * @throws {StoreError} when the address is not understood
   */
  constructor(url, prefix, ttl, claimTtl = 60) {
    this.link = new RedisLink(url);
    this.prefix = prefix;
    this.ttlMs = String(Math.max(1, Math.floor(ttl * 1000)));
    this.claimMs = String(Math.floor(claimTtl * 1000));
  }

  /**
   * SET NX PX; who comes second waits for the first to have stored its thread.
   * @template T
   * @param {string} incident
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async claim(incident, work) {
    const key = `${this.prefix}claim:${incident}`;
    const token = randomUUID();
    const deadline = performance.now() + CLAIM_WAIT * 1000;
    while (!(await this.link.send("SET", key, token, "NX", "PX", this.claimMs))) {
      if (performance.now() + CLAIM_PAUSE_MS > deadline) {
        throw new IncidentHeldError(`another instance has held this incident for ${CLAIM_WAIT} s`);
      }
      await delay(CLAIM_PAUSE_MS);
    }
    try {
      return await work();
    } finally {
      await this.link.send("EVAL", RELEASE, "1", key, token).catch(ignoreStoreError); // it runs out by itself
    }
  }

  /** @param {string} incident */
  async get(incident) {
    const key = `${this.prefix}incident:${incident}`;
    const found = await this.link.send("GET", key);
    if (found === null) return null;
    try {
      return unpack(JSON.parse(String(found)));
    } catch {
      event("error", "a key in Redis holds no thread; the incident gets a new one", { key });
      return null;
    }
  }

  /**
   * Keep it; as durable as that Redis is set up to be.
   * @param {string} incident
   * @param {import("../incidents.js").Thread} thread
   */
  async put(incident, thread) {
    await this.link.send("SET", `${this.prefix}incident:${incident}`, JSON.stringify(pack(thread)), "PX", this.ttlMs);
  }

  /** A real write, since a read-only replica or a full one answers PING. */
  async check() {
    await this.link.send("SET", `${this.prefix}probe`, "1", "PX", String(PROBE_MS));
  }
}

/** @param {unknown} error */
function ignoreStoreError(error) {
  if (!(error instanceof StoreError)) throw error;
}
