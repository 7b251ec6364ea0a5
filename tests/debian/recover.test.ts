/**
 * A day of recoveries on Debian's PostgreSQL 15 with databases of every kind, all of it by the scripts as cron starts them: backups and
 * dumps under load, a table dropped and rescued, restore tests of a dump and of a backup, the proof with its report, the status.
 *
 * `RECOVER_GIB=5` for the size of the acceptance run; what each step took is told.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { addBulkData } from "../../src/loadtest/bulk-data.ts";
import { verifyOracle } from "../../src/loadtest/oracle.ts";
import { startWorkload } from "../../src/loadtest/workload.ts";
import { never } from "../support/connection-of.ts";
import { DebianCluster } from "../support/debian-cluster.ts";
import { type CronAnswer, cron, installationIn } from "../support/installation.ts";
import { SHOP, makeOddDatabases } from "../support/odd-database.ts";

const GIB = Number(process.env["RECOVER_GIB"] ?? "0.1");
const ROLE = "akig_backup";
const PASSWORD = "4f8c1b7e9d2a6035";
const NOW = `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at`;

/** The receiver, as a service starts it; ended by `stop`. */
class Receiver implements AsyncDisposable {
  readonly #child;

  constructor(folder: string) {
    const env = { PATH: "/usr/bin:/bin" };
    this.#child = spawn(join(folder, "pra"), ["wal", "receive"], {
      cwd: "/",
      env,
      stdio: "ignore",
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) {
      this.#child.kill("SIGTERM");
      await once(this.#child, "close");
    }
  }
}

test("R1 R2 R3 R4 R5 R13 a day of recoveries by the scripts from cron: backups and dumps under load, a rescue, restore tests, a proof", async (context) => {
  await using cluster = await DebianCluster.create();
  const began = performance.now();
  const note = (what: string): void => {
    context.diagnostic(`${((performance.now() - began) / 1000).toFixed(1)} s: ${what}`);
  };
  await makeOddDatabases(cluster);
  const connection = cluster.clientConfig(SHOP);
  await addBulkData(connection, { bytes: GIB * 2 ** 30, signal: never });
  const { password = "" } = cluster.clientConfig();
  const folder = installationIn(context, [
    "PG_HOST=127.0.0.1",
    `PG_PORT=${cluster.port}`,
    `PG_USER=${ROLE}`,
    `PG_PASSWORD=${PASSWORD}`,
    `PG_DATABASE=${SHOP}`,
    "BACKUP_DIR=../the store",
    "BACKUP_METHOD=both",
    "RESTORE_DB=akig_restore",
    "PRA_KEY_FILE=../pra.key",
    "PRA_STATE_DIR=../state",
    "PRA_SPOOL_DIR=../spool",
    "MIN_FREE_GB=0",
  ]);
  const reports = join(dirname(folder), "state", "reports");
  const done = async (
    program: string,
    words: readonly string[],
    env: Record<string, string> = {},
    code = 0,
  ): Promise<CronAnswer> => {
    const answer = await cron(join(folder, program), words, { env });
    assert.equal(answer.code, code, `${program} ${words.join(" ")}\n${answer.out}${answer.err}`);
    note(`${program} ${words.join(" ")}`);
    return answer;
  };
  note("the server is filled");
  const superuser = { PRA_SUPERUSER_PASSWORD: String(password) };
  await done("pra", ["role", "sql", "--apply", "--as", "postgres"], superuser);
  // Rows that a policy hides would be missing from a dump: it says so, and what to do.
  const hidden = await cron(join(folder, "pra"), ["init"]);
  assert.equal(hidden.code, 0, hidden.err);
  const refused = await cron(join(folder, "pra"), ["dump"]);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /DUMP_ROW_SECURITY/);
  await cluster.withClient((client) => client.query(`ALTER ROLE ${ROLE} BYPASSRLS`));
  const closed = await cron(join(folder, "pra"), ["dump"]);
  assert.equal(closed.code, 1);
  const [grant = ""] = /DO \$\$.*\$\$;/.exec(closed.err) ?? [];
  assert.match(grant, /LARGE OBJECT/, closed.err);
  await cluster.withClient((client) => client.query(grant), SHOP);
  await done("pra", ["key", "check", "--recovery-key-file", join(dirname(folder), "pra.recovery")]);
  await using _receiver = new Receiver(folder);
  await done("backup.sh", ["--full"]);

  // Under load: an increment and a dump; then the load's table goes by mistake.
  const load = await startWorkload({ connection, clients: 4, signal: never });
  await load.untilCommits(500, { signal: never });
  await done("backup.sh", ["--incremental"]);
  await load.untilCommits(load.acknowledged.count + 300, { signal: never });
  const at = await cluster.withClient(async (client) => {
    await client.query("BEGIN");
    await client.query("LOCK TABLE pra_load.ledger, pra_load.account");
    const { rows } = await client.query<{ at: string }>(NOW);
    await sleep(5);
    await client.query("DROP TABLE pra_load.ledger, pra_load.account CASCADE");
    await client.query("COMMIT");
    return rows[0]?.at ?? "";
  }, SHOP);
  const { commits } = await load.ended;
  for (;;) {
    // The receiver is a moment behind.
    const plan = await cron(join(folder, "pra"), ["plan", "--at", at]);
    if (plan.code === 0) {
      break;
    }
    assert.equal(plan.code, 4, plan.err);
    await cluster.withClient((client) => client.query("SELECT pg_switch_wal()"));
    await sleep(200);
  }
  const tables = ["--table", "pra_load.ledger", "--table", "pra_load.account"];
  await done("pra", ["rescue", ...tables, "--at", at, "--into", "akig_rescue"], {
    PG_USER: "postgres",
    PG_PASSWORD: String(password),
  });
  const verdict = await cluster.withClient(
    (client) => verifyOracle(client, load.acknowledged),
    "akig_rescue",
  );
  assert.deepEqual(verdict.lost, []);
  assert.equal(verdict.ok, true, JSON.stringify({ ...verdict, lost: verdict.lost.length }));
  context.diagnostic(
    `${commits} commits acknowledged, ${verdict.found} found in the rescued tables`,
  );

  // The newest dump, then a backup at the instant before the mistake, into the test database and nowhere else.
  // 5: the role may not make others the owners, which is told and no more.
  const dumped = await done("restore_run.sh", ["--database", SHOP], {}, 5);
  assert.match(dumped.out, /Source +dump [^]*✓? *Findings:\n +! owners and rights were left out/);
  const past = await done("restore_run.sh", ["--database", SHOP, "--at", at, "--cleanup"], {}, 5);
  assert.match(past.out, /Source +backup/);
  const known = await cluster.withClient(async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT datname AS name FROM pg_database",
    );
    return rows.map(({ name }) => name);
  });
  assert.ok(!known.includes("akig_restore"), "--cleanup drops it");
  assert.ok(known.includes(SHOP));

  for (const [lang, word] of [
    ["fr", "✓ PROUVÉ"],
    ["en", "✓ PROVED"],
  ] as const) {
    const before = new Set(readdirSync(reports));
    await done("quickstart.sh", ["test-restore", "--lang", lang]);
    const [page = ""] = readdirSync(reports).filter(
      (name) => !before.has(name) && name.endsWith(".html"),
    );
    assert.ok(readFileSync(join(reports, page), "utf8").includes(word), `${page} says ${word}`);
  }
  const { out } = await done("status.sh", ["--lang", "fr"]);
  assert.match(out, /\nAll checks passed ✓\n$/);
  await done("pra", ["verify", "--deep"]);
});
