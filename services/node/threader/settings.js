/** The threader's settings: environment variables, checked all at once before anything starts. */

import { address, any, Mistake, number, oneOf, whole, word } from "./fields.js";
import { byCodePoint, quoted, strip } from "./text.js";

const SECRETS = new Set(["SLACK_BOT_TOKEN", "SLACK_WEBHOOK_URL", "REDIS_URL", "SYNTHETIC_KEY"]);
const SHORTEST_KEY = 16; // characters
const READ_BY_PEOPLE = ["alerts-critical", "alerts-warning", "alerts-info"];

/** Mistakes in the environment, one sentence each. */
export class SettingsError extends Error {
  /** @param {string[]} mistakes */
  constructor(mistakes) {
    super(mistakes.join("\n"));
    this.mistakes = mistakes;
  }
}

/** @param {{least?: number, above?: number, most: number}} limits */
const seconds = (limits) => number(limits);

/** Every variable the threader reads: its reader, and its value when it is unset. See README.md for their meaning. */
const VARIABLES = {
  SLACK_BOT_TOKEN: { read: any, unset: "" },
  SLACK_WEBHOOK_URL: { read: any, unset: "" },
  SLACK_CHANNEL: { read: word, unset: "" },
  SLACK_API_URL: { read: address, unset: "https://slack.com/api" },
  SLACK_TIMEOUT: { read: seconds({ least: 0.1, most: 20 }), unset: 10 },
  SLACK_MAX_WAIT: { read: seconds({ least: 0, most: 20 }), unset: 5 },
  ENVIRONMENT: { read: word, unset: "production" },
  INSTANCE: { read: word, unset: "threader" },
  THREAD_STORE: { read: oneOf("file", "redis", "memory"), unset: "file" },
  THREAD_STORE_FILE: { read: any, unset: "" },
  THREAD_TTL_DAYS: { read: number({ above: 0, most: 3650 }), unset: 30 },
  REDIS_URL: { read: any, unset: "" },
  REDIS_KEY_PREFIX: { read: word, unset: "alert-threader:" },
  BIND_HOST: { read: word, unset: "127.0.0.1" },
  BIND_PORT: { read: whole(1, 65535), unset: 9009 },
  MAX_BODY_BYTES: { read: whole(1024, 64 << 20), unset: 1 << 20 },
  DRAIN_SECONDS: { read: seconds({ least: 0, most: 300 }), unset: 1 },
  SHUTDOWN_TIMEOUT: { read: whole(1, 300), unset: 25 },
  SYNTHETIC_KEY: { read: any, unset: "" },
  SYNTHETIC_CHANNEL: { read: word, unset: "" },
  LOG_LEVEL: { read: oneOf("debug", "info", "warning", "error"), unset: "info" },
};

/** @typedef {Record<string, string | undefined>} Environ */

/**
 * Empty texts stand for unset ones.
 * @typedef {ReturnType<typeof named>} Settings
 */

/**
 * Read and check the environment; an empty variable counts as unset.
 * @param {Environ} environ
 * @returns {Settings}
 * @throws {SettingsError} with all mistakes
 */
export function load(environ) {
  const raw = gather(environ);
  const mistakes = mistakesBetween(raw);
  /** @type {Record<string, any>} */
  const values = {};
  for (const [name, { read, unset }] of Object.entries(VARIABLES)) {
    try {
      values[name] = name in raw ? read(raw[name]) : unset;
    } catch (error) {
      if (!(error instanceof Mistake)) throw error;
      mistakes.push(`${name}${SECRETS.has(name) ? "" : `=${quoted(raw[name])}`}: ${error.message}`);
    }
  }
  if (mistakes.length) throw new SettingsError(mistakes.sort(byCodePoint));
  return named(values);
}

/**
 * Every text that must not appear in a log.
 * @param {Settings} settings
 */
export function secrets({ slackBotToken, slackWebhookUrl, redisUrl, syntheticKey }) {
  return [slackBotToken, slackWebhookUrl, redisUrl, syntheticKey].filter(Boolean);
}

/**
 * Seconds that one alert can take at most: two calls to Slack (the thread may be gone) and waits between.
 * @param {Settings} settings
 */
export const longestDelivery = ({ slackTimeout, slackMaxWait }) => 4 * slackTimeout + slackMaxWait + 10;

/**
 * @param {Environ} environ
 * @returns {Record<string, string>} the variables that are set
 */
function gather(environ) {
  /** @type {Record<string, string>} */
  const raw = {};
  for (const name of Object.keys(VARIABLES)) {
    const text = strip(environ[name] ?? "");
    if (text) raw[name] = ["LOG_LEVEL", "THREAD_STORE"].includes(name) ? text.toLowerCase() : text;
  }
  raw.THREAD_STORE ??= "REDIS_URL" in raw ? "redis" : "file";
  if (environ.STATE_DIRECTORY) raw.THREAD_STORE_FILE ??= `${environ.STATE_DIRECTORY.split(":")[0]}/threads.json`;
  return raw;
}

