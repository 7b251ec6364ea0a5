/**
 * One run of a job, with nothing but the program itself: what is recorded, and what must never keep a job from running. The crontab, cron,
 * systemd and logrotate are tested with the real ones in tests/debian.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { isLastOfMonth } from "../../src/app/schedule/job.ts";
import { systemZone } from "../../src/app/schedule/occurrences.ts";
import { CommandLine } from "../support/command-line.ts";

type Run = {
  readonly startedAt: string;
  readonly outcome: string;
  readonly exitCode: number | null;
  readonly code: string | null;
  readonly cause: string;
  readonly logFailed: boolean;
};

type History = {
  readonly total: number;
  readonly runs: readonly Run[];
  readonly running: { readonly process: string } | null;
};

function runsDirectory(pra: CommandLine): string {
  return join(pra.directory, "state/schedule/main/runs");
}

function historyOf(pra: CommandLine, job: string): History {
  const names = readdirSync(runsDirectory(pra)).filter((name) => name.startsWith(`${job}-0`));
  const newest = names.toSorted().at(-1) ?? "";
  return JSON.parse(readFileSync(join(runsDirectory(pra), newest), "utf8")) as History;
}

async function job(
  pra: CommandLine,
  script: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly out: string }> {
  const words = ["schedule", "run", "backup", "--", "/bin/sh", "-c", script];
  return await pra.startWith(words, variables).answer;
}

async function untilRunning(pra: CommandLine): Promise<void> {
  for (;;) {
    try {
      if (historyOf(pra, "backup").running !== null) {
        return;
      }
    } catch {
      // Not yet noted.
    }
    await sleep(50);
  }
}

test("R19 S60 S67 a run passes on what its program says and its exit code, and records both with the error's code", async () => {
  await using pra = await CommandLine.create();
  const { code, out } = await job(
    pra,
    'echo to the log; echo "More about it: pra explain REPO_LEASE_HELD" >&2; exit 3',
  );
  assert.equal(code, 3);
  assert.match(
    out,
    /^--- \S+Z backup begins\nto the log\nMore about it: .*\n--- \S+Z backup ended with exit code 3 after /,
  );
  const [run] = historyOf(pra, "backup").runs;
  assert.deepEqual(
    [run?.outcome, run?.exitCode, run?.code, run?.cause, run?.logFailed],
    ["ended", 3, "REPO_LEASE_HELD", "schedule", false],
  );
  assert.equal(historyOf(pra, "backup").running, null);
});

test("R23 a run that is for the last weekday of the month alone does nothing on the others, and is recorded as none", async () => {
  await using pra = await CommandLine.create();
  const words = ["schedule", "run", "--when", "last-of-month", "load-test", "--", "/bin/sh", "-c"];
  const isLast = isLastOfMonth(Date.now(), systemZone());
  const { code, out } = await pra.startWith([...words, "echo ran; exit 7"]).answer;
  assert.equal(code, isLast ? 7 : 0);
  assert.match(out, isLast ? /^ran$/m : /^--- \S+ load-test: this weekday comes again this month/);
  assert.equal(existsSync(runsDirectory(pra)), isLast);
  const french = await pra.startWith([...words, "exit 0", "--lang", "fr"]).answer;
  assert.match(french.out, isLast ? /finie/ : /ce jour revient encore ce mois-ci/);
  const wrong = await pra.startWith(words.with(3, "sometimes")).answer;
  assert.equal(wrong.code, 2);
});

test("R19 a second run while one is at work does nothing, ends well, and is recorded as such", async () => {
  await using pra = await CommandLine.create();
  const first = job(pra, "sleep 4; exit 0");
  await untilRunning(pra);
  const second = await job(pra, "echo never", { LANG: "fr_FR.UTF-8" });
  assert.equal(second.code, 0);
  assert.match(
    second.out,
    /^--- \S+ backup : une autre exécution est en cours depuis \S+ ; rien à faire\n$/,
  );
  assert.equal((await first).code, 0);
  const { runs, running } = historyOf(pra, "backup");
  assert.deepEqual(
    runs.map(({ outcome }) => outcome),
    ["busy", "ended"],
  );
  assert.equal(running, null);
});

test("L53 R19 a recorder that is killed leaves nothing that keeps the next run away, and its own run is told as died", async () => {
  await using pra = await CommandLine.create();
  const words = ["schedule", "run", "backup", "--", "/bin/sh", "-c", "exit 0"];
  const killed = await pra.startWith(words, { PRA_FAILPOINT: "schedule.note-run:kill:2" }).answer;
  assert.equal(killed.code, null);
  assert.notEqual(historyOf(pra, "backup").running, null);
  const mute = await pra.startWith(words, { PRA_FAILPOINT: "schedule.log:kill" }).answer;
  assert.equal(mute.code, null);
  assert.equal((await job(pra, "exit 0")).code, 0);
  assert.deepEqual(
    historyOf(pra, "backup").runs.map(({ outcome }) => outcome),
    ["died", "died", "ended"],
  );
});

test("L53 R19 an interrupted recorder interrupts its program once, waits for it, and records its end", async () => {
  await using pra = await CommandLine.create();
  const script = "trap 'echo asked to end; exit 7' TERM; echo ready; sleep 20 & wait";
  const words = ["schedule", "run", "backup", "--", "/bin/sh", "-c", script];
  const running = pra.startWith(words);
  await untilRunning(pra);
  await sleep(500);
  running.child.kill("SIGTERM");
  const { out } = await running.answer;
  assert.equal(out.match(/asked to end/g)?.length, 1);
  assert.equal(historyOf(pra, "backup").runs[0]?.exitCode, 7);
});

test("R19 a job runs whatever becomes of its records and its log: unwritable, full, unreadable, a configuration that is wrong", async () => {
  await using pra = await CommandLine.create();
  const full = await job(pra, "echo done", { PRA_FAILPOINT: "schedule.note-run:enospc" });
  assert.equal(full.code, 0);
  assert.match(full.out, /^pra: this run cannot be noted: .*\n--- \S+ backup begins\ndone\n/);
  const french = await job(pra, "echo fait", {
    PRA_FAILPOINT: "schedule.note-run:error",
    PRA_LANG: "fr",
  });
  assert.match(french.out, /^pra : cette exécution ne peut pas être notée : /);

  const lost = await job(pra, "echo done; exit 5", { PRA_FAILPOINT: "schedule.log:enospc" });
  assert.deepEqual([lost.code, lost.out], [5, ""]);
  assert.equal(historyOf(pra, "backup").runs.at(-1)?.logFailed, true);

  const wrong = await job(pra, "echo done", { PRA_CLUSTER: "No Such Name" });
  assert.equal(wrong.code, 0);
  assert.match(wrong.out, /\ndone\n/);

  const [name = ""] = readdirSync(runsDirectory(pra));
  writeFileSync(join(runsDirectory(pra), name), "{ torn");
  assert.equal((await job(pra, "exit 0")).code, 0);
  assert.equal(historyOf(pra, "backup").total, 1);

  await using blocked = await CommandLine.create();
  mkdirSync(join(blocked.directory, "state"));
  writeFileSync(join(blocked.directory, "state/schedule"), "a file in the way");
  const unnoted = await job(blocked, "echo done; exit 4");
  assert.equal(unnoted.code, 4);
  assert.match(unnoted.out, /cannot be noted[^]*\ndone\n/);
});

test("R19 a program that is not there is told, recorded, and answers 127", async () => {
  await using pra = await CommandLine.create();
  const { code, out } = await pra.run("schedule run backup -- /nowhere/backup.sh");
  assert.equal(code, 127);
  assert.match(out, /pra: \/nowhere\/backup\.sh cannot be started: ENOENT/);
  assert.equal(historyOf(pra, "backup").runs[0]?.outcome, "unstartable");
});

test("R19 what a program leaves behind does not keep its run from ending", async () => {
  await using pra = await CommandLine.create();
  const begun = Date.now();
  const { code } = await job(pra, "sleep 30 & exit 0");
  assert.equal(code, 0);
  assert.ok(Date.now() - begun < 20_000);
});

test("R19 a reader that is slow gets every byte, and one that goes away costs the run nothing", async () => {
  await using pra = await CommandLine.create();
  const program =
    "i=0; while [ $i -lt 3000 ]; do echo line $i of a long report that fills pipes; i=$((i+1)); done";
  const launcher = fileURLToPath(new URL("../../pra", import.meta.url));
  const pipe = async (reader: string): Promise<string> => {
    const line = `{ "$0" schedule run backup -- /bin/sh -c "$1"; echo "exit $?" >&2; } | ${reader}`;
    const child = spawn("/bin/sh", ["-c", line, launcher, program], {
      env: {
        PATH: process.env["PATH"],
        HOME: pra.directory,
        PRA_STATE_DIR: join(pra.directory, "state"),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await once(child, "close");
    return said;
  };
  const slow = await pipe("{ sleep 2; cat; }");
  assert.equal(slow.match(/^line \d+ of/gm)?.length, 3000);
  assert.match(slow, /exit 0/);
  assert.match(await pipe("head -1"), /exit 0/);
  assert.deepEqual(
    historyOf(pra, "backup").runs.map(({ exitCode, logFailed }) => [exitCode, logFailed]),
    [
      [0, false],
      [0, true],
    ],
  );
});

test("R19 without a schedule show and missed say so, in both languages, and wrong usage is refused", async () => {
  await using pra = await CommandLine.create();
  const show = await pra.run("schedule show --lang fr");
  assert.equal(show.code, 0);
  assert.match(
    show.out,
    /^Rien n'est planifié sur cette machine pour ce cluster\. Lancez : pra schedule install\n$/,
  );
  const { value } = await pra.json("schedule show");
  assert.equal(value["installed"], false);
  const missed = await pra.json("schedule missed");
  assert.deepEqual([missed.code, missed.value], [0, { ok: true, missed: [], routines: [] }]);
  const made = await pra.json("schedule run-missed");
  assert.deepEqual([made.code, made.value], [0, { caughtUp: [] }]);
  for (const words of [
    "schedule run",
    "schedule run backup",
    "schedule run ../x -- true",
    "schedule install --user",
    "schedule install --cron --systemd",
    "schedule install --second-watcher --daemon",
    "schedule install --second-watcher --full-every-hour",
    "schedule done monthly-review",
    "schedule done --by Me",
  ]) {
    const { code, err } = await pra.run(words);
    assert.equal(code, 2, `${words}: ${err}`);
  }
  const shell = await pra.run("schedule install");
  assert.equal(shell.code, 2);
  assert.match(shell.err, /would not see these settings of your shell: /);
});
