import assert from "node:assert/strict";
import test from "node:test";
import { setImmediate } from "node:timers/promises";

import { load } from "./app.mjs";

const { Gate } = await load("gate.js");
const log = await load("log.js");
const { Proxies } = await load("proxy.js");
const { counter, gauge, histogram } = await load("series.js");
const { optionsFor } = await load("store/redis-url.js");

test("a gate lets so many through at a time, in the order of coming", async () => {
  const [gate, order, ends] = [new Gate(2), [], []];
  const work = (n) => gate.through(() => new Promise((end) => order.push(n) && ends.push(end)));
  const all = [1, 2, 3, 4].map(work);
  await setImmediate();
  assert.deepEqual(order, [1, 2]);
  while (ends.length) ends.shift()(await setImmediate());
  await Promise.all(all);
  assert.deepEqual(order, [1, 2, 3, 4]);
});

test("who gives up waiting at a gate holds up nobody behind", async () => {
  const gate = new Gate(1);
  await gate.enter();
  const impatient = gate.enter(5);
  const patient = gate.enter(5000);
  assert.equal(await impatient, false);
  gate.leave();
  assert.equal(await patient, true);
});

test("a series is written as Prometheus reads it", () => {
  const asked = counter("asked_total", "Asked.", "who", "how");
  asked.with('a"b\\c\nd', "x").inc(2);
  const head = "# HELP asked_total Asked.\n# TYPE asked_total counter\n";
  assert.equal(asked.text(), `${head}asked_total{how="x",who="a\\"b\\\\c\\nd"} 2.0\n`);
  const level = gauge("level", "Level.");
  level.with().set(0.25);
  assert.match(level.text(), /^level 0\.25$/m);
});

test("a histogram counts below each border", () => {
  const took = histogram("took_seconds", "Took.");
  for (const seconds of [0.005, 0.02, 100]) took.with().observe(seconds);
  const text = took.text();
  assert.match(text, /^took_seconds_bucket\{le="0\.005"\} 1\.0$/m);
  assert.match(text, /^took_seconds_bucket\{le="10\.0"\} 2\.0$/m);
  assert.match(text, /^took_seconds_bucket\{le="\+Inf"\} 3\.0$/m);
  assert.match(text, /^took_seconds_count 3\.0$/m);
});

test("no secret is left in a log line, also where JSON writes it otherwise", () => {
  log.setUp("info", ["xoxb-secret", "xoxb-secret-longer", 'with"quote'], { instance: "a" });
  const line = log.line("error", "xoxb-secret-longer", { deep: ["xoxb-secret", 'a with"quote b'] }, new Date(0));
  const told = { ts: "1970-01-01T00:00:00.000+00:00", level: "error", msg: "[REDACTED]", instance: "a" };
  assert.deepEqual(JSON.parse(line), { ...told, deep: ["[REDACTED]", "a [REDACTED] b"] });
});

test("the usual proxy variables are obeyed", () => {
  const environ = {
    HTTPS_PROXY: "http://u:p%40@proxy.invalid:3128",
    http_proxy: "plain.invalid",
    no_proxy: "localhost, .corp.invalid,10.0.0.0/8,exact.invalid:8443",
  };
  const proxies = new Proxies(environ);
  const through = (url) => proxies.for(new URL(url))?.host;
  assert.equal(through("https://slack.invalid/api"), "proxy.invalid:3128");
  assert.equal(through("http://slack.invalid/api"), "plain.invalid");
  for (const direct of ["localhost", "a.corp.invalid", "corp.invalid", "10.1.2.3", "exact.invalid:8443"]) {
    assert.equal(through(`https://${direct}/`), undefined, direct);
  }
  assert.equal(through("https://notcorp.invalid/"), "proxy.invalid:3128");
  const header = proxies.authorization(proxies.for(new URL("https://x.invalid")))["Proxy-Authorization"];
  assert.equal(Buffer.from(header.split(" ")[1], "base64").toString(), "u:p@");
  assert.equal(new Proxies({ ...environ, no_proxy: "*" }).for(new URL("https://x.invalid")), null);
});

test("a Redis is found by every form of address that the Python threader takes", () => {
  const known = { username: undefined, password: undefined, database: 0 };
  assert.deepEqual(optionsFor("redis://h"), { ...known, socket: { host: "h", port: 6379 } });
  assert.deepEqual(optionsFor("redis://:p%40w@[::1]:7/3"), {
    ...known,
    password: "p@w",
    database: 3,
    socket: { host: "::1", port: 7 },
  });
  assert.deepEqual(optionsFor("rediss://u:p@h?db=2&ssl_cert_reqs=none"), {
    username: "u",
    password: "p",
    database: 2,
    socket: { host: "h", port: 6379, tls: true, rejectUnauthorized: false },
  });
  assert.deepEqual(optionsFor("unix:///run/redis.sock?db=1"), {
    ...known,
    database: 1,
    socket: { path: "/run/redis.sock", tls: false },
  });
  assert.throws(() => optionsFor("redis://:hunter2@h:x"), /^Error: REDIS_URL: is not understood$/);
});
