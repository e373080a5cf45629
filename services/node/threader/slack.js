/** Posting to Slack: the Web API with a bot token, or an incoming webhook without threads. */

import { UnreachableError } from "./errors.js";
import { Client } from "./http.js";
import { strip } from "./text.js";

/** @typedef {import("./exchange.js").Answer} Answer */
/** @typedef {import("./message.js").Message} Message */

/**
 * Where a message ended up; `ts` is null when Slack does not tell.
 * @typedef {{channel: string, ts: string | null}} Posted
 */

/**
 * Something that takes messages: posts, as a reply when `threadTs` is given; throws SlackError.
 * @typedef {{post: (message: Message, threadTs: string | null) => Promise<Posted>}} Slack
 */

export const THREAD_GONE = new Set([
  "thread_not_found",
  "invalid_thread_ts",
  "message_not_found",
  "cannot_reply_to_message",
]);
// These are about the message or its channel: the next alert may still go through. Everything else stops the delivery.
const ABOUT_ONE_MESSAGE = new Set([
  ...THREAD_GONE,
  "channel_not_found",
  "not_in_channel",
  "is_archived",
  "restricted_action",
  "msg_too_long",
  "no_text",
  "invalid_attachments",
  "metadata_too_large",
]);
const DEFAULT_RETRY_AFTER = 1; // seconds, when Slack says 429 and no number; its limit is about one message a second

/** Slack did not take a message. */
export class SlackError extends Error {
  /**
   * @param {string} code
   * @param {number | null} [retryAfter] - seconds
   */
  constructor(code, retryAfter = null) {
    super(code);
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** True when other messages may still go through. */
  get aboutOneMessage() {
    return ABOUT_ONE_MESSAGE.has(this.code);
  }
}

/** chat.postMessage. @implements {Slack} */
export class WebApi {
  /**
   * @param {string} base
   * @param {Client} client
   */
  constructor(base, client) {
    this.url = `${base.replace(/\/+$/, "")}/chat.postMessage`;
    this.client = client;
  }

  /**
   * @param {Message} message
   * @param {string | null} threadTs
   * @returns {Promise<Posted>}
   */
  async post({ channel, text, attachments, metadata }, threadTs) {
    const payload = { channel, text, attachments, metadata, unfurl_links: false };
    const answer = await call(this.client, this.url, threadTs ? { ...payload, thread_ts: threadTs } : payload);
    const said = objectOf(answer);
    if (!said.ok) {
      const code = String(said.error ?? "answer_not_understood");
      throw new SlackError(code, code.includes("ratelimited") ? DEFAULT_RETRY_AFTER : null);
    }
    if (typeof said.ts !== "string") throw new SlackError("answer_without_ts");
    return { channel: String(said.channel || channel), ts: said.ts };
  }
}

/** A webhook address: its channel is fixed at Slack, and it never tells a message's id. @implements {Slack} */
export class IncomingWebhook {
  /**
   * @param {string} url
   * @param {Client} client
   */
  constructor(url, client) {
    this.url = url;
    this.client = client;
  }

  /**
   * @param {Message} message
   * @returns {Promise<Posted>}
   */
  async post({ channel, text, attachments }) {
    const answer = await call(this.client, this.url, { text, attachments });
    if (answer.status !== 200 || strip(answer.body.toString()) !== "ok") throw new SlackError(`http_${answer.status}`);
    return { channel, ts: null };
  }
}

/**
 * The client that the settings ask for; a token wins over a webhook.
 * @param {import("./settings.js").Settings} settings
 * @returns {Slack}
 */
export function connect({ slackBotToken, slackWebhookUrl, slackApiUrl, slackTimeout }) {
  if (slackBotToken) return new WebApi(slackApiUrl, new Client(slackBotToken, slackTimeout));
  return new IncomingWebhook(slackWebhookUrl, new Client("", slackTimeout));
}

/**
 * @param {Client} client
 * @param {string} url
 * @param {object} payload
 * @returns {Promise<Answer>}
 */
async function call(client, url, payload) {
  let answer;
  try {
    answer = await client.postJson(url, payload);
  } catch (error) {
    if (error instanceof UnreachableError) throw new SlackError(`unreachable (${error.message})`);
    throw error;
  }
  const wait = seconds(answer.headers["retry-after"]);
  if (answer.status === 429) throw new SlackError("ratelimited", wait ?? DEFAULT_RETRY_AFTER);
  if (answer.status >= 500) throw new SlackError(`http_${answer.status}`, wait);
  return answer;
}

/**
 * @param {string | undefined} value
 * @returns {number | null}
 */
function seconds(value) {
  const found = /^\s*\d+(\.\d*)?\s*$/.test(value ?? "") ? Number(value) : null;
  return found === null ? null : Math.min(found, 3600);
}

/**
 * @param {Answer} answer
 * @returns {Record<string, unknown>}
 */
function objectOf(answer) {
  try {
    const said = JSON.parse(answer.body.toString());
    if (said !== null && typeof said === "object" && !Array.isArray(said)) return said;
  } catch {
    // told below
  }
  throw new SlackError(`http_${answer.status}, answer is not JSON`);
}
