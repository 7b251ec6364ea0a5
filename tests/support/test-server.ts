/**
 * The servers that integration tests run on: a fresh cluster of a wanted major, reached by a socket in a
 * private directory, stopped and removed at the end of the test, and gone within two seconds when the
 * test process itself is killed. Built on the product's own code, so that every test tests that too.
 *
 * Everything lies in one directory: `data`, `socket`, `server.log`.
 */
import {
  appendFile,
  chown,
  copyFile,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { Client, type ClientConfig, type QueryResult } from "pg";
import { present } from "../../src/core/assert.ts";
import type { SupportedMajor } from "../../src/core/pg-version.ts";
import { configureFailpointsFrom } from "../../src/files/failpoint-effects.ts";
import { poisonCheckpoint } from "../../src/postgres/control-file.ts";
import { type ServerAccount, serverAccount } from "../../src/postgres/server-account.ts";
import {
  type BinariesOrigin,
  type ServerBinaries,
  findServerBinaries,
} from "../../src/postgres/server-binaries.ts";
import {
  type ServerGoal,
  type StopMode,
  type ThrowawayServer,
  startServer,
} from "../../src/postgres/throwaway-server.ts";
import { freshCluster, testFilesDirectory } from "./fresh-cluster.ts";

// `npm run test:guards` switches guards off by the environment, in every process of a test.
configureFailpointsFrom(process.env);

/** What a test wants of its server. */
export type TestServerOptions = {
  readonly major: SupportedMajor;
  readonly signal?: AbortSignal;
  /** Written to postgresql.conf, beside fast settings for tests. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly initdbArguments?: readonly string[];
  /** Also listen on 127.0.0.1. */
  readonly tcp?: boolean;
  /** Keep fsync on (it is off for speed unless a test kills machines or measures). */
  readonly durable?: boolean;
  /** "embedded" by default: the same on every machine. */
  readonly origin?: Exclude<BinariesOrigin, "PRA_PG_BIN_DIR">;
};

/** Settings of every test server; `wal_level` and senders suffice for backups, streaming and slots. */
const TEST_SETTINGS: Readonly<Record<string, string>> = {
  wal_level: "replica",
  max_wal_senders: "10",
  max_replication_slots: "10",
  shared_buffers: "64MB",
  max_connections: "40",
  track_commit_timestamp: "off",
  log_line_prefix: "%m [%p] ",
  lc_messages: "C",
  autovacuum_naptime: "10s",
};

/** A port nobody listens on now. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", resolve);
  });
  const address = probe.address();
  await new Promise<void>((resolve) => {
    probe.close(() => {
      resolve();
    });
  });
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Programs of a major for tests, and the account they run as. */
export async function testBinaries(
  major: SupportedMajor,
  options: { readonly signal?: AbortSignal; readonly origin?: TestServerOptions["origin"] } = {},
): Promise<{ readonly binaries: ServerBinaries; readonly account: ServerAccount }> {
  const account = await serverAccount();
  const binaries = await findServerBinaries(major, {
    account,
    signal: options.signal ?? new AbortController().signal,
    origins: [options.origin ?? "embedded"],
  });
  return { binaries, account };
}

/** A directory that belongs to the account servers run as. Remove it with `rm`. */
export async function testDirectory(account: ServerAccount): Promise<string> {
  const directory = await mkdtemp(join(testFilesDirectory, "pra-test-"));
  await takeOver(directory, account);
  return directory;
}

/** Gives one file or directory to the account; does nothing when we do not switch accounts. */
async function takeOver(path: string, account: ServerAccount): Promise<void> {
  if (account.switched) {
    await chown(path, account.uid, account.gid);
  }
}

/** Gives a whole tree to the account. */
export async function takeOverTree(directory: string, account: ServerAccount): Promise<void> {
  await takeOver(directory, account);
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) {
      await takeOver(join(entry.parentPath, entry.name), account);
    }
  }
}

