/** The load test where it hurts: ended in each of its phases, with a server that hangs, and with an application that does not work. */
import assert from "node:assert/strict";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { LoadTestFacts } from "../../src/queries/load-test-facts.ts";
import { startTestServer } from "../support/test-server.ts";
import { type Run, ended, playground, runPra } from "../support/pra-run.ts";

/** An interrupt is heeded within so long, on a machine that does other things too. */
const HEEDED_WITHIN_MS = 15_000;

function loadtest(
  directory: string,
  words: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Run {
  return runPra(directory, ["loadtest", "--clients", "4", "--seed", "7", ...words], {
    PATH: process.env["PATH"],
    PRA_LANG: "en",
    PRA_STATE_DIR: join(directory, "state"),
    ...variables,
  });
}

async function untilSaid(run: Run, pattern: RegExp): Promise<void> {
  for (let tries = 0; !pattern.test(run.err()); tries += 1) {
    assert.ok(tries < 12_000 && run.child.exitCode === null, run.err());
    await sleep(20);
  }
}

/** The processes whose command or directory lies below this one. */
async function processesOf(directory: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (Number(pid) !== process.pid && command.includes(directory)) {
      found.push(Number(pid));
    }
  }
  return found;
}

async function untilNoProcess(directory: string): Promise<void> {
  for (let tries = 0; (await processesOf(directory)).length > 0; tries += 1) {
    assert.ok(tries < 200, String(await processesOf(directory)));
    await sleep(100);
  }
}

async function factsOf(directory: string): Promise<LoadTestFacts> {
  const folder = join(directory, "state", "reports");
  const name = (await readdir(folder)).find((each) => each.endsWith(".json")) ?? "";
  return JSON.parse(await readFile(join(folder, name), "utf8")) as LoadTestFacts;
}

