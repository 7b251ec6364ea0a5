/** A repository for tests: fresh keys, a directory or a memory store, and backups without the command line. */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../src/core/clock.ts";
import { systemRandom } from "../../src/core/random.ts";
import { type TakenBackup, takeBackup } from "../../src/backup/take-backup.ts";
import { outsideConfiguration, serverIdentity } from "../../src/backup/server-identity.ts";
import { createKeyRing } from "../../src/pipeline/sealing/key-ring.ts";
import type { ConnectionSettings } from "../../src/postgres/connection-settings.ts";
import { readServerFacts } from "../../src/postgres/server-facts.ts";
import { openIncarnation } from "../../src/repository/incarnation.ts";
import { type IncarnationPlace, clusterNameOf } from "../../src/repository/object-names.ts";
import type { BackupRoot } from "../../src/repository/root.ts";
import { SealedStore } from "../../src/repository/sealed-store.ts";
import type { BackupSink } from "../../src/source/backup-source.ts";
import { streamBackup } from "../../src/source/stream-source.ts";
import { DiskStore } from "../../src/stores/disk-store.ts";
import { recoverySettings } from "../../src/restore/recovery-settings.ts";
import {
  type RestoreBackupOptions,
  type RestoredBackup,
  restoreBackup,
} from "../../src/restore/restore-backup.ts";
import { type ThrowawayServer, startServer } from "../../src/postgres/throwaway-server.ts";
import { timelineOf } from "../../src/core/wal-name.ts";
import { never } from "./connection-of.ts";
import { type TestServer, freePort, testDirectory } from "./test-server.ts";
import type { WalArchive } from "./wal-archive.ts";
import { Client } from "pg";

/** A backup, and where it lies. */
export type PlacedBackup = TakenBackup & { readonly place: IncarnationPlace };

/** A restored cluster; removed, and its server stopped, when it is disposed of. */
export class RestoredCluster implements AsyncDisposable {
  readonly home: string;
  readonly dataDirectory: string;
  readonly restored: RestoredBackup;
  readonly #source: TestServer;
  #server: ThrowawayServer | undefined;

  constructor(source: TestServer, home: string, restored: RestoredBackup) {
    this.#source = source;
    this.home = home;
    this.dataDirectory = join(home, "data");
    this.restored = restored;
  }

