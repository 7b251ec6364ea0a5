/**
 * How much production is slowed by what protects it: windows of load with WAL streamed and an incremental backup in the middle, each beside one
 * with neither. The machine drifts, so the two of a pair are neighbours, and the order turns from pair to pair. An hour
 * has one such window and five with streaming alone: what is measured is its worst part.
 *
 * Ten pairs take hours of a quiet machine, which may have to be found in pieces: each pair is appended to a file when there is one,
 * and a later run with it goes on from there.
 */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { MeanInterval } from "../../src/core/mean-interval.ts";
import type { LoadFigures } from "../../src/loadtest/latency-record.ts";
import { type Slowdown, type WindowPair, slowdownOf } from "../../src/loadtest/slowdown.ts";
import { type PraCommand, ownDirectory, praCommand } from "./contenders.ts";
import { type Bed, makeBed } from "./data-set.ts";
import { type Measured, measure, median } from "./measure.ts";
import { type Receiver, untilCaughtUp, withReceiver } from "./receivers.ts";

/** How long, how often and how much. */
export type SlowdownOptions = {
  readonly scale: number;
  readonly rounds: number;
  /** Of one window with protection. */
  readonly seconds: number;
  /** Of one without. */
  readonly plainSeconds: number;
  /** Where pairs are kept, a line of JSON each. */
  readonly pairsFile: string | undefined;
  readonly clients: number;
  /** Transactions a second that are asked for; 0: as many as go. */
  readonly rate: number;
};

const WARM_UP_SECONDS = 3;
/** The backup begins after this share of its window. */
const BACKUP_AFTER_SHARE = 0.1;
/** PostgreSQL's own defaults: a window has the checkpoints that production has, and vacuum runs. */
const SETTINGS = { checkpoint_timeout: "5min", max_wal_size: "1GB", autovacuum: "on" };
/** Each how many-th transaction is logged: the log itself must not be the load. */
const SAMPLED = 0.2;

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Latencies in milliseconds of pgbench's log files: client, number, microseconds, script, second, microsecond. */
function latenciesOf(directory: string): readonly number[] {
  return readdirSync(directory)
    .flatMap((name) => readFileSync(join(directory, name), "utf8").split("\n"))
    .flatMap((line) => (line === "" ? [] : [Number(line.split(" ")[2]) / 1000]))
    .sort((a, b) => a - b);
}

