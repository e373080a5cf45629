import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./app.mjs";

const { apart, claimed, count, refusal } = await load("synthetic.js");
const { Metrics } = await load("metrics.js");

const KEY = { syntheticKey: "0123456789abcdef", syntheticChannel: "#synthetic" };
const BODY = Buffer.from('{"a":"é"}');
const SIGNATURE = "sha256=bb89790fe3947d40e57e5bb306aed4afd1ba868fa386f98dc4469e14f50ebb97";
const headers = (time, signature = SIGNATURE) => ({
  "x-threader-synthetic-time": time,
  "x-threader-synthetic-signature": signature,
});

test("a signature is the one of the documentation", (t) => {
  t.mock.method(Date, "now", () => 1_700_000_000_000);
  assert.equal(refusal(KEY, headers("1700000000"), BODY), null);
  assert.match(refusal(KEY, headers("1700000000"), Buffer.from("{}")), /signature/);
  assert.match(refusal(KEY, headers("1700000000", SIGNATURE.slice(0, -1)), BODY), /signature/);
  assert.match(refusal({ ...KEY, syntheticKey: "" }, headers("1700000000"), BODY), /not set/);
  t.mock.method(Date, "now", () => 1_700_000_301_000);
  assert.match(refusal(KEY, headers("1700000000"), BODY), /300 s/);
});

test("any of the headers is a claim, also an empty one", () => {
  assert.equal(claimed({}), false);
  for (const name of Object.keys(headers("1"))) assert.equal(claimed({ [name]: "" }), true);
});

test("what is theirs is apart from what is real", () => {
  const real = { ...KEY, redisKeyPrefix: "p:", threadStoreFile: "/x/threads.json", threadTtlDays: 30 };
  assert.deepEqual(apart(real), {
    ...KEY,
    slackChannel: "#synthetic",
    redisKeyPrefix: "p:synthetic:",
    threadStoreFile: "/x/threads.json.synthetic",
    threadTtlDays: 1 / 24,
  });
});

test("what was neither posted now nor before has failed", () => {
  const metrics = new Metrics("t", "test");
  count(metrics, 4, { delivered: [{ fingerprint: "f1", ts: "1.0" }], done: { opened: 2, duplicate: 1 } });
  count(metrics, 3, null);
  assert.equal(metrics.synthetic.with("delivered").value, 1);
  assert.equal(metrics.synthetic.with("failed").value, 5);
});
