/**
 * Brings a backup back into a directory, up to the moment before a server starts on it: files, WAL, recovery
 * settings, isolation, and `pg_control` last. The order makes a half-restored directory unable to start
 * (loss class 49) and a started one unable to touch production (promise 6).
 */
import { chmod, chown, link, mkdir, open, readFile, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DrError } from "../core/errors.ts";
import { failpointAsync, guard } from "../core/failpoint.ts";
import type { Clock } from "../core/clock.ts";
import { syncDirectory } from "../files/directories.ts";
import { acquireLocalLock } from "../files/local-lock.ts";
import type { Random } from "../core/random.ts";
import { deriveFingerprintKey } from "../pipeline/fingerprint-key.ts";
import { parseControlFile, poisonCheckpoint } from "../postgres/control-file.ts";
import { LocalObjects } from "../repository/local-objects.ts";
import { MapReader } from "../repository/map/map-reader.ts";
import {
  type IncarnationPlace,
  incarnationIdBytes,
  objectKey,
} from "../repository/object-names.ts";
import type { BackupRoot } from "../repository/root.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { manifestWith } from "./backup-manifest.ts";
import { isolationSettings, withIsolationBlock, withoutRecoverySettings } from "./isolation.ts";
import { PackReader } from "./pack-reader.ts";
import { type RestoredFiles, restoreFiles } from "./restore-files.ts";
import type { Owner } from "./scatter-messages.ts";
import { claimDirectory, releaseDirectory } from "./target-directory.ts";

const CONTROL = "global/pg_control";
const MANIFEST = "backup_manifest";
const AUTO_CONF = "postgresql.auto.conf";

/** Directories that BASE_BACKUP leaves out or empty, and a server wants. */
const NEEDED_DIRECTORIES = ["pg_wal", "pg_wal/archive_status", "pg_tblspc", "pg_replslot"];

/** What to restore, where to, and how it shall recover. */
export type RestoreBackupOptions = {
  readonly sealed: SealedStore;
  readonly place: IncarnationPlace;
  readonly root: BackupRoot;
  readonly dataDirectory: string;
  /** New places of tablespaces by oid; those not named go to their old place. */
  readonly tablespaces: ReadonlyMap<number, string>;
  readonly owner: Owner | undefined;
  /** Lays the WAL that recovery needs into a directory, durable when it resolves; answers its bytes. */
  readonly layWal: (directory: string) => Promise<number>;
  /** From `recoverySettings`, and whatever else this copy shall have. */
  readonly settings: Readonly<Record<string, string>>;
  readonly workers: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly onProgress?: (progress: {
    readonly phase: string;
    readonly writtenBytes: number;
  }) => void;
  readonly signal: AbortSignal;
};

/** One step and how long it took. */
export type RestorePhase = { readonly name: string; readonly durationMs: number };

/** What was restored. */
export type RestoredBackup = {
  readonly restoredBytes: number;
  readonly readBytes: number;
  readonly walBytes: number;
  readonly phases: readonly RestorePhase[];
};

