/** A load on a real server, as a load test watches it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { compose } from "../../src/app/compose.ts";
import type { LoadRun } from "../../src/app/loadtest/load-act.ts";
import { emptyNotes } from "../../src/app/loadtest/load-test-notes.ts";
import { startLoad } from "../../src/app/loadtest/running-load.ts";
import { SeededRandom } from "../../src/core/random.ts";
import { never } from "../support/connection-of.ts";
import { startTestServer } from "../support/test-server.ts";

function loadRun(): LoadRun {
  const random = new SeededRandom(1);
  const tell = (): void => undefined;
  const load = { loadMs: 60_000, clients: 2, notes: emptyNotes() };
  return { adapters: compose(), random, tell, signal: never, ...load };
}

test("R6 a disk that is full when a load ends is told to whoever waits for its end, and ends no process", async () => {
  await using server = await startTestServer({ major: 18 });
  const connection = server.clientConfig();
  const running = await startLoad(loadRun(), { connection, acknowledgedFile: "/dev/full" });
  await running.workload.untilCommits(10, { signal: never });
  await assert.rejects(running.workload.stop(), { code: "ENOSPC" });
  // A rejection that nobody handled would be told by now.
  await turn();
  assert.ok(running.lost.aborted);
  await running.workload[Symbol.asyncDispose]();
});

test("R6 a window that is forgotten is none, also when what was measured in it ends later", async () => {
  await using server = await startTestServer({ major: 18 });
  const act = loadRun();
  const running = await startLoad(act, { connection: server.clientConfig() });
  await using workload = running.workload;
  running.measure("streaming");
  await workload.untilCommits(20, { signal: never });
  running.measure("backup");
  await workload.untilCommits(workload.acknowledged.count + 20, { signal: never });
  running.forget();
  running.unmeasured();
  const kinds = act.notes.load?.record.windows().map(({ kind }) => kind);
  assert.deepEqual(kinds, ["streaming"]);
});
