/**
 * Signed synthetic alerts: they take the way of real ones to Slack, but to a channel and with records of their own.
 *
 * No count of real alerts and no rule about logs may notice them. Whoever looks at a release sends them to the instance
 * itself: the edge counts all that goes through it.
 */

import { createHmac, timingSafeEqual } from "node:crypto";

import { Deliverer } from "./deliver.js";
import { Step } from "./incidents.js";
import { event } from "./log.js";
import { Metrics } from "./metrics.js";
import { openStore } from "./store/index.js";

const TIME = "X-Threader-Synthetic-Time";
const SIGNATURE = "X-Threader-Synthetic-Signature";
const MAX_AGE = 300; // seconds, also into the future
const TTL_DAYS = 1 / 24; // long enough for a look at a release; then nothing is left

/** @typedef {import("node:http").IncomingHttpHeaders} Headers */
/** @typedef {import("./settings.js").Settings} Settings */

/**
 * True when a request says that it is synthetic, rightly or not.
 * @param {Headers} headers
 */
export const claimed = (headers) => [TIME, SIGNATURE].some((name) => headers[name.toLowerCase()] !== undefined);

/**
 * Why a request that says it is synthetic is not taken for one; null when it is.
 * @param {Settings} settings
 * @param {Headers} headers
 * @param {Buffer} body
 * @returns {string | null}
 */
export function refusal({ syntheticKey, syntheticChannel }, headers, body) {
  if (!syntheticKey || !syntheticChannel) return "SYNTHETIC_KEY and SYNTHETIC_CHANNEL are not set here";
  const [time, signature] = [TIME, SIGNATURE].map((name) => String(headers[name.toLowerCase()] ?? ""));
  if (!time || !signature) return `${time ? SIGNATURE : TIME} is missing`;
  if (!/^[0-9]{1,12}$/.test(time)) return `${TIME} is not a number of seconds since 1970`;
  const right = createHmac("sha256", syntheticKey).update(`${time}.`).update(body).digest("hex");
  if (!same(`sha256=${right}`, signature)) {
    return "the signature is not that of SYNTHETIC_KEY over the time and the body";
  }
  if (Math.abs(Date.now() / 1000 - Number(time)) > MAX_AGE) return `the time is more than ${MAX_AGE} s away from now`;
  return null;
}

/**
 * Compare in a time that tells nothing but the lengths.
 * @param {string} right
 * @param {string} given
 */
function same(right, given) {
  const [one, other] = [Buffer.from(right, "latin1"), Buffer.from(given, "latin1")];
  return one.length === other.length && timingSafeEqual(one, other);
}

/**
 * The settings by which synthetic alerts are delivered: as real ones, but where no real one ever is.
 * @param {Settings} settings
 * @returns {Settings}
 */
export const apart = (settings) => ({
  ...settings,
  slackChannel: settings.syntheticChannel,
  redisKeyPrefix: `${settings.redisKeyPrefix}synthetic:`,
  // A file of its own, so that they neither push out real incidents nor hold their lock.
  threadStoreFile: `${settings.threadStoreFile}.synthetic`,
  threadTtlDays: Math.min(settings.threadTtlDays, TTL_DAYS),
});

/**
 * What delivers them; null when they are not wanted.
 * @param {Settings} settings
 * @param {import("./slack.js").Slack} slack
 * @throws {import("./store/errors.js").StoreError}
 */
export async function open(settings, slack) {
  if (!settings.syntheticChannel) return null;
  const own = apart(settings);
  const unseen = new Metrics(settings.instance, settings.environment); // counts as ever, and is exported nowhere
  return new Deliverer(own, await openStore(own), slack, unseen, undefined, say);
}

/**
 * Log what became of one: a failure as a warning, since errors alert, and all else for who debugs.
 * @type {typeof event}
 */
export function say(level, message, fields) {
  event(level === "error" ? "warning" : "debug", message, { synthetic: true, ...fields });
}

/**
 * Count the alerts of a webhook; those that were posted before are neither. No report: all of them failed.
 * @param {Metrics} metrics
 * @param {number} alerts
 * @param {import("./deliver.js").Report | null} report
 */
export function count(metrics, alerts, report) {
  const delivered = report?.delivered.length ?? 0;
  const before = report?.done[Step.SKIP] ?? 0;
  metrics.synthetic.with("delivered").inc(delivered);
  metrics.synthetic.with("failed").inc(alerts - delivered - before);
}