/** pgbench's own mixed transactions for a window. */
async function loadWindow(
  bed: Bed,
  { clients, rate }: SlowdownOptions,
  seconds: number,
): Promise<LoadFigures> {
  const logs = ownDirectory(bed, "pgbench-logs");
  const child = spawn(
    join(bed.binaries.binDirectory, "pgbench"),
    [
      `--host=${bed.home}`,
      `--port=${bed.port}`,
      "--username=postgres",
      "--no-vacuum",
      `--client=${clients}`,
      "--jobs=2",
      `--time=${seconds}`,
      "--log",
      `--log-prefix=${join(logs, "log")}`,
      `--sampling-rate=${SAMPLED}`,
      ...(rate > 0 ? [`--rate=${rate}`] : []),
      "postgres",
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const said: Buffer[] = [];
  child.stdout.on("data", (piece: Buffer) => said.push(piece));
  child.stderr.on("data", (piece: Buffer) => said.push(piece));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const text = Buffer.concat(said).toString();
  const perSecond = Number(/^tps = ([\d.]+)/m.exec(text)?.[1] ?? Number.NaN);
  const commits = Number(/transactions actually processed: (\d+)/.exec(text)?.[1] ?? Number.NaN);
  const latencies = latenciesOf(logs);
  rmSync(logs, { recursive: true });
  if (code !== 0 || Number.isNaN(perSecond) || latencies.length === 0) {
    throw new Error(`pgbench ended with ${code}: ${text}`);
  }
  const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((share) => percentile(latencies, share));
  return {
    seconds,
    commits,
    perSecond,
    p50Ms: p50Ms ?? Number.NaN,
    p95Ms: p95Ms ?? Number.NaN,
    p99Ms: p99Ms ?? Number.NaN,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

type Protected = { readonly figures: LoadFigures; readonly backup: Measured };

/** A window with streaming, which has caught up before, and an incremental backup. */
async function protectedWindow(
  bed: Bed,
  tools: { readonly receiver: Receiver; readonly command: PraCommand },
  options: SlowdownOptions,
): Promise<Protected> {
  const { receiver, command } = tools;
  return withReceiver(bed, receiver, { synchronous: false }, async () => {
    await untilCaughtUp(bed, receiver.applicationName);
    await loadWindow(bed, options, WARM_UP_SECONDS);
    const load = loadWindow(bed, options, options.seconds);
    await pause(options.seconds * 1000 * BACKUP_AFTER_SHARE);
    const backup = measure(command("backup", "--incremental"), bed.server.pid);
    const [figures, taken] = await Promise.all([load, backup]);
    if (taken.wallSeconds > options.seconds * (1 - BACKUP_AFTER_SHARE)) {
      process.stderr.write("the backup took longer than the rest of its window\n");
    }
    return { figures, backup: taken };
  });
}

async function plainWindow(bed: Bed, options: SlowdownOptions): Promise<LoadFigures> {
  await loadWindow(bed, options, WARM_UP_SECONDS);
  return loadWindow(bed, options, options.plainSeconds);
}

/** A pair, and how long its backup took. */
type Round = { readonly pair: WindowPair; readonly backupSeconds: number };

function keptRounds(file: string | undefined): readonly Round[] {
  return file === undefined || !existsSync(file)
    ? []
    : readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Round);
}

function intervalText(value: MeanInterval | null, write: (value: number) => string): string {
  if (value === null) {
    return "";
  }
  const { mean, low, high } = value;
  return low === null || high === null
    ? write(mean)
    : `${write(mean)} (${write(low)} to ${write(high)})`;
}

function markdown(
  rounds: readonly Round[],
  about: { readonly options: SlowdownOptions; readonly slowdown: Slowdown; readonly bytes: number },
): string {
  const { options, slowdown, bytes } = about;
  const pairs = rounds.map(({ pair }) => pair);
  const middle = (pick: (pair: WindowPair) => number): number => median(pairs.map(pick));
  const row = (name: string, of: (pair: WindowPair) => LoadFigures | null): string => {
    const figure = (key: keyof LoadFigures): number =>
      middle((pair) => of(pair)?.[key] ?? Number.NaN);
    return `| ${name} | ${figure("perSecond").toFixed(0)} | ${figure("p50Ms").toFixed(2)} | ${figure("p95Ms").toFixed(2)} | ${figure("p99Ms").toFixed(2)} |`;
  };
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const ms = (value: number): string => `${value.toFixed(2)} ms`;
  const wall = rounds.map(({ backupSeconds }) => backupSeconds);
  const mib = process.env["PRA_BACKUP_RATE"];
  const limit =
    mib === undefined ? "No limit to the backup's rate." : `The backup is held to ${mib} MiB/s.`;
  const rate = options.rate > 0 ? `${options.rate} a second asked for` : "as fast as they go";
  return `## What protection costs production

pgbench, ${options.clients} clients, ${rate}, on ${(bytes / 2 ** 20).toFixed(0)} MiB of databases; PostgreSQL's default checkpoints and vacuum. ${pairs.length} pairs of windows, of ${options.plainSeconds} s without and ${options.seconds} s with, their order turning. With: \`pra wal receive\`, and one \`pra backup --incremental\` begun a tenth into the window, which took ${median(wall).toFixed(1)} s (${Math.min(...wall).toFixed(1)}-${Math.max(...wall).toFixed(1)}). ${limit}

| window | TPS | p50 ms | p95 ms | p99 ms |
|---|---|---|---|---|
${row("without", (pair) => pair.without)}
${row("with", (pair) => pair.with)}

Medians of the windows. Pair by pair, the mean with its 95 % interval: TPS lost ${intervalText(slowdown.rate, percent)}; p50 longer by ${intervalText(slowdown.p50Ms, ms)}, p95 by ${intervalText(slowdown.p95Ms, ms)}, p99 by ${intervalText(slowdown.p99Ms, ms)}.

| pair | TPS without | TPS with | lost | p99 without | p99 with |
|---|---|---|---|---|---|
${pairs
  .map(({ without, with: beside }, index) => {
    const lost = 1 - (beside?.perSecond ?? 0) / without.perSecond;
    return `| ${index + 1} | ${without.perSecond.toFixed(0)} | ${beside?.perSecond.toFixed(0) ?? ""} | ${percent(lost)} | ${without.p99Ms.toFixed(2)} | ${beside?.p99Ms.toFixed(2) ?? ""} |`;
  })
  .join("\n")}
`;
}

/** On a cluster of its own below `home`. Markdown. */
export async function slowdownSection(
  home: string,
  launcher: string,
  options: SlowdownOptions,
): Promise<string> {
  const { signal } = new AbortController();
  mkdirSync(home, { recursive: true });
  await using bed = await makeBed(join(home, "slowdown"), {
    scale: options.scale,
    port: 54_416,
    settings: SETTINGS,
    signal,
  });
  const command = praCommand(bed, launcher, "pra");
  const receiver: Receiver = {
    name: "pra wal receive",
    applicationName: "pra_main",
    command: () => command("wal", "receive"),
  };
  await withReceiver(bed, receiver, { synchronous: false }, () =>
    measure(command("backup", "--full"), bed.server.pid),
  );
  const rounds = [...keptRounds(options.pairsFile)];
  for (let round = rounds.length; round < options.rounds; round++) {
    let without = round % 2 === 0 ? await plainWindow(bed, options) : undefined;
    const { figures, backup } = await protectedWindow(bed, { receiver, command }, options);
    without ??= await plainWindow(bed, options);
    const done = { pair: { without, with: figures }, backupSeconds: backup.wallSeconds };
    rounds.push(done);
    if (options.pairsFile !== undefined) {
      appendFileSync(options.pairsFile, `${JSON.stringify(done)}\n`);
    }
    process.stderr.write(
      `slowdown round ${round + 1}: ${without.perSecond.toFixed(0)} tps without, ${figures.perSecond.toFixed(0)} with, backup ${backup.wallSeconds.toFixed(1)} s\n`,
    );
  }
  const slowdown = slowdownOf(rounds.map(({ pair }) => pair));
  const [size] = await bed.query("SELECT sum(pg_database_size(oid)) AS bytes FROM pg_database");
  return slowdown === null
    ? "## What protection costs production\n\nNot measured: no round.\n"
    : markdown(rounds, { options, slowdown, bytes: Number(size?.["bytes"] ?? 0) });
}
