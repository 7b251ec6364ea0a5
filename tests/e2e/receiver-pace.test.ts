/** `pra wal receive` as production feels it: it takes little while no commit waits for it, and no commit that waits is delayed by that. */
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { treeOf } from "../../src/files/process-group.ts";
import { CommandLine } from "../support/command-line.ts";
import { startTestServer } from "../support/test-server.ts";

const COMMITS = 300;
const SEGMENT_BYTES = 16 * 2 ** 20;

/** Calls that wrote, of a process and its children. */
function writesOf(root: number): number {
  return treeOf(root).reduce((sum, pid) => {
    const text = readFileSync(`/proc/${pid}/io`, "utf8");
    return sum + Number(/^syscw: (\d+)/m.exec(text)?.[1]);
  }, 0);
}

/** The largest part: room written ahead counts. */
async function largestPart(pra: CommandLine): Promise<number> {
  const names = await readdir(pra.repository, { recursive: true });
  const parts = names.filter((name) => name.includes(".part/"));
  const sizes = parts.map((name) =>
    statSync(join(pra.repository, name), { throwIfNoEntry: false }),
  );
  return Math.max(...sizes.map((found) => found?.size ?? 0));
}

test("R20 WAL is stored many commits at a time while none waits for it, and at once from when commits wait", async () => {
  await using server = await startTestServer({ major: 18 });
  await using pra = await CommandLine.initialised(server);
  await using session = await server.connect();
  await session.query("CREATE TABLE t (n int)");
  const { child, answer } = pra.start("wal receive");
  const root = child.pid ?? 0;
  const until = async (what: string, question: string): Promise<void> => {
    for (const began = performance.now(); (await session.query(question)).rowCount === 0;) {
      assert.ok(performance.now() - began < 30_000, what);
      await pause(20);
    }
  };
  const caughtUp =
    "SELECT FROM pg_stat_replication WHERE state = 'streaming' AND flush_lsn = pg_current_wal_flush_lsn()";
  const commits = async (): Promise<readonly number[]> => {
    const tookMs: number[] = [];
    for (let n = 0; n < COMMITS; n += 1) {
      const began = performance.now();
      await session.query("INSERT INTO t VALUES ($1)", [n]);
      tookMs.push(performance.now() - began);
    }
    return tookMs.sort((a, b) => a - b);
  };
  await until("it streams", caughtUp);
  // It learns within two seconds whether commits wait.
  await pause(3000);
  const before = writesOf(root);
  await commits();
  await until("all is stored", caughtUp);
  const writes = writesOf(root) - before;
  assert.ok(writes < COMMITS / 2, `${writes} writes for ${COMMITS} commits`);
  assert.ok((await largestPart(pra)) < SEGMENT_BYTES / 2, "no room is written ahead");

  await session.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
  await session.query("SELECT pg_reload_conf()");
  await until("commits wait", "SELECT FROM pg_stat_replication WHERE sync_state = 'sync'");
  await pause(3000);
  const took = await commits();
  const median = took[COMMITS / 2] ?? Number.NaN;
  assert.ok(median < 25, `${median} ms a commit, half of what a rest takes`);
  // The part of the next segment has been made ready before commits waited.
  for (let segment = 0; segment < 2; segment += 1) {
    await session.query("SELECT pg_switch_wal()");
    await session.query("INSERT INTO t VALUES (0)");
  }
  for (const began = performance.now(); (await largestPart(pra)) < SEGMENT_BYTES;) {
    assert.ok(performance.now() - began < 10_000, "room is written ahead for commits that wait");
    await pause(20);
  }

  await session.query("ALTER SYSTEM RESET synchronous_standby_names");
  await session.query("SELECT pg_reload_conf()");
  child.kill("SIGTERM");
  assert.equal((await answer).code, 0);
});
