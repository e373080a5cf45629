/** Which certificates are trusted in place of the system's: REQUESTS_CA_BUNDLE, as Python's libraries name it. */

import { readFileSync } from "node:fs";

import { UnreachableError } from "./errors.js";

/**
 * Options for TLS.
 * @param {import("./settings.js").Environ} environ
 * @returns {{ca?: Buffer}}
 * @throws {UnreachableError} when the file cannot be read
 */
export function trust(environ) {
  const file = environ.REQUESTS_CA_BUNDLE || environ.CURL_CA_BUNDLE;
  if (!file) return {};
  try {
    return { ca: readFileSync(file) };
  } catch {
    throw new UnreachableError("no REQUESTS_CA_BUNDLE there");
  }
}
