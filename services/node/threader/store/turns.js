/** One delivery at a time within this process, in the order of asking. */

import { Gate } from "../gate.js";
import { StoreError } from "./errors.js";

export const CLAIM_WAIT = 15; // seconds

/** A line in which nobody stands for ever. */
export class Turns {
  #gate = new Gate(1);

  /**
   * Wait for the turn and do the work.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   * @throws {StoreError} when it does not come
   */
  async take(work) {
    if (!(await this.#gate.enter(CLAIM_WAIT * 1000))) {
      throw new StoreError(`another delivery has held the store for ${CLAIM_WAIT} s`);
    }
    try {
      return await work();
    } finally {
      this.#gate.leave();
    }
  }
}
