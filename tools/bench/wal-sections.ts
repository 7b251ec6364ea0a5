/** The WAL chapters of the benchmark: synchronous commits against pg_receivewal, and lag under full load. */
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ownDirectory } from "./contenders.ts";
import type { Bed } from "./data-set.ts";
import { median } from "./measure.ts";
import {
  type Receiver,
  commitRate,
  fullSpeedLoad,
  pgReceiveWal,
  sampleLag,
  withReceiver,
} from "./receivers.ts";

/** How long and how often. */
export type WalBenchOptions = {
  readonly scale: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly lagSeconds: number;
};

/** Both kinds of receiver run for months: what is measured is not their first seconds. */
const WARM_UP_SECONDS = 2;

async function syncRounds(
  bed: Bed,
  contenders: readonly (Receiver | undefined)[],
  options: WalBenchOptions & { readonly clients: number },
): Promise<ReadonlyMap<string, readonly number[]>> {
  const rates = new Map<string, number[]>();
  for (let round = 0; round < options.rounds; round++) {
    const order = round % 2 === 0 ? contenders : contenders.toReversed();
    for (const receiver of order) {
      const name = receiver?.name ?? "no receiver";
      const rate = await withReceiver(bed, receiver, { synchronous: true }, () => {
        commitRate(bed, { ...options, seconds: WARM_UP_SECONDS });
        return Promise.resolve(commitRate(bed, options));
      });
      rates.set(name, [...(rates.get(name) ?? []), rate.tps]);
      process.stderr.write(
        `sync ${options.clients} clients round ${round + 1}: ${name} ${rate.tps.toFixed(0)} tps\n`,
      );
    }
  }
  return rates;
}

/** Synchronous commits a second, by 1 and 8 clients. Markdown. */
export async function syncSection(
  bed: Bed,
  ours: Receiver,
  options: WalBenchOptions,
): Promise<string> {
  const directory = ownDirectory(bed, "receivewal");
  await bed.query("SELECT pg_create_physical_replication_slot('bench_receivewal', true)");
  const peer = pgReceiveWal(bed, directory);
  const lines = [
    "| clients | receiver | commits/s, median (min-max) | pra / this, round by round |",
    "|---|---|---|---|",
  ];
  for (const clients of [1, 8]) {
    const rates = await syncRounds(bed, [ours, peer, undefined], { ...options, clients });
    const own = rates.get(ours.name) ?? [];
    for (const [name, values] of rates) {
      const pairs = values.map((value, round) => (own[round] ?? Number.NaN) / value);
      const range = `${Math.min(...values).toFixed(0)}-${Math.max(...values).toFixed(0)}`;
      const ratio =
        name === ours.name
          ? ""
          : `${median(pairs).toFixed(2)} (${Math.min(...pairs).toFixed(2)}-${Math.max(...pairs).toFixed(2)})`;
      lines.push(`| ${clients} | ${name} | ${median(values).toFixed(0)} (${range}) | ${ratio} |`);
    }
  }
  await bed.query("SELECT pg_drop_replication_slot('bench_receivewal')");
  return `## Synchronous commits\n\nUpdates by key, ${options.seconds} s a run after ${WARM_UP_SECONDS} s not counted, ${options.rounds} interleaved rounds.\n\n${lines.join("\n")}\n`;
}

/** Compares every archived segment with what the repository gives back. */
function compareSegments(archive: string, fetch: (segment: string, to: string) => number): string {
  const names = readdirSync(archive)
    .filter((name) => /^[0-9A-F]{24}$/.test(name))
    .sort();
  if (names.length === 0) {
    return "NOT COMPARED: the server archived nothing";
  }
  let equal = 0;
  const different: string[] = [];
  for (const name of names) {
    const to = join(archive, `${name}.fetched`);
    const code = fetch(name, to);
    if (code === 0 && readFileSync(to).equals(readFileSync(join(archive, name)))) {
      equal += 1;
    } else {
      different.push(`${name} (${code})`);
    }
    rmSync(to, { force: true });
  }
  return `${equal} of ${names.length} archived segments byte-equal${different.length > 0 ? `; not: ${different.slice(0, 5).join(", ")}` : ""}`;
}

/** Lag while pgbench runs as fast as it can, and equality of segments with an archive_command's copies. Markdown. */
export async function lagSection(
  bed: Bed,
  ours: Receiver,
  options: WalBenchOptions,
): Promise<string> {
  const archive = ownDirectory(bed, "archive");
  await bed.query(`ALTER SYSTEM SET archive_command = 'cp %p ${archive}/%f'`);
  await bed.query("SELECT pg_reload_conf()");
  const lag = await withReceiver(bed, ours, { synchronous: false }, async () => {
    const load = fullSpeedLoad(bed, { clients: 8, seconds: options.lagSeconds });
    const samples = await sampleLag(bed, ours.applicationName, load);
    await load;
    return samples;
  });
  const command = ours.command();
  const compared = compareSegments(archive, (segment, to) => {
    const result = spawnSync(command.program, ["wal", "fetch", segment, to], {
      env: { ...process.env, ...command.environment },
    });
    return result.status ?? -1;
  });
  await bed.query("ALTER SYSTEM SET archive_command = '/bin/true'");
  await bed.query("SELECT pg_reload_conf()");
  const mib = (bytes: number): string => (bytes / 1_048_576).toFixed(2);
  return `## WAL at full speed\n\npgbench, 8 clients, ${options.lagSeconds} s: ${mib(lag.walBytes)} MiB of WAL, ${lag.samples} samples of the lag (server flush minus repository): median ${mib(lag.p50Bytes)} MiB, p99 ${mib(lag.p99Bytes)} MiB, max ${mib(lag.maxBytes)} MiB, last quarter minus second ${mib(lag.driftBytes)} MiB. ${compared}.\n`;
}
