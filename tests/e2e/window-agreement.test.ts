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

/** The end, the same from all three; it can be planned, and shown to people is the same too. */
async function agreedEnd(pra: CommandLine, when: string): Promise<End> {
  const inWindow = await endIn(pra, "window");
  const inList = await endIn(pra, "list");
  const plan = await pra.json("plan --latest");
  assert.equal(plan.code, 0, plan.out);
  const reached = plan.value["reached"] as End;
  assert.deepEqual(inList, inWindow, `list and window, ${when}`);
  assert.deepEqual({ lsn: reached.lsn, time: reached.time }, inWindow, `plan and window, ${when}`);
  if (inWindow.time !== null) {
    const again = await pra.json(`plan --at ${inWindow.time}`);
    assert.equal(again.value["reachable"], true, `${when}: ${again.out}`);
  }
  const shown = inWindow.time ?? inWindow.lsn;
  for (const command of ["window", "list", "plan --latest"]) {
    const { out } = await pra.run(command);
    assert.ok(out.includes(shown), `${command}, ${when}: ${shown} in\n${out}`);
  }
  return inWindow;
}

test("window, list and plan name the same end: no commit behind the backup, WAL but no commit, commits, and an idle server", async () => {
  await using server = await startTestServer({ major: 18 });
  await using pra = await CommandLine.create(server);
  assert.equal((await pra.run("init")).code, 0);
  await server.query("CREATE TABLE t (id int)");
  const first = await pra.run("backup --full");
  assert.equal(first.code, 0, first.err);
  const bare = await agreedEnd(pra, "no commit behind the only backup");
  await pra.run("backup --incremental");
  const second = await agreedEnd(pra, "no commit behind two backups");
  assert.ok((second.time ?? "") >= (bare.time ?? ""));

  const receiver = pra.start("wal receive");
  await receiver.untilSaid(/Streaming from/);
  await server.query("CHECKPOINT");
  await server.query("SELECT pg_switch_wal()");
  await sleep(500);
  await agreedEnd(pra, "WAL without a commit");
  await server.query("INSERT INTO t VALUES (1)");
  await sleep(500);
  const committed = await agreedEnd(pra, "a commit");
  assert.ok(committed.time !== null);
  receiver.child.kill("SIGTERM");
  assert.equal((await receiver.answer).code, 0);
  await agreedEnd(pra, "a receiver that stopped");
});
