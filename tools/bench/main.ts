/**
 * `npm run bench`: pra against every peer found here, on the same data with the same settings, interleaved round by round,
 * because shared machines drift. Prints medians, ratios round by round, CPU seconds of both sides and peak memory, and
 * writes them to bench/results/.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { chownSync } from "node:fs";
import { arch, cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Contender, pgBackRest, pgBaseBackup, pra } from "./contenders.ts";
import { addSmallFiles, type Bed, changeBlocks, growCluster, makeBed } from "./data-set.ts";
import { type BenchCommand, type Measured, measure, median } from "./measure.ts";
import { recoverSection } from "./recover-section.ts";
import { rescueSection } from "./rescue-section.ts";
import { slowdownSection } from "./slowdown-section.ts";
import { storedSection } from "./stored-section.ts";
import { type WalBenchOptions, lagSection, syncSection } from "./wal-sections.ts";

const root = join(import.meta.dirname, "../..");

type Row = {
  readonly step: string;
  readonly contender: string;
  readonly runs: readonly Measured[];
  /** Bytes that the step added to what is stored. */
  readonly stored: readonly number[];
};

type Step = {
  readonly name: string;
  readonly prepare: (round: number) => Promise<void>;
  readonly command: (contender: Contender) => (() => BenchCommand) | undefined;
};

function cpuOf(run: Measured): number {
  return run.cpuSeconds + run.serverCpuSeconds;
}

async function runStep(
  step: Step,
  contenders: readonly Contender[],
  context: { readonly bed: Bed; readonly rounds: number },
): Promise<readonly Row[]> {
  const takers = contenders.filter((contender) => step.command(contender) !== undefined);
  const runs = new Map(takers.map((taker) => [taker, [] as Measured[]]));
  const stored = new Map(takers.map((taker) => [taker, [] as number[]]));
  for (let round = 0; round < context.rounds; round++) {
    await step.prepare(round);
    const order = round % 2 === 0 ? takers : takers.toReversed();
    for (const taker of order) {
      const command = step.command(taker)?.();
      if (command === undefined) {
        continue;
      }
      const before = taker.storedBytes();
      const run = await measure(command, context.bed.server.pid);
      runs.get(taker)?.push(run);
      stored.get(taker)?.push(taker.storedBytes() - before);
      process.stderr.write(
        `${step.name} round ${round + 1}: ${taker.name} ${run.wallSeconds.toFixed(2)} s, CPU ${cpuOf(run).toFixed(2)} s\n`,
      );
    }
  }
  return takers.map((taker) => ({
    step: step.name,
    contender: taker.name,
    runs: runs.get(taker) ?? [],
    stored: stored.get(taker) ?? [],
  }));
}

function mebibytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}

/** Ratios of a peer's figure to ours, pair by pair: above 1 we are better. */
function ratios(ours: readonly number[], theirs: readonly number[]): string {
  const pairs = theirs.map((value, index) => value / (ours[index] ?? Number.NaN));
  const low = Math.min(...pairs).toFixed(2);
  const high = Math.max(...pairs).toFixed(2);
  return `${median(pairs).toFixed(2)} (${low}-${high})`;
}

function table(rows: readonly Row[]): string {
  const lines = [
    "| step | program | wall s, median (min-max) | CPU s, both sides | of it the server | peak MiB | stored MiB | wall ratio | CPU ratio |",
    "|---|---|---|---|---|---|---|---|---|",
  ];
  for (const row of rows) {
    const wall = row.runs.map((run) => run.wallSeconds);
    const cpu = row.runs.map(cpuOf);
    const ours = rows.find((other) => other.step === row.step && other.contender === "pra");
    const same = ours === undefined || ours === row;
    lines.push(
      `| ${row.step} | ${row.contender} | ${median(wall).toFixed(2)} (${Math.min(...wall).toFixed(2)}-${Math.max(...wall).toFixed(2)}) | ${median(cpu).toFixed(2)} | ${median(row.runs.map((run) => run.serverCpuSeconds)).toFixed(2)} | ${mebibytes(Math.max(...row.runs.map((run) => run.peakBytes)))} | ${mebibytes(median(row.stored))} | ${
        same
          ? ""
          : ratios(
              ours.runs.map((run) => run.wallSeconds),
              wall,
            )
      } | ${same ? "" : ratios(ours.runs.map(cpuOf), cpu)} |`,
    );
  }
  return lines.join("\n");
}

function restoreCommand(bed: Bed, contender: Contender): (() => BenchCommand) | undefined {
  const { restore } = contender;
  if (restore === undefined) {
    return undefined;
  }
  return () => {
    // Kept to the end: ext4 looks for inodes that were not freed in the last minutes, a tenth of a restore's CPU after a deletion.
    const directory = mkdtempSync(join(bed.home, "restored-"));
    if (bed.account.switched) {
      chownSync(directory, bed.account.uid, bed.account.gid);
    }
    return restore(directory);
  };
}

function steps(bed: Bed): readonly Step[] {
  const nothing = async (): Promise<void> => {
    await bed.query("CHECKPOINT");
  };
  const incremental = (share: number): Step => ({
    name: `incremental ${share * 100} %`,
    prepare: share === 0 ? nothing : () => changeBlocks(bed, share),
    command: (contender) => contender.incremental,
  });
  return [
    { name: "full", prepare: nothing, command: (contender) => contender.full },
    incremental(0),
    incremental(0.01),
    incremental(0.1),
    { name: "restore", prepare: nothing, command: (contender) => restoreCommand(bed, contender) },
  ];
}

