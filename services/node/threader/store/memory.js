/** Threads in memory: for trials. A restart forgets them, and an incident then gets a second thread. */

import { Turns } from "./turns.js";
import { expired, pack, unpack } from "./records.js";

/** @typedef {import("./index.js").ThreadStore} ThreadStore */

/** A map with an end of life for its entries. @implements {ThreadStore} */
export class MemoryStore {
  local = true;
  /** The longest unchanged first. @type {Map<string, object>} */
  #records = new Map();
  #turns = new Turns();

  /** @param {number} ttl - seconds */
  constructor(ttl) {
    this.ttl = ttl;
  }

  /**
   * One delivery at a time.
   * @template T
   * @param {string} _incident
   * @param {() => Promise<T>} work
   */
  claim(_incident, work) {
    return this.#turns.take(work);
  }

  /** @param {string} incident */
  async get(incident) {
    const record = this.#records.get(incident);
    return record === undefined || expired(record, this.ttl) ? null : unpack(record);
  }

  /**
   * Keep it until the process ends.
   * @param {string} incident
   * @param {import("../incidents.js").Thread} thread
   */
  async put(incident, thread) {
    for (const [key, record] of this.#records) {
      if (!expired(record, this.ttl)) break;
      this.#records.delete(key);
    }
    this.#records.delete(incident);
    this.#records.set(incident, pack(thread));
  }

  /** Memory is always there. */
  async check() {}
}
