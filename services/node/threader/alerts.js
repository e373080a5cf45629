/** Alertmanager's webhook, version 4, as the threader accepts it. What we do not know we do not need. */

import { compact, parseMoment } from "./moment.js";
import { strip } from "./text.js";

/** @typedef {import("./incidents.js").Status} Status */
/** @typedef {import("./moment.js").Moment} Moment */
/** @typedef {{at: string, problem: string}} Problem */

/**
 * One alert of a webhook; `status` is its own, the group's may differ. `incident` is its identity: the same alert that
 * opens again later has another start, so another thread. `severity` is in lower case, empty when missing.
 * @typedef {object} Alert
 * @property {Status} status
 * @property {string} fingerprint
 * @property {string} incident
 * @property {string} name
 * @property {string} severity
 * @property {Moment} startsAt
 * @property {Moment | null} endsAt
 * @property {Map<string, string>} labels
 * @property {Map<string, string>} annotations
 * @property {string} generatorUrl
 */

/** @typedef {{alerts: Alert[], truncatedAlerts: number}} Webhook */

/** Collects what is wrong with a document, each with its place. */
class Checker {
  /** @type {Problem[]} */
  problems = [];

  /**
   * The field of an object; undefined, and a problem, when it is missing or wrong.
   * @template T
   * @param {Record<string, unknown>} object
   * @param {string} at - where the object is
   * @param {string} name
   * @param {(value: unknown, at: string) => T} read
   * @param {T} [missing] - what a missing one means; without it the field is required
   * @returns {T | undefined}
   */
  field(object, at, name, read, missing) {
    const place = at ? `${at}.${name}` : name;
    if (Object.hasOwn(object, name)) return read(object[name], place);
    return missing === undefined ? this.problem(place, "Field required") : missing;
  }

  /**
   * @param {string} at
   * @param {string} problem
   * @returns {undefined}
   */
  problem(at, problem) {
    this.problems.push({ at: at || "(body)", problem });
    return undefined;
  }

  /** @param {...string} words */
  oneOf = (...words) => (/** @type {unknown} */ value, /** @type {string} */ at) => {
    if (words.some((word) => word === value)) return value;
    return this.problem(at, `Input should be ${words.map((word) => `'${word}'`).join(" or ")}`);
  };

  text = (/** @type {unknown} */ value, /** @type {string} */ at) =>
    typeof value === "string" ? value : this.problem(at, "Input should be a valid string");

  fingerprint = (/** @type {unknown} */ value, /** @type {string} */ at) => {
    const text = this.text(value, at);
    if (text === undefined) return undefined;
    if (text === "") return this.problem(at, "String should have at least 1 character");
    if (Array.from(text).length > 128) return this.problem(at, "String should have at most 128 characters");
    const pattern = "^[0-9A-Za-z_.-]+$";
    return new RegExp(pattern).test(text) ? text : this.problem(at, `String should match pattern '${pattern}'`);
  };

  moment = (/** @type {unknown} */ value, /** @type {string} */ at) =>
    parseMoment(value) ?? this.problem(at, "Input should be a valid datetime");

  momentOrNull = (/** @type {unknown} */ value, /** @type {string} */ at) =>
    value === null ? null : this.moment(value, at);

  count = (/** @type {unknown} */ value, /** @type {string} */ at) => {
    const number = typeof value === "string" && /^[+-]?\d+$/.test(value) ? Number(value) : value;
    const whole = typeof number === "boolean" ? Number(number) : number;
    if (!Number.isSafeInteger(whole)) return this.problem(at, "Input should be a valid integer");
    const found = /** @type {number} */ (whole);
    return found < 0 ? this.problem(at, "Input should be greater than or equal to 0") : found;
  };

  texts = (/** @type {unknown} */ value, /** @type {string} */ at) => {
    const object = this.object(value, at);
    const entries = Object.entries(object ?? {});
    return new Map(entries.map(([key, inner]) => [key, this.text(inner, `${at}.${key}`) ?? ""]));
  };

  list = (/** @type {unknown} */ value, /** @type {string} */ at) =>
    Array.isArray(value) ? value : this.problem(at, "Input should be a valid array");

  object = (/** @type {unknown} */ value, /** @type {string} */ at) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? /** @type {Record<string, unknown>} */ (value)
      : this.problem(at, "Input should be an object");
}

/**
 * The webhook of a JSON document.
 * @param {unknown} document
 * @returns {{webhook: Webhook, problems: Problem[]}} the webhook counts only when there is no problem
 */
export function readDocument(document) {
  const check = new Checker();
  const object = check.object(document, "");
  /** @type {Webhook} */
  const webhook = { alerts: [], truncatedAlerts: 0 };
  if (object) {
    check.field(object, "", "version", check.oneOf("4"));
    check.field(object, "", "status", check.oneOf("firing", "resolved"));
    const items = check.field(object, "", "alerts", check.list) ?? [];
    webhook.alerts = items.map((item, position) => readAlert(check, item, `alerts.${position}`));
    webhook.truncatedAlerts = check.field(object, "", "truncatedAlerts", check.count, 0) ?? 0;
    check.field(object, "", "externalURL", check.text, "");
  }
  return { webhook, problems: check.problems };
}

/**
 * @param {Checker} check
 * @param {unknown} item
 * @param {string} at
 * @returns {Alert}
 */
function readAlert(check, item, at) {
  const object = check.object(item, at);
  if (!object) return /** @type {Alert} */ ({});
  const status = check.field(object, at, "status", check.oneOf("firing", "resolved"));
  const fingerprint = check.field(object, at, "fingerprint", check.fingerprint);
  const startsAt = check.field(object, at, "startsAt", check.moment) ?? { seconds: 0, micros: 0, zoned: true };
  const endsAt = check.field(object, at, "endsAt", check.momentOrNull, null) ?? null;
  const labels = check.field(object, at, "labels", check.texts, new Map()) ?? new Map();
  const annotations = check.field(object, at, "annotations", check.texts, new Map()) ?? new Map();
  const generatorUrl = check.field(object, at, "generatorURL", check.text, "") ?? "";
  return {
    status: /** @type {Status} */ (status),
    fingerprint: /** @type {string} */ (fingerprint),
    incident: `${fingerprint}:${compact(startsAt)}`,
    name: labels.get("alertname") || "(no alertname)",
    severity: strip(labels.get("severity") ?? "").toLowerCase(),
    ...{ startsAt, endsAt, labels, annotations, generatorUrl },
  };
}
