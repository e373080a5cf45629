/** Reading a webhook from a request, with a limit on its size and on the time it may take. */

import { readDocument } from "./alerts.js";

const READ_TIMEOUT = 15; // seconds for the whole body
const SHOWN_PROBLEMS = 20;
// Half of a surrogate pair is valid JSON for JavaScript, but no text that could be passed on.
const HALF_A_PAIR = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** What the sender did wrong. */
export class BadRequest extends Error {
  /**
   * @param {number} code
   * @param {string} error
   * @param {object} [more] - what else the answer says: problems, or a reason
   */
  constructor(code, error, more = {}) {
    super(error);
    this.code = code;
    this.content = { error, ...more };
  }
}

/**
 * The webhook of a body.
 * @param {Buffer} body
 * @throws {BadRequest} 400 when it is not JSON, 422 when it is not Alertmanager's
 */
export function parse(body) {
  const { webhook, problems } = readDocument(documentOf(body));
  if (!problems.length) return webhook;
  const shown = { problems: problems.slice(0, SHOWN_PROBLEMS) };
  throw new BadRequest(422, "the body is not a webhook of Alertmanager, version 4", shown);
}

/** @param {Buffer} body */
function documentOf(body) {
  const whole = (/** @type {string} */ _, /** @type {unknown} */ value) => {
    if (typeof value === "string" && HALF_A_PAIR.test(value)) throw new SyntaxError("half of a surrogate pair");
    return value;
  };
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    // Looking at each text costs as much as reading it: only where one may be wrong.
    return JSON.parse(text, /\\u[dD][89a-fA-F]/.test(text) ? whole : undefined);
  } catch (error) {
    const where = /at position \d+/.exec(String(error))?.[0];
    throw new BadRequest(400, `the body is not JSON: Invalid JSON${where ? ` ${where}` : ""}`);
  }
}

/**
 * The body of a request.
 * @param {import("node:http").IncomingMessage} request
 * @param {number} limit - bytes
 * @returns {Promise<Buffer>}
 * @throws {BadRequest}
 */
export function readBody(request, limit) {
  return new Promise((resolve, reject) => {
    /** @type {Buffer[]} */
    const chunks = [];
    let size = 0;
    const refuse = (/** @type {number} */ code, /** @type {string} */ error) => {
      clearTimeout(timer);
      request.removeAllListeners("data");
      reject(new BadRequest(code, error));
    };
    const tooLarge = () => refuse(413, `the body is larger than ${limit} bytes (MAX_BODY_BYTES)`);
    const late = () => refuse(408, `the body did not come within ${READ_TIMEOUT} s`);
    const gone = () => refuse(400, "the connection was closed before the body was complete");
    const timer = setTimeout(late, READ_TIMEOUT * 1000);
    if (Number(request.headers["content-length"] ?? 0) > limit) return tooLarge();
    request.on("data", (/** @type {Buffer} */ chunk) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > limit) tooLarge();
    });
    request.on("end", () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    });
    request.on("error", gone);
    request.on("close", gone);
    return undefined;
  });
}
