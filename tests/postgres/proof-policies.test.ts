/** Which proof is made when nobody names one, what a backup does with a proof of its own, and the heartbeat that a proof reads back. */
import assert from "node:assert/strict";
import { open, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import { endReceiver, receive, untilNothingIsMissing } from "../support/long-run.ts";
import { startTestServer } from "../support/test-server.ts";

type Shown = Record<string, unknown>;

async function packsOf(pra: CommandLine): Promise<readonly string[]> {
  const entries = await readdir(pra.repository, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.parentPath.includes("/packs/"))
    .map(({ parentPath, name }) => join(parentPath, name));
}

/** Flips a bit of every pack, so that no restore can be authentic; of all but those that are named. */
async function damage(pra: CommandLine, whole: readonly string[] = []): Promise<void> {
  for (const path of await packsOf(pra)) {
    if (!whole.includes(path)) {
      await using file = await open(path, "r+");
      const byte = Buffer.alloc(1);
      await file.read(byte, 0, 1, 5000);
      byte[0] = (byte[0] ?? 0) ^ 1;
      await file.write(byte, 0, 1, 5000);
    }
  }
}

test("R25 a heartbeat is written, comes back, and says what would be lost; without its table a backup is good, with a warning", async () => {
  await using server = await startTestServer({ major: 15 });
  await using pra = await CommandLine.initialised(server);
  const on = { PRA_HEARTBEAT_DATABASE: "postgres" };
  assert.equal(errorCodeOf((await pra.json("heartbeat")).value), "PROOF_HEARTBEAT_OFF");
  const without = await pra.json("heartbeat", on);
  assert.equal(without.code, 1);
  assert.equal(errorCodeOf(without.value), "PROOF_HEARTBEAT_TABLE");
  assert.match(without.out, /relation \\"public\.pra_heartbeat\\" does not exist/);
  const french = await pra.run("heartbeat --lang fr", on);
  assert.match(french.err, /le battement n'a pas pu être écrit dans postgres/);
  const warned = await pra.run("backup --full", on);
  assert.equal(warned.code, 5);
  assert.match(warned.out, /! The backup is good, but without a heartbeat: /);
  const none = await pra.json("prove", on);
  assert.equal(none.code, 0, none.out);
  const { heartbeat } = none.value as { heartbeat: Shown };
  assert.deepEqual([heartbeat["beatAt"], heartbeat["lossSeconds"]], [null, null], "no data");

  const { value } = await pra.json("heartbeat --sql", on);
  await server.query((value["statements"] as string[]).join("\n"));
  const first = await pra.json("heartbeat", on);
  assert.equal(first.value["beats"], 1);
  const taken = await pra.run("backup --incremental", on);
  assert.equal(taken.code, 0, taken.out + taken.err);
  assert.equal(await server.value("SELECT beats FROM pra_heartbeat"), "2");
  await server.query("UPDATE pra_heartbeat SET beat = beat - interval '90 seconds'");
  assert.equal((await pra.run("backup --incremental")).code, 0);
  const proved = await pra.json("prove", on);
  assert.equal(proved.code, 0, proved.out);
  const measured = (proved.value as { heartbeat: Shown }).heartbeat;
  assert.equal(measured["against"], "now");
  const loss = Number(measured["lossSeconds"]);
  assert.ok(loss >= 90 && loss < 150, `a loss of ${loss} s`);
});

test("R5 --random draws an instant that a restore reaches, the same again by its seed; --all-unproved proves what has no good proof, and one that fails stops no other", async () => {
  await using server = await startTestServer({ major: 18 });
  await using pra = await CommandLine.initialised(server);
  const nothing = await pra.json("prove --random");
  assert.equal(errorCodeOf(nothing.value), "PROOF_NO_WINDOW");
  assert.equal((await pra.json("prove --all-unproved")).code, 0);
  assert.equal((await pra.run("backup --full")).code, 0);
  await server.query("CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 100)");
  assert.equal((await pra.run("backup --full")).code, 0);
  const drawn = await pra.json("prove --random --seed 11");
  assert.equal(drawn.code, 0, drawn.out);
  assert.equal(drawn.value["seed"], 11);
  const again = await pra.json("prove --random --seed 11");
  assert.deepEqual(again.value["target"], drawn.value["target"]);
  const other = await pra.run("prove --random");
  assert.match(other.out, /Seed: \d+ \(20\d\d-/);
  for (const words of ["--random --at now", "--random --all-unproved", "--all-unproved --latest"]) {
    assert.equal(errorCodeOf((await pra.json(`prove ${words}`)).value), "USAGE_CONFLICT", words);
  }

  const status = await pra.run("status");
  assert.match(status.out, /! [^\n]*1 of 2 backups have no good proof[^]*pra prove --all-unproved/);
  const rest = await pra.json("prove --all-unproved");
  assert.equal(rest.code, 0, rest.out);
  assert.equal((rest.value["proofs"] as unknown[]).length, 1);
  assert.equal(((await pra.json("prove --all-unproved")).value["proofs"] as unknown[]).length, 0);
  assert.doesNotMatch((await pra.run("status")).out, /no good proof/);

  assert.equal((await pra.run("backup --full")).code, 0);
  assert.equal((await pra.run("backup --full")).code, 0);
  await damage(pra);
  const damaged = await pra.json("prove --all-unproved");
  assert.equal(damaged.code, 4);
  const proofs = damaged.value["proofs"] as { verdict: string; backup: string }[];
  assert.deepEqual(
    proofs.map(({ verdict }) => verdict),
    ["failed", "failed"],
  );
  assert.ok((proofs[0]?.backup ?? "") > (proofs[1]?.backup ?? ""), "newest first");
});

test("R5 a backup proves itself when it is told to; a proof that fails makes the end red and leaves the backup", async () => {
  await using server = await startTestServer({ major: 18 });
  await using pra = await CommandLine.initialised(server);
  const gentle = { PRA_PROVE_AFTER_BACKUP: "full", PRA_PROOF_NICE: "3" };
  const full = await pra.json("backup --full", gentle);
  assert.equal(full.code, 0, full.err);
  const { proof } = full.value as { proof: Shown };
  assert.deepEqual([proof["verdict"], proof["backup"]], ["proved", full.value["id"]]);
  assert.ok(Number(proof["rpoSeconds"]) < 60 && Number(proof["rtoSeconds"]) > 0);
  const limits = proof["limits"] as Shown;
  assert.equal(limits["nice"], 3);
  assert.ok(Number(limits["freeBytes"]) > Number(limits["neededBytes"]));
  const incremental = await pra.json("backup --incremental", { PRA_PROVE_AFTER_BACKUP: "full" });
  assert.equal(incremental.value["proof"], null);

  await writeFile(
    join(pra.directory, "pra.yaml"),
    "proof:\n  assertions:\n    - { name: wrong, database: postgres, sql: SELECT 1, expect: 2 }\n",
    { mode: 0o600 },
  );
  const red = await pra.json("backup --incremental", { PRA_PROVE_AFTER_BACKUP: "all" });
  assert.equal(red.code, 4, red.err);
  assert.equal((red.value as { proof: Shown }).proof["verdict"], "failed");
  const list = await pra.run("list");
  assert.match(list.out, new RegExp(`${String(red.value["id"])} .*FAILED`));
  await writeFile(join(pra.directory, "pra.yaml"), "proof: [", { mode: 0o600 });
  const unread = await pra.json("backup --incremental", { PRA_PROVE_AFTER_BACKUP: "all" });
  assert.equal(unread.code, 4);
  const { proof: none } = unread.value as { proof: Shown };
  assert.equal(errorCodeOf(none), "CONFIG_YAML_SYNTAX");
  assert.equal((await pra.json("prove", { PRA_PROVE_AFTER_BACKUP: "some" })).code, 2);
});

test("R5 R22 a backup whose proof found it damaged is told by list and plan, gives way in a restore to the one before, and is taken when it is named", async () => {
  await using server = await startTestServer({ major: 18 });
  await using pra = await CommandLine.initialised(server);
  const receiver = await receive(pra);
  await server.query("CREATE TABLE t AS SELECT generate_series(1, 100) AS id");
  const good = (await pra.json("backup --full")).value["id"] as string;
  const whole = await packsOf(pra);
  await server.query("INSERT INTO t SELECT generate_series(101, 200)");
  const bad = (await pra.json("backup --full")).value["id"] as string;
  await server.query("INSERT INTO t VALUES (201)");
  await damage(pra, whole);
  await untilNothingIsMissing(pra);
  await endReceiver(receiver);
  assert.equal((await pra.json("plan --latest")).value["backup"], bad, "nobody knows yet");
  const ledger = join(pra.repository, "ledger");
  const before = new Set<string>(await readdir(ledger));
  const proved = await pra.json("prove");
  assert.deepEqual([proved.code, proved.value["verdict"]], [4, "failed"], proved.out);
  const [prover = ""] = (await readdir(ledger)).filter((writer) => !before.has(writer));

  const list = await pra.run("list");
  assert.match(list.out, new RegExp(`! ${bad}: its newest proof found it damaged`));
  const plan = await pra.json("plan --latest");
  assert.equal(plan.value["backup"], good);
  const { damaged } = plan.value["reason"] as { readonly damaged: readonly Shown[] };
  assert.deepEqual(
    damaged.map(({ backup }) => backup),
    [bad],
  );
  const told = await pra.run("plan --latest --lang fr");
  assert.match(
    told.out,
    new RegExp(`${bad} est plus récente, mais sa preuve du .* l'a trouvée abîmée`),
  );
  const named = await pra.json(`plan --latest --backup ${bad}`);
  assert.deepEqual([named.value["backup"], named.value["notices"]], [bad, ["proof-not-good"]]);

  const restored = await pra.run(
    `restore --to ${join(pra.directory, "copy")} --latest --start --port 5499`,
  );
  assert.equal(restored.code, 0, restored.err);
  assert.match(restored.err, new RegExp(`! ${bad} is newer, but its proof of .* found it damaged`));
  assert.match(restored.out, new RegExp(good));
  const kept = await pra.json("expire --dry-run");
  const { retention } = kept.value as {
    readonly retention: { readonly backups: readonly Shown[] };
  };
  assert.ok(
    retention.backups.every(({ verdict }) => verdict === "keep"),
    kept.out,
  );
  assert.equal((await pra.run(`stop ${join(pra.directory, "copy")}`)).code, 0);

  // What the proof found is lost; that is told, and never taken for a good word.
  for (const name of await readdir(join(ledger, prover))) {
    await writeFile(join(ledger, prover, name), "no ledger any more");
  }
  const blind = await pra.json("plan --latest");
  assert.deepEqual([blind.code, blind.value["backup"]], [0, bad], blind.out);
  assert.deepEqual(blind.value["notices"], ["proofs-unread"]);
  const said = await pra.run("plan --latest --lang fr");
  assert.match(said.out, /! Des résultats de preuves n'ont pas pu être lus .*pra ledger verify/);
  const listed = await pra.run("list");
  assert.equal(listed.code, 5, listed.err);
  assert.match(listed.out, /! Results of proofs could not be read/);
  const spared = await pra.json("expire --dry-run");
  assert.match(spared.out, /"kind": "proofs-unread"/);
  const accepted = await pra.json("expire --dry-run --accept-unread-proofs");
  assert.doesNotMatch(accepted.out, /proofs-unread/);
});
