/** A process for tests to kill: restores what the job file names, and says in one JSON line how that ended. */
import { copyFile, mkdir, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { deserialize } from "node:v8";
import { systemClock } from "../../src/core/clock.ts";
import { systemRandom } from "../../src/core/random.ts";
import { timelineOf } from "../../src/core/wal-name.ts";
import { configureFailpointsFrom } from "../../src/files/failpoint-effects.ts";
import { isDrError } from "../../src/core/errors.ts";
import type { KeyRing } from "../../src/pipeline/sealing/key-ring.ts";
import type { IncarnationPlace } from "../../src/repository/object-names.ts";
import { decodeRoot } from "../../src/repository/root.ts";
import { SealedStore } from "../../src/repository/sealed-store.ts";
import { recoverySettings } from "../../src/restore/recovery-settings.ts";
import { restoreBackup } from "../../src/restore/restore-backup.ts";
import type { Owner } from "../../src/restore/scatter-messages.ts";
import { DiskStore } from "../../src/stores/disk-store.ts";

/** What the parent writes with `serialize` of node:v8. */
export type RestoreJob = {
  readonly storeRoot: string;
  readonly ring: KeyRing;
  readonly place: IncarnationPlace;
  readonly root: Uint8Array;
  readonly dataDirectory: string;
  readonly archive: string;
  readonly owner: Owner;
};

configureFailpointsFrom(process.env);
const job = deserialize(await readFile(process.argv[2] ?? "")) as RestoreJob;
const signal = new AbortController().signal;
const store = await DiskStore.open({ root: job.storeRoot, create: false }, { signal });
let line = "";
try {
  const restored = await restoreBackup({
    sealed: new SealedStore({ store, ring: job.ring, clock: systemClock, random: systemRandom }),
    place: job.place,
    root: decodeRoot(job.root),
    dataDirectory: job.dataDirectory,
    tablespaces: new Map(),
    owner: job.owner,
    layWal: async (directory) => {
      await mkdir(directory, { recursive: true });
      const names = await readdir(job.archive);
      for (const name of names) {
        await copyFile(join(job.archive, name), join(directory, name));
      }
      return names.length;
    },
    settings: recoverySettings({
      stop: { kind: "end" },
      timeline: timelineOf(1),
      action: "promote",
    }),
    workers: 2,
    clock: systemClock,
    random: systemRandom,
    signal,
  });
  line = JSON.stringify({ restoredBytes: restored.restoredBytes, keptBytes: restored.keptBytes });
} catch (error) {
  line = JSON.stringify({ code: isDrError(error) ? error.code : String(error) });
}
process.stdout.write(`${line}\n`);
