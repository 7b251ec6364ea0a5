/**
 * The cluster that is measured: Debian's PostgreSQL 15, because every peer can read it, with data of three kinds, since
 * one kind alone flatters somebody: pgbench (compresses forty-fold), md5 text with an index (two-and-a-half-fold), and
 * bytes that do not compress at all.
 */
import { spawnSync } from "node:child_process";
import { chownSync, copyFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { systemClock } from "../../src/core/clock.ts";
import { initCluster } from "../../src/postgres/init-cluster.ts";
import { type ServerAccount, serverAccount } from "../../src/postgres/server-account.ts";
import { type ServerBinaries, findServerBinaries } from "../../src/postgres/server-binaries.ts";
import { type ThrowawayServer, startServer } from "../../src/postgres/throwaway-server.ts";

/** What is measured. */
export type Bed = AsyncDisposable & {
  readonly server: ThrowawayServer;
  readonly account: ServerAccount;
  readonly binaries: ServerBinaries;
  readonly home: string;
  readonly dataDirectory: string;
  readonly port: number;
  readonly query: (sql: string) => Promise<readonly Record<string, unknown>[]>;
};

/** The server's settings: archiving is prepared so that a peer can be switched on without a restart. */
const SETTINGS: Readonly<Record<string, string>> = {
  wal_level: "replica",
  max_wal_senders: "10",
  max_replication_slots: "10",
  shared_buffers: "256MB",
  max_wal_size: "4GB",
  archive_mode: "on",
  autovacuum: "off",
  checkpoint_timeout: "30min",
};

/** How to make it. `settings`: in place of some of the usual ones. */
export type BedOptions = {
  readonly scale: number;
  readonly port: number;
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
};

/** Makes and fills a cluster of about `scale` x 31 MB below `home`. */
export async function makeBed(home: string, options: BedOptions): Promise<Bed> {
  const { scale, port, signal } = options;
  const account = await serverAccount();
  const binaries = await findServerBinaries(15, { account, signal, origins: ["distribution"] });
  mkdirSync(home, { recursive: true, mode: 0o755 });
  if (account.switched) {
    chownSync(home, account.uid, account.gid);
  }
  const dataDirectory = join(home, "data");
  await initCluster({
    dataDirectory,
    binaries,
    account,
    signal,
    initdbArguments: ["--data-checksums"],
  });
  const server = await startServer({
    dataDirectory,
    binaries,
    account,
    port,
    socketDirectory: home,
    settings: { ...SETTINGS, ...options.settings },
    clock: systemClock,
    signal,
  });
  const query = async (sql: string): Promise<readonly Record<string, unknown>[]> => {
    const client = new pg.Client({ host: home, port, user: "postgres", database: "postgres" });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  // Not on the command line, which would beat what a chapter sets later.
  await query("ALTER SYSTEM SET archive_command = '/bin/true'");
  await query("SELECT pg_reload_conf()");
  fillWithPgbench({ home, port, scale, binaries });
  const rows = scale * 40_000;
  await query(
    `CREATE TABLE md5_text AS SELECT g AS id, md5(g::text) || md5((g * 7)::text) AS text FROM generate_series(1, ${rows}) g`,
  );
  await query("CREATE INDEX ON md5_text (text)");
  const random =
    "(SELECT string_agg(sha512(int8send(g * 15 + n)), ''::bytea) FROM generate_series(0, 14) n)";
  await query("CREATE TABLE random_bytes (id int, bytes bytea)");
  await query("ALTER TABLE random_bytes ALTER bytes SET STORAGE PLAIN");
  await query(
    `INSERT INTO random_bytes SELECT g, ${random} FROM generate_series(1, ${scale * 5000}) g`,
  );
  // Hint bits now, or the first scan would dirty every page and pass for changed blocks.
  await query("VACUUM FREEZE");
  await query("CHECKPOINT");
  return {
    server,
    account,
    binaries,
    home,
    dataDirectory,
    port,
    query,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function fillWithPgbench(bed: {
  readonly home: string;
  readonly port: number;
  readonly scale: number;
  readonly binaries: ServerBinaries;
}): void {
  const program = join(bed.binaries.binDirectory, "pgbench");
  const result = spawnSync(
    program,
    [
      "-i",
      "-q",
      "-s",
      String(bed.scale),
      "-h",
      bed.home,
      "-p",
      String(bed.port),
      "-U",
      "postgres",
      "postgres",
    ],
    { encoding: "utf8" },
  );
  if (result.status !== 0) {
    throw new Error(`pgbench failed: ${result.stderr}`);
  }
}

/** Files smaller than this are not worth copying when a cluster is to become large. */
const GROWN_FILE_BYTES_MIN = 8 * 1_048_576;

/** File numbers from here on belong to no relation of a fresh cluster. */
const FIRST_UNUSED_FILE_NUMBER = 1_000_000_000;

/**
 * Makes the cluster larger: each large relation file lies there `copies` times more, under numbers that no relation has. A base
 * backup sends them like any other and their pages pass every check; filling tables instead would take an hour for 30 GB.
 */
export function growCluster(bed: Bed, copies: number): void {
  const directory = join(bed.dataDirectory, "base/5");
  let number = FIRST_UNUSED_FILE_NUMBER;
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (!/^\d+$/.test(name) || statSync(path).size < GROWN_FILE_BYTES_MIN) {
      continue;
    }
    for (let copy = 0; copy < copies; copy++) {
      const target = join(directory, String(number));
      copyFileSync(path, target);
      if (bed.account.switched) {
        chownSync(target, bed.account.uid, bed.account.gid);
      }
      number += 1;
    }
  }
}

/** Files of this many bytes, by turns: what small and empty relations leave in a data directory. */
const SMALL_FILE_BYTES = [0, 8192, 8192, 24_576];

/** Fills the cluster with many small files, as schemas with tens of thousands of tables have them: pages not yet used, which pass every check. */
export function addSmallFiles(bed: Bed, count: number): void {
  const directory = join(bed.dataDirectory, "base/5");
  for (let number = 0; number < count; number++) {
    const target = join(directory, String(2 * FIRST_UNUSED_FILE_NUMBER + number));
    writeFileSync(target, Buffer.alloc(SMALL_FILE_BYTES[number % SMALL_FILE_BYTES.length] ?? 0));
    if (bed.account.switched) {
      chownSync(target, bed.account.uid, bed.account.gid);
    }
  }
}

/** Changes about this share of the cluster's blocks, at random, in every table. */
export async function changeBlocks(bed: Bed, share: number): Promise<void> {
  // One row in a page is enough to change its block; a page of pgbench_accounts holds 61 rows.
  await bed.query(
    `UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid % 61 = 0 AND hashint4(aid) % 1000 < ${share * 1000} AND hashint4(aid) > 0`,
  );
  await bed.query(
    `UPDATE random_bytes SET id = -id WHERE id % 7 = 0 AND abs(hashint4(id)) % 1000 < ${share * 1000}`,
  );
  await bed.query("CHECKPOINT");
}
