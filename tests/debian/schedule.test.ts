/**
 * The schedule with the real programs: Debian's crontab and cron, logrotate, systemd-analyze. Under an account, an `/etc` and a spool of its
 * own; what was on this machine stays as it was.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";

import { ACCOUNT, ScheduleHost } from "../support/schedule-host.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer({
    major: 18,
    tcp: true,
    initdbArguments: ["--auth-host=scram-sha-256"],
  });
  await server.query("CREATE ROLE saver LOGIN REPLICATION PASSWORD 'x9-saver-secret'");
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

async function host(context: TestContext, settings: readonly string[] = []): Promise<ScheduleHost> {
  return await ScheduleHost.create(context, [
    "PG_HOST=127.0.0.1",
    `PG_PORT=${server.port}`,
    "PG_USER=saver",
    "PG_PASSWORD=x9-saver-secret",
    "PG_SSLMODE=disable",
    ...settings,
  ]);
}

type Shown = {
  readonly installed: boolean;
  readonly jobs: readonly {
    readonly id: string;
    readonly when: string;
    readonly runsSeen: number;
    readonly firstRuns: readonly { readonly startedAt: string; readonly exitCode: number }[];
    readonly lastRun: {
      readonly outcome: string;
      readonly exitCode: number | null;
      readonly code: string | null;
      readonly cause: string;
      readonly logFailed: boolean;
    } | null;
    readonly missed: { readonly count: number } | null;
  }[];
  readonly problems: readonly { readonly id: string; readonly text: string }[];
};

async function shown(machine: ScheduleHost): Promise<Shown> {
  return (await machine.scheduleJson("show")) as unknown as Shown;
}

async function jobOf(machine: ScheduleHost, id: string): Promise<Shown["jobs"][number]> {
  const job = (await shown(machine)).jobs.find((each) => each.id === id);
  assert.ok(job !== undefined);
  return job;
}

async function problemsOf(machine: ScheduleHost): Promise<readonly string[]> {
  return (await shown(machine)).problems.map(({ id }) => id);
}

async function installed(machine: ScheduleHost): Promise<void> {
  const { code, out, err } = await machine.schedule("install");
  assert.equal(code, 0, out + err);
}

test("R19 S65 S66 S86 S87 install puts the lines into the user's crontab, grep finds them, twice changes nothing, remove takes them away", async (context) => {
  const machine = await host(context);
  const none = await machine.run(["crontab", "-l"]);
  assert.equal(none.code, 1, "no crontab yet");
  const first = await machine.schedule("install --lang fr");
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, new RegExp(`Installé dans la crontab de ${ACCOUNT}\\.`));
  assert.match(first.out, /sauvegarde +Toutes les heures à la minute \d+\n/);
  assert.match(first.out, /contrôle +Toutes les 5 minutes\n/);
  await installed(machine);
  for (const [word, pattern] of [
    ["backup", /^\d+ \* \* \* \* PRA_JOB=backup '.*backup\.sh'/m],
    ["status", /^\*\/5 \* \* \* \* PRA_JOB=status '.*status\.sh'/m],
  ] as const) {
    const found = await machine.run(["sh", "-c", `crontab -l | grep ${word}`]);
    assert.equal(found.code, 0);
    assert.match(found.out, pattern);
  }
  const spooled = machine.spooled();
  const again = await machine.schedule("install");
  assert.equal(again.code, 0);
  assert.match(again.out, /Nothing to change/);
  assert.deepEqual(machine.spooled(), spooled);
  assert.equal((await machine.scheduleJson("install"))["changed"], false);
  assert.equal(statSync(join(machine.stateDirectory, "schedule/main/logs")).mode & 0o777, 0o700);
  assert.equal((await machine.schedule("remove")).code, 0);
  assert.equal((await machine.run(["crontab", "-l"])).code, 1, "no crontab, as before");
  const empty = await machine.schedule("remove --lang fr");
  assert.match(empty.out, /Il n'y avait pas de planification/);
  assert.equal((await shown(machine)).installed, false);
});

test("R19 a crontab with CRLF, other bytes and no line break at its end stays as it was, byte for byte", async (context) => {
  const machine = await host(context);
  const own = Buffer.concat([
    Buffer.from("MAILTO=ops@example.org\r\n0 1 * * * printf 'a\\r' \\%d\b\r\n"),
    Buffer.from([0x23, 0x20, 0xe9, 0xff, 0x0a]),
    Buffer.from("5 5 * * * true"),
  ]);
  machine.spool(own);
  await installed(machine);
  const withOurs = machine.spooled();
  assert.deepEqual(withOurs.subarray(0, own.length), own);
  assert.equal((await machine.schedule("remove")).code, 0);
  assert.deepEqual(machine.spooled(), Buffer.concat([own, Buffer.from("\n")]));
});

test("R19 a denied, a missing and a broken crontab are told, and nothing is changed", async (context) => {
  const machine = await host(context);
  writeFileSync(machine.etc("cron.allow"), "root\n");
  const denied = await machine.schedule("install --lang fr");
  assert.equal(denied.code, 2);
  assert.match(denied.err, /le programme crontab refuse : You \(pratest\) are not allowed/);
  writeFileSync(machine.etc("cron.allow"), `root\n${ACCOUNT}\n`);

  const bin = join(machine.home, "bin");
  mkdirSync(bin);
  for (const name of readdirSync("/usr/bin")) {
    if (name !== "crontab") {
      symlinkSync(join("/usr/bin", name), join(bin, name));
    }
  }
  const missing = await machine.schedule("install", { PATH: bin });
  assert.equal(missing.code, 2, missing.err);
  assert.match(missing.err, /there is no crontab program on this machine\n.*apt install cron/);

  machine.spool("this is no line of a crontab\n");
  const broken = await machine.schedule("install");
  assert.equal(broken.code, 2);
  assert.match(broken.err, /errors in crontab file/);
  assert.equal(machine.spooled().toString(), "this is no line of a crontab\n");
});

test("R19 a crontab that changes between reading and writing is noticed, and the other change stays", async (context) => {
  const machine = await host(context);
  machine.spool("1 1 * * * true\n");
  const reached = join(machine.home, "reached");
  const slow = machine.schedule("install", {
    PRA_FAILPOINT: "schedule.crontab-read:delay=3000",
    PRA_FAILPOINT_LOG: reached,
  });
  while (!existsSync(reached) || !/crontab-read/.test(readFileSync(reached, "utf8"))) {
    await sleep(100);
  }
  const other = await machine.run(["crontab", "-"], { input: "2 2 * * * true\n" });
  assert.equal(other.code, 0, other.err);
  const { code, err } = await slow;
  assert.equal(code, 2);
  assert.match(err, /changed by somebody else at the same moment/);
  assert.equal(machine.spooled().toString(), "2 2 * * * true\n");
});

test("R19 two installations at once leave one set of lines", async (context) => {
  const machine = await host(context);
  await machine.schedule("show");
  const answers = await Promise.all([1, 2, 3].map(() => machine.schedule("install")));
  assert.ok(answers.some(({ code }) => code === 0));
  for (const { code, err } of answers) {
    assert.ok(code === 0 || /another process is changing the schedule/.test(err), err);
  }
  const text = machine.spooled().toString();
  assert.equal(text.match(/# BEGIN PRA/g)?.length, 1);
  assert.equal(text.match(/PRA_JOB=backup /g)?.length, 1);
});

test("L53 R19 an installation that is killed at any step is finished by the next, and nobody's lines are lost", async (context) => {
  const machine = await host(context);
  const own = "1 1 * * * true\n";
  for (const step of [
    "schedule.put-file",
    "schedule.note-installed",
    "schedule.crontab-read",
    "schedule.crontab-write",
    "schedule.crontab-written",
  ]) {
    machine.spool(own);
    await machine.asRoot(["rm", "-rf", machine.stateDirectory]);
    const killed = await machine.schedule("install", { PRA_FAILPOINT: `${step}:kill` });
    assert.notEqual(killed.code, 0, step);
    assert.ok(machine.spooled().toString().startsWith(own), step);
    await installed(machine);
    assert.equal(
      machine
        .spooled()
        .toString()
        .match(/PRA_JOB=backup /g)?.length,
      1,
      step,
    );
    assert.equal((await machine.schedule("remove")).code, 0);
    assert.equal(machine.spooled().toString(), own, step);
  }
  await installed(machine);
  for (const step of [
    "schedule.crontab-written",
    "schedule.remove-file",
    "schedule.note-installed",
  ]) {
    assert.notEqual((await machine.schedule("remove", { PRA_FAILPOINT: `${step}:kill` })).code, 0);
  }
  assert.equal((await machine.schedule("remove")).code, 0);
  assert.equal(machine.spooled().toString(), own);
  assert.equal((await shown(machine)).installed, false);
});

test("R19 settings that only this shell knows, and a program that cron could not start, are refused", async (context) => {
  const machine = await host(context);
  const unseen = await machine.schedule("install", { RETENTION_DAYS: "9" });
  assert.equal(unseen.code, 2);
  assert.match(unseen.err, /would not see these settings of your shell: RETENTION_DAYS\n/);
  assert.equal(machine.spooled().length, 0);
  const home = await machine.schedule("install", { XDG_CONFIG_HOME: "/tmp/elsewhere" });
  assert.match(home.err, /XDG_CONFIG_HOME/);
});

test("R19 S67 S68 the hourly line takes a backup under dash with cron's environment, and its run is recorded", async (context) => {
  const machine = await host(context);
  const made = await machine.run([join(machine.folder, "pra"), "init"]);
  assert.equal(made.code, 0, made.err);
  await installed(machine);
  const { code, out, err } = await machine.fire("backup");
  assert.deepEqual([code, out, err], [0, "", ""], machine.log("backup"));
  assert.match(machine.log("backup"), /backup begins\n[^]*Path +[^]*backup ended with exit code 0/);
  const job = await jobOf(machine, "backup");
  assert.equal(job.runsSeen, 1);
  assert.equal(job.firstRuns[0]?.exitCode, 0);
  const page = await machine.schedule("show --lang fr");
  assert.match(
    page.out,
    /sauvegarde +Toutes les heures à la minute \d+ +\d{4}-\d\d-\d\d \d\d:\d\d ✓/,
  );

  // One that meets another, on this host by hand or on another one, is kept apart by the lease.
  const byHand = machine.run([join(machine.folder, "backup.sh")], {
    env: { PRA_FAILPOINT: "backup.publish-root:delay=7000" },
  });
  await sleep(4000);
  const met = await machine.fire("backup");
  assert.equal(met.code, 3, machine.log("backup"));
  assert.equal((await jobOf(machine, "backup")).lastRun?.code, "REPO_LEASE_HELD");
  assert.equal((await byHand).code, 0);

  // A literal full one every hour is honoured, with the day on which the disk will be full.
  const full = await machine.schedule("install --full-every-hour");
  assert.equal(full.code, 5, full.err);
  assert.match(full.out, /fills the disk on \d{4}-\d\d-\d\d|lets them grow to about/);
  assert.match(machine.spooled().toString(), /backup\.sh' --full /);
  assert.equal((await machine.schedule("install")).code, 5, "found in the crontab");
  assert.match(machine.spooled().toString(), /backup\.sh' --full /);
});

test("R19 S67 S87 S88 cron itself fires the five-minute line: its log, its record, and a line changed by hand is told", async (context) => {
  const machine = await host(context);
  await installed(machine);
  const everyMinute = machine.spooled().toString().replace("*/5 * * * *", "* * * * *");
  assert.equal((await machine.run(["crontab", "-"], { input: everyMinute })).code, 0);
  const daemon = machine.startCron();
  try {
    const deadline = Date.now() + 90_000;
    while ((await jobOf(machine, "status")).lastRun === null && Date.now() < deadline) {
      await sleep(2000);
    }
    assert.deepEqual(await problemsOf(machine), ["changed"], "by hand, and cron is seen to run");
  } finally {
    daemon.kill("SIGTERM");
    await once(daemon, "close");
  }
  const job = await jobOf(machine, "status");
  assert.ok(job.runsSeen >= 1, "fired");
  assert.equal(job.lastRun?.exitCode, 4, "there is no repository");
  const started = new Date(job.firstRuns[0]?.startedAt ?? 0);
  assert.ok(started.getUTCSeconds() < 20, `on the minute: ${started.toISOString()}`);
  assert.match(machine.log("status"), /status begins[^]*checks? failed ✗/);
  await installed(machine);
  // Whether this machine has a cron of its own is not for this test to say.
  assert.deepEqual(
    (await problemsOf(machine)).filter((id) => id !== "cron-absent"),
    [],
  );
});

