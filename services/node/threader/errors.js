/** What the system's errors are called, in the words of its own manual pages. */

import { getSystemErrorMap } from "node:util";

/** Where Node's words are not the system's. @type {Record<string, string>} */
const WORDS = { EEXIST: "File exists", EADDRNOTAVAIL: "Cannot assign requested address" };

/**
 * The reason of a failed call, without the path that Node puts into its message.
 * @param {unknown} error
 * @returns {string}
 */
export function reason(error) {
  const { code, errno } = /** @type {NodeJS.ErrnoException} */ (error);
  if (!code) return String(error);
  const said = WORDS[code] ?? getSystemErrorMap().get(errno ?? 0)?.[1] ?? code;
  return said[0].toUpperCase() + said.slice(1);
}

/**
 * Why it cannot listen.
 * @param {unknown} error
 */
export function listenReason(error) {
  const { syscall } = /** @type {NodeJS.ErrnoException} */ (error);
  return syscall === "getaddrinfo" ? "Name or service not known" : reason(error);
}

/**
 * True for an error of the system: of a file, a socket, a name.
 * @param {unknown} error
 */
export function isSystemError(error) {
  return error instanceof Error && typeof (/** @type {NodeJS.ErrnoException} */ (error).code) === "string";
}

/** No answer came; the text names the kind of failure only, since addresses can hold secrets. */
export class UnreachableError extends Error {}
