/**
 * `pra daemon` at work: how soon it tells of a killed server, that it keeps its receiver alive, that it ends in good order and in time, and
 * that one which was killed leaves nothing in the way of the next.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Installed, writeInstalled } from "../../src/app/schedule/schedule-files.ts";
import { CommandLine, type Running, errorCodeOf } from "../support/command-line.ts";
import { HttpReceiver } from "../support/http-receiver.ts";
import { isAtWork } from "../support/process-tree.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";

type LogLine = {
  readonly event: string;
  readonly level: string;
  readonly pid: number;
  readonly receiverPid?: number;
  readonly text?: string;
};

class Site {
  readonly server: TestServer;
  readonly pra: CommandLine;
  readonly slack: HttpReceiver;
  readonly variables: Readonly<Record<string, string>>;

  private constructor(server: TestServer, pra: CommandLine, slack: HttpReceiver) {
    this.server = server;
    this.pra = pra;
    this.slack = slack;
    this.variables = { SLACK_WEBHOOK: `${slack.origin}/services/T0/B0/hunter2` };
  }

  static async open(context: TestContext): Promise<Site> {
    const server = await startTestServer({ major: 18 });
    const pra = await CommandLine.initialised(server);
    const slack = await HttpReceiver.start(() => ({ status: 200, body: "ok" }));
    context.after(async () => {
      await pra[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await slack[Symbol.asyncDispose]();
    });
    assert.equal((await pra.run("backup --full")).code, 0);
    return new Site(server, pra, slack);
  }

  daemon(
    words = "",
    more: Readonly<Record<string, string>> = {},
  ): { readonly running: Running; readonly lines: () => readonly LogLine[] } {
    const running = this.pra.start(`daemon${words}`, { ...this.variables, ...more });
    let out = "";
    running.child.stdout?.on("data", (text: string) => (out += text));
    const lines = (): readonly LogLine[] =>
      out
        .split("\n")
        .filter((line) => line.endsWith("}"))
        .map((line) => JSON.parse(line) as LogLine);
    return { running, lines };
  }

  told(pattern: RegExp): number {
    return this.slack.received.filter(({ body }) => pattern.test(body)).length;
  }
}

async function until(what: string, seen: () => boolean, seconds = 30): Promise<number> {
  const began = performance.now();
  while (!seen()) {
    assert.ok(performance.now() - began < seconds * 1000, `waited for ${what}`);
    await pause(20);
  }
  return performance.now() - began;
}

function receiversIn(lines: readonly LogLine[]): readonly number[] {
  return lines.flatMap(({ receiverPid }) => receiverPid ?? []);
}

test("R20 R21 the daemon tells of a killed server within seconds, and of its return; secrets are in no line of its log", async (context) => {
  const site = await Site.open(context);
  const { running, lines } = site.daemon();
  await until("the first look", () => lines().some(({ event }) => event === "looked"));
  await site.server.kill();
  const seenMs = await until("the alert", () => site.told(/server unreachable/) > 0);
  context.diagnostic(`a killed server was told after ${Math.round(seenMs)} ms`);
  assert.ok(seenMs < 9000, `${seenMs} ms; a look every 4 s, on a machine with other work`);
  await site.server.start();
  await until("the resolution", () => site.told(/resolved/) > 0);
  await pause(5000);
  const told = site.slack.received
    .map(({ body }) => body)
    .filter((body) => /unreachable/.test(body));
  assert.deepEqual(
    told.map((body) => /resolved/.test(body)),
    [false, true],
  );
  running.child.kill("SIGTERM");
  const { code, out, err } = await running.answer;
  assert.equal(code, 0, err);
  assert.ok(!`${out}${err}`.includes("hunter2"), "L54");
});

test("L53 R20 the receiver is a process of its own: killed it is started again, and WAL goes on arriving; dying again and again it is told, as is every part of the daemon", async (context) => {
  const site = await Site.open(context);
  // There somebody else listens.
  const { host } = new URL(site.slack.origin);
  const { running, lines } = site.daemon("", { PRA_METRICS_LISTEN: host });
  const streams = (): number => lines().filter(({ text }) => /Streaming/.test(text ?? "")).length;
  await until("the first stream", () => streams() === 1);
  for (let life = 1; life <= 3; life += 1) {
    process.kill(receiversIn(lines()).at(-1) ?? 0, "SIGKILL");
    await until("the next stream", () => streams() > life, 60);
  }
  await site.server.query("CREATE TABLE goes_on AS SELECT 1");
  for (let tries = 0; tries < 100; tries += 1) {
    const { value } = await site.pra.json("wal status");
    if (value["lagBytes"] === 0) {
      break;
    }
    assert.ok(tries < 99, "WAL arrives again");
  }
  for (let life = 4; life <= 5; life += 1) {
    process.kill(receiversIn(lines()).at(-1) ?? 0, "SIGKILL");
    await until(
      "its end",
      () => lines().filter(({ event }) => event === "receiver-ended").length >= life,
    );
    if (life < 5) {
      await until("the next life", () => receiversIn(lines()).length > life, 60);
    }
  }
  await until("the alert", () => site.told(/daemon is in trouble \(receiver\)/) > 0, 40);
  await until("the other", () => site.told(/daemon is in trouble \(metrics\)/) > 0, 40);
  running.child.kill("SIGTERM");
  assert.equal((await running.answer).code, 0);
});

test("L53 the daemon ends within ten seconds and takes its receiver with it, also one that is frozen; a second daemon is refused", async (context) => {
  const site = await Site.open(context);
  const { running, lines } = site.daemon();
  await until("the stream", () => lines().some(({ text }) => /Streaming/.test(text ?? "")));
  const second = await site.pra.json("daemon", site.variables);
  assert.equal(second.code, 3);
  assert.equal(errorCodeOf(second.value), "WATCH_DAEMON_RUNNING");
  const receiver = receiversIn(lines()).at(-1) ?? 0;
  process.kill(receiver, "SIGSTOP");
  const began = performance.now();
  running.child.kill("SIGTERM");
  assert.equal((await running.answer).code, 0);
  assert.ok(performance.now() - began < 10_000, `${performance.now() - began} ms`);
  assert.throws(() => process.kill(receiver, 0), { code: "ESRCH" });
});

test("L53 a daemon that was killed leaves its receiver at work; the next one takes over and waits for the lease", async (context) => {
  const site = await Site.open(context);
  const first = site.daemon();
  await until("the stream", () => first.lines().some(({ text }) => /Streaming/.test(text ?? "")));
  const receiver = receiversIn(first.lines()).at(-1) ?? 0;
  first.running.child.kill("SIGKILL");
  await first.running.answer;
  process.kill(receiver, 0);
  const next = site.daemon();
  await until("its look", () => next.lines().some(({ event }) => event === "looked"));
  process.kill(receiver, "SIGTERM");
  await until(
    "a receiver of its own",
    () => next.lines().some(({ text }) => /Streaming/.test(text ?? "")),
    60,
  );
  next.running.child.kill("SIGTERM");
  assert.equal((await next.running.answer).code, 0);
});

test("R20 SIGHUP makes a change of .env hold at once, also for the receiver; a wrong one is told and the one before goes on; the log leaves a file that was moved", async (context) => {
  const site = await Site.open(context);
  const file = join(site.pra.directory, ".env");
  const log = join(site.pra.directory, "logs/daemon.log");
  const settings = `PRA_LOG_FILE=${log}\n`;
  await writeFile(file, settings, { mode: 0o600 });
  const { running } = site.daemon();
  const written = (): string => (existsSync(log) ? readFileSync(log, "utf8") : "");
  const count = (pattern: RegExp): number => written().match(pattern)?.length ?? 0;
  await until("the first stream", () => count(/Streaming/g) === 1);
  await writeFile(file, `${settings}PG_SSLMODE=disable\n`, { mode: 0o600 });
  running.child.kill("SIGHUP");
  await until("the receiver with the new setting", () => count(/Streaming/g) === 2);
  assert.equal(count(/"reloaded"/g), 1);
  assert.equal(count(/receiver-killed/g), 0, "in good order");
  await writeFile(file, `${settings}PRA_CLUSTER=NONE\n`, { mode: 0o600 });
  running.child.kill("SIGHUP");
  await until("the complaint", () => count(/CONFIG_[A-Z]+/g) > 0);
  await until("the alert", () => site.told(/configuration unusable since/) > 0);
  await rename(log, `${log}.moved`);
  await writeFile(file, settings, { mode: 0o600 });
  running.child.kill("SIGUSR2");
  running.child.kill("SIGHUP");
  await until("the new file", () => count(/"reloaded"/g) > 0);
  await until("its end", () => site.told(/resolved .*configuration unusable/) > 0);
  running.child.kill("SIGTERM");
  const { code, out } = await running.answer;
  assert.equal(code, 0);
  assert.equal(out, "", "all of it is in the file");
});

test("R19 L53 jobs that were planned for it are started by the daemon, and are over within ten seconds when it is to end", async (context) => {
  const site = await Site.open(context);
  const { directory } = site.pra;
  const program = join(directory, "job");
  await writeFile(program, `#!/bin/sh\ntrap '' TERM\necho $$ > ${directory}/begun\nsleep 300\n`);
  await chmod(program, 0o755);
  const file = join(directory, ".env");
  await writeFile(file, `PRA_STATE_DIR=${directory}/state\n`, { mode: 0o600 });
  const since = new Date(Date.now() - 600_000).toISOString();
  const place = { stateDirectory: join(directory, "state"), cluster: "main" };
  const installed: Installed = {
    version: 1,
    kind: "daemon",
    service: null,
    installedAt: since,
    programDirectory: fileURLToPath(new URL("../..", import.meta.url)),
    commonWords: ["--env-file", file],
    logDirectory: join(directory, "logs"),
    account: "tester",
    fullEveryHour: false,
    loadTest: true,
    rotationFile: null,
    // Of all jobs the one that is put off the least.
    jobs: [{ id: "status", pattern: "* * * * *", program, words: [], since }],
  };
  await writeInstalled(place, installed, { signal: new AbortController().signal });
  const { running, lines } = site.daemon(" --no-receiver");
  const begun = join(directory, "begun");
  await until("the job", () => existsSync(begun), 60);
  const job = Number(readFileSync(begun, "utf8"));
  const began = performance.now();
  running.child.kill("SIGTERM");
  assert.equal((await running.answer).code, 0);
  assert.ok(performance.now() - began < 10_000, `${performance.now() - began} ms`);
  assert.equal(lines().filter(({ event }) => event === "job-killed").length, 1);
  assert.ok(!isAtWork(job));
});

test("L53 a daemon that is killed as it writes its log, speaks to systemd or leaves a sign of life is followed by one that does", async (context) => {
  const site = await Site.open(context);
  const { directory, repository } = site.pra;
  const log = join(directory, "logs/daemon.log");
  const variables = {
    ...site.variables,
    PRA_LOG_FILE: log,
    PRA_LOG_MB: "1",
    NOTIFY_SOCKET: join(directory, "none"),
  };
  // Full, so that the next line puts it aside.
  await mkdir(join(directory, "logs"));
  await writeFile(log, Buffer.alloc(1_000_000, "\n"), { mode: 0o600 });
  const steps = [
    "daemon.log-open",
    "daemon.log-rotate",
    "daemon.log-write",
    "daemon.notify",
    "watch.sign",
  ];
  for (const step of steps) {
    const failpoint = { PRA_FAILPOINT: `${step}:kill` };
    const { child, answer } = site.pra.start("daemon --no-receiver", {
      ...variables,
      ...failpoint,
    });
    await answer;
    assert.equal(child.signalCode, "SIGKILL", step);
  }
  const { child, answer } = site.pra.start("daemon --no-receiver", variables);
  await until("a look", () => existsSync(log) && /"looked"/.test(readFileSync(log, "utf8")));
  await until("a sign", () => existsSync(join(repository, "signs/main/00000001")));
  child.kill("SIGTERM");
  assert.equal((await answer).code, 0);
});

test("with --no-receiver the daemon watches and starts none", async (context) => {
  const site = await Site.open(context);
  const { running, lines } = site.daemon(" --no-receiver");
  await until("the first look", () => lines().some(({ event }) => event === "looked"));
  assert.equal(receiversIn(lines()).length, 0);
  running.child.kill("SIGINT");
  assert.equal((await running.answer).code, 0);
});