test("R19 a full disk under the logs costs the log and not the run; under the records the record and not the run", async (context) => {
  const machine = await host(context);
  await installed(machine);
  await machine.fire("status");
  const directory = join(machine.stateDirectory, "schedule/main");
  const fill = async (folder: string): Promise<void> => {
    const script = [
      'cp -a "$1" "$1.kept"',
      'mount -t tmpfs -o size=64k,mode=700,uid=61717 none "$1"',
      'cp -a "$1.kept/." "$1/"',
      // To the last byte of the last page of a log that is there already.
      'for file in "$1"/* "$1/filler"; do cat /dev/zero >>"$file" 2>/dev/null || true; done',
    ].join("\n");
    const { code, err } = await machine.asRoot(["sh", "-c", script, "sh", folder]);
    assert.equal(code, 0, err);
  };
  await fill(join(directory, "logs"));
  const lost = await machine.fire("status");
  assert.equal(lost.code, 4);
  const job = await jobOf(machine, "status");
  assert.equal(job.runsSeen, 2);
  assert.equal(job.lastRun?.logFailed, true);
  assert.match((await machine.schedule("show")).out, /log lost/);
  await machine.asRoot(["umount", join(directory, "logs")]);

  await fill(join(directory, "runs"));
  const unnoted = await machine.fire("status");
  assert.equal(unnoted.code, 4, "the check was made all the same");
  assert.match(machine.log("status"), /this run cannot be noted: no space left /);
  await machine.asRoot(["umount", join(directory, "runs")]);
});

