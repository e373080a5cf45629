/** Times as Alertmanager writes them, to the microsecond. */

/**
 * Whole seconds since 1970 (as if in UTC when it has no zone) and microseconds.
 * @typedef {{seconds: number, micros: number, zoned: boolean}} Moment
 */

const SHAPE =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt _](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?([Zz]|[+-]\d\d:?\d\d)?)?$/;
const NUMBER = /^-?\d+(\.\d+)?$/;
const LARGEST_SECONDS = 2e10; // a larger number counts milliseconds

/**
 * Read a time: RFC 3339, and as widely as the other threaders do (no seconds, no zone, a Unix time).
 * @param {unknown} value
 * @returns {Moment | null} null when it is not a time
 */
export function parseMoment(value) {
  if (typeof value === "number" || (typeof value === "string" && NUMBER.test(value))) return fromUnix(Number(value));
  const found = typeof value === "string" ? SHAPE.exec(value) : null;
  if (!found) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const real = year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  const offset = offsetSeconds(found[8]);
  if (!real || hour > 23 || minute > 59 || second > 59 || offset === null) return null;
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offset;
  return { seconds, micros: Number((found[7] ?? "").slice(0, 6).padEnd(6, "0")), zoned: found[8] !== undefined };
}

/**
 * As part of an incident's identity: 20261123T220000.123456Z.
 * @param {Moment} moment
 */
export function compact({ seconds, micros }) {
  const date = new Date(seconds * 1000);
  const whole = date.toISOString().slice(0, -5).replace(/[-:]/g, "");
  return `${whole}.${String(micros).padStart(6, "0")}Z`;
}

/**
 * Whole seconds from the first to the second; null when that is not later, or one has a zone and the other has not.
 * @param {Moment} first
 * @param {Moment} second
 */
export function elapsed(first, second) {
  const [seconds, micros] = [second.seconds - first.seconds, second.micros - first.micros];
  if (first.zoned !== second.zoned || seconds < 0 || (seconds === 0 && micros <= 0)) return null;
  return micros < 0 ? seconds - 1 : seconds;
}

/** @param {string | undefined} zone */
function offsetSeconds(zone) {
  if (zone === undefined || zone.toUpperCase() === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return hours > 23 || minutes > 59 ? null : (zone[0] === "-" ? -1 : 1) * (hours * 3600 + minutes * 60);
}

/** @param {number} value */
function fromUnix(value) {
  const micros = Math.round(Math.abs(value) > LARGEST_SECONDS ? value * 1e3 : value * 1e6);
  const seconds = Math.floor(micros / 1e6);
  return Math.abs(seconds) > 8.64e12 ? null : { seconds, micros: micros - seconds * 1e6, zoned: true };
}
