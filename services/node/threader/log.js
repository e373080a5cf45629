/** Structured logs: one JSON object a line on stdout, and never a secret in one. */

/** @typedef {"debug" | "info" | "warning" | "error"} Level */

const LEVELS = ["debug", "info", "warning", "error"];
const REDACTED = "[REDACTED]";

let lowest = LEVELS.indexOf("info");
/** @type {string[]} */
let hidden = [];
/** @type {Record<string, string>} */
let common = {};

// A reader that went away (journald restarts) must not end the service.
process.stdout.on("error", () => undefined);

/**
 * Choose what is logged and what is blotted out.
 * @param {Level} level
 * @param {string[]} secrets
 * @param {Record<string, string>} fields - put into every line
 */
export function setUp(level, secrets, fields) {
  lowest = LEVELS.indexOf(level);
  const escaped = secrets.map((secret) => JSON.stringify(secret).slice(1, -1));
  // Longest first: a secret may be part of another one.
  hidden = [...new Set([...secrets, ...escaped])].filter(Boolean).sort((a, b) => b.length - a.length);
  common = fields;
}

/**
 * Log one event of the threader with its fields.
 * @param {Level} level
 * @param {string} message
 * @param {Record<string, unknown>} [fields]
 */
export function event(level, message, fields = {}) {
  if (LEVELS.indexOf(level) >= lowest) process.stdout.write(`${line(level, message, fields)}\n`);
}

/**
 * Log a fault of our own with where it happened.
 * @param {string} message
 * @param {unknown} error
 * @param {Record<string, unknown>} [fields]
 */
export function failure(message, error, fields = {}) {
  event(fields.synthetic ? "warning" : "error", message, { ...fields, traceback: error instanceof Error ? error.stack : String(error) });
}

/**
 * One line of JSON.
 * @param {Level} level
 * @param {string} msg
 * @param {Record<string, unknown>} fields
 * @param {Date} [now]
 */
export function line(level, msg, fields, now = new Date()) {
  const ts = now.toISOString().replace("Z", "+00:00");
  return redact(JSON.stringify({ ts, level, msg, ...common, ...fields }));
}

/**
 * The text without any known secret.
 * @param {string} text
 */
export function redact(text) {
  return hidden.reduce((left, secret) => left.replaceAll(secret, REDACTED), text);
}