test("R19 S69 S70 logrotate rotates: a run that goes on loses nothing, the next writes into the new file, the oldest is compressed", async (context) => {
  const machine = await host(context);
  await installed(machine);
  await machine.fire("status");
  const logs = join(machine.stateDirectory, "schedule/main/logs");
  const path = join(logs, "status.log");
  const goingOn = openSync(path, "a");
  const rotate = async (): Promise<void> => {
    const line = await machine.commandOf("logs");
    const forced = line.replace("'/usr/sbin/logrotate'", "'/usr/sbin/logrotate' -f");
    const { code } = await machine.run(["/bin/sh", "-c", forced]);
    assert.equal(code, 0, machine.log("logs"));
    assert.doesNotMatch(machine.log("logs"), /error|warning/i);
  };
  await rotate();
  writeSync(goingOn, "written after the rotation\n");
  closeSync(goingOn);
  assert.match(readFileSync(`${path}.1`, "utf8"), /status begins[^]*written after the rotation\n$/);
  assert.equal(readFileSync(path, "utf8"), "");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  await machine.fire("status");
  assert.match(machine.log("status"), /^--- \S+ status begins\n/);
  await rotate();
  const oldest = gunzipSync(readFileSync(`${path}.2.gz`)).toString();
  assert.match(oldest, /written after the rotation\n$/);
  assert.equal((await jobOf(machine, "logs")).lastRun?.exitCode, 0);
});

