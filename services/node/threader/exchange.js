/** One HTTP request and its whole answer, within its time. */

import { once } from "node:events";
import http from "node:http";
import https from "node:https";

import { UnreachableError } from "./errors.js";

const MAX_ANSWER = 1 << 20; // bytes; what is behind is not read

/** @typedef {{status: number, headers: http.IncomingHttpHeaders, body: Buffer}} Answer */

/**
 * Send a request, with no retry of its own.
 * @param {boolean} secure
 * @param {https.RequestOptions} options
 * @param {Buffer} body
 * @param {number} timeoutMs - to connect, and again to answer
 * @returns {Promise<Answer>}
 * @throws {UnreachableError}
 */
export async function exchange(secure, options, body, timeoutMs) {
  const request = (secure ? https : http).request(options);
  request.on("error", () => undefined); // `once` rejects with the first; there may be more
  const patience = new Patience(timeoutMs, () => request.destroy());
  patience.begin("ConnectTimeout");
  request.on("socket", (socket) => {
    const connected = () => patience.begin("ReadTimeout");
    if (request.reusedSocket) connected();
    else socket.once(secure ? "secureConnect" : "connect", connected);
  });
  request.end(body);
  try {
    const [response] = await once(request, "response");
    return { status: response.statusCode, headers: response.headers, body: await collect(response) };
  } catch (error) {
    throw new UnreachableError(patience.over ?? kindOf(error));
  } finally {
    patience.end();
  }
}

/** Gives up when a phase takes too long. */
class Patience {
  /** The phase that took too long. @type {string | null} */
  over = null;

  /**
   * @param {number} ms
   * @param {() => void} giveUp
   */
  constructor(ms, giveUp) {
    this.ms = ms;
    this.giveUp = giveUp;
  }

  /** @param {string} phase - a new one, with all the time again */
  begin(phase) {
    this.end();
    this.timer = setTimeout(() => {
      this.over = phase;
      this.giveUp();
    }, this.ms);
  }

  end() {
    clearTimeout(this.timer);
  }
}

/** @param {http.IncomingMessage} response */
async function collect(response) {
  /** @type {Buffer[]} */
  const chunks = [];
  let size = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_ANSWER) break; // which also closes the connection
  }
  return Buffer.concat(chunks);
}

/** @param {unknown} error */
function kindOf(error) {
  const { code = "" } = /** @type {NodeJS.ErrnoException} */ (error);
  if (code === "ERR_PROXY") return "ProxyError";
  return /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO/.test(code) ? "SSLError" : "ConnectionError";
}
