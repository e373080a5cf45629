/** Where incidents' threads are kept: one interface, one module for each place. */

import { longestDelivery } from "../settings.js";

/** @typedef {import("../incidents.js").Thread} Thread */

/**
 * Threads by incident. All methods reject with StoreError.
 *
 * - `local`: true when a failure is this instance's own (its disk), not that of a service shared by many.
 * - `claim`: does the work while nobody else holds the incident, over all instances that share the store; waits for the
 *   other, up to a limit.
 * - `put`: keeps a thread durably.
 * - `check`: rejects unless a put would now succeed.
 * @typedef {object} ThreadStore
 * @property {boolean} local
 * @property {<T>(incident: string, work: () => Promise<T>) => Promise<T>} claim
 * @property {(incident: string) => Promise<Thread | null>} get
 * @property {(incident: string, thread: Thread) => Promise<void>} put
 * @property {() => Promise<void>} check
 */

/**
 * The store that the settings name. Each is imported only when it is used: Redis' client costs most of the start.
 * @param {import("../settings.js").Settings} settings
 * @returns {Promise<ThreadStore>}
 * @throws {import("./errors.js").StoreError} when it can never work, as an unwritable folder
 */
export async function openStore(settings) {
  const ttl = settings.threadTtlDays * 86400;
  if (settings.threadStore === "memory") {
    const { MemoryStore } = await import("./memory.js");
    return new MemoryStore(ttl);
  }
  if (settings.threadStore === "file") {
    const { FileStore } = await import("./file.js");
    return FileStore.open(settings.threadStoreFile, ttl);
  }
  const { RedisStore } = await import("./redis.js");
  return new RedisStore(settings.redisUrl, settings.redisKeyPrefix, ttl, longestDelivery(settings));
}
