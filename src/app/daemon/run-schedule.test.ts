/** The daemon's jobs, as real processes under the real recorder: started once when due, made up for when late, ended with the daemon. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { configureFailpoints } from "../../core/failpoint.ts";
import { configureFailpointsFrom, processFailpointEffects } from "../../files/failpoint-effects.ts";
import { treeOf } from "../../files/process-group.ts";
import { isAtWork } from "../../../tests/support/process-tree.ts";
import { compose } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { environmentIn } from "../../../tests/support/environment-in.ts";
import { type Installed, readHistory, writeInstalled } from "../schedule/schedule-files.ts";
import type { LogFields } from "./log.ts";
import { ScheduleKeeper } from "./run-schedule.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const { signal: never } = new AbortController();

type Said = LogFields & { readonly event: string };

class Host {
  readonly folder: string;
  readonly environment: Environment;
  readonly said: Said[] = [];
  readonly #end = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  private constructor(folder: string) {
    this.folder = folder;
    const envFile = join(folder, ".env");
    writeFileSync(envFile, `PRA_STATE_DIR=${join(folder, "state")}\n`, { mode: 0o600 });
    this.environment = environmentIn(folder, {}, { checkoutDirectory: root, envFile });
  }

  static open(context: TestContext): Host {
    const host = new Host(mkdtempSync(join(tmpdir(), "pra-jobs-")));
    context.after(async () => {
      await host.end();
      rmSync(host.folder, { recursive: true });
    });
    return host;
  }

  /** A job that comes due each minute and runs `script`, and since when. */
  async plan(
    script: string,
    options: {
      readonly kind?: "cron";
      readonly pattern?: string;
      readonly id?: "proof" | "load-test";
    } = {},
  ): Promise<void> {
    const { environment, folder } = this;
    const { kind = "daemon", pattern = "* * * * *", id = "proof" } = options;
    const program = join(folder, "job");
    writeFileSync(program, `#!/bin/sh\ncd ${folder}\n${script}\n`);
    chmodSync(program, 0o755);
    const since = new Date(Date.now() - 5 * 3_600_000).toISOString();
    const installed: Installed = {
      version: 1,
      kind,
      service: null,
      installedAt: since,
      programDirectory: root,
      commonWords: ["--env-file", environment.envFile ?? ""],
      logDirectory: join(folder, "logs"),
      account: "tester",
      fullEveryHour: false,
      loadTest: true,
      rotationFile: null,
      jobs: [{ id, pattern, program, words: [], since }],
    };
    await writeInstalled(environment, installed, { signal: never });
  }

  start(): void {
    const { environment, said } = this;
    const adapters = compose();
    const random = { ...adapters.random, fraction: () => 0 };
    const keeper = new ScheduleKeeper(
      { ...adapters, random },
      {
        environment: () => environment,
        log: (_level, event, fields) => said.push({ ...fields, event }),
      },
    );
    const { signal } = this.#end;
    this.#running = Promise.all([keeper.run({ signal }), keeper.ended({ signal })]);
  }

  async end(): Promise<number> {
    const beganMs = performance.now();
    this.#end.abort();
    await this.#running;
    return performance.now() - beganMs;
  }

  /** A job that comes due again does so within a minute, and starts and ends after it. */
  async until(seen: () => boolean): Promise<void> {
    for (const beganMs = performance.now(); !seen(); await pause(20)) {
      assert.ok(performance.now() - beganMs < 120_000, JSON.stringify(this.said));
    }
  }

  count(event: string): number {
    return this.said.filter((each) => each.event === event).length;
  }
}

test("R19 a job that is due runs once under the recorder, with cron's environment and its own log", async (context) => {
  const host = Host.open(context);
  await host.plan("env > environment; date +%H:%M >> times; echo said");
  host.start();
  await host.until(() => host.count("job-ended") > 0);
  await host.end();
  const times = readFileSync(join(host.folder, "times"), "utf8").trim().split("\n");
  assert.equal(new Set(times).size, times.length, "no minute twice");
  const { runs, running } = await readHistory(host.environment, "proof", { signal: never });
  assert.equal(running, null);
  assert.deepEqual(
    runs.map(({ outcome, exitCode, cause }) => [outcome, exitCode, cause]),
    times.map(() => ["ended", 0, "schedule"]),
  );
  assert.match(readFileSync(join(host.folder, "logs/proof.log"), "utf8"), /begins\nsaid\n.*ended/);
  const names = readFileSync(join(host.folder, "environment"), "utf8").match(/^\w+(?==)/gm) ?? [];
  assert.deepEqual(
    names
      .filter(
        (name) =>
          !["PWD", "OLDPWD", "SHLVL", "_", "MALLOC_ARENA_MAX", "NODE_COMPILE_CACHE"].includes(name),
      )
      .toSorted(),
    ["HOME", "LOGNAME", "PATH", "SHELL", "USER"],
  );
});