test("R19 R23 what the machine slept through is told, and made up for once after the next check", async (context) => {
  const machine = await host(context);
  await machine.run([join(machine.folder, "pra"), "init"]);
  await installed(machine);
  const directory = join(machine.stateDirectory, "schedule/main");
  const name = readdirSync(directory).find((each) => each.startsWith("installed-")) ?? "";
  const note = JSON.parse(readFileSync(join(directory, name), "utf8")) as {
    jobs: { id: string; since: string }[];
  };
  // Asleep since two hours ago; the other jobs were installed just now.
  for (const job of note.jobs.filter(({ id }) => id === "backup")) {
    job.since = new Date(Date.now() - 2 * 3_600_000).toISOString();
  }
  writeFileSync(join(directory, name), JSON.stringify(note));
  const missed = await machine.schedule("missed");
  assert.equal(missed.code, 4);
  assert.match(
    missed.out,
    /✗ backup: due \d{4}-\d\d-\d\d \d\d:\d\d, did not run \([12] in all; last run: none\)/,
  );
  await machine.fire("status");
  assert.match(machine.log("backup"), /backup was due \S+ and is made up for now\n[^]*exit code 0/);
  assert.equal((await jobOf(machine, "backup")).lastRun?.cause, "catch-up");
  const { code, out } = await machine.schedule("missed --lang fr");
  assert.deepEqual([code, out], [0, "Rien n'a été manqué.\n"]);
  await machine.fire("status");
  assert.equal((await jobOf(machine, "backup")).runsSeen, 1, "once");
});