/** Runs steps one after another and notes their times. */
class Phases {
  readonly #clock: Clock;
  readonly done: RestorePhase[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async run<T>(name: string, step: () => Promise<T>): Promise<T> {
    const began = this.#clock.monotonic();
    const result = await step();
    this.done.push({ name, durationMs: Math.round(this.#clock.monotonic() - began) });
    return result;
  }
}

function placesOf(options: RestoreBackupOptions): ReadonlyMap<number, string> {
  return new Map(
    options.root.tablespaces.map(({ oid, location }) => [
      oid,
      options.tablespaces.get(oid) ?? location,
    ]),
  );
}

/** Writes a small file of the restored directory: replaced if there, owned, synced. */
async function putFile(
  options: RestoreBackupOptions,
  name: string,
  content: string | Uint8Array,
): Promise<void> {
  const path = join(options.dataDirectory, name);
  await rm(path, { force: true });
  await using file = await open(path, "wx", 0o600);
  await file.writeFile(content);
  if (options.owner !== undefined) {
    await file.chown(options.owner.uid, options.owner.gid);
  }
  await file.sync();
}

async function exists(path: string): Promise<boolean> {
  const names: readonly string[] = await readdir(dirname(path));
  return names.includes(path.slice(dirname(path).length + 1));
}

/** Configuration: what came with the backup, minus its recovery settings, plus ours; what lay outside is made. */
async function configure(options: RestoreBackupOptions): Promise<void> {
  const { dataDirectory, root, settings } = options;
  const autoConf = join(dataDirectory, AUTO_CONF);
  const theirs = (await exists(autoConf)) ? await readFile(autoConf, "utf8") : "";
  const isolated = { ...isolationSettings(root.server.major), ...settings };
  await putFile(options, AUTO_CONF, withIsolationBlock(withoutRecoverySettings(theirs), isolated));
  if (!(await exists(join(dataDirectory, "postgresql.conf")))) {
    const origin =
      "# Made by pra: the cluster kept its configuration outside the data directory.\n";
    await putFile(options, "postgresql.conf", origin);
  }
  for (const name of ["pg_hba.conf", "pg_ident.conf"]) {
    if (!(await exists(join(dataDirectory, name)))) {
      const rule = name === "pg_hba.conf" ? "local all all trust\n" : "";
      await putFile(options, name, `# Made by pra: this copy only.\n${rule}`);
    }
  }
  await putFile(options, "recovery.signal", "");
}

/** The last step: `pg_control` under a temporary name, synced, then linked to its own. */
async function putControl(options: RestoreBackupOptions, content: Uint8Array): Promise<void> {
  const temporary = `${CONTROL}.pra`;
  await putFile(options, temporary, content);
  await failpointAsync("restore.control", { signal: options.signal });
  const from = join(options.dataDirectory, temporary);
  await link(from, join(options.dataDirectory, CONTROL));
  await rm(from);
  await syncDirectory(join(options.dataDirectory, "global"), "RESTORE");
}

async function makeNeededDirectories(options: RestoreBackupOptions): Promise<void> {
  for (const name of NEEDED_DIRECTORIES) {
    const path = join(options.dataDirectory, name);
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
    if (options.owner !== undefined) {
      await chown(path, options.owner.uid, options.owner.gid);
    }
  }
}

async function ownTree(directory: string, owner: Owner | undefined): Promise<void> {
  if (owner !== undefined) {
    for (const name of await readdir(directory)) {
      await chown(join(directory, name), owner.uid, owner.gid);
    }
  }
}

/** Syncs every directory of the tree, deepest last: names are durable when it resolves. */
async function syncTree(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      await syncTree(join(directory, entry.name));
    }
  }
  await syncDirectory(directory, "RESTORE");
}

/** Locks, empties and marks every directory; the locks are held until `locks` is disposed of. */
async function claim(
  options: RestoreBackupOptions,
  directories: readonly string[],
  locks: AsyncDisposableStack,
): Promise<void> {
  const { signal, clock, random, owner } = options;
  for (const directory of directories) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    locks.use(await acquireLocalLock(directory, { signal, clock, random }));
    await claimDirectory(directory, { owner, signal });
  }
  await makeNeededDirectories(options);
}

type Sources = { readonly maps: MapReader; readonly packs: PackReader };

async function openSources(options: RestoreBackupOptions, local: LocalObjects): Promise<Sources> {
  const { sealed, place, root, signal } = options;
  const { ring } = sealed;
  const incarnation = incarnationIdBytes(place.incarnation);
  const path = (type: "pack" | "map") => (id: BackupRoot["id"]) =>
    local.path(objectKey({ ...place, type, id }));
  const maps = await MapReader.open({
    ring,
    incarnation,
    maps: root.maps,
    path: path("map"),
    checkDigests: guard("L40-map-digest"),
    signal,
  });
  return { maps, packs: new PackReader({ ring, incarnation, root, path: path("pack") }) };
}

async function putFiles(
  options: RestoreBackupOptions,
  sources: Sources,
  tablespaces: ReadonlyMap<number, string>,
): Promise<RestoredFiles> {
  const { sealed, place, root, dataDirectory, owner, workers, signal } = options;
  const incarnation = incarnationIdBytes(place.incarnation);
  return restoreFiles({
    ...sources,
    root,
    fingerprintKey: deriveFingerprintKey(sealed.ring.metadataKey, incarnation),
    dataDirectory,
    tablespaces,
    heldBack: new Set([CONTROL, MANIFEST]),
    owner,
    workers,
    onProgress: (writtenBytes) => options.onProgress?.({ phase: "files", writtenBytes }),
    signal,
  });
}

/** The backup's `pg_control`, checked, with a checkpoint that leads nowhere. */
async function controlOf(
  options: RestoreBackupOptions,
  sources: Sources,
  heldBack: RestoredFiles["heldBack"],
): Promise<Uint8Array> {
  const entry = heldBack.get(CONTROL);
  if (entry === undefined) {
    throw new DrError("RESTORE_INCOMPLETE_BACKUP", { backup: options.root.id, name: CONTROL });
  }
  const control = await sources.packs.content(entry, sources.maps);
  parseControlFile(control);
  return guard("L1-poisoned-control") ? poisonCheckpoint(control) : control;
}

/** The server's manifest with the entry of the changed `pg_control`; none when the server made none. */
async function putManifest(
  options: RestoreBackupOptions,
  sources: Sources,
  parts: { readonly heldBack: RestoredFiles["heldBack"]; readonly control: Uint8Array },
): Promise<void> {
  const entry = parts.heldBack.get(MANIFEST);
  const theirs = entry === undefined ? undefined : await sources.packs.content(entry, sources.maps);
  const manifest = theirs === undefined ? undefined : manifestWith(theirs, CONTROL, parts.control);
  if (manifest !== undefined) {
    await putFile(options, MANIFEST, manifest);
  }
}

/**
 * Restores. The directory is complete, isolated and not started when it resolves. Aborted or failed: it stays
 * marked as unfinished and cannot start; the same call again begins anew.
 * @throws DrError `RESTORE_*`, `REPO_*`, `STORE_*`, `KEY_*`, and what `layWal` throws.
 */
export async function restoreBackup(options: RestoreBackupOptions): Promise<RestoredBackup> {
  const { sealed, dataDirectory, signal, owner } = options;
  const phases = new Phases(options.clock);
  const tablespaces = placesOf(options);
  const directories = [dataDirectory, ...tablespaces.values()];
  await using local = new LocalObjects(sealed.store, { signal });
  await using locks = new AsyncDisposableStack();
  await phases.run("claim", () => claim(options, directories, locks));
  const sources = await phases.run("maps", () => openSources(options, local));
  await using _maps = sources.maps;
  const restored = await phases.run("files", () => putFiles(options, sources, tablespaces));
  const { heldBack } = restored;
  const control = await controlOf(options, sources, heldBack);
  const walBytes = await phases.run("wal", async () => {
    const directory = join(dataDirectory, "pg_wal");
    const bytes = await options.layWal(directory);
    await ownTree(directory, owner);
    return bytes;
  });
  await phases.run("configuration", async () => {
    await configure(options);
    await putManifest(options, sources, { heldBack, control });
  });
  await phases.run("sync", async () => {
    for (const directory of directories) {
      await syncTree(directory);
    }
  });
  await putControl(options, control);
  for (const directory of directories.toReversed()) {
    await releaseDirectory(directory);
  }
  const { writtenBytes, readBytes } = restored;
  return { restoredBytes: writtenBytes, readBytes, walBytes, phases: phases.done };
}
