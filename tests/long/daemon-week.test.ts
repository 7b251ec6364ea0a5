/**
 * A week of the daemon's own loop in minutes: real looks, files, messages and log, and pauses that take no time. Nothing may grow: memory, open
 * files, the state directory, the log. The server is down all week, the repository comes and goes, the configuration is read anew each hour.
 */
import assert from "node:assert/strict";
import { readdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { compose } from "../../src/app/compose.ts";
import { DaemonLog } from "../../src/app/daemon/log.ts";
import { runDaemon } from "../../src/app/daemon/run-daemon.ts";
import type { Environment } from "../../src/app/environment.ts";
import { environmentIn } from "../support/environment-in.ts";
import { CommandLine } from "../support/command-line.ts";
import { HttpReceiver } from "../support/http-receiver.ts";
import { IdleClock } from "../support/idle-clock.ts";
import { startTestServer } from "../support/test-server.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const DAYS = Number(process.env["DAEMON_DAYS"] ?? 7);
/** Looks, delivery, schedule, signs and digests. */
const LOOPS = 5;
const HOUR_MS = 3_600_000;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

type Figures = {
  readonly heapBytes: number;
  readonly residentBytes: number;
  readonly descriptors: number;
  readonly stateFiles: number;
  readonly stateBytes: number;
  readonly logFiles: number;
  readonly logBytes: number;
};

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

function bytesOf(files: readonly string[]): number {
  return files.reduce((sum, path) => sum + statSync(path).size, 0);
}

function measured(pra: CommandLine): Figures {
  collectGarbage();
  const state = filesBelow(join(pra.directory, "state"));
  const logs = filesBelow(join(pra.directory, "logs"));
  return {
    heapBytes: process.memoryUsage().heapUsed,
    residentBytes: process.memoryUsage.rss(),
    descriptors: readdirSync("/proc/self/fd").length,
    stateFiles: state.length,
    stateBytes: bytesOf(state),
    logFiles: logs.length,
    logBytes: bytesOf(logs),
  };
}

test("R20 R21 L53 a week of the daemon leaves memory, open files, state directory and log as large as its first days did", async (context) => {
  const server = await startTestServer({ major: 18 });
  const pra = await CommandLine.initialised(server);
  const told = await HttpReceiver.start(() => ({ status: 200, body: "ok" }));
  const end = new AbortController();
  context.after(async () => {
    end.abort();
    await pra[Symbol.asyncDispose]();
    await told[Symbol.asyncDispose]();
  });
  assert.equal((await pra.run("backup --full")).code, 0);
  await server[Symbol.asyncDispose]();
  const clock = new IdleClock(Date.now());
  const environment = (): Environment =>
    environmentIn(
      pra.directory,
      {
        PG_HOST: server.socketDirectory,
        PG_PORT: String(server.port),
        BACKUP_DIR: pra.repository,
        PRA_KEY_FILE: pra.keyFile,
        PRA_STATE_DIR: join(pra.directory, "state"),
        PRA_LOG_FILE: join(pra.directory, "logs/daemon.log"),
        PRA_LOG_MB: "1",
        PRA_LOG_FILES: "3",
        PRA_STATUS_TIMEOUT_MS: "20000",
        PRA_DIGEST_AT: "08:00",
        SLACK_WEBHOOK: `${told.origin}/services/T0/B0/hunter2`,
      },
      { checkoutDirectory: root },
    );
  using output = new DaemonLog({
    write: (line) => context.diagnostic(line),
    isTerminal: false,
    now: () => clock.now(),
  });
  let reload = (): void => undefined;
  const looks = { fast: 0, full: 0, reloads: 0 };
  const running = runDaemon(
    { ...compose(), clock },
    {
      environment: () => {
        const read = environment();
        output.use(read);
        looks.full += 1;
        return read;
      },
      receiver: undefined,
      log: (level, event, fields) => {
        looks.reloads += event === "reloaded" ? 1 : 0;
        output.log(level, event, fields);
      },
      moment: () => {
        looks.fast += 1;
        return clock.moment();
      },
      onReload: (call) => {
        reload = call;
      },
      signal: end.signal,
    },
  );
  running.catch((error: unknown) => {
    context.diagnostic(String(error));
  });
  const days: Figures[] = [];
  let messages = 0;
  let digests = 0;
  for (let hour = 0; hour < DAYS * 24; hour += 1) {
    // Six hours of the day the repository cannot be opened.
    const mark = join(pra.repository, "format");
    if (hour % 24 === 6) {
      renameSync(mark, `${mark}.away`);
    } else if (hour % 24 === 12) {
      renameSync(`${mark}.away`, mark);
    }
    reload();
    await clock.pass(HOUR_MS, LOOPS);
    if (hour % 24 === 23) {
      output.reopen();
      messages += told.received.length;
      digests += told.received.filter(({ body }) => /daily digest/.test(body)).length;
      told.received.length = 0;
      const figures = measured(pra);
      days.push(figures);
      context.diagnostic(`day ${days.length}: ${JSON.stringify(figures)}`);
    }
  }
  end.abort();
  await running;
  const cpu = process.cpuUsage();
  context.diagnostic(
    `${JSON.stringify(looks)}, ${messages} messages, ${Math.round((cpu.user + cpu.system) / 1e6)} s of a processor`,
  );
  assert.ok(looks.full > DAYS * 1400, "a look at everything each minute");
  assert.ok(looks.reloads >= DAYS * 23, "and read anew each hour");
  assert.ok(messages >= DAYS * 2, "the repository's alert and its end, each day");
  // The week may begin within the minute before the hour.
  assert.ok(digests === DAYS || digests === DAYS - 1, `a digest each day: ${digests}`);
  const [first, last] = [days[0], days.at(-1)];
  assert.ok(first !== undefined && last !== undefined);
  const most = (key: keyof Figures, factor: number, more: number): void => {
    assert.ok(last[key] <= first[key] * factor + more, `${key}: ${first[key]} → ${last[key]}`);
  };
  most("heapBytes", 1.1, 4e6);
  most("residentBytes", 1.15, 20e6);
  most("descriptors", 1, 2);
  most("stateFiles", 1, 2);
  most("stateBytes", 1, 600_000);
  assert.ok(last.logFiles <= 3 && last.logBytes <= 3e6, "three files of a megabyte");
});
