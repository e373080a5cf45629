/** Threads in one JSON file: each change is a new file, synced and renamed into place, so a crash leaves old or new. */

import { mkdir, readdir, readFile, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { isSystemError, reason } from "../errors.js";
import { event } from "../log.js";
import { identity, remove, replace, write } from "./disk.js";
import { Flock } from "./flock.js";
import { StoreError } from "./errors.js";
import { expired, pack, unpack } from "./records.js";
import { CLAIM_WAIT, Turns } from "./turns.js";

/** @typedef {import("./index.js").ThreadStore} ThreadStore */

const MAX_INCIDENTS = 20_000; // about 3 MB; the longest unchanged go first

/**
 * Several processes on one host may share the file (an old and a new release do, while traffic moves).
 * @implements {ThreadStore}
 */
export class FileStore {
  local = true;
  /** The longest unchanged first. @type {Map<string, any>} */
  #records = new Map();
  /** @type {string | null} */
  #seen = null;
  #turns = new Turns();
  #probes = 0;

  /**
   * Only with a folder that is there; see `open`.
   * @param {string} path
   * @param {number} ttl - seconds
   */
  constructor(path, ttl) {
    this.path = path;
    this.ttl = ttl;
    this.lock = new Flock(`${path}.lock`);
  }

  /**
   * Make the folder and read the file.
   * @param {string} path
   * @param {number} ttl - seconds
   * @throws {StoreError}
   */
  static async open(path, ttl) {
    const store = new FileStore(path, ttl);
    const folder = dirname(path);
    await saidPlainly(folder, async () => {
      await mkdir(folder, { mode: 0o700, recursive: true });
      const left = (await readdir(folder)).filter((name) => name.startsWith(`${basename(path)}.probe-`));
      await Promise.all(left.map((name) => remove(join(folder, name)))); // by a process that was killed
    });
    await store.check();
    await store.claim("", () => store.#load());
    return store;
  }

  /**
   * One delivery at a time, over all processes: Slack takes one message a second anyway.
   * @template T
   * @param {string} _incident
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  claim(_incident, work) {
    return this.#turns.take(async () => {
      await this.lock.acquire(CLAIM_WAIT);
      try {
        return await work();
      } finally {
        this.lock.release();
      }
    });
  }

  /** @param {string} incident */
  async get(incident) {
    await this.#load();
    const record = this.#records.get(incident);
    return record === undefined || expired(record, this.ttl) ? null : unpack(record);
  }

  /**
   * Keep it durably.
   * @param {string} incident
   * @param {import("../incidents.js").Thread} thread
   */
  async put(incident, thread) {
    await this.#load(); // another process may have changed it since this one last looked
    const living = [...this.#records].filter(([key, record]) => key !== incident && !expired(record, this.ttl));
    const records = new Map(living.slice(1 - MAX_INCIDENTS)).set(incident, pack(thread));
    const content = JSON.stringify({ version: 1, incidents: Object.fromEntries(records) });
    await saidPlainly(this.path, () => replace(this.path, content));
    this.#records = records;
    this.#seen = await identity(this.path);
  }

  /** Write and sync a small file beside the real one: this finds a full disk, a lost right, a read-only mount. */
  async check() {
    const probe = `${this.path}.probe-${process.pid}-${(this.#probes += 1)}`;
    await saidPlainly(dirname(this.path), () => write(probe, "x".repeat(4096)).finally(() => remove(probe)));
  }

  /** Read the file again if another process has replaced it. One that is not ours to read is moved aside. */
  async #load() {
    const found = await identity(this.path);
    if (found === this.#seen) return;
    try {
      this.#records = found ? parse(await saidPlainly(this.path, () => readFile(this.path))) : new Map();
      this.#seen = found;
    } catch (error) {
      if (error instanceof StoreError) throw error;
      this.#records = new Map();
      this.#seen = "";
      await this.#moveAside(error);
    }
  }

  /** @param {unknown} error */
  async #moveAside(error) {
    const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, "");
    const aside = `${this.path}.corrupt-${stamp}-${Date.now()}${process.hrtime()[1]}`;
    await saidPlainly(`${this.path}: is corrupt and cannot be moved aside`, () => rename(this.path, aside));
    const fields = { file: this.path, moved_to: aside, reason: String(error) };
    event("error", "the thread store was corrupt; open incidents get a new thread", fields);
  }
}

/**
 * @param {Buffer} content
 * @returns {Map<string, any>}
 */
function parse(content) {
  const { version, incidents } = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content)) ?? {};
  if (version !== 1 || incidents === null || typeof incidents !== "object" || Array.isArray(incidents)) {
    throw new TypeError("not a thread store of version 1");
  }
  Object.values(incidents).forEach(unpack);
  return new Map(Object.entries(incidents));
}

/**
 * Any failure of the disk as StoreError.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function saidPlainly(what, work) {
  try {
    return await work();
  } catch (error) {
    throw isSystemError(error) ? new StoreError(`${what}: ${reason(error)}`) : error;
  }
}
