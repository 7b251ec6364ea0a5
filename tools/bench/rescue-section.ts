/**
 * What bringing one table back reads of the repository: a table of a hundredth of the cluster is dropped under load and rescued at
 * the instant before, while a receiver streams. What was fetched of backups as pra counts it, WAL as the repository holds all of it, which
 * is the most that can have been read.
 */
import { join } from "node:path";
import { directoryBytes, type PraCommand, praCommand } from "./contenders.ts";
import type { Bed } from "./data-set.ts";
import { measure } from "./measure.ts";
import { commitRate, withReceiver } from "./receivers.ts";

const TABLE = "bench_rescued";
const RESCUE_DATABASE = "bench_rescue";
const CLIENTS = 8;
/** Bytes that a row of the table and its entry in the primary key take, roughly: only the size aimed at depends on it. */
const ROW_BYTES = 125;
const TRIES_MAX = 100;

function mebibytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}

function numberOf(row: Readonly<Record<string, unknown>> | undefined, name: string): number {
  return Number(row?.[name]);
}

/** Makes the table that will be lost. Gives its share of all databases. */
async function addTable(bed: Bed): Promise<number> {
  const all = "SELECT sum(pg_database_size(oid)) AS bytes FROM pg_database";
  const [before] = await bed.query(all);
  const rows = Math.round(numberOf(before, "bytes") / 100 / ROW_BYTES);
  await bed.query(
    `CREATE TABLE ${TABLE} AS SELECT g AS id, md5(g::text) || md5((g * 7)::text) AS text FROM generate_series(1, ${rows}) g`,
  );
  await bed.query(`ALTER TABLE ${TABLE} ADD PRIMARY KEY (id)`);
  const [after] = await bed.query(
    `SELECT pg_total_relation_size('${TABLE}') AS own, (${all}) AS bytes`,
  );
  return numberOf(after, "own") / numberOf(after, "bytes");
}

/** Drops the table. Gives the instant before, once the repository has the WAL of it. */
async function dropTable(bed: Bed, pra: PraCommand): Promise<string> {
  const [now] = await bed.query(
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at`,
  );
  await bed.query(`DROP TABLE ${TABLE}`);
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    await bed.query("SELECT pg_switch_wal()");
    const { output } = await measure(pra("wal", "status", "--json"), bed.server.pid);
    const { lagBytes } = JSON.parse(output) as { readonly lagBytes: number };
    if (lagBytes === 0) {
      return String(now?.["at"]);
    }
  }
  throw new Error("the receiver does not come up with the server");
}

/** On a repository of its own. `seconds`: of load between the backup and the mistake. */
export async function rescueSection(
  bed: Bed,
  options: { readonly launcher: string; readonly scale: number; readonly seconds: number },
): Promise<string> {
  const { launcher, scale, seconds } = options;
  const pra = praCommand(bed, launcher, "pra-rescue");
  const repository = join(bed.home, "pra-rescue", "repository");
  const share = await addTable(bed);
  const receiver = {
    name: "pra wal receive",
    applicationName: "pra_main",
    command: () => pra("wal", "receive"),
  };
  const at = await withReceiver(bed, receiver, { synchronous: false }, async () => {
    await measure(pra("backup", "--full"), bed.server.pid);
    commitRate(bed, { clients: CLIENTS, seconds, scale });
    return dropTable(bed, pra);
  });
  const held = directoryBytes(repository);
  const wal = held - directoryBytes(repository, ["wal"]);
  const run = await measure(
    pra("rescue", "--table", `public.${TABLE}`, "--at", at, "--into", RESCUE_DATABASE, "--json"),
    bed.server.pid,
  );
  const { readBytes = Number.NaN, walBytes = Number.NaN } = JSON.parse(run.output) as Readonly<
    Record<string, number>
  >;
  const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
  return `## One table rescued

| what | |
|---|---|
| the table, of all databases | ${percent(share)} |
| the repository | ${mebibytes(held)} MiB, of it WAL ${mebibytes(wal)} |
| read of backups | ${mebibytes(readBytes)} MiB |
| WAL laid ready, unpacked | ${mebibytes(walBytes)} MiB |
| read, of the repository, at most | ${percent((readBytes + wal) / held)} |
| wall s | ${run.wallSeconds.toFixed(1)} |
`;
}
