/** A load test whose process is killed: gone on with from the phase that was under way, and told. Under its load there is nothing to go on with. */
import assert from "node:assert/strict";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { LoadTestFacts } from "../../src/queries/load-test-facts.ts";
import { type Run, ended, playground, runPra } from "../support/pra-run.ts";

const PAUSE_MS = 3000;

function loadtest(
  directory: string,
  words: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Run {
  return runPra(directory, ["loadtest", ...words], {
    PATH: process.env["PATH"],
    PRA_LANG: "en",
    PRA_STATE_DIR: join(directory, "state"),
    ...variables,
  });
}

const SMALL = ["--duration", "10s", "--size", "20MB", "--clients", "4", "--seed", "7"];

async function folderIn(directory: string): Promise<string> {
  const names = await readdir(directory);
  return join(directory, names.find((name) => name.startsWith("pra-loadtest-")) ?? "none");
}

async function factsOf(directory: string): Promise<LoadTestFacts> {
  const folder = join(directory, "state", "reports");
  const name = (await readdir(folder)).find((each) => each.endsWith(".json")) ?? "";
  return JSON.parse(await readFile(join(folder, name), "utf8")) as LoadTestFacts;
}

async function untilNoProcess(directory: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const found: string[] = [];
    for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      if (Number(pid) !== process.pid && command.includes(directory)) {
        found.push(command.replaceAll("\0", " "));
      }
    }
    if (found.length === 0) {
      return;
    }
    assert.ok(tries < 200, found.join("\n"));
    await sleep(100);
  }
}

/** The RTO that the killed process had measured. */
async function writtenMsIn(folder: string): Promise<number> {
  const saved = await readFile(join(folder, "restored.json"), "utf8");
  return Number(/writtenMs\\":(\d+)/.exec(saved)?.[1]);
}

/** Where the process is killed, where the next one begins, and whether the pause lies within the RTO. */
const PLACES = [
  ["loadtest.start", "restore", true],
  ["loadtest.judge", "judge", false],
  ["loadtest.verify", "verify", false],
] as const;

for (const [failpoint, phase, within] of PLACES) {
  test(`R6 killed at ${failpoint}, a load test is gone on with, and its report tells where, after which pause, and an honest RTO`, async () => {
    await using ground = await playground();
    const killed = loadtest(ground.path, SMALL, { PRA_FAILPOINT: `${failpoint}:kill` });
    await ended(killed);
    assert.equal(killed.child.signalCode, "SIGKILL", killed.err());
    await untilNoProcess(ground.path);
    const folder = await folderIn(ground.path);
    const measured = within ? undefined : await writtenMsIn(folder);
    await sleep(PAUSE_MS);
    const resumed = loadtest(ground.path, ["--resume", folder]);
    const code = await ended(resumed);
    const facts = await factsOf(ground.path);
    const wrong = facts.tests.filter(({ outcome }) => outcome !== "pass");
    // A machine under load may miss the one test that is about speed, and nothing else.
    assert.ok(
      wrong.every(({ name }) => name === "slowdown"),
      JSON.stringify(wrong),
    );
    assert.equal(code, wrong.length === 0 ? 0 : 4, resumed.err());
    assert.equal(facts.ending, "finished");
    assert.equal(facts.seed, 7);
    assert.ok(facts.acknowledged > 0 && facts.series.length > 10);
    assert.equal(facts.rpo.seconds, 0);
    const [told, ...more] = facts.resumed;
    assert.equal(told?.phase, phase);
    assert.equal(more.length, 0);
    assert.ok(Date.parse(told.resumedAt) - Date.parse(told.lastKnownAt) >= PAUSE_MS);
    const rtoMs = (facts.rto.seconds ?? 0) * 1000;
    if (measured === undefined) {
      assert.ok(rtoMs >= PAUSE_MS + (facts.restore?.durationMs ?? 0), `${rtoMs} with the pause`);
    } else {
      assert.equal(rtoMs, measured, "it had been measured without a pause");
    }
    assert.ok(facts.durationMs >= PAUSE_MS + 10_000);
    assert.deepEqual(await readdir(ground.path), ["state"]);
    await untilNoProcess(ground.path);
  });
}

test("R6 a load test that was killed under its load, that still runs, whose files were changed, or that is none, is not gone on with", async () => {
  await using ground = await playground();
  const refused = async (folder: string, said: RegExp): Promise<void> => {
    const run = loadtest(ground.path, ["--resume", folder]);
    const code = await ended(run);
    assert.ok(code === 2 || code === 3, run.err());
    assert.match(run.err(), said);
  };
  await refused(ground.path, /is not the folder of a load test/);
  const run = loadtest(ground.path, SMALL, { PRA_FAILPOINT: "loadtest.judge:delay=20000" });
  while (!/alone|seul/.test(run.err())) {
    await sleep(50);
  }
  const folder = await folderIn(ground.path);
  await refused(folder, /is held by process/);
  while (!/Comparing/.test(run.err())) {
    await sleep(50);
  }
  run.child.kill("SIGKILL");
  await ended(run);
  await untilNoProcess(ground.path);
  const oracle = join(folder, "acknowledged.txt");
  const whole = await readFile(oracle, "utf8");
  await writeFile(oracle, whole.slice(0, whole.lastIndexOf("\n", whole.length - 2) + 1));
  await refused(folder, /acknowledged\.txt is not as this version of the program wrote it/);
  await writeFile(oracle, whole);
  const state = join(folder, "restored.json");
  const saved = await readFile(state, "utf8");
  await writeFile(state, saved.replace(/writtenMs\\":\d+/, 'writtenMs\\":1'));
  await refused(folder, /restored\.json is not as this version of the program wrote it/);

  const early = loadtest(ground.path, ["--folder", join(ground.path, "early"), ...SMALL]);
  while (!/alone/.test(early.err())) {
    await sleep(50);
  }
  early.child.kill("SIGKILL");
  await ended(early);
  await refused(join(ground.path, "early"), /was killed before its load had ended/);
  const both = loadtest(ground.path, ["--resume", folder, "--duration", "10s"]);
  assert.equal(await ended(both), 2, both.err());
  await untilNoProcess(ground.path);
});
