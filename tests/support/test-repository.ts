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
import { streamBackup } from "../../src/source/stream-source.ts";
import { DiskStore } from "../../src/stores/disk-store.ts";
import { never } from "./connection-of.ts";

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
    options: { readonly parent?: BackupRoot; readonly workers?: number } = {},
  ): Promise<TakenBackup & { readonly place: IncarnationPlace }> {
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
          { ...call, label: "test", fastCheckpoint: true, manifestChecksums: "crc32c" },
          sink,
        ),
      wal: { complete: () => Promise.resolve() },
      workers: options.workers ?? 2,
      zstdLevel: 1,
      clock: systemClock,
      signal: never,
    });
    return { ...taken, place };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