  /** Starts it with the source's programs; "ready" is after promotion. */
  async start(
    options: {
      readonly settings?: Readonly<Record<string, string>>;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<void> {
    this.#server = await startServer({
      dataDirectory: this.dataDirectory,
      binaries: this.#source.binaries,
      port: await freePort(),
      account: this.#source.account,
      signal: never,
      ...options,
    });
    // "ready" may come before the end of replay, where reads are allowed meanwhile.
    while ((await this.value("SELECT pg_is_in_recovery()")) === "true") {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop(): Promise<void> {
    await this.#server?.stop("fast", { signal: never });
    // Its socket's directory goes with it.
    await this.#server?.[Symbol.asyncDispose]();
    this.#server = undefined;
  }

  /** Runs `work` on a connection to the started server. */
  async withClient<T>(work: (client: Client) => Promise<T>, database = "postgres"): Promise<T> {
    const client = new Client({
      host: this.#server?.socketDirectory ?? "",
      port: this.#server?.port ?? 0,
      user: "postgres",
      database,
    });
    client.on("error", () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  /** Rows of a query on the started server. */
  async query(sql: string, database?: string): Promise<Record<string, unknown>[]> {
    return await this.withClient(async (client) => {
      const result = await client.query<Record<string, unknown>>(sql);
      return result.rows;
    }, database);
  }

  /** The first column of the first row, as text. */
  async value(sql: string, database?: string): Promise<string> {
    const rows = await this.query(sql, database);
    const value = Object.values(rows[0] ?? {})[0];
    return typeof value === "string" ? value : JSON.stringify(value ?? "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.home, { recursive: true, force: true });
  }
}

/** The sink, holding the source now and then. */
function slowed(sink: BackupSink, work: (() => Promise<void>) | undefined): BackupSink {
  if (work === undefined) {
    return sink;
  }
  let at = 0;
  return {
    begin: (start) => sink.begin(start),
    entry: (entry) => sink.entry(entry),
    data: (chunk) => sink.data(chunk),
    endEntry: () => sink.endEntry(),
    pressure: () => {
      const pressure = sink.pressure();
      at += 1;
      return at % 8 === 0 ? Promise.resolve(pressure).then(work) : pressure;
    },
  };
}

/** A repository in a directory of its own. */
export class TestRepository implements AsyncDisposable {
  readonly directory: string;
  readonly sealed: SealedStore;

  private constructor(directory: string, sealed: SealedStore) {
    this.directory = directory;
    this.sealed = sealed;
  }

  static async create(): Promise<TestRepository> {
    const directory = await mkdtemp("/tmp/pra-repository-");
    const root = join(directory, "store");
    const store = await DiskStore.open({ root, create: true }, { signal: never });
    const ring = createKeyRing();
    const sealed = new SealedStore({ store, ring, clock: systemClock, random: systemRandom });
    return new TestRepository(directory, sealed);
  }

  /** Takes a backup of a running server whose WAL somebody else keeps. */
  async backup(
    settings: ConnectionSettings,
    options: {
      readonly parent?: BackupRoot;
      readonly workers?: number;
      readonly signal?: AbortSignal;
      /** Called now and then while content arrives, and waited for. */
      readonly whileStreaming?: () => Promise<void>;
    } = {},
  ): Promise<PlacedBackup> {
    const call = { applicationName: "pra_test", signal: never };
    const facts = await readServerFacts(settings, call);
    const systemIdentifier = facts.systemIdentifier.visible
      ? BigInt(facts.systemIdentifier.value)
      : 0n;
    const place = await openIncarnation(
      this.sealed,
      {
        cluster: clusterNameOf("main"),
        systemIdentifier,
        major: facts.version.major,
        serverVersion: facts.versionText,
        named: undefined,
      },
      { signal: never, nowMs: systemClock.now() },
    );
    const taken = await takeBackup({
      sealed: this.sealed,
      place,
      epoch: 0,
      server: serverIdentity(facts, systemIdentifier),
      configuration: outsideConfiguration(facts),
      parent: options.parent,
      predecessor: options.parent?.id,
      label: "test",
      note: "",
      stream: (sink) =>
        streamBackup(
          settings,
          {
            ...call,
            signal: options.signal ?? never,
            label: "test",
            fastCheckpoint: true,
            manifestChecksums: "crc32c",
          },
          slowed(sink, options.whileStreaming),
        ),
      wal: { complete: () => Promise.resolve() },
      workers: options.workers ?? 2,
      zstdLevel: 1,
      clock: systemClock,
      signal: options.signal ?? never,
    });
    return { ...taken, place };
  }

  /** What restores a backup with the WAL of an archive, all of it, and promotes. */
  restoreOptions(
    server: TestServer,
    backup: PlacedBackup,
    options: {
      readonly dataDirectory: string;
      readonly archive: WalArchive;
      readonly tablespaces?: ReadonlyMap<number, string>;
      readonly signal?: AbortSignal;
    },
  ): RestoreBackupOptions {
    return {
      sealed: this.sealed,
      place: backup.place,
      root: backup.root,
      dataDirectory: options.dataDirectory,
      tablespaces: options.tablespaces ?? new Map(),
      owner: { uid: server.account.uid, gid: server.account.gid },
      layWal: (directory) => options.archive.lay(directory),
      settings: recoverySettings({
        stop: { kind: "end" },
        timeline: timelineOf(1),
        action: "promote",
      }),
      workers: 2,
      clock: systemClock,
      random: systemRandom,
      signal: options.signal ?? never,
    };
  }

  /** Restores into a directory of its own, which belongs to the server's account. */
  async restore(
    server: TestServer,
    backup: PlacedBackup,
    options: {
      readonly archive: WalArchive;
      readonly tablespaces?: ReadonlyMap<number, string>;
    },
  ): Promise<RestoredCluster> {
    const home = await testDirectory(server.account);
    const dataDirectory = join(home, "data");
    const about = this.restoreOptions(server, backup, { ...options, dataDirectory });
    return new RestoredCluster(server, home, await restoreBackup(about));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
