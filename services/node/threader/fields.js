/** How the text of a variable becomes a value. Each reader returns the value or throws a Mistake. */

import { quoted } from "./text.js";

// As the Python threader's library reads them.
const DIGITS = String.raw`\d+(?:_\d+)*`;
const INTEGER = new RegExp(String.raw`^[+-]?${DIGITS}(\.0+)?$`);
const DECIMAL = String.raw`(?:${DIGITS}\.?(?:${DIGITS})?|\.${DIGITS})(?:e[+-]?${DIGITS})?`;
const NUMBER = new RegExp(String.raw`^[+-]?(?:${DECIMAL}|inf(?:inity)?|nan)$`, "i");

/** What is wrong with a value, as the second half of a sentence. */
export class Mistake extends Error {}

/**
 * @template T
 * @typedef {(text: string) => T} Reader
 */

/**
 * A text without white space, of at most 200 characters.
 * @type {Reader<string>}
 */
export function word(text) {
  if (Array.from(text).length > 200) throw new Mistake("string should have at most 200 characters");
  if (!/^\P{White_Space}+$/u.test(text)) throw new Mistake("string should match pattern '^\\S+$'");
  return text;
}

/**
 * A whole number.
 * @param {number} least
 * @param {number} most
 * @returns {Reader<number>}
 */
export function whole(least, most) {
  return (text) => {
    if (!INTEGER.test(text)) {
      throw new Mistake("input should be a valid integer, unable to parse string as an integer");
    }
    return within(Number(text.replaceAll("_", "")), { least, most });
  };
}

/**
 * A number.
 * @param {{least?: number, above?: number, most: number}} limits
 * @returns {Reader<number>}
 */
export function number(limits) {
  return (text) => {
    if (!NUMBER.test(text)) throw new Mistake("input should be a valid number, unable to parse string as a number");
    const value = Number(text.replaceAll("_", "").replace(/inf(inity)?/i, "Infinity"));
    return within(Number.isNaN(value) ? Infinity : value, limits);
  };
}

/**
 * @param {number} value
 * @param {{least?: number, above?: number, most: number}} limits
 */
function within(value, { least = -Infinity, above = -Infinity, most }) {
  if (value < least) throw new Mistake(`input should be greater than or equal to ${least}`);
  if (value <= above) throw new Mistake(`input should be greater than ${above}`);
  if (value > most) throw new Mistake(`input should be less than or equal to ${most}`);
  return value;
}

/**
 * One of some words, in any case.
 * @template {string} T
 * @param {...T} words
 * @returns {Reader<T>}
 */
export function oneOf(...words) {
  return (text) => {
    const found = words.find((known) => known === text.toLowerCase());
    if (found !== undefined) return found;
    const listed = words.map(quoted);
    throw new Mistake(`input should be ${listed.slice(0, -1).join(", ")} or ${listed.at(-1)}`);
  };
}

/**
 * An http(s) address, normalized, without a slash at its end.
 * @type {Reader<string>}
 */
export function address(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    throw new Mistake("input should be a valid URL");
  }
  if (!["http:", "https:"].includes(url.protocol)) throw new Mistake("uRL scheme should be 'http' or 'https'");
  return url.href.replace(/\/+$/, "");
}

/**
 * Any text: what is to be said of it is said elsewhere.
 * @type {Reader<string>}
 */
export const any = (text) => text;