async function walSections(
  bed: Bed,
  contenders: readonly Contender[],
  options: WalBenchOptions & { readonly only: readonly string[] | undefined },
): Promise<readonly string[]> {
  const ours = contenders.find((contender) => contender.receiver !== undefined)?.receiver;
  const wanted = (name: string): boolean => options.only?.includes(name) ?? true;
  const sections: string[] = [];
  if (ours !== undefined && wanted("sync")) {
    sections.push(await syncSection(bed, ours, options));
  }
  if (ours !== undefined && wanted("lag")) {
    sections.push(await lagSection(bed, ours, options));
  }
  return sections;
}

function machine(): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${cpus().length} x ${cpu?.model ?? "?"}, ${memory}, Linux ${release()} ${arch()}, Node ${process.version}`;
}

/** What can be said on the command line. */
const OPTIONS = {
  scale: { type: "string", default: "20" },
  rounds: { type: "string", default: "5" },
  pgbackrest: { type: "string", default: "/usr/bin/pgbackrest" },
  only: { type: "string" },
  contenders: { type: "string" },
  copies: { type: "string", default: "0" },
  "small-files": { type: "string", default: "0" },
  directory: { type: "string", default: "/tmp" },
  "sync-rounds": { type: "string", default: "20" },
  "sync-seconds": { type: "string", default: "4" },
  "lag-seconds": { type: "string", default: "600" },
  "slowdown-rounds": { type: "string", default: "10" },
  "slowdown-seconds": { type: "string", default: "600" },
  "slowdown-plain-seconds": { type: "string", default: "300" },
  "slowdown-pairs": { type: "string" },
  "slowdown-clients": { type: "string", default: "8" },
  "slowdown-rate": { type: "string", default: "0" },
  "rescue-seconds": { type: "string", default: "60" },
} as const;

/** Chapters that are made only when they are asked for by name. */
async function askedSections(
  bed: Bed,
  home: string,
  values: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const asked = (name: string): boolean => values["only"]?.split(",").includes(name) === true;
  const number = (name: string): number => Number(values[name]);
  const launcher = join(root, "pra");
  const scale = number("scale");
  const sections: string[] = [];
  if (asked("recover")) {
    sections.push(await recoverSection(bed, launcher, number("rounds")));
  }
  if (asked("rescue")) {
    sections.push(await rescueSection(bed, { launcher, scale, seconds: number("rescue-seconds") }));
  }
  if (asked("slowdown")) {
    sections.push(
      await slowdownSection(home, launcher, {
        scale,
        rounds: number("slowdown-rounds"),
        seconds: number("slowdown-seconds"),
        plainSeconds: number("slowdown-plain-seconds"),
        pairsFile: values["slowdown-pairs"],
        clients: number("slowdown-clients"),
        rate: number("slowdown-rate"),
      }),
    );
  }
  return sections;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  const scale = Number(values.scale);
  const home = mkdtempSync(join(values.directory, "pra-bench-"));
  const signal = new AbortController().signal;
  try {
    await using bed = await makeBed(home, { scale, port: 54_415, signal });
    growCluster(bed, Number(values.copies));
    addSmallFiles(bed, Number(values["small-files"]));
    const [size] = await bed.query("SELECT sum(pg_database_size(oid)) AS bytes FROM pg_database");
    const named = values.contenders?.split(",");
    const contenders = [
      pra(bed, join(root, "pra")),
      ...(existsSync(values.pgbackrest) ? [pgBackRest(bed, values.pgbackrest)] : []),
      pgBaseBackup(bed, undefined),
      pgBaseBackup(bed, "client-zstd:1"),
    ].filter(({ name }) => named?.some((start) => name.toLowerCase().startsWith(start)) ?? true);
    const only = values.only?.split(",");
    const rows: Row[] = [];
    for (const step of steps(bed)) {
      if (only === undefined || only.some((name) => step.name.startsWith(name))) {
        rows.push(...(await runStep(step, contenders, { bed, rounds: Number(values.rounds) })));
      }
    }
    const stored =
      only === undefined || only.includes("stored") ? [await storedSection(bed, contenders)] : [];
    const asked = await askedSections(bed, home, values);
    const sections = await walSections(bed, contenders, {
      only,
      scale,
      rounds: Number(values["sync-rounds"]),
      seconds: Number(values["sync-seconds"]),
      lagSeconds: Number(values["lag-seconds"]),
    });
    const programs = contenders.map(({ name, settings }) => `- ${name}: ${settings}`).join("\n");
    const version = readFileSync(join(root, "package.json"), "utf8");
    const text = `# Measured ${new Date().toISOString().slice(0, 10)}\n\n${machine()}\n\nPostgreSQL 15, ${mebibytes(Number(size?.["bytes"]))} MiB of databases (scale ${scale}: pgbench, md5 text with an index, incompressible bytes), ${values.rounds} rounds, interleaved. pra ${String((JSON.parse(version) as { version: string }).version)}.\nRatios are peer divided by pra, round by round: median (min-max); above 1 pra is better.\n\n${programs}\n\n${table(rows)}\n\n${[...stored, ...asked, ...sections].join("\n")}`;
    process.stdout.write(text);
    mkdirSync(join(root, "bench/results"), { recursive: true });
    const name = `${new Date().toISOString().replaceAll(":", "").slice(0, 15)}.md`;
    writeFileSync(join(root, "bench/results", name), text);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

await main();
