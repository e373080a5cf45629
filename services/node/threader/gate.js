/** Lets so many through at a time; the others wait in line. */
export class Gate {
  /** @type {(() => void)[]} */
  #waiting = [];

  /** @param {number} places */
  constructor(places) {
    this.free = places;
  }

  /**
   * Wait for a place and do the work there.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async through(work) {
    if (!(await this.enter())) throw new Error("the wait for a place has no end");
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  /**
   * Take a place.
   * @param {number} [patienceMs] - how long to wait for one; endless by default
   * @returns {Promise<boolean>} false when the patience is over
   */
  async enter(patienceMs = Infinity) {
    if (this.free > 0) {
      this.free -= 1;
      return true;
    }
    return new Promise((resolve) => {
      const admit = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = Number.isFinite(patienceMs) ? setTimeout(giveUp, patienceMs, this.#waiting) : undefined;
      /** @param {(() => void)[]} waiting */
      function giveUp(waiting) {
        waiting.splice(waiting.indexOf(admit), 1);
        resolve(false);
      }
      this.#waiting.push(admit);
    });
  }

  /** Give a place back: to who waits longest. */
  leave() {
    const next = this.#waiting.shift();
    if (next) next();
    else this.free += 1;
  }
}
