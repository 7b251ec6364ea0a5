/**
 * The demonstration as a person runs it, in a small size: nothing lost, a loss seen after sabotage, and nothing left running or
 * lying about, however it ends.
 */
import assert from "node:assert/strict";
import { readFile, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Run, ended, playground, runPra } from "../support/pra-run.ts";

/** Seed 42 puts the kill 2.5 s behind the incremental backup. */
const SMALL = ["--data", "20MB", "--commits", "300", "--seed", "42"];

function demo(directory: string, argv: readonly string[], lang = "en"): Run {
  // Whatever the caller has set must not matter, a repository of their own least of all.
  const env = { PRA_LANG: lang, BACKUP_DIR: "/nowhere", PGHOST: "/nowhere", PG_PORT: "1" };
  return runPra(directory, ["demo", ...SMALL, ...argv], env);
}

/** Processes that have to do with a directory: its name in their arguments, or their working directory in it. */
async function processesOf(directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    if (Number(pid) !== process.pid && (command.includes(directory) || cwd.startsWith(directory))) {
      found.push(`${pid} ${command.replaceAll("\0", " ")}`);
    }
  }
  return found;
}

async function isRunning(pid: number): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return command.includes("demo-receiver");
}

async function untilNoProcess(directory: string): Promise<void> {
  for (let tries = 0; (await processesOf(directory)).length > 0 && tries < 100; tries += 1) {
    await sleep(100);
  }
  assert.deepEqual(await processesOf(directory), []);
}

async function untilSaid(run: Run, pattern: RegExp): Promise<void> {
  for (let tries = 0; !pattern.test(run.err()); tries += 1) {
    assert.ok(tries < 600 && run.child.exitCode === null, run.err());
    await sleep(50);
  }
}

type Result = {
  readonly acknowledged: number;
  readonly lost: number;
  readonly ok: boolean;
  readonly folder: string;
  readonly rpoSeconds: number;
  readonly rtoSeconds: number;
  readonly killAfterIncrementalMs: number;
  readonly backups: readonly { readonly kind: string }[];
  readonly proof: { readonly verdict: string; readonly levels: readonly unknown[] };
  readonly sabotage: { readonly objects: readonly string[] } | null;
};

test("the demonstration loses nothing that was acknowledged, proves it, and leaves its folder alone", async () => {
  await using ground = await playground();
  const run = demo(ground.path, ["--json"]);
  const code = await ended(run);
  assert.equal(code, 0, run.err() + run.out());
  assert.equal(run.err(), "", "with --json nothing is said on the way");
  const result = JSON.parse(run.out()) as Result;
  assert.ok(result.ok);
  assert.ok(result.acknowledged >= 300);
  assert.equal(result.lost, 0);
  assert.equal(result.rpoSeconds, 0);
  assert.ok(result.rtoSeconds > 0 && result.rtoSeconds < 1800);
  assert.ok(result.killAfterIncrementalMs >= 2000);
  assert.deepEqual(
    result.backups.map(({ kind }) => kind),
    ["full", "incremental"],
  );
  assert.equal(result.proof.verdict, "proved");
  assert.equal(result.proof.levels.length, 3);
  assert.deepEqual(await readdir(ground.path), [result.folder.slice(ground.path.length + 1)]);
  assert.ok(!(await readdir(result.folder)).includes("production"), "the server's files are gone");
  assert.ok(!(await readdir(result.folder)).includes("spool"));
  await untilNoProcess(ground.path);
});

test("after --sabotage the table tells a loss, in French too, and the answer is 1", async () => {
  await using ground = await playground();
  const folder = join(ground.path, "à l'essai #1");
  const run = demo(ground.path, ["--sabotage", "--folder", folder], "fr");
  assert.equal(await ended(run), 1, run.err());
  assert.match(run.err(), /Graine 42/);
  assert.match(run.err(), /SABOTAGE : clusters\/demo\/.*\.part\//);
  assert.match(run.out(), /Validations perdues +[1-9]/);
  assert.match(run.out(), /PERDUES : [1-9]/);
  assert.match(run.out(), /Preuve +prouvé/, "what is still there can be proved");
  assert.deepEqual(await readdir(ground.path), ["à l'essai #1"]);
  await untilNoProcess(ground.path);
});

test("an interrupt in the middle of the load ends everything and takes the folder away", async () => {
  await using ground = await playground();
  const run = demo(ground.path, ["--commits", "999999999"]);
  await untilSaid(run, /Incremental backup: /);
  run.child.kill("SIGINT");
  assert.equal(await ended(run), 130);
  assert.deepEqual(await readdir(ground.path), []);
  await untilNoProcess(ground.path);
});

test("L53 the demonstration killed by SIGKILL leaves neither server nor receiver running", async () => {
  await using ground = await playground();
  const run = demo(ground.path, ["--commits", "999999999"]);
  await untilSaid(run, /Full backup: /);
  const receiver = Number(/process (\d+)/.exec(run.err())?.[1]);
  run.child.kill("SIGKILL");
  await ended(run);
  await untilNoProcess(ground.path);
  for (let tries = 0; await isRunning(receiver); tries += 1) {
    assert.ok(tries < 100, "the receiver ends by itself");
    await sleep(100);
  }
});

test("a folder that exists, a size that is none and a small disk are refused before anything begins", async () => {
  await using ground = await playground();
  const existing = demo(ground.path, ["--folder", ground.path]);
  assert.equal(await ended(existing), 2);
  assert.match(existing.err(), /no folder for the demonstration could be made: .*\(EEXIST\)/);
  const size = demo(ground.path, ["--data", "much"]);
  assert.equal(await ended(size), 2);
  assert.match(size.err(), /"much" is not a value for --data/);
  const huge = demo(ground.path, ["--data", "99GB"]);
  assert.equal(await ended(huge), 2);
  assert.match(huge.err(), /the demonstration needs \d+ MiB/);
  assert.deepEqual(await readdir(ground.path), []);
});