/**
 * What no single variable can know, and what must be said without showing the value.
 * @param {Record<string, string>} raw
 * @returns {string[]}
 */
function mistakesBetween(raw) {
  const { SLACK_BOT_TOKEN: token, SLACK_WEBHOOK_URL: webhook, THREAD_STORE: store } = raw;
  const { REDIS_URL: redis, THREAD_STORE_FILE: file } = raw;
  /** @type {[boolean, string][]} */
  const checks = [
    [!token && !webhook, "SLACK_BOT_TOKEN: missing (or set SLACK_WEBHOOK_URL for messages without threads)"],
    [!!token && !/^xox[^ ]*$/.test(token), "SLACK_BOT_TOKEN: is not a Slack token (it starts with xoxb-)"],
    [!!webhook && !/^https?:\/\//.test(webhook), "SLACK_WEBHOOK_URL: is not an http(s) address"],
    [store === "redis" && !redis, "REDIS_URL: missing, THREAD_STORE is redis"],
    [!!redis && !/^(rediss?|unix):\/\//.test(redis), "REDIS_URL: must start with redis://, rediss:// or unix://"],
    [store === "file" && !file, "THREAD_STORE_FILE: missing, THREAD_STORE is file"],
    [!!file && !file.startsWith("/"), `THREAD_STORE_FILE=${quoted(file ?? "")}: must be an absolute path`],
    ...syntheticMistakes(raw),
  ];
  return checks.filter(([wrong]) => wrong).map(([, sentence]) => sentence);
}

/**
 * @param {Record<string, string>} raw
 * @returns {[boolean, string][]}
 */
function syntheticMistakes(raw) {
  const { SYNTHETIC_KEY: key, SYNTHETIC_CHANNEL: channel, SLACK_CHANNEL: real } = raw;
  const bare = (/** @type {string | undefined} */ name) => (name ?? "").replace(/^#+/, "");
  const readByPeople = [...READ_BY_PEOPLE, bare(real)].includes(bare(channel));
  const shown = `SYNTHETIC_CHANNEL=${quoted(channel ?? "")}`;
  const onlyWebhook = !!raw.SLACK_WEBHOOK_URL && !raw.SLACK_BOT_TOKEN;
  return [
    [!!key && Array.from(key).length < SHORTEST_KEY, `SYNTHETIC_KEY: must have at least ${SHORTEST_KEY} characters`],
    [!key && !!channel, "SYNTHETIC_KEY: missing, SYNTHETIC_CHANNEL is set"],
    [!channel && !!key, "SYNTHETIC_CHANNEL: missing, SYNTHETIC_KEY is set"],
    [!!channel && readByPeople, `${shown}: must not be a channel of real alerts`],
    [!!channel && onlyWebhook, `${shown}: needs SLACK_BOT_TOKEN, as an incoming webhook has one channel for all`],
  ];
}

/** @param {Record<string, any>} values */
function named(values) {
  return Object.freeze({
    slackBotToken: /** @type {string} */ (values.SLACK_BOT_TOKEN),
    slackWebhookUrl: /** @type {string} */ (values.SLACK_WEBHOOK_URL),
    slackChannel: /** @type {string} */ (values.SLACK_CHANNEL),
    slackApiUrl: /** @type {string} */ (values.SLACK_API_URL),
    slackTimeout: /** @type {number} */ (values.SLACK_TIMEOUT),
    slackMaxWait: /** @type {number} */ (values.SLACK_MAX_WAIT),
    environment: /** @type {string} */ (values.ENVIRONMENT),
    instance: /** @type {string} */ (values.INSTANCE),
    threadStore: /** @type {"file" | "redis" | "memory"} */ (values.THREAD_STORE),
    threadStoreFile: /** @type {string} */ (values.THREAD_STORE_FILE),
    threadTtlDays: /** @type {number} */ (values.THREAD_TTL_DAYS),
    redisUrl: /** @type {string} */ (values.REDIS_URL),
    redisKeyPrefix: /** @type {string} */ (values.REDIS_KEY_PREFIX),
    bindHost: /** @type {string} */ (values.BIND_HOST),
    bindPort: /** @type {number} */ (values.BIND_PORT),
    maxBodyBytes: /** @type {number} */ (values.MAX_BODY_BYTES),
    drainSeconds: /** @type {number} */ (values.DRAIN_SECONDS),
    shutdownTimeout: /** @type {number} */ (values.SHUTDOWN_TIMEOUT),
    syntheticKey: /** @type {string} */ (values.SYNTHETIC_KEY),
    syntheticChannel: /** @type {string} */ (values.SYNTHETIC_CHANNEL),
    logLevel: /** @type {import("./log.js").Level} */ (values.LOG_LEVEL),
  });
}
