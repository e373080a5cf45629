import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";

import { load } from "./app.mjs";

const { FileStore } = await load("store/file.js");
const { Flock } = await load("store/flock.js");
const { MemoryStore } = await load("store/memory.js");

const FIRING = { status: "firing", channel: "C1", ts: "1.000001" };

/** A path in a folder of this test's own. */
async function place(t) {
  const folder = await mkdtemp(join(tmpdir(), "threader-"));
  t.after(() => rm(folder, { recursive: true }));
  return join(folder, "new", "threads.json");
}

test("what another process has stored meanwhile is not undone", async (t) => {
  const path = await place(t);
  const [one, other] = [await FileStore.open(path, 3600), await FileStore.open(path, 3600)];
  await one.put("a", FIRING);
  await other.put("b", FIRING);
  await one.put("c", FIRING);
  assert.deepEqual(Object.keys(JSON.parse(await readFile(path)).incidents), ["a", "b", "c"]);
  assert.deepEqual(await other.get("c"), FIRING);
});

test("two on one file take turns, and a failure gives the turn back", async (t) => {
  const path = await place(t);
  const [one, other] = [await FileStore.open(path, 3600), await FileStore.open(path, 3600)];
  const order = [];
  const work = (name) => async () => {
    order.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    order.push(`${name} ends`);
    throw new Error(name);
  };
  const all = await Promise.allSettled([one.claim("i", work("one")), other.claim("i", work("other"))]);
  assert.deepEqual(all.map(({ status }) => status), ["rejected", "rejected"]);
  assert.deepEqual(order.map((line) => line.split(" ")[1]), ["begins", "ends", "begins", "ends"]);
  assert.equal(await one.claim("i", async () => "free"), "free");
});

test("a lock that another holds is waited for, then given up, with the reason", async (t) => {
  const path = await place(t);
  await FileStore.open(path, 3600);
  const [mine, theirs] = [new Flock(`${path}.lock`), new Flock(`${path}.lock`)];
  await theirs.acquire(5);
  await assert.rejects(mine.acquire(0.2), /threads\.json\.lock: another process has held it for 0\.2 s$/);
  theirs.release();
  await mine.acquire(5);
  mine.release();
});

test("nothing is left beside the file, and old incidents are forgotten", async (t) => {
  const path = await place(t);
  const store = await FileStore.open(path, 0.05);
  await store.put("old", FIRING);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(await store.get("old"), null);
  await store.put("new", FIRING);
  assert.deepEqual(Object.keys(JSON.parse(await readFile(path)).incidents), ["new"]);
  assert.deepEqual((await readdir(join(path, ".."))).sort(), ["threads.json", "threads.json.lock"]);
});

test("memory forgets too", async () => {
  const store = new MemoryStore(0.05);
  await store.put("old", FIRING);
  assert.deepEqual(await store.get("old"), FIRING);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(await store.get("old"), null);
});
