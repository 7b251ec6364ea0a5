/** `pra window`, `pra list` and `pra plan` are three looks at one thing: they name the same end, and what it names can be planned. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { present } from "../../src/core/assert.ts";
import { CommandLine } from "../support/command-line.ts";
import { startTestServer } from "../support/test-server.ts";

type End = { readonly lsn: string; readonly time: string | null };

async function endIn(pra: CommandLine, command: "list" | "window"): Promise<End> {
  const { code, value, out } = await pra.json(command);
  assert.equal(code, 0, out);
  const { clusters } = value as { clusters: { windows: { to: End }[] }[] };
  const windows = clusters.flatMap((cluster) => cluster.windows);
  assert.equal(windows.length, 1, out);
  return present(windows[0], "one window").to;
}

type Looks = { readonly end: End; readonly inList: End; readonly reached: End };

/** All three while nothing changes: a receiver that runs may add to the window between two looks. */
async function looks(pra: CommandLine): Promise<Looks> {
  for (let round = 0; round < 10; round += 1) {
    const end = await endIn(pra, "window");
    const inList = await endIn(pra, "list");
    const plan = await pra.json("plan --latest");
    assert.equal(plan.code, 0, plan.out);
    const { lsn, time } = plan.value["reached"] as End;
    const after = await endIn(pra, "window");
    if (end.lsn === after.lsn && end.time === after.time) {
      return { end, inList, reached: { lsn, time } };
    }
  }
  return assert.fail("the window never stood still");
}

/** The end, the same from all three; what it names can be planned. */
async function agreedEnd(pra: CommandLine, when: string): Promise<End> {
  const { end, inList, reached } = await looks(pra);
  assert.deepEqual(inList, end, `list and window, ${when}`);
  assert.deepEqual(reached, end, `plan and window, ${when}`);
  if (end.time !== null) {
    const again = await pra.json(`plan --at ${end.time}`);
    assert.equal(again.value["reachable"], true, `${when}: ${again.out}`);
  }
  return end;
}

/** What people are shown is the same too. */
async function shownEnd(pra: CommandLine, end: End): Promise<void> {
  const shown = end.time ?? end.lsn;
  for (const command of ["window", "list", "plan --latest"]) {
    const { out } = await pra.run(command);
    assert.ok(out.includes(shown), `${command}: ${shown} in\n${out}`);
  }
}

test("window, list and plan name the same end: no commit behind the backup, WAL but no commit, commits, and an idle server", async () => {
  await using server = await startTestServer({ major: 18 });
  await using pra = await CommandLine.create(server);
  assert.equal((await pra.run("init")).code, 0);
  const nothing = await pra.json("plan");
  assert.deepEqual([nothing.code, nothing.value["reachable"]], [4, false]);
  assert.equal((nothing.value["reason"] as { code: string }).code, "PLAN_NOTHING_YET");
  assert.match((await pra.run("window --lang fr")).out, /pas encore de sauvegarde/);
  const refused = await pra.run(`restore --to ${pra.directory}/copy --lang fr`);
  assert.equal(refused.code, 3);
  assert.match(
    refused.err,
    /aucune sauvegarde du cluster main\n {2}Faites la première avec pra backup/,
  );
  await server.query("CREATE TABLE t (id int)");
  const first = await pra.run("backup --full");
  assert.equal(first.code, 0, first.err);
  const bare = await agreedEnd(pra, "no commit behind the only backup");
  await shownEnd(pra, bare);
  await pra.run("backup --incremental");
  const second = await agreedEnd(pra, "no commit behind two backups");
  assert.ok((second.time ?? "") >= (bare.time ?? ""));

  const receiver = pra.start("wal receive");
  let committed: End;
  try {
    await receiver.untilSaid(/Streaming from/);
    await server.query("CHECKPOINT");
    await server.query("SELECT pg_switch_wal()");
    await sleep(500);
    await agreedEnd(pra, "WAL without a commit");
    await server.query("INSERT INTO t VALUES (1)");
    await sleep(500);
    committed = await agreedEnd(pra, "a commit");
    // A server that is idle for longer than its keepalives are apart lets the receiver claim that nothing was missed.
    await sleep(12_000);
  } finally {
    receiver.child.kill("SIGTERM");
  }
  assert.equal((await receiver.answer).code, 0);
  const idle = await agreedEnd(pra, "an idle server, its receiver stopped");
  assert.ok((idle.time ?? "") > (committed.time ?? ""), "the window grew without a commit");
  await shownEnd(pra, idle);
});