test("L53 a job that goes on is not started again, and ends with the daemon: asked once, it may put its things in order", async (context) => {
  const host = Host.open(context);
  await host.plan(
    "trap 'echo in order > ended; exit 0' TERM; echo > begun; while :; do sleep 0.1; done",
  );
  host.start();
  await host.until(() => existsSync(join(host.folder, "begun")));
  const lastedMs = await host.end();
  assert.ok(lastedMs < 8000, `${lastedMs} ms`);
  assert.equal(readFileSync(join(host.folder, "ended"), "utf8"), "in order\n");
  assert.equal(host.count("job-started"), 1);
  const { runs } = await readHistory(host.environment, "proof", { signal: never });
  assert.deepEqual(
    runs.map(({ outcome }) => outcome),
    ["ended"],
  );
});

test("L53 a job that does not end when asked is killed within ten seconds, and everything that it started", async (context) => {
  const host = Host.open(context);
  await host.plan("trap '' TERM; sleep 300 & echo > begun; while :; do sleep 0.1; done");
  host.start();
  await host.until(() => existsSync(join(host.folder, "begun")));
  const leader = Number(host.said.find(({ event }) => event === "job-started")?.["jobPid"]);
  const tree = treeOf(leader);
  assert.ok(tree.length >= 3, `${tree.length} processes`);
  const lastedMs = await host.end();
  assert.ok(lastedMs < 10_000, `${lastedMs} ms`);
  assert.equal(host.count("job-killed"), 1);
  await host.until(() => !tree.some(isAtWork));
});

test("R19 L43 what was due while nobody was there is made up for once; what is cron's is left to cron", async (context) => {
  const late = new Date(Date.now() - 2 * 3_600_000);
  const host = Host.open(context);
  const pattern = `${late.getUTCMinutes()} ${late.getUTCHours()} * * *`;
  await host.plan("date >> times", { pattern, kind: "cron" });
  host.start();
  await pause(300);
  await host.end();
  assert.deepEqual(host.said, []);
  const other = Host.open(context);
  await other.plan("date >> times", { pattern });
  other.start();
  await other.until(() => other.count("job-ended") > 0);
  await other.end();
  assert.equal(readFileSync(join(other.folder, "times"), "utf8").trim().split("\n").length, 1);
  const { runs } = await readHistory(other.environment, "proof", { signal: never });
  assert.deepEqual(
    runs.map(({ cause, exitCode }) => [cause, exitCode]),
    [["catch-up", 0]],
  );
});

test("R23 a load test that was slept through is not begun in the middle of the day; in its minute it is", async (context) => {
  const late = new Date(Date.now() - 2 * 3_600_000);
  const host = Host.open(context);
  const id = "load-test";
  await host.plan("date >> times", {
    id,
    pattern: `${late.getUTCMinutes()} ${late.getUTCHours()} * * *`,
  });
  host.start();
  await pause(300);
  await host.end();
  assert.deepEqual(host.said, []);
  const other = Host.open(context);
  await other.plan("nice >> nice", { id });
  other.start();
  await other.until(() => other.count("job-ended") > 0);
  await other.end();
  const own = getPriority();
  assert.equal(readFileSync(join(other.folder, "nice"), "utf8"), `${Math.max(10, own)}\n`);
});

test("L53 a job that cannot be begun is told, and begun when it comes due again", async (context) => {
  const host = Host.open(context);
  await host.plan("date >> times");
  const effects = processFailpointEffects();
  configureFailpoints({ failpoints: "daemon.job-start:error:1", effects });
  context.after(() => {
    configureFailpointsFrom(process.env);
  });
  host.start();
  await host.until(() => host.count("job-unstartable") === 1);
  await host.until(() => host.count("job-ended") > 0);
  await host.end();
  assert.ok(existsSync(join(host.folder, "times")));
});
