import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./app.mjs";

const { byCodePoint, cut, quoted, strip } = await load("text.js");
const { compact, elapsed, parseMoment } = await load("moment.js");

test("a text is cut by characters, not by halves of them", () => {
  assert.equal(cut("🔥🔥🔥🔥", 4), "🔥🔥🔥🔥");
  assert.equal(cut("🔥🔥🔥🔥🔥", 4), "🔥...");
});

test("labels are in the order of Python and Go, also beyond the first plane", () => {
  assert.deepEqual(["🔥", "ﬁ", "b", "a", "ab"].sort(byCodePoint), ["a", "ab", "b", "ﬁ", "🔥"]);
});

test("white space at the ends is all that Unicode and Python call so", () => {
  assert.equal(strip("\u00a0\x1f\u3000x y\u0085\n"), "x y");
  assert.equal(strip("\ufeffx"), "\ufeffx");
});

test("what cannot be seen in a wrong value is spelled out", () => {
  assert.equal(quoted("a\x00b\t\u2028\\é"), "'a\\x00b\\t\\u2028\\\\é'");
  assert.equal(quoted("it's"), '"it\'s"');
});

test("a time is kept to the microsecond in UTC, however it is written", () => {
  const same = ["2026-11-23T22:00:00.123456789Z", "2026-11-23 16:30:00.123456-0530", "2026-11-23t22:00:00,123456"];
  for (const text of same) assert.equal(compact(parseMoment(text)), "20261123T220000.123456Z");
  assert.equal(compact(parseMoment("2026-11-23T22:00Z")), "20261123T220000.000000Z");
  assert.equal(compact(parseMoment(1700000000.5)), "20231114T221320.500000Z");
});

test("days and hours that do not exist are no time", () => {
  for (const text of ["2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "0000-01-01T00:00:00Z", "yesterday", "", true]) {
    assert.equal(parseMoment(text), null, String(text));
  }
});

test("the time between two moments is true over the whole range", () => {
  const [first, last] = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"].map(parseMoment);
  assert.equal(elapsed(first, last), 315537897599);
  assert.equal(elapsed(last, first), null);
  assert.equal(compact(last), "99991231T235959.999999Z");
});
