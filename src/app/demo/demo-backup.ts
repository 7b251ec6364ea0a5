/** Takes a backup of the demonstration's server; its WAL comes from the receiver that runs beside. */
import { setTimeout as sleep } from "node:timers/promises";
import { outsideConfiguration, serverIdentity } from "../../backup/server-identity.ts";
import type { BackupProgress } from "../../backup/backup-taker.ts";
import { takeBackup } from "../../backup/take-backup.ts";
import { leaseTtlSeconds } from "../../core/limits.ts";
import { acquireLease } from "../../repository/lease.ts";
import type { BackupRoot } from "../../repository/root.ts";
import type { SealedStore } from "../../repository/sealed-store.ts";
import { streamBackup } from "../../source/stream-source.ts";
import { WalCatalogue } from "../../wal/wal-catalogue.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { openDemoPlace } from "./demo-place.ts";

const WORKERS = 2;
const LOOK_EVERY_MS = 50;

/** Takes a full backup, or an incremental one on top of `parent`. */
export async function takeDemoBackup(options: {
  readonly adapters: Adapters;
  readonly environment: Environment;
  readonly sealed: SealedStore;
  readonly parent: BackupRoot | undefined;
  readonly onProgress: (progress: BackupProgress) => void;
  readonly signal: AbortSignal;
}): Promise<{ readonly root: BackupRoot; readonly durationMs: number }> {
  const { adapters, environment, sealed, parent } = options;
  const { clock, observer } = adapters;
  const { place, facts, systemIdentifier } = await openDemoPlace({ ...options, clock });
  await using lease = await acquireLease(sealed, {
    cluster: place.cluster,
    purpose: "backup",
    ttlSeconds: leaseTtlSeconds,
    clock,
    observer,
    signal: options.signal,
  });
  const signal = AbortSignal.any([options.signal, lease.lost]);
  const taken = await takeBackup({
    sealed,
    place,
    epoch: lease.epoch,
    server: serverIdentity(facts, systemIdentifier),
    configuration: outsideConfiguration(facts),
    parent,
    predecessor: parent?.id,
    label: "pra demo",
    note: "",
    stream: (sink) =>
      streamBackup(
        environment.connection,
        {
          applicationName: "pra_demo_backup",
          label: "pra demo",
          fastCheckpoint: true,
          manifestChecksums: "crc32c",
          signal,
        },
        sink,
      ),
    wal: {
      complete: async ({ timeline, from, to }) => {
        for (;;) {
          const catalogue = await WalCatalogue.load(sealed, place, { signal });
          const span = catalogue.spanCovering(timeline, from);
          if (span !== undefined && span.toLsn >= to) {
            return;
          }
          await sleep(LOOK_EVERY_MS, undefined, { signal });
        }
      },
    },
    workers: WORKERS,
    zstdLevel: 1,
    clock,
    onProgress: options.onProgress,
    signal,
  });
  return taken;
}
