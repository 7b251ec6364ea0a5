/**
 * What recovering costs against the distribution's own programs: a proof against a restore that is started and checked by
 * `pg_amcheck`, and the data phase of `pra restore-db` against `pg_restore --section=data` of the same database, from an archive
 * that is not compressed and from one as `pg_dump` makes it. Interleaved, medians.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type PraCommand, ownDirectory, praCommand } from "./contenders.ts";
import type { Bed } from "./data-set.ts";
import { type BenchCommand, type Measured, measure, median } from "./measure.ts";

const PORT_OF_COPY = "54417";
const DATABASE = "postgres";
const TEST_DATABASE = "bench_test";

/** One way to do it, with its measured rounds. */
type Way = { readonly name: string; readonly walls: number[]; readonly cpus: number[] };

function way(name: string): Way {
  return { name, walls: [], cpus: [] };
}

function add({ name, walls, cpus }: Way, wallSeconds: number, cpuSeconds: number): void {
  walls.push(wallSeconds);
  cpus.push(cpuSeconds);
  process.stderr.write(`${name}: ${wallSeconds.toFixed(2)} s, CPU ${cpuSeconds.toFixed(2)} s\n`);
}

function table(ways: readonly Way[]): string {
  const base = ways[0];
  const rows = ways.map(({ name, walls, cpus }) => {
    const ratios = walls.map((wall, round) => wall / (base?.walls[round] ?? Number.NaN));
    const spread = `${Math.min(...walls).toFixed(1)}-${Math.max(...walls).toFixed(1)}`;
    return `| ${name} | ${median(walls).toFixed(1)} (${spread}) | ${median(cpus).toFixed(1)} | ${median(ratios).toFixed(2)} |`;
  });
  const head = "| way | wall s, median (min-max) | CPU s of the client | wall, against the first |";
  return [head, "|---|---|---|---|", ...rows, ""].join("\n");
}

function total(runs: readonly Measured[]): { readonly wall: number; readonly cpu: number } {
  return {
    wall: runs.reduce((sum, run) => sum + run.wallSeconds, 0),
    cpu: runs.reduce((sum, run) => sum + run.cpuSeconds, 0),
  };
}

async function proofSection(bed: Bed, pra: PraCommand, rounds: number): Promise<string> {
  const plain = way("pra restore --start, then pg_amcheck -j2 --heapallindexed");
  const restoreOnly = way("of it the restore");
  const proof = way("pra prove --latest");
  for (let round = 0; round < rounds; round++) {
    const target = join(bed.home, `copy-${round}`);
    const restore = await measure(
      pra("restore", "--latest", "--to", target, "--start", "--port", PORT_OF_COPY, "--json"),
      bed.server.pid,
    );
    const { socketDirectory } = JSON.parse(restore.output) as { readonly socketDirectory: string };
    await using stop = new AsyncDisposableStack();
    stop.defer(async () => {
      await measure(pra("stop", target), bed.server.pid);
      rmSync(target, { recursive: true });
    });
    const check = await measure(
      client(bed, "pg_amcheck", [
        "--all",
        "--jobs=2",
        "--heapallindexed",
        "--install-missing",
        `--host=${socketDirectory}`,
        `--port=${PORT_OF_COPY}`,
      ]),
      bed.server.pid,
    );
    await stop.disposeAsync();
    const both = total([restore, check]);
    add(plain, both.wall, both.cpu);
    add(restoreOnly, restore.wallSeconds, restore.cpuSeconds);
    const proved = await measure(pra("prove", "--latest"), bed.server.pid);
    add(proof, proved.wallSeconds, proved.cpuSeconds);
  }
  return `## Proof\n\n${table([plain, restoreOnly, proof])}`;
}

function client(bed: Bed, program: string, words: readonly string[]): BenchCommand {
  const { uid, gid, switched } = bed.account;
  return {
    program: join(bed.binaries.binDirectory, program),
    arguments: ["--username=postgres", ...words],
    ...(switched ? { uid, gid } : {}),
  };
}

