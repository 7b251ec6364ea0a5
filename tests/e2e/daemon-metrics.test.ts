/** The daemon's metrics, as it serves them. No server is needed: that none answers is what it has to say. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "node:test";
import { CommandLine } from "../support/command-line.ts";
import { freePort } from "../support/test-server.ts";

/** What is answered there, once it is. */
async function fetched(url: string): Promise<string> {
  for (let tries = 0; ; tries += 1) {
    try {
      const response = await fetch(url);
      if (response.ok) {
        return await response.text();
      }
    } catch (error) {
      assert.ok(tries < 600, String(error));
    }
    await pause(50);
  }
}

test("R20 the daemon serves what it saw, from its first look on, and says where", async () => {
  await using pra = await CommandLine.create({ socketDirectory: "/nowhere", port: 5432 });
  const port = await freePort();
  const variables = { PRA_METRICS_LISTEN: `127.0.0.1:${port}`, PRA_STATUS_TIMEOUT_MS: "2000" };
  const { child, answer } = pra.start("daemon --no-receiver", variables);
  const text = await fetched(`http://127.0.0.1:${port}/metrics`);
  assert.match(text, /\npra_server_up\{cluster="main"\} 0\n/);
  assert.match(text, /\npra_daemon_looks_total\{cluster="main",scope="everything"\} 1\n/);
  assert.match(await fetched(`http://127.0.0.1:${port}/healthz`), /^the last look ended /);
  child.kill("SIGTERM");
  const { code, out } = await answer;
  assert.equal(code, 0);
  assert.match(out, new RegExp(`"event":"metrics-served".*"address":"127.0.0.1:${port}"`));
});

test("L53 R20 a daemon that was killed as it began to serve leaves nothing in the way of the next, which also outlives a refusal", async () => {
  await using pra = await CommandLine.create({ socketDirectory: "/nowhere", port: 5432 });
  const port = await freePort();
  const variables = { PRA_METRICS_LISTEN: `127.0.0.1:${port}`, PRA_STATUS_TIMEOUT_MS: "2000" };
  const first = pra.start("daemon --no-receiver", {
    ...variables,
    PRA_FAILPOINT: "metrics.listen:kill",
  });
  await first.answer;
  assert.equal(first.child.signalCode, "SIGKILL");
  const next = pra.start("daemon --no-receiver", {
    ...variables,
    PRA_FAILPOINT: "metrics.listen:error:1",
  });
  await fetched(`http://127.0.0.1:${port}/metrics`);
  next.child.kill("SIGTERM");
  const { code, out } = await next.answer;
  assert.equal(code, 0);
  assert.match(out, /"event":"part-failed".*"part":"metrics".*"code":"WATCH_METRICS_LISTEN"/);
});
