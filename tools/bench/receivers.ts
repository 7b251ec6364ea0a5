/**
 * WAL receivers under load: how many synchronous commits a second each allows, and whether ours keeps up with a server that
 * writes as fast as it can. One receiver runs at a time; the server is the same.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bed } from "./data-set.ts";
import type { BenchCommand } from "./measure.ts";

/** A receiver that can be the synchronous standby. */
export type Receiver = {
  readonly name: string;
  /** What the server knows it by. */
  readonly applicationName: string;
  readonly command: () => BenchCommand;
};

/** What one run of pgbench gave. */
export type CommitRate = { readonly tps: number; readonly latencyMs: number };

const ATTACH_TIMEOUT_MS = 20_000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** A synchronous one has caught up; of another it is enough that it is attached, for what it has to catch up with may be long. */
async function standbyState(bed: Bed, applicationName: string): Promise<string | undefined> {
  const [row] = await bed.query(
    `SELECT sync_state FROM pg_stat_replication WHERE application_name = '${applicationName}'`,
  );
  return row === undefined ? undefined : String(row["sync_state"]);
}

async function untilState(bed: Bed, applicationName: string, wanted: string): Promise<void> {
  const until = performance.now() + ATTACH_TIMEOUT_MS;
  while ((await standbyState(bed, applicationName)) !== wanted) {
    if (performance.now() > until) {
      throw new Error(`${applicationName} did not become ${wanted}`);
    }
    await pause(100);
  }
}

/** Waits until a receiver has all that was written while it was away. */
export async function untilCaughtUp(bed: Bed, applicationName: string): Promise<void> {
  for (;;) {
    const [row] = await bed.query(
      `SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), flush_lsn)::bigint < 1048576 AS caught_up FROM pg_stat_replication WHERE application_name = '${applicationName}'`,
    );
    if (row?.["caught_up"] === true) {
      return;
    }
    await pause(200);
  }
}

function start(command: BenchCommand): ChildProcess {
  const { uid, gid, environment } = command;
  return spawn(command.program, command.arguments, {
    stdio: "ignore",
    env: { ...process.env, ...environment },
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }
}

async function standbys(bed: Bed, names: string): Promise<void> {
  await bed.query(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`);
  await bed.query("SELECT pg_reload_conf()");
}

/** Runs `work` while the receiver streams; `synchronous`: as the synchronous standby. */
export async function withReceiver<T>(
  bed: Bed,
  receiver: Receiver | undefined,
  options: { readonly synchronous: boolean },
  work: () => Promise<T>,
): Promise<T> {
  if (receiver === undefined) {
    return work();
  }
  const child = start(receiver.command());
  try {
    await untilState(bed, receiver.applicationName, "async");
    if (options.synchronous) {
      await standbys(bed, receiver.applicationName);
      await untilState(bed, receiver.applicationName, "sync");
    }
    return await work();
  } finally {
    await standbys(bed, "");
    await stop(child);
  }
}

const UPDATE_SCRIPT = `\\set aid random(1, 100000 * :scale)
UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = :aid;
`;

/** Updates by key for some seconds. */
export function commitRate(
  bed: Bed,
  options: { readonly clients: number; readonly seconds: number; readonly scale: number },
): CommitRate {
  const script = join(bed.home, "update.sql");
  writeFileSync(script, UPDATE_SCRIPT);
  const result = spawnSync(
    join(bed.binaries.binDirectory, "pgbench"),
    [
      `--host=${bed.home}`,
      `--port=${bed.port}`,
      "--username=postgres",
      "--no-vacuum",
      `--file=${script}`,
      `--define=scale=${options.scale}`,
      `--client=${options.clients}`,
      `--jobs=${Math.min(options.clients, 2)}`,
      `--time=${options.seconds}`,
      "postgres",
    ],
    { encoding: "utf8" },
  );
  const tps = Number(/^tps = ([\d.]+)/m.exec(result.stdout)?.[1] ?? Number.NaN);
  const latencyMs = Number(/^latency average = ([\d.]+) ms/m.exec(result.stdout)?.[1]);
  if (result.status !== 0 || Number.isNaN(tps)) {
    throw new Error(`pgbench: ${result.stdout}${result.stderr}`);
  }
  return { tps, latencyMs };
}

/** pg_receivewal --synchronous, with a slot, as its documentation advises. */
export function pgReceiveWal(bed: Bed, directory: string): Receiver {
  const { uid, gid, switched } = bed.account;
  return {
    name: "pg_receivewal --synchronous",
    applicationName: "bench_receivewal",
    command: () => ({
      program: join(bed.binaries.binDirectory, "pg_receivewal"),
      arguments: [
        `--host=${bed.home}`,
        `--port=${bed.port}`,
        "--username=postgres",
        `--directory=${directory}`,
        "--slot=bench_receivewal",
        "--synchronous",
        "--no-loop",
      ],
      environment: { PGAPPNAME: "bench_receivewal" },
      ...(switched ? { uid, gid } : {}),
    }),
  };
}

/** How far a receiver lags behind while the server writes as fast as it can. */
export type LagSamples = {
  readonly p50Bytes: number;
  readonly p99Bytes: number;
  readonly maxBytes: number;
  /** Median of the last quarter minus median of the second: growth shows here. */
  readonly driftBytes: number;
  readonly walBytes: number;
  readonly samples: number;
};

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Samples `sent - flushed` every 200 ms while `load` runs. */
export async function sampleLag(
  bed: Bed,
  applicationName: string,
  load: Promise<unknown>,
): Promise<LagSamples> {
  const lags: number[] = [];
  let running = true;
  void load.finally(() => {
    running = false;
  });
  const position = async (): Promise<bigint> => {
    const [row] = await bed.query(
      "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text AS at",
    );
    const at = row?.["at"];
    return BigInt(typeof at === "string" ? at : 0);
  };
  const first = await position();
  while (running) {
    const [row] = await bed.query(
      `SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), flush_lsn)::text AS lag FROM pg_stat_replication WHERE application_name = '${applicationName}'`,
    );
    if (row?.["lag"] !== undefined && row["lag"] !== null) {
      lags.push(Number(row["lag"]));
    }
    await pause(200);
  }
  const walBytes = Number((await position()) - first);
  const sorted = [...lags].sort((a, b) => a - b);
  const quarter = Math.floor(lags.length / 4);
  const middleOf = (from: number, to: number): number =>
    quantile(
      lags.slice(from, to).sort((a, b) => a - b),
      0.5,
    );
  return {
    p50Bytes: quantile(sorted, 0.5),
    p99Bytes: quantile(sorted, 0.99),
    maxBytes: sorted.at(-1) ?? Number.NaN,
    driftBytes: middleOf(quarter * 3, lags.length) - middleOf(quarter, quarter * 2),
    walBytes,
    samples: lags.length,
  };
}

/** pgbench's own mixed transactions as fast as they go, for some seconds. */
export function fullSpeedLoad(
  bed: Bed,
  options: { readonly clients: number; readonly seconds: number },
): Promise<void> {
  const child = spawn(
    join(bed.binaries.binDirectory, "pgbench"),
    [
      `--host=${bed.home}`,
      `--port=${bed.port}`,
      "--username=postgres",
      "--no-vacuum",
      `--client=${options.clients}`,
      "--jobs=2",
      `--time=${options.seconds}`,
      "postgres",
    ],
    { stdio: "ignore" },
  );
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0) {
        resolve();
      } else {
        reject(new Error(`pgbench ended with ${code}`));
      }
    });
  });
}