function onBed({ home, port }: Bed): readonly string[] {
  return [`--host=${home}`, `--port=${port}`];
}

async function renew(bed: Bed): Promise<void> {
  await bed.query(`DROP DATABASE IF EXISTS ${TEST_DATABASE}`);
  await bed.query(`CREATE DATABASE ${TEST_DATABASE}`);
  await bed.query("CHECKPOINT");
}

/** The data section of an archive into an empty database that has the definitions. */
async function pgRestore(bed: Bed, archive: string): Promise<Measured> {
  await renew(bed);
  const words = [...onBed(bed), `--dbname=${TEST_DATABASE}`];
  const definitions = client(bed, "pg_restore", [...words, "--section=pre-data", archive]);
  await measure(definitions, bed.server.pid);
  const data = client(bed, "pg_restore", [...words, "--section=data", "--jobs=2", archive]);
  return measure(data, bed.server.pid);
}

/** Seconds of the phase that writes the rows, and of all. */
function phasesOf(output: string): { readonly data: number; readonly all: number } {
  const result = JSON.parse(output) as {
    readonly durationMs: number;
    readonly phases: readonly { readonly name: string; readonly durationMs: number }[];
  };
  const data = result.phases.find(({ name }) => name === "data");
  if (data === undefined) {
    throw new Error(`pra restore-db tells no phase "data": ${output}`);
  }
  return { data: data.durationMs / 1000, all: result.durationMs / 1000 };
}

async function dumpSection(bed: Bed, pra: PraCommand, rounds: number): Promise<string> {
  const directory = ownDirectory(bed, "archives");
  const archives = { plain: join(directory, "plain.dump"), usual: join(directory, "usual.dump") };
  for (const [name, words] of [
    ["plain", ["--compress=0"]],
    ["usual", []],
  ] as const) {
    const dump = ["--format=custom", ...words, `--file=${archives[name]}`, `--dbname=${DATABASE}`];
    await measure(client(bed, "pg_dump", [...onBed(bed), ...dump]), bed.server.pid);
  }
  await measure(pra("dump", "--database", DATABASE), bed.server.pid);
  const plain = way("pg_restore -j2 --section=data, archive not compressed");
  const usual = way("pg_restore -j2 --section=data, archive as pg_dump makes it");
  const ours = way("data phase of pra restore-db (CPU: of all its phases)");
  const whole = way("all of pra restore-db, comparison and report included");
  const steps = [
    async () => {
      const run = await pgRestore(bed, archives.plain);
      add(plain, run.wallSeconds, run.cpuSeconds);
    },
    async () => {
      const run = await pgRestore(bed, archives.usual);
      add(usual, run.wallSeconds, run.cpuSeconds);
    },
    async () => {
      await bed.query(`DROP DATABASE IF EXISTS ${TEST_DATABASE}`);
      await bed.query("CHECKPOINT");
      const run = await measure(
        pra("restore-db", "--into", TEST_DATABASE, "--json"),
        bed.server.pid,
      );
      const { data, all } = phasesOf(run.output);
      add(ours, data, run.cpuSeconds);
      add(whole, all, run.cpuSeconds);
    },
  ];
  for (let round = 0; round < rounds; round++) {
    for (const step of round % 2 === 0 ? steps : steps.toReversed()) {
      await step();
    }
  }
  return `## A dump brought back\n\n${table([plain, usual, ours, whole])}`;
}

/** Both, on a repository of its own. `launcher`: pra's. */
export async function recoverSection(bed: Bed, launcher: string, rounds: number): Promise<string> {
  const pra = praCommand(bed, launcher, "pra-recover");
  await measure(pra("backup", "--full"), bed.server.pid);
  const proof = await proofSection(bed, pra, rounds);
  return `${proof}\n${await dumpSection(bed, pra, rounds)}`;
}
