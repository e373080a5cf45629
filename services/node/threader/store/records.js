/** A thread as a record that is kept: plain JSON with the time of its last change. */

/** @typedef {import("../incidents.js").Thread} Thread */

/**
 * The record of a thread, changed now.
 * @param {Thread} thread
 */
export const pack = ({ status, channel, ts }) => ({ status, channel, ts, at: Date.now() / 1000 });

/**
 * The thread of a record.
 * @param {any} record
 * @returns {Thread}
 * @throws {TypeError} when it is not one
 */
export function unpack(record) {
  const { status, channel, ts = null } = record ?? {};
  const right = typeof channel === "string" && (ts === null || typeof ts === "string");
  if (!right || !["firing", "resolved"].includes(status)) throw new TypeError("not a thread's record");
  return { status, channel, ts };
}

/**
 * True when the record's last change is longer ago than `ttl` seconds.
 * @param {any} record
 * @param {number} ttl
 */
export const expired = (record, ttl) => typeof record?.at !== "number" || record.at + ttl < Date.now() / 1000;
