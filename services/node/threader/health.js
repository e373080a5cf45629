/** Two questions about this process: does it work (/health), and should it get alerts now (/ready)? */

import { StoreError } from "./store/errors.js";

const FRESH_MS = 1000; // how long an answer of the store counts, so that probes cannot load it

/** Asks the store, remembers the answer for a moment, knows whether the process is on its way out. */
export class Health {
  /**
   * @param {import("./store/index.js").ThreadStore} store
   * @param {import("./metrics.js").Metrics} metrics
   */
  constructor(store, metrics) {
    this.draining = false;
    this.store = store;
    this.metrics = metrics;
    this.askedAt = -Infinity;
    /** @type {Promise<string | null>} */
    this.answer = Promise.resolve(null);
  }

  /**
   * Why this instance is broken. A shared store that is away is not its fault, and no restart would mend it.
   * @returns {Promise<string | null>}
   */
  async sick() {
    const problem = this.store.local ? await this.storeProblem() : null;
    this.metrics.health.with().set(problem ? 0 : 1);
    return problem;
  }

  /**
   * Why it should get no alerts now. Slack's state does not count: Alertmanager keeps what Slack refuses.
   * @returns {Promise<string | null>}
   */
  async unready() {
    return this.draining ? "draining" : this.storeProblem();
  }

  storeProblem() {
    if (performance.now() - this.askedAt > FRESH_MS) {
      this.askedAt = Infinity; // those who ask meanwhile get the same answer
      this.answer = this.ask().finally(() => (this.askedAt = performance.now()));
    }
    return this.answer;
  }

  async ask() {
    try {
      await this.store.check();
      return null;
    } catch (error) {
      if (error instanceof StoreError) return error.message;
      throw error;
    }
  }
}
