/**
 * The daemon as a service: what it says to systemd, to a real socket in its place, through the real systemd-notify; its unit, judged by
 * systemd-analyze; its jobs beside a real cron. No manager runs in a container, so none is asked to start it.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CommandLine } from "../support/command-line.ts";
import { NotifySocket } from "../support/notify-socket.ts";
import { ScheduleHost } from "../support/schedule-host.ts";

/** Of the daemon's unit; 0 is safe, 10 is open: as its jobs, for it starts them, and 0.2 because a child of its own speaks for it. */
const EXPOSURE_MAX = 3.2;

const noServer = ["PG_HOST=127.0.0.1", "PG_PORT=1", "PG_USER=saver", "PG_SSLMODE=disable"];

async function daemonTelling(
  context: TestContext,
  name: string,
): Promise<{
  readonly socket: NotifySocket;
  readonly running: ReturnType<CommandLine["start"]>;
}> {
  const pra = await CommandLine.create({ socketDirectory: "/nowhere", port: 1 });
  const socket = await NotifySocket.open(name);
  const running = pra.start("daemon --no-receiver", {
    NOTIFY_SOCKET: name,
    WATCHDOG_USEC: "9000000",
    PRA_STATUS_TIMEOUT_MS: "1000",
  });
  context.after(async () => {
    await pra[Symbol.asyncDispose]();
    await socket[Symbol.asyncDispose]();
  });
  return { socket, running };
}

test("R20 systemd is told when the daemon is ready, how things stand, that it turns, when it reloads, and that it ends", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "pra-notify-"));
  context.after(() => {
    rmSync(folder, { recursive: true });
  });
  const { socket, running } = await daemonTelling(context, join(folder, "notify"));
  await socket.until(([word]) => word === "READY=1");
  assert.ok(socket.told[0]?.includes("READY=1") === true, "nothing is said before");
  await socket.until(([word = ""]) => /^STATUS=watching main: \d+ alerts? open$/.test(word));
  await socket.until(([word]) => word === "WATCHDOG=1");
  const micros = (): bigint => process.hrtime.bigint() / 1000n;
  const before = micros();
  socket.told.length = 0;
  running.child.kill("SIGHUP");
  const words = await socket.until(([word]) => word === "RELOADING=1");
  const stamp = BigInt(/^MONOTONIC_USEC=(\d+)$/.exec(words[1] ?? "")?.[1] ?? 0);
  assert.ok(before <= stamp && stamp <= micros(), "systemd's own clock");
  await socket.until(([word]) => word === "READY=1");
  running.child.kill("SIGTERM");
  assert.equal((await running.answer).code, 0);
  await socket.until(([word]) => word === "STOPPING=1");
  assert.deepEqual(socket.told.at(-1), ["STOPPING=1"], "and nothing after that");
});

test("L53 a daemon that stands still says nothing, so that systemd ends it; also by an abstract socket, as containers have them", async (context) => {
  const { socket, running } = await daemonTelling(context, `@pra-test-${process.pid}`);
  await socket.until(([word]) => word === "WATCHDOG=1");
  running.child.kill("SIGSTOP");
  const { length } = socket.told;
  await new Promise((resolve) => setTimeout(resolve, 7000));
  assert.equal(socket.told.length, length);
  running.child.kill("SIGCONT");
  await socket.until((told) => told[0] === "WATCHDOG=1" && socket.told.indexOf(told) >= length);
});

test("R19 R20 the daemon's unit is accepted by systemd, hardened as its jobs are, and takes the place of lines and timers", async (context) => {
  const machine = await ScheduleHost.create(context, noServer);
  assert.equal((await machine.rootSchedule("install")).code, 0);
  assert.equal((await machine.asRoot(["crontab", "-l"])).code, 0);
  const { code, out, err } = await machine.rootSchedule("install --systemd --daemon --json");
  assert.equal(code, 5, err);
  const { notes, jobs } = JSON.parse(out) as { notes: { id: string }[]; jobs: { id: string }[] };
  assert.deepEqual(
    notes.map(({ id }) => id),
    ["systemd-absent"],
  );
  assert.ok(!jobs.some(({ id }) => id === "status"), "it looks itself");
  assert.equal((await machine.asRoot(["crontab", "-l"])).code, 1, "the lines are gone");
  const unit = machine.etc("systemd/system/pra-main-daemon.service");
  const path = "/etc/systemd/system/pra-main-daemon.service";
  const verified = await machine.asRoot(["systemd-analyze", "verify", "--man=no", path]);
  assert.deepEqual([verified.code, verified.err], [0, ""]);
  const judged = await machine.asRoot(["systemd-analyze", "security", "--offline=true", path]);
  const [, score = "10"] = /exposure level for \S+ (\d+\.\d)/.exec(judged.out) ?? [];
  assert.ok(Number(score) <= EXPOSURE_MAX, score);
  const text = readFileSync(unit, "utf8");
  for (const line of ["Type=notify", "NotifyAccess=all", "WatchdogSec=180", "Restart=on-failure"]) {
    assert.ok(text.includes(`\n${line}\n`), line);
  }
  const shown = await machine.rootSchedule("show --lang fr");
  assert.match(
    shown.out,
    /Installé pour pra daemon de root, qui lance les tâches\.[^]*Aucun pra daemon ne tourne/,
  );
  assert.equal((await machine.rootSchedule("install --systemd")).code, 5);
  assert.equal(existsSync(unit), false, "timers take its place");
  assert.equal((await machine.rootSchedule("install --systemd --daemon")).code, 5);
  assert.equal(existsSync(machine.etc("systemd/system/pra-main-backup.timer")), false);
  assert.equal((await machine.rootSchedule("remove")).code, 0);
  assert.equal(existsSync(unit), false);
  const wrong = await machine.rootSchedule("install --cron --daemon");
  assert.equal(wrong.code, 2);
});

test("R19 lines of ours in a crontab that cron reads keep the daemon from starting the jobs a second time", async (context) => {
  const machine = await ScheduleHost.create(context, noServer);
  const installed = await machine.schedule("install");
  assert.equal(installed.code, 0, installed.err);
  const lines = machine.spooled();
  assert.equal((await machine.schedule("install --daemon")).code, 0);
  assert.equal(machine.spooled().length, 0);
  const cron = machine.startCron();
  context.after(() => cron.kill("SIGKILL"));
  const others = 'MAILTO=""\n';
  machine.spool(`${others}${lines.toString("latin1")}`);
  const shown = await machine.schedule("show");
  assert.match(shown.out, /cron starts the jobs and pra daemon leaves them alone/);
  const again = await machine.schedule("install --daemon");
  assert.equal(again.code, 0, again.err);
  assert.equal(machine.spooled().toString(), others, "installing again takes the lines away");
});
