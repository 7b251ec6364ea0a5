import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { systemClock } from "../../core/clock.ts";
import { type HealthWish, askAfter, askBefore } from "./health-step.ts";

const call = { clock: systemClock, signal: AbortSignal.timeout(20_000) };

/** An application that answers each request with the next of these; the last one for ever. */
async function withApplication(
  statuses: readonly number[],
  work: (wish: HealthWish) => Promise<void>,
): Promise<void> {
  let asked = 0;
  const server = createServer((_request, response) => {
    response.writeHead(statuses[Math.min(asked, statuses.length - 1)] ?? 500).end();
    asked += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    // Also the time that an answer may take: more than a busy machine needs for one.
    await work({ url, shown: url, retries: 3, intervalMs: 1000 });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("R6 an address that answers before anything is restored is not asked again, and nothing is made of it", async () => {
  await withApplication([200], async (wish) => {
    const before = await askBefore(wish, call);
    assert.equal(before, "well");
    const note = await askAfter(wish, before, { ...call, passedMs: () => 5 });
    assert.deepEqual([note.after, note.answeredMs], [null, null]);
  });
});

test("R6 an address that answers on the restored server is timed until it does", async () => {
  await withApplication([503, 503, 200], async (wish) => {
    const before = await askBefore(wish, call);
    assert.equal(before, "status");
    const note = await askAfter(wish, before, { ...call, passedMs: () => 1234 });
    assert.deepEqual([note.after?.kind, note.after?.attempts], ["well", 2]);
    assert.ok((note.after?.durationMs ?? 0) >= 990);
    assert.equal(note.answeredMs, 1234);
  });
});

test("R6 an address that never answers well leaves the time unmeasured", async () => {
  await withApplication([503], async (wish) => {
    const note = await askAfter(wish, "status", { ...call, passedMs: () => 1234 });
    assert.deepEqual([note.after?.kind, note.after?.attempts], ["status", 3]);
    assert.equal(note.answeredMs, null);
  });
});

test("R6 without an address nobody is asked, and an interrupt is no answer", async () => {
  assert.equal(await askBefore(undefined, call), undefined);
  const wish = { url: "http://127.0.0.1:9/", shown: "", retries: 1, intervalMs: 20 };
  assert.equal(await askBefore(wish, { ...call, signal: AbortSignal.abort() }), undefined);
});
