/**
 * A week of the daemon's own loop, in a process of its own: `daemon-week-child.ts DIRECTORY DAYS`, with the daemon's settings in the environment. Not under
 * the test runner, which follows every promise of a test: that cost more than the daemon, and grew.
 *
 * Writes a line of JSON a day, and one at its end.
 */
import { readdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { compose } from "../../src/app/compose.ts";
import { DaemonLog } from "../../src/app/daemon/log.ts";
import { runDaemon } from "../../src/app/daemon/run-daemon.ts";
import type { Environment } from "../../src/app/environment.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { environmentIn } from "./environment-in.ts";
import { IdleClock } from "./idle-clock.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Looks, delivery, schedule, signs and digests. */
const LOOPS = 5;
const HOUR_MS = 3_600_000;
const [directory = "", days = "7"] = process.argv.slice(2);
const settings = { ...process.env };

/** What may not grow. */
export type Figures = {
  readonly heapBytes: number;
  readonly residentBytes: number;
  readonly descriptors: number;
  readonly stateFiles: number;
  readonly stateBytes: number;
  readonly logFiles: number;
  readonly logBytes: number;
};

/** What the process writes: first the days, then the end. */
export type WeekLine =
  | { readonly kind: "day"; readonly figures: Figures }
  | {
      readonly kind: "end";
      readonly looks: number;
      readonly reloads: number;
      readonly processorSeconds: number;
    };

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

function bytesOf(files: readonly string[]): number {
  return files.reduce((sum, path) => sum + statSync(path).size, 0);
}

function measured(): Figures {
  collectGarbage();
  const state = filesBelow(join(directory, "state"));
  const logs = filesBelow(join(directory, "logs"));
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

function write(line: WeekLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const end = new AbortController();
const clock = new IdleClock(Date.now());
using output = new DaemonLog({
  write: (line) => process.stderr.write(line),
  isTerminal: false,
  now: () => clock.now(),
});
const repository = settings["BACKUP_DIR"] ?? "";
let reload = (): void => undefined;
let [looks, reloads] = [0, 0];
const running = runDaemon(
  { ...compose(), clock },
  {
    environment: (): Environment => {
      const read = environmentIn(directory, settings, { checkoutDirectory: root });
      output.use(read);
      looks += 1;
      return read;
    },
    receiver: undefined,
    log: (level, event, fields) => {
      reloads += event === "reloaded" ? 1 : 0;
      output.log(level, event, fields);
    },
    moment: () => clock.moment(),
    onReload: (call) => {
      reload = call;
    },
    signal: end.signal,
  },
);
running.catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
for (let hour = 0; hour < Number(days) * 24; hour += 1) {
  // Six hours of the day the repository cannot be opened.
  const mark = join(repository, "format");
  if (hour % 24 === 6) {
    renameSync(mark, `${mark}.away`);
  } else if (hour % 24 === 12) {
    renameSync(`${mark}.away`, mark);
  }
  reload();
  await clock.pass(HOUR_MS, LOOPS);
  if (hour % 24 === 23) {
    output.reopen();
    write({ kind: "day", figures: measured() });
  }
}
end.abort();
await running;
const { user, system } = process.cpuUsage();
write({ kind: "end", looks, reloads, processorSeconds: Math.round((user + system) / 1e6) });
