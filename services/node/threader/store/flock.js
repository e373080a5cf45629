/**
 * An flock(2) on a file, as the other threaders take it, so that processes can share a store.
 *
 * Node has no flock. But such a lock belongs to the open file, not to the process: the program `flock` (util-linux,
 * part of every Debian) locks a file that it inherits from us, and ends.
 */

import { spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";

import { isSystemError, reason } from "../errors.js";
import { StoreError } from "./errors.js";

// Starting a program takes milliseconds, so the lock is kept a moment for the next alert of the same webhook, but
// given up now and then for other processes.
const KEPT_MS = 20;
const KEPT_AT_MOST_MS = 250;
const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
const HELD_BY_ANOTHER = 1;

/** Not for two users at a time within this process. */
export class Flock {
  /** @type {{descriptor: number, since: number, timer?: NodeJS.Timeout} | null} */
  #held = null;

  /** @param {string} path */
  constructor(path) {
    this.path = path;
  }

  /**
   * Take the lock.
   * @param {number} seconds - how long to wait for another process
   * @throws {StoreError}
   */
  async acquire(seconds) {
    if (this.#held) {
      clearTimeout(this.#held.timer);
      if (performance.now() - this.#held.since < KEPT_AT_MOST_MS) return;
      this.#giveUp();
    }
    let descriptor;
    try {
      descriptor = openSync(this.path, FLAGS, 0o600);
      const code = await lock(descriptor, seconds);
      if (code === HELD_BY_ANOTHER) throw new StoreError(`${this.path}: another process has held it for ${seconds} s`);
      if (code) throw new StoreError(`${this.path}: flock failed with ${code}`);
    } catch (error) {
      if (descriptor !== undefined) closeSync(descriptor);
      throw isSystemError(error) ? new StoreError(`${this.path}: ${reason(error)}`) : error;
    }
    this.#held = { descriptor, since: performance.now() };
  }

  /** Let others have it, soon. */
  release() {
    if (this.#held) this.#held.timer = setTimeout(() => this.#giveUp(), KEPT_MS);
  }

  #giveUp() {
    if (this.#held) closeSync(this.#held.descriptor);
    this.#held = null;
  }
}

/**
 * @param {number} descriptor
 * @param {number} seconds
 * @returns {Promise<number | null>} the exit code of `flock`
 */
function lock(descriptor, seconds) {
  return new Promise((resolve, reject) => {
    const program = spawn("flock", ["-w", String(seconds), "3"], { stdio: ["ignore", "ignore", "ignore", descriptor] });
    program.on("error", reject);
    program.on("exit", resolve);
  });
}
