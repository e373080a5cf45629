/** Texts as the other threaders see them: by code point. */

const WHITE = "[\\p{White_Space}\\x1c-\\x1f]";
const STRIP = new RegExp(`^${WHITE}+|${WHITE}+$`, "gu");

/**
 * Without white space at both ends.
 * @param {string} text
 */
export const strip = (text) => text.replace(STRIP, "");

/**
 * At most `limit` code points.
 * @param {string} text
 * @param {number} limit
 */
export function cut(text, limit) {
  if (text.length <= limit) return text;
  const points = Array.from(text);
  return points.length <= limit ? text : points.slice(0, limit - 3).join("") + "...";
}

/**
 * Order by code point (JavaScript's own is by UTF-16 unit).
 * @param {string} first
 * @param {string} second
 */
export function byCodePoint(first, second) {
  const [a, b] = [Array.from(first), Array.from(second)];
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    if (a[i] !== b[i]) return Number(a[i].codePointAt(0)) - Number(b[i].codePointAt(0));
  }
  return a.length - b.length;
}

/**
 * A value as people are shown it in a message: quoted, with what cannot be seen spelled out.
 * @param {string} text
 */
export function quoted(text) {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inner = text.replace(/[\\\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, spelled);
  return quote + (quote === "'" ? inner.replaceAll("'", "\\'") : inner) + quote;
}

/** @param {string} character */
function spelled(character) {
  const short = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character];
  const code = Number(character.codePointAt(0)).toString(16);
  const [letter, width] = code.length <= 2 ? ["x", 2] : code.length <= 4 ? ["u", 4] : ["U", 8];
  return short ?? `\\${letter}${code.padStart(/** @type {number} */ (width), "0")}`;
}
