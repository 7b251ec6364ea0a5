import assert from "node:assert/strict";
import { once } from "node:events";
import { type RequestListener, type Server, createServer } from "node:http";
import { createServer as createSealedServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";

import { testCertificate, testKey } from "../../tests/support/test-certificate.ts";
import { ManualClock, systemClock } from "../core/clock.ts";
import { askHealth, awaitHealth } from "./application-health.ts";

const { signal } = new AbortController();

async function listening(context: TestContext, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function served(context: TestContext, listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(context, createServer(listener))}/health`;
}

const once2s = { clock: systemClock, timeoutMs: 2000, signal };

test("R9 an application that answers 200 is well", async (context) => {
  const url = await served(context, (_request, response) => response.end("ok"));
  const answer = await askHealth(url, once2s);
  assert.equal(answer.kind, "well");
});

test("R9 500, a redirect, silence, an endless answer and no server are told apart", async (context) => {
  const url = await served(context, ({ url: path }, response) => {
    if (path === "/500") {
      response.writeHead(500).end();
    } else if (path === "/302") {
      response.writeHead(302, { location: "/login" }).end();
    } else if (path === "/half") {
      response.writeHead(200).write("o");
    }
  });
  const at = (path: string): string => url.replace("/health", path);
  assert.deepEqual(await askHealth(at("/500"), once2s), { kind: "status", status: 500 });
  assert.deepEqual(await askHealth(at("/302"), once2s), {
    kind: "redirect",
    status: 302,
    location: "/login",
  });
  const short = { ...once2s, timeoutMs: 150 };
  assert.deepEqual(await askHealth(at("/hang"), short), { kind: "silent", waitedMs: 150 });
  assert.deepEqual(await askHealth(at("/half"), short), { kind: "silent", waitedMs: 150 });
  assert.deepEqual(await askHealth("http://127.0.0.1:1/", once2s), {
    kind: "unreachable",
    reason: "ECONNREFUSED",
  });
});

test("R9 a certificate that nobody vouches for is a finding of its own", async (context) => {
  const server = createSealedServer({ key: testKey, cert: testCertificate }, (_request, response) =>
    response.end(),
  );
  const port = await listening(context, server);
  const answer = await askHealth(`https://localhost:${port}/`, once2s);
  assert.deepEqual(answer, { kind: "certificate", reason: "DEPTH_ZERO_SELF_SIGNED_CERT" });
});

test("R9 the application is asked as often as HEALTH_CHECK_RETRIES says, the interval apart", async (context) => {
  let asked = 0;
  const url = await served(context, (_request, response) => {
    asked += 1;
    response.writeHead(asked === 3 ? 200 : 503).end();
  });
  const clock = new ManualClock();
  const options = { clock, intervalMs: 10_000, signal };
  const second = await awaitHealth(url, { ...options, retries: 2 });
  assert.deepEqual(second, { attempts: 2, answer: { kind: "status", status: 503 } });
  assert.equal(clock.monotonic(), 10_000);
  const third = await awaitHealth(url, { ...options, retries: 2 });
  assert.deepEqual([third.attempts, third.answer.kind], [1, "well"]);
});

test("waiting for an application ends when it is aborted", async (context) => {
  const url = await served(context, () => undefined);
  const controller = new AbortController();
  setTimeout(() => {
    controller.abort(new Error("enough"));
  }, 50);
  await assert.rejects(askHealth(url, { ...once2s, signal: controller.signal }), /enough/);
});
