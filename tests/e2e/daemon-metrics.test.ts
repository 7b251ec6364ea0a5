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