/** In each phase with a load before it, what had been come to by then. */
const PHASES: readonly (readonly [said: RegExp, passed: readonly string[]])[] = [
  [/WAL streamed \(/, []],
  [/WAL streamed and backups/, []],
  [/Full backup in/, []],
  [/Restoring the newest instant/, ["load", "backups"]],
  [/Comparing with every acknowledged/, ["load", "backups", "restored"]],
  [/Reading and verifying/, ["load", "backups", "nothingLost", "coherent", "restored"]],
];

for (const [said, passed] of PHASES) {
  test(`R6 ended at "${said.source}" a load test leaves a report of what it had come to, and nothing else`, async () => {
    await using ground = await playground();
    const run = loadtest(ground.path, ["--duration", "12s", "--size", "40MB"]);
    await untilSaid(run, said);
    run.child.kill("SIGINT");
    const beganMs = performance.now();
    assert.equal(await ended(run), 130, run.err());
    assert.ok(performance.now() - beganMs < HEEDED_WITHIN_MS);
    const facts = await factsOf(ground.path);
    assert.equal(facts.ending, "interrupted");
    assert.equal(facts.ok, false);
    const found = facts.tests.filter(({ outcome }) => outcome === "pass").map(({ name }) => name);
    for (const name of passed) {
      assert.ok(
        found.some((each) => each === name),
        `${name} of ${found.join(", ")}`,
      );
    }
    const wrong = facts.tests.filter(({ outcome }) => outcome === "fail");
    assert.ok(
      wrong.every(({ name }) => name === "slowdown"),
      JSON.stringify(wrong),
    );
    assert.deepEqual(await readdir(ground.path), ["state"]);
    await untilNoProcess(ground.path);
  });
}

test("R6 ended before the load, a load test leaves nothing at all", async () => {
  for (const said of [/Making the server/, /Loading table data/]) {
    await using ground = await playground();
    const run = loadtest(ground.path, ["--duration", "12s", "--size", "200MB"]);
    await untilSaid(run, said);
    run.child.kill("SIGINT");
    const beganMs = performance.now();
    assert.equal(await ended(run), 130, run.err());
    assert.ok(performance.now() - beganMs < HEEDED_WITHIN_MS);
    assert.deepEqual(await readdir(ground.path), []);
    await untilNoProcess(ground.path);
  }
});

/** Stops every process of the server: it lives, and answers nobody. */
async function freezeServer(ground: string): Promise<void> {
  const folder = (await readdir(ground)).find((name) => name.startsWith("pra-loadtest-")) ?? "";
  const file = await readFile(join(ground, folder, "production", "postmaster.pid"), "utf8");
  const postmaster = Number(file.split("\n")[0]);
  process.kill(postmaster, "SIGSTOP");
  const children = await readFile(`/proc/${postmaster}/task/${postmaster}/children`, "utf8");
  for (const child of children.split(" ").filter((text) => text !== "")) {
    process.kill(Number(child), "SIGSTOP");
  }
}

test("R6 a server that hangs under the load is given up after half a minute, restored, and judged", async () => {
  await using ground = await playground();
  const run = loadtest(ground.path, ["--duration", "2m", "--size", "20MB"]);
  await untilSaid(run, /Full backup in/);
  await freezeServer(ground.path);
  const beganMs = performance.now();
  assert.equal(await ended(run), 4, run.err() + run.out());
  assert.ok(performance.now() - beganMs < 90_000);
  assert.match(run.err(), /acknowledged nothing any more after [\d,]+ commits/);
  const facts = await factsOf(ground.path);
  assert.equal(facts.ending, "serverLost");
  assert.equal(facts.crash?.cause, "silent");
  const { atMs } = facts.crash;
  const cut = facts.windows.filter(({ toMs }) => toMs > atMs - 1000);
  assert.deepEqual(cut, [], "half a minute of silence is no slowdown");
  const load = facts.tests.find(({ name }) => name === "load");
  assert.equal(load?.outcome, "fail");
  assert.ok((load.figures["silenceMs"] ?? 0) >= 29_000);
  assert.equal(facts.tests.find(({ name }) => name === "nothingLost")?.outcome, "pass");
  await untilNoProcess(ground.path);
});

test("R6 a server that hangs holds up no interrupt", async () => {
  await using ground = await playground();
  const run = loadtest(ground.path, ["--duration", "2m", "--size", "20MB"]);
  await untilSaid(run, /alone \(round 2 of/);
  await freezeServer(ground.path);
  await sleep(6000);
  run.child.kill("SIGINT");
  const beganMs = performance.now();
  assert.equal(await ended(run), 130, run.err());
  assert.ok(performance.now() - beganMs < HEEDED_WITHIN_MS);
  assert.equal((await factsOf(ground.path)).ending, "interrupted");
  await untilNoProcess(ground.path);
});

test("R26 an application that does not work on the restored server leaves the RTO unmeasured, and what it said in the report", async () => {
  await using ground = await playground();
  const command = JSON.stringify(["/bin/sh", "-c", "echo no orders; exit 3"]);
  await writeFile(
    join(ground.path, "pra.yaml"),
    `proof:\n  application:\n    command: ${command}\n    database: orders\n`,
  );
  const run = loadtest(ground.path, ["--duration", "10s", "--size", "10MB"]);
  assert.equal(await ended(run), 4, run.err());
  const facts = await factsOf(ground.path);
  assert.equal(facts.rto.seconds, null);
  assert.equal(facts.application?.exitCode, 3);
  const outcomes = new Map(facts.tests.map(({ name, outcome }) => [name, outcome]));
  assert.equal(outcomes.get("application"), "fail");
  assert.equal(outcomes.get("nothingLost"), "pass");
  assert.match(run.out(), /The application works on the restored server +✗ FAIL/);
});

test("R6 a load test after production's shape reads its catalogues alone, and says what it made", async () => {
  await using ground = await playground();
  await using production = await startTestServer({ major: 18 });
  await production.query("CREATE ROLE reader LOGIN");
  await production.query("GRANT pg_read_all_data TO reader");
  await production.query(
    "CREATE TABLE invoice AS SELECT i AS id, md5(i::text) AS reference FROM generate_series(1, 200000) i",
  );
  await production.query("ANALYZE");
  await production.query("ALTER TABLE invoice SET (autovacuum_enabled = off)");
  const scans =
    "SELECT seq_tup_read::text AS rows FROM pg_stat_user_tables WHERE relname = 'invoice'";
  const before = await production.query(scans);
  const run = loadtest(ground.path, ["--duration", "10s", "--like-production", "--size", "4MB"], {
    PG_HOST: production.socketDirectory,
    PG_PORT: String(production.port),
    PG_USER: "reader",
  });
  const code = await ended(run);
  const facts = await factsOf(ground.path);
  assert.equal(code, facts.ok ? 0 : 4, run.err());
  assert.equal(facts.ending, "finished");
  assert.equal(facts.shape?.tables, 1);
  const { share } = facts.shape;
  assert.ok(share > 0.1 && share < 0.5, String(share));
  assert.equal(facts.production?.backupFinishedAt, null, "its size is the server's own");
  assert.match(run.err(), /Loading table data/);
  assert.deepEqual((await production.query(scans)).rows, before.rows, "no row of it was read");
});
