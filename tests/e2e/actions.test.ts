/** Corrective actions from the failure to the word of a person, as the command line shows them. Nothing is asked of a server. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { LedgerWriter } from "../../src/ledger/ledger-writer.ts";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import { sealedStoreOf } from "../support/sealed-store-of.ts";

type Shown = readonly { readonly id: string; readonly state: string; readonly control: string }[];

async function fail(pra: CommandLine, code: string): Promise<void> {
  const sealed = await sealedStoreOf(pra);
  const writer = new LedgerWriter(sealed, {
    clock: systemClock,
    host: "a",
    pid: 1,
    program: "pra",
  });
  const startedAt = new Date().toISOString();
  const data = { cluster: "main", incarnation: null, backup: null, startedAt, code, message: "" };
  const event = { kind: "backupFailed" as const, data, actor: "root@a", reason: "test" };
  await writer.append(event, { signal: new AbortController().signal });
}

test("R30 S137 a failed backup opens an action by itself, status calls for somebody until one has it, and a named person closes it with a reason", async (context) => {
  const pra = await CommandLine.create();
  context.after(() => pra[Symbol.asyncDispose]());
  assert.equal((await pra.run("init")).code, 0);
  await fail(pra, "PG_UNREACHABLE");
  await fail(pra, "STORE_DISK_FULL");
  // Whoever hands over what waits reads the ledger, and opens what is due.
  await pra.run("alert deliver --sign");
  const status = await pra.run("status", { LANG: "fr_FR.UTF-8" });
  assert.match(
    status.out,
    /✗ actions +personne n'a la charge de backup.*, attendue le .*\n +→ pra action assign [0-9a-f]{8} --owner NOM --by NOM/,
  );
  const listed = await pra.run("action list");
  assert.equal(listed.code, 5);
  assert.match(listed.out, /a backup failed \(PG_UNREACHABLE\) +nobody +\S+ +! nobody has it$/m);
  const shown = async (): Promise<Shown> =>
    (await pra.json("action list --all")).value["actions"] as Shown;
  const [action, ...others] = await shown();
  assert.deepEqual([action?.control, action?.state, others], ["backup", "untaken", []]);
  const id = action?.id ?? "";
  const say = (...words: readonly string[]): ReturnType<CommandLine["run"]> =>
    pra.startWith(["action", ...words]).answer;
  const assigned = await say("assign", id, "--owner", "Awa Diop", "--by", "Léa Roy");
  assert.match(assigned.out, /^Recorded: Awa Diop has [0-9a-f]{8} until /, assigned.err);
  assert.match((await pra.run("status")).out, /! actions +1 open and in hand; .* Awa Diop$/m);
  const closed = await say("close", id.slice(0, 6), "--by", "Awa Diop", "--why", "disk replaced");
  assert.match(closed.out, /^Recorded: [0-9a-f]{8} is closed, as Awa Diop said\.$/m, closed.err);
  const again = await say("close", id, "--by", "Awa Diop", "--why", "again", "--json");
  const code = errorCodeOf(JSON.parse(again.out) as Record<string, unknown>);
  assert.equal(code, "WATCH_ACTION_CLOSED");
  assert.doesNotMatch((await pra.run("status")).out, /actions/);
  await fail(pra, "PG_UNREACHABLE");
  assert.deepEqual(
    (await shown()).map(({ state }) => state),
    ["closed", "untaken"],
  );
});
