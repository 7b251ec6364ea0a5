/**
 * Timers of systemd, and what root's installation puts into the system: judged by systemd-analyze, run by hand in what the units leave them,
 * because no manager runs in a container. Under a private `/etc`.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, after, before, test } from "node:test";

import { loadTestPattern } from "../../src/app/schedule/job.ts";
import { loadOccurrences } from "../../src/app/schedule/occurrences.ts";
import { calendarOf } from "../../src/app/schedule/systemd-units.ts";
import { ScheduleHost } from "../support/schedule-host.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";

/** Of the services of the system; 0 is safe, 10 is open: 2.8 with a private /tmp, 3.0 where the installation lies below /tmp, as here. */
const EXPOSURE_MAX = 3.0;

/** Long enough for a full backup, increments, the crash and the restore. */
const SHORT_LOAD = ["--duration", "20s", "--clients", "2", "--size", "20MB"];

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

/** The words of a unit's command line, as systemd.syntax(7) and systemd.service(5) read them. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) =>
      (double ?? single ?? plain ?? "")
        .replaceAll(/\\(.)/g, "$1")
        .replaceAll("%%", "%")
        .replaceAll("$$", () => "$"),
  );
}

test("R19 S69 of root's installation the system's own logrotate takes care", async (context) => {
  const machine = await host(context);
  const { code, err, out } = await machine.rootSchedule("install");
  assert.equal(code, 0, out + err);
  const file = machine.etc("logrotate.d/pra-main");
  assert.equal(statSync(file).mode & 0o777, 0o644);
  const state = join(machine.home, "rotation.state");
  const run = await machine.asRoot(["logrotate", "-s", state, "/etc/logrotate.d/pra-main"]);
  assert.deepEqual([run.code, run.out + run.err], [0, ""]);
});

test("R19 R23 backup, Monday's restore test, the load test and check work in what their units leave them: a read-only system, few capabilities", async (context) => {
  const machine = await host(context);
  const made = await machine.asRoot([join(machine.folder, "pra"), "init"]);
  assert.equal(made.code, 0, made.err);
  const { code } = await machine.rootSchedule("install --systemd");
  assert.equal(code, 5, "systemd does not run here");
  for (const job of ["backup", "restore-test", "load-test", "status"]) {
    const unit = readFileSync(machine.etc(`systemd/system/pra-main-${job}.service`), "utf8");
    const valueOf = (name: string): string =>
      new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1] ?? "";
    const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
    const places = [...unit.matchAll(/^ReadWritePaths="-(.*)"$/gm)].map(([, path = ""]) =>
      quoted(path.replaceAll("%%", "%")),
    );
    const bounding = valueOf("CapabilityBoundingSet").toLowerCase().replaceAll("cap_", "+");
    const script = [
      ...places.map((path) => `test ! -e ${path} || mount --rbind ${path} ${path}`),
      "mount --rbind /tmp /tmp",
      "mount -o remount,ro,bind /",
      "! touch /usr/written 2>/dev/null || exit 99",
      `exec setpriv --no-new-privs --bounding-set=-all,${bounding.replaceAll(" ", ",")} env -i PATH=/usr/bin:/bin ${valueOf("Environment")} "$@"`,
    ].join("\n");
    const command = wordsOf(valueOf("ExecStart"));
    const words = job === "load-test" ? [...command, ...SHORT_LOAD] : command;
    const run = await machine.asRoot(["unshare", "--mount", "sh", "-c", script, "sh", ...words]);
    // A load test that did its work may find this machine slow, or else warns that nobody reads its report here.
    const ends: readonly unknown[] = job === "status" ? [4] : job === "load-test" ? [4, 5] : [0];
    assert.ok(ends.includes(run.code), `${job}: ${run.code} ${run.out}${run.err}`);
  }
});

test("R19 systemd-analyze accepts every unit and its calendar, and the exposure of each service is below the limit", async (context) => {
  const machine = await host(context);
  assert.equal((await machine.rootSchedule("install")).code, 0);
  assert.equal((await machine.asRoot(["crontab", "-l"])).code, 0);
  const { out } = await machine.rootSchedule("install --systemd --json");
  assert.equal(
    (await machine.asRoot(["crontab", "-l"])).code,
    1,
    "one kind takes the other's place",
  );
  const { files, notes } = JSON.parse(out) as {
    files: { path: string }[];
    notes: { id: string }[];
  };
  assert.deepEqual(
    notes.map(({ id }) => id),
    ["systemd-absent"],
  );
  const units = files.map(({ path }) => path).filter((path) => path.includes("/systemd/"));
  assert.equal(units.length, 24);
  const verified = await machine.asRoot(["systemd-analyze", "verify", "--man=no", ...units]);
  assert.deepEqual([verified.code, verified.err], [0, ""]);
  for (const unit of units.filter((path) => path.endsWith(".service"))) {
    const judged = await machine.asRoot(["systemd-analyze", "security", "--offline=true", unit]);
    const [, score = "10"] = /exposure level for \S+ (\d+\.\d)/.exec(judged.out) ?? [];
    assert.ok(Number(score) <= EXPOSURE_MAX, `${unit}: ${score}`);
  }
  const rights = execFileSync("stat", [
    "-c",
    "%a",
    machine.etc("systemd/system/pra-main-backup.timer"),
  ]);
  assert.equal(rights.toString(), "644\n");
  const folder = machine.etc("systemd/system");
  const ours = (): string[] => readdirSync(folder).filter((name) => name.startsWith("pra-"));
  writeFileSync(join(folder, "pra-main-verify.timer"), "[Timer]\n# somebody else's\n");
  assert.match(
    (await machine.rootSchedule("install --systemd")).err,
    /was written by somebody else/,
  );
  assert.equal((await machine.rootSchedule("install")).code, 0);
  assert.deepEqual(ours(), ["pra-main-verify.timer"]);
  assert.equal((await machine.rootSchedule("remove")).code, 0);
  assert.equal((await machine.asRoot(["crontab", "-l"])).code, 1);
  assert.equal(existsSync(machine.etc("logrotate.d/pra-main")), false);
});

test("R23 systemd reads the load test's calendar as the last Thursday of each month, as cron's line and the daemon do", async () => {
  const words = ["calendar", "--iterations=36", "--base-time=2026-01-01 00:00:00 UTC"];
  const out = execFileSync("systemd-analyze", [...words, calendarOf(loadTestPattern)], {
    encoding: "utf8",
    env: { ...process.env, TZ: "UTC" },
  });
  const told = [...out.matchAll(/Thu (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/g)];
  const { nextAfter } = (await loadOccurrences())(loadTestPattern, "UTC");
  let atMs = Date.UTC(2026, 0, 1);
  for (const [, day, time] of told) {
    atMs = nextAfter(atMs) ?? 0;
    assert.equal(`${day}T${time}.000Z`, new Date(atMs).toISOString());
  }
  assert.equal(told.length, 36);
});

test("R19 a person's own units are accepted, too, and one that is gone is told", async (context) => {
  const machine = await host(context);
  const denied = await machine.schedule("install --systemd --lang fr");
  assert.equal(denied.code, 2);
  assert.match(denied.err, /seul root peut installer des timers du système\n.*--systemd --user/);
  const { code, out, err } = await machine.schedule("install --systemd --user --json");
  assert.equal(code, 5, err);
  const { files } = JSON.parse(out) as { files: { path: string }[] };
  const folder = join(machine.home, ".config/systemd/user");
  const units = files.map(({ path }) => path).filter((path) => path.startsWith(folder));
  assert.equal(units.length, 26, "with the rotation, which no system does for an account");
  const verified = await machine.run(
    ["systemd-analyze", "--user", "verify", "--man=no", ...units],
    { env: { XDG_RUNTIME_DIR: machine.home } },
  );
  assert.deepEqual([verified.code, verified.err], [0, ""]);
  assert.equal((await machine.schedule("show")).code, 0);
  const gone = units[0] ?? "";
  await machine.asRoot(["rm", gone]);
  const shown = await machine.schedule("show");
  assert.equal(shown.code, 4);
  assert.ok(shown.out.includes(`✗ ${gone}: the jobs are no longer there`), shown.out);
});

test("R20 the second watcher's units are accepted by systemd-analyze, call for no check that is not there, and are below the limit", async (context) => {
  const machine = await host(context);
  const { out } = await machine.rootSchedule("install --systemd --second-watcher --json");
  const { files } = JSON.parse(out) as { files: { path: string }[] };
  const units = files.map(({ path }) => path).filter((path) => path.includes("/systemd/"));
  assert.deepEqual(units, [
    "/etc/systemd/system/pra-main-watch.service",
    "/etc/systemd/system/pra-main-watch.timer",
  ]);
  const service = readFileSync(machine.etc("systemd/system/pra-main-watch.service"), "utf8");
  assert.doesNotMatch(service, /OnFailure/);
  assert.match(service, /^SuccessExitStatus=4 5$/m);
  assert.match(service, /^KillMode=process$/m);
  const verified = await machine.asRoot(["systemd-analyze", "verify", "--man=no", ...units]);
  assert.deepEqual([verified.code, verified.err], [0, ""]);
  const [unit = ""] = units;
  const judged = await machine.asRoot(["systemd-analyze", "security", "--offline=true", unit]);
  const [, score = "10"] = /exposure level for \S+ (\d+\.\d)/.exec(judged.out) ?? [];
  assert.ok(Number(score) <= EXPOSURE_MAX, score);
});