/** One value of a setting, quoted for a configuration file. */
export function quoteSetting(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

type Parts = {
  readonly home: string;
  readonly port: number;
  readonly major: SupportedMajor;
  readonly binaries: ServerBinaries;
  readonly account: ServerAccount;
  readonly tcp: boolean;
};

/** A server of a test. Everything of it is removed at the end of `await using`. */
export class TestServer implements AsyncDisposable {
  readonly home: string;
  readonly dataDirectory: string;
  readonly socketDirectory: string;
  readonly port: number;
  readonly major: SupportedMajor;
  readonly binaries: ServerBinaries;
  readonly account: ServerAccount;
  readonly #tcp: boolean;
  #server: ThrowawayServer | undefined;

  constructor(parts: Parts) {
    this.home = parts.home;
    this.dataDirectory = join(parts.home, "data");
    this.socketDirectory = join(parts.home, "socket");
    this.port = parts.port;
    this.major = parts.major;
    this.binaries = parts.binaries;
    this.account = parts.account;
    this.#tcp = parts.tcp;
  }

  /** For `pg`: user postgres over the socket. */
  clientConfig(database = "postgres"): ClientConfig {
    return { host: this.socketDirectory, port: this.port, user: "postgres", database };
  }

  /** The same as a URL. */
  connectionString(database = "postgres"): string {
    const host = encodeURIComponent(this.socketDirectory);
    return `postgresql://postgres@/${database}?host=${host}&port=${this.port}`;
  }

  /** The process id of the postmaster. */
  get pid(): number {
    return present(this.#server, "the test server runs").pid;
  }

  get isRunning(): boolean {
    return this.#server !== undefined && this.#server.exit === undefined;
  }

  /** Starts it (again). `settings` are passed as -c and hold for this run only. */
  async start(
    options: {
      readonly signal?: AbortSignal;
      readonly goal?: ServerGoal;
      readonly settings?: Readonly<Record<string, string>>;
      readonly startTimeoutMs?: number;
    } = {},
  ): Promise<void> {
    this.#server = await startServer({
      dataDirectory: this.dataDirectory,
      binaries: this.binaries,
      account: this.account,
      port: this.port,
      socketDirectory: this.socketDirectory,
      logFile: join(this.home, "server.log"),
      ...(this.#tcp ? { listenAddresses: "127.0.0.1" } : {}),
      ...options,
      signal: options.signal ?? new AbortController().signal,
    });
  }

  async stop(mode: StopMode = "fast"): Promise<void> {
    await this.#server?.stop(mode, { signal: new AbortController().signal });
    this.#server = undefined;
  }

  /** SIGKILL to the postmaster and its children, as a power cut (memory is not lost, though). */
  async kill(): Promise<void> {
    await this.#server?.kill();
    this.#server = undefined;
  }

  async restart(mode: StopMode = "fast"): Promise<void> {
    await this.stop(mode);
    await this.start();
  }

  /** Waits for "ready" after a start with another goal. */
  async waitUntil(goal: ServerGoal, timeoutMs?: number): Promise<void> {
    await present(this.#server, "the test server runs").waitUntil(goal, {
      signal: new AbortController().signal,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  /** A connected client; the caller ends it, `await using` does. */
  async connect(database = "postgres"): Promise<Client & AsyncDisposable> {
    const client = new Client(this.clientConfig(database));
    // A server killed by a test breaks its connections; the failing query tells, not this event.
    client.on("error", () => undefined);
    await client.connect();
    return Object.assign(client, {
      [Symbol.asyncDispose]: async (): Promise<void> => {
        await client.end();
      },
    });
  }

  /** One statement (or several without parameters) on a connection of its own. */
  async query(
    sql: string,
    options: { readonly database?: string; readonly values?: readonly unknown[] } = {},
  ): Promise<QueryResult<Record<string, unknown>>> {
    await using client = await this.connect(options.database);
    return options.values === undefined
      ? await client.query<Record<string, unknown>>(sql)
      : await client.query<Record<string, unknown>>(sql, [...options.values]);
  }

  /** The first column of the first row, as text; "" when it is null. */
  async value(sql: string, database?: string): Promise<string> {
    await using client = await this.connect(database);
    const result = await client.query<[unknown]>({ text: sql, rowMode: "array" });
    const value = result.rows[0]?.[0];
    return value === null || value === undefined
      ? ""
      : typeof value === "object"
        ? JSON.stringify(value)
        : String(value as string | number | boolean | bigint);
  }

  /** Adds lines to postgresql.conf; they hold after a reload or restart. */
  async configure(settings: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries(settings).map(
      ([name, value]) => `${name} = ${quoteSetting(value)}\n`,
    );
    await appendFile(join(this.dataDirectory, "postgresql.conf"), lines.join(""));
  }

  /** The last lines of its log. */
  async logText(): Promise<string> {
    return (await this.#server?.log.tail()) ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    await rm(this.home, { recursive: true, force: true });
  }
}

async function prepare(options: TestServerOptions): Promise<TestServer> {
  const { binaries, account } = await testBinaries(options.major, options);
  const home = await testDirectory(account);
  await mkdir(join(home, "socket"), { mode: 0o700 });
  await takeOver(join(home, "socket"), account);
  return new TestServer({
    home,
    port: await freePort(),
    major: options.major,
    binaries,
    account,
    tcp: options.tcp === true,
  });
}

/** A running, empty cluster of its own. */
export async function startTestServer(options: TestServerOptions): Promise<TestServer> {
  const signal = options.signal ?? new AbortController().signal;
  const server = await prepare(options);
  try {
    await freshCluster({
      dataDirectory: server.dataDirectory,
      binaries: server.binaries,
      account: server.account,
      signal,
      ...(options.initdbArguments === undefined
        ? {}
        : { initdbArguments: options.initdbArguments }),
    });
    await server.configure({
      ...TEST_SETTINGS,
      ...(options.durable === true ? {} : { fsync: "off" }),
      ...options.settings,
    });
    await server.start({ signal });
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** What a copy of a running server leaves out; each server makes its own. */
const NOT_COPIED = new Set(["postmaster.pid", "postmaster.opts", "pg_replslot", "pg_stat_tmp"]);

async function copyBetweenStartAndStop(primary: TestServer, target: string): Promise<void> {
  await using client = await primary.connect();
  const [start, stop] =
    primary.major === 14
      ? ["pg_start_backup('standby', true, false)", "pg_stop_backup(false, true)"]
      : ["pg_backup_start('standby', true)", "pg_backup_stop(true)"];
  await client.query(`SELECT ${start}`);
  await copyTree(primary.dataDirectory, target);
  const result = await client.query<{ labelfile: string; spcmapfile: string }>(
    `SELECT labelfile, spcmapfile FROM ${stop}`,
  );
  const row = present(result.rows[0], "the end of a backup gives a row");
  await writeFile(join(target, "backup_label"), row.labelfile);
  // WAL written since pg_wal was copied: the standby would stream it, a plain restore could not.
  await cp(join(primary.dataDirectory, "pg_wal"), join(target, "pg_wal"), { recursive: true });
}

/** Copies a live tree; files that vanish meanwhile are not missed. Links are copied as links. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (NOT_COPIED.has(entry.name)) {
      if (entry.isDirectory()) {
        await mkdir(target, { mode: 0o700 });
      }
    } else if (entry.isDirectory()) {
      await copyTree(source, target);
    } else {
      try {
        await (entry.isSymbolicLink()
          ? symlink(await readlink(source), target)
          : copyFile(source, target));
      } catch (error) {
        if (
          await lstat(source).then(
            () => true,
            () => false,
          )
        ) {
          throw error;
        }
      }
    }
  }
}

/**
 * A streaming standby of `primary`, made by copying its files between start and stop of a backup: the
 * npm packages bring no client programs. Running, and "ready" for reads unless another goal is named.
 */
export async function startStandby(
  primary: TestServer,
  options: {
    readonly settings?: Readonly<Record<string, string>>;
    readonly slot?: string;
    readonly goal?: ServerGoal;
    readonly applicationName?: string;
    /** Poison the copy's pg_control, as a restore does. */
    readonly poison?: boolean;
    /** false: only lay the files down. */
    readonly start?: boolean;
    /** Also listen on 127.0.0.1. */
    readonly tcp?: boolean;
  } = {},
): Promise<TestServer> {
  const standby = await prepare({ major: primary.major, tcp: options.tcp === true });
  try {
    await copyBetweenStartAndStop(primary, standby.dataDirectory);
    await writeFile(join(standby.dataDirectory, "standby.signal"), "");
    const name = options.applicationName ?? "standby";
    await standby.configure({
      primary_conninfo: `host=${primary.socketDirectory} port=${primary.port} user=postgres application_name=${name}`,
      ...(options.slot === undefined ? {} : { primary_slot_name: options.slot }),
      ...options.settings,
    });
    if (options.poison === true) {
      const control = join(standby.dataDirectory, "global", "pg_control");
      await writeFile(control, poisonCheckpoint(await readFile(control)));
    }
    await takeOverTree(standby.dataDirectory, standby.account);
    if (options.start !== false) {
      await standby.start({ goal: options.goal ?? "ready" });
    }
    return standby;
  } catch (error) {
    await standby[Symbol.asyncDispose]();
    throw error;
  }
}
