/** Servers that misbehave, and what is made of it. */

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import test from "node:test";

import { load } from "./app.mjs";

const { Client } = await load("http.js");
const { RedisLink } = await load("store/redis-link.js");

/** Starts a server for one test; returns its port. */
async function listening(t, server) {
  const sockets = new Set();
  server.on("connection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    sockets.forEach((socket) => socket.destroy());
  });
  return server.address().port;
}

/** Posts to a server that answers as told; a string is what was wrong. */
async function post(t, answer, environ = {}, path = "/") {
  const port = await listening(t, http.createServer(answer));
  const client = new Client("xoxb-1", 0.3, environ);
  return client.postJson(`http://127.0.0.1:${port}${path}`, { text: "é" }).catch((error) => error.message);
}

test("a redirection is an answer like another", async (t) => {
  const answer = await post(t, (_, response) => response.writeHead(302, { Location: "http://127.0.0.1:1/" }).end());
  assert.equal(answer.status, 302);
});

test("of an answer without end only the beginning is read", async (t) => {
  const answer = await post(t, (_, response) => {
    const more = () => response.write("x".repeat(1 << 16), () => !response.destroyed && setImmediate(more));
    more();
  });
  assert.ok(answer.body.length > 1 << 20 && answer.body.length < 1 << 21);
});

test("a server that dawdles is given up, wherever it does", async (t) => {
  assert.equal(await post(t, () => undefined), "ReadTimeout");
  assert.equal(await post(t, (_, response) => response.write("half")), "ReadTimeout");
  assert.equal(await post(t, (_, response) => response.destroy()), "ConnectionError");
});

test("an http address is asked for at its proxy", async (t) => {
  const port = await listening(t, http.createServer((request, response) => response.end(request.url)));
  const client = new Client("", 1, { http_proxy: `http://127.0.0.1:${port}` });
  const answer = await client.postJson("http://slack.invalid/api/x?y", {});
  assert.equal(answer.body.toString(), "http://slack.invalid/api/x?y");
});

test("an https address is reached through a proxy's tunnel, or it is told that it is not", async (t) => {
  const asked = [];
  const server = http.createServer();
  server.on("connect", (request, socket) => {
    asked.push([request.url, request.headers["proxy-authorization"]]);
    socket.end(asked.length === 1 ? "HTTP/1.1 407 No\r\n\r\n" : "HTTP/1.1 200 OK\r\n\r\nthis is not TLS");
  });
  const port = await listening(t, server);
  const client = new Client("", 1, { https_proxy: `http://u:p@127.0.0.1:${port}` });
  const told = () => client.postJson("https://slack.invalid/api", {}).catch((error) => error.message);
  assert.equal(await told(), "ProxyError");
  assert.match(await told(), /^(SSLError|ConnectionError)$/);
  assert.deepEqual(asked, [["slack.invalid:443", "Basic dTpw"], ["slack.invalid:443", "Basic dTpw"]]);
});

/** A Redis with one answer for each command; the connection's own set-up gets an OK. */
function redis(answer) {
  return net.createServer((socket) => {
    socket.on("data", (data) => {
      for (const command of data.toString().split(/^\*\d+\r$/m).slice(1)) {
        socket.write(/CLIENT|HELLO/i.test(command) ? "+OK\r\n" : answer);
      }
    });
    socket.on("error", () => undefined);
  });
}

test("a connection to Redis that was closed meanwhile is made anew without a failure", async (t) => {
  let connections = 0;
  const server = redis("+PONG\r\n");
  server.on("connection", (socket) => {
    connections += 1;
    if (connections === 1) setTimeout(() => socket.destroy(), 50);
  });
  const link = new RedisLink(`redis://127.0.0.1:${await listening(t, server)}`);
  assert.equal(await link.send("PING"), "PONG");
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(await link.send("PING"), "PONG");
  assert.equal(connections, 2);
});

test("a Redis that refuses is named by its own word, and asked anew when it may be another by then", async (t) => {
  let connections = 0;
  const server = redis("-READONLY You can't write against :hunter2\r\n");
  server.on("connection", () => (connections += 1));
  const link = new RedisLink(`redis://127.0.0.1:${await listening(t, server)}`);
  for (const n of [1, 2]) {
    await assert.rejects(link.send("SET", "k", "v"), /^Error: Redis: READONLY$/);
    assert.equal(connections, n);
  }
});

test("a Redis that takes no password, or says nothing, is an error in time", async (t) => {
  const refused = new RedisLink(`redis://:hunter2@127.0.0.1:${await listening(t, redis("-WRONGPASS hunter2\r\n"))}`);
  for (let n = 0; n < 2; n += 1) await assert.rejects(refused.send("PING"), /^Error: Redis: WRONGPASS$/);
  const silent = new RedisLink(`redis://127.0.0.1:${await listening(t, net.createServer())}`);
  const begun = performance.now();
  await assert.rejects(silent.send("PING"), /^Error: Redis: TimeoutError$/);
  assert.ok(performance.now() - begun < 4000);
});