test("R19 a checkout that was moved away: its lines say so in the log, and a new one takes their place", async (context) => {
  const machine = await host(context);
  await installed(machine);
  const command = await machine.commandOf("status");
  const gone = `${machine.folder} gone`;
  await machine.asRoot(["umount", join(machine.folder, "node_modules")]);
  renameSync(machine.folder, gone);
  const { code } = await machine.run(["/bin/sh", "-c", command]);
  assert.equal(code, 127);
  assert.match(machine.log("status"), /not found/);
  await machine.asRoot(["cp", "-a", gone, `${machine.home}/anew`]);
  await machine.mountPackages(`${machine.home}/anew`);
  const anew = [`${machine.home}/anew/pra`, "schedule"];
  const replaced = await machine.run([...anew, "install"]);
  assert.equal(replaced.code, 0, replaced.err);
  assert.match(replaced.out, /had lines of .*l'été à 100% \$x, which is gone/);
  await machine.asRoot(["rm", "-r", machine.stateDirectory]);
  const forgotten = await machine.run([...anew, "show"]);
  assert.match(forgotten.out, /The crontab has lines of .*\/anew, of which nothing is known here/);
});

test("R20 R19 the second watcher's one line stands in the real crontab and looks at the repository; an account with one role refuses the other", async (context) => {
  const machine = await host(context);
  assert.equal((await machine.run([join(machine.folder, "pra"), "init"])).code, 0);
  const second = await machine.schedule("install --second-watcher --lang fr");
  assert.equal(second.code, 0, second.out + second.err);
  assert.match(second.out, /second surveillant +Toutes les 5 minutes\n/);
  assert.doesNotMatch(second.out, /sauvegarde/);
  const crontab = await machine.run(["crontab", "-l"]);
  assert.match(
    crontab.out,
    /^\*\/5 \* \* \* \* .* run watch -- '.*pra' watch --from-repository --env-file /m,
  );
  assert.doesNotMatch(crontab.out, /backup\.sh|status\.sh/);
  const run = await machine.run(["/bin/sh", "-c", await machine.commandOf("watch")]);
  assert.deepEqual([run.code, run.out + run.err], [4, ""]);
  const { runsSeen, lastRun } = await jobOf(machine, "watch");
  assert.deepEqual([runsSeen, lastRun?.exitCode], [1, 4]);
  const log = readFileSync(join(machine.stateDirectory, "schedule/main/logs/watch.log"), "utf8");
  assert.match(log, /personne n'a laissé de signe de vie dans ce dépôt/);
  const first = await machine.schedule("install --json");
  assert.deepEqual([first.code, /CONFIG_SCHEDULE_ROLE/.test(first.out)], [2, true]);
  assert.equal((await machine.schedule("remove")).code, 0);
  await installed(machine);
  const other = await machine.schedule("install --second-watcher --json");
  assert.deepEqual([other.code, /CONFIG_SCHEDULE_ROLE/.test(other.out)], [2, true]);
});
