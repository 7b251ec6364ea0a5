/**
 * Brings a backup back into a directory, up to the moment before a server starts on it: files, WAL, recovery
 * settings, isolation, and `pg_control` last. The order makes a half-restored directory unable to start
 * (loss class 49) and a started one unable to touch production (promise 6).
 */
import { chown, link, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { DrError } from "../core/errors.ts";
import { failpointAsync, guard } from "../core/failpoint.ts";
import type { Clock } from "../core/clock.ts";
import { decodeFileName, systemPath } from "../core/file-name-bytes.ts";
import { syncDirectory } from "../files/directories.ts";
import type { Random } from "../core/random.ts";
import { deriveFingerprintKey } from "../pipeline/fingerprint-key.ts";
import { namingKey } from "../pipeline/sealing/key-ring.ts";
import { type ControlFile, parseControlFile, poisonCheckpoint } from "../postgres/control-file.ts";
import { LocalObjects } from "../repository/local-objects.ts";
import { type IncarnationPlace, incarnationIdBytes } from "../repository/object-names.ts";
import type { BackupRoot } from "../repository/root.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { BackupFiles } from "./backup-files.ts";
import { manifestWith } from "./backup-manifest.ts";
import type { FileSelection } from "./file-selection.ts";
import { type BackupSources, openSources } from "./open-sources.ts";
import type { LeftOutLibrary } from "./preload-libraries.ts";
import { type PreloadKnowledge, configureRestored } from "./restored-configuration.ts";
import { inRestoreWords, putFile } from "./restored-file.ts";
import { type RestoredFiles, restoreFiles } from "./restore-files.ts";
import { type RestorePlace, restorePlaces } from "./restore-places.ts";
import type { Owner } from "./scatter-messages.ts";
import type { ScatterPool } from "./scatter-pool.ts";
import { type TablespacePlace, tablespaceMapWith, tablespacePlaces } from "./tablespace-places.ts";
import { NEEDED_DIRECTORIES, claimTargets } from "./claim-targets.ts";
import { KeptFiles } from "./kept-files.ts";
import { releaseDirectory } from "./target-directory.ts";

const CONTROL = "global/pg_control";
const MANIFEST = "backup_manifest";
const TABLESPACE_MAP = "tablespace_map";

/** Not written as they are: the first three are changed or come last, the others say how the *source* was to recover. */
const HELD_BACK = new Set([CONTROL, MANIFEST, TABLESPACE_MAP, "standby.signal", "recovery.signal"]);

/** What to restore, where to, and how it shall recover. */
export type RestoreBackupOptions = {
  readonly sealed: SealedStore;
  readonly place: IncarnationPlace;
  readonly root: BackupRoot;
  readonly dataDirectory: string;
  /** New places of tablespaces by oid; those not named go to their old place. */
  readonly tablespaces: ReadonlyMap<number, string>;
  readonly owner: Owner | undefined;
  /** A stopped cluster in the data directory may be made into this one; otherwise only an unfinished restore's directory is taken up. */
  readonly over?: boolean;
  /** Lays the WAL that recovery needs into a directory, durable when it resolves; answers its bytes. */
  readonly layWal: (directory: string) => Promise<number>;
  /** From `recoverySettings`, and whatever else this copy shall have. */
  readonly settings: Readonly<Record<string, string>>;
  /**
   * Given: a partial restore, for a server that is thrown away. Which files it brings is chosen when the backup can be looked into. Its
   * directory keeps the mark of an unfinished restore, so that nothing takes it for a cluster.
   */
  readonly choose?: ((files: BackupFiles) => Promise<FileSelection | undefined>) | undefined;
  /**
   * Asked with the places and what their files will take, the data directory first, before anything is touched; of a partial restore, before
   * the first file is written. Throws where they do not fit.
   */
  readonly requireRoom?:
    ((places: readonly [RestorePlace, ...RestorePlace[]]) => Promise<void>) | undefined;
  /** For a copy that people start; not given where `shared_preload_libraries` is decided otherwise. */
  readonly libraries?: PreloadKnowledge;
  readonly workers: number;
  /** Threads that were started already, in place of `workers` new ones; ended when they have done their work. */
  readonly pool?: ScatterPool;
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
  /** Of what was there already: what was right and stayed. */
  readonly keptBytes: number;
  readonly walBytes: number;
  readonly leftOutLibraries: readonly LeftOutLibrary[];
  readonly phases: readonly RestorePhase[];
};

/** Runs steps one after another, none once aborted, and notes their times. */
class Phases {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly done: RestorePhase[] = [];

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
  }

  async run<T>(name: string, step: () => Promise<T>): Promise<T> {
    this.#signal.throwIfAborted();
    const began = this.#clock.monotonic();
    const result = await step();
    this.done.push({ name, durationMs: Math.round(this.#clock.monotonic() - began) });
    return result;
  }
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

async function ownTree(directory: string, owner: Owner | undefined): Promise<void> {
  if (owner !== undefined) {
    for (const name of await readdir(directory)) {
      await chown(join(directory, name), owner.uid, owner.gid);
    }
  }
}

/** Syncs every directory of the tree, deepest first: names are durable when it resolves. */
async function syncTree(directory: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const path = systemPath(directory);
  for (const entry of await readdir(path, { withFileTypes: true, encoding: "buffer" })) {
    if (entry.isDirectory()) {
      await syncTree(join(directory, decodeFileName(entry.name)), signal);
    }
  }
  await syncDirectory(directory, "RESTORE");
}

/** Which files come; undefined: all. @throws DrError what `choose` and `requireRoom` throw. */
async function chooseFitting(
  { root, dataDirectory, choose, requireRoom }: RestoreBackupOptions,
  sources: BackupSources,
  places: readonly TablespacePlace[],
): Promise<FileSelection | undefined> {
  if (choose === undefined) {
    return undefined;
  }
  const files = new BackupFiles(root, sources);
  const selection = await choose(files);
  if (selection === undefined) {
    await requireRoom?.(restorePlaces(root, dataDirectory, places));
    return undefined;
  }
  const filesBytes = files.contentBytes(selection);
  await requireRoom?.([{ directory: dataDirectory, replaced: dataDirectory, filesBytes }]);
  return selection;
}

async function putFiles(
  options: RestoreBackupOptions,
  sources: BackupSources,
  { places, kept }: Pick<FillParts, "places" | "kept">,
): Promise<RestoredFiles> {
  const selection = await chooseFitting(options, sources, places);
  const { sealed, place, root, dataDirectory, owner, workers, pool, signal } = options;
  const incarnation = incarnationIdBytes(place.incarnation);
  return restoreFiles({
    ...sources,
    root,
    fingerprintKey: deriveFingerprintKey(namingKey(sealed.ring), incarnation),
    dataDirectory,
    tablespaces: new Map(places.map(({ oid, directory }) => [oid, directory])),
    heldBack: HELD_BACK,
    kept,
    selection,
    owner,
    workers,
    pool,
    onProgress: (bytes) => options.onProgress?.({ phase: "files", writtenBytes: bytes }),
    signal,
  });
}

type Control = { readonly content: Uint8Array; readonly facts: ControlFile };

/** The backup's `pg_control`, checked, with a checkpoint that leads nowhere. */
async function controlOf(
  options: RestoreBackupOptions,
  sources: BackupSources,
  heldBack: RestoredFiles["heldBack"],
): Promise<Control> {
  const entry = heldBack.get(CONTROL);
  if (entry === undefined) {
    throw new DrError("RESTORE_INCOMPLETE_BACKUP", { backup: options.root.id, name: CONTROL });
  }
  const theirs = await sources.packs.content(entry, sources.maps);
  const facts = parseControlFile(theirs);
  return { facts, content: guard("L1-poisoned-control") ? poisonCheckpoint(theirs) : theirs };
}

/** Writes `tablespace_map` with the places of this copy; answers it when there is one. */
async function putTablespaceMap(
  options: RestoreBackupOptions,
  sources: BackupSources,
  parts: {
    readonly heldBack: RestoredFiles["heldBack"];
    readonly places: readonly TablespacePlace[];
  },
): Promise<ReadonlyMap<string, Uint8Array>> {
  const entry = parts.heldBack.get(TABLESPACE_MAP);
  if (entry === undefined) {
    return new Map();
  }
  const theirs = await sources.packs.content(entry, sources.maps);
  const map = tablespaceMapWith(theirs, parts.places);
  await putFile(options, TABLESPACE_MAP, map);
  return new Map([[TABLESPACE_MAP, map]]);
}

/** The server's manifest with the entries of changed files; none when the server made none. */
async function putManifest(
  options: RestoreBackupOptions,
  sources: BackupSources,
  parts: {
    readonly heldBack: RestoredFiles["heldBack"];
    readonly changed: ReadonlyMap<string, Uint8Array>;
  },
): Promise<void> {
  const entry = parts.heldBack.get(MANIFEST);
  if (entry === undefined) {
    return;
  }
  const manifest = await sources.packs.content(entry, sources.maps);
  const pieces = manifestWith(manifest, parts.changed);
  if (pieces !== undefined) {
    await putFile(options, MANIFEST, pieces);
  }
}

type FillParts = {
  readonly local: LocalObjects;
  readonly places: readonly TablespacePlace[];
  /** What is there already. */
  readonly kept: KeptFiles | undefined;
};

/** What lies in directories that hold something; undefined: nothing does. */
async function findKept(
  { dataDirectory, signal }: RestoreBackupOptions,
  filled: ReadonlySet<string>,
): Promise<KeptFiles | undefined> {
  if (filled.size === 0) {
    return undefined;
  }
  const bases = Array.from(filled, (directory) => {
    return { directory, isShared: directory !== dataDirectory };
  });
  const kept = await KeptFiles.find(bases, signal);
  NEEDED_DIRECTORIES.forEach((name) => {
    kept.directory(join(dataDirectory, name));
  });
  return kept;
}

/** Everything from the files to `pg_control`, into directories that are claimed. */
async function fill(
  options: RestoreBackupOptions,
  phases: Phases,
  parts: FillParts,
): Promise<Omit<RestoredBackup, "phases">> {
  const { dataDirectory, root, settings, signal, owner } = options;
  const { local, places } = parts;
  const sources = await phases.run("maps", () =>
    openSources({ ...options, checkDigests: guard("L40-map-digest") }, local),
  );
  await using _maps = sources.maps;
  const restored = await phases.run("files", () => putFiles(options, sources, parts));
  const { heldBack } = restored;
  const control = await controlOf(options, sources, heldBack);
  const walBytes = await phases.run("wal", async () => {
    const directory = join(dataDirectory, "pg_wal");
    const bytes = await options.layWal(directory);
    await ownTree(directory, owner);
    return bytes;
  });
  const leftOutLibraries = await phases.run("configuration", async () => {
    const { major } = root.server;
    const inPlaceTablespaces = places.some(({ inPlace }) => inPlace);
    const { libraries } = options;
    const about = { major, control: control.facts, inPlaceTablespaces, settings, libraries };
    const configuration = await configureRestored(options, about);
    const map = await putTablespaceMap(options, sources, { heldBack, places });
    const changed = new Map([[CONTROL, control.content], ...configuration.changed, ...map]);
    await putManifest(options, sources, { heldBack, changed });
    return configuration.leftOut;
  });
  const outside = places.filter(({ inPlace }) => !inPlace).map(({ directory }) => directory);
  await phases.run("sync", async () => {
    for (const directory of [dataDirectory, ...outside]) {
      await syncTree(directory, signal);
    }
  });
  await phases.run("control", () => putControl(options, control.content));
  const released = options.choose === undefined ? [...outside, dataDirectory] : [];
  for (const directory of released) {
    await releaseDirectory(directory);
  }
  const { writtenBytes: restoredBytes, readBytes, keptBytes } = restored;
  return { restoredBytes, readBytes, keptBytes, walBytes, leftOutLibraries };
}

/**
 * Restores. The directory is complete, isolated and not started when it resolves. Aborted or failed: it stays
 * marked as unfinished and cannot start; the same call again takes it up.
 * @throws DrError `RESTORE_*`, `REPO_*`, `STORE_*`, `KEY_*`, and what `layWal` throws.
 */
export async function restoreBackup(options: RestoreBackupOptions): Promise<RestoredBackup> {
  const { sealed, dataDirectory, signal, clock } = options;
  const phases = new Phases(clock, signal);
  try {
    const places = tablespacePlaces(options.root, dataDirectory, options.tablespaces);
    if (options.choose === undefined) {
      await options.requireRoom?.(restorePlaces(options.root, dataDirectory, places));
    }
    await using local = new LocalObjects(sealed.store, { signal });
    await using locks = new AsyncDisposableStack();
    const kept = await phases.run("claim", async () => {
      return await findKept(
        options,
        await claimTargets({ ...options, over: options.over === true }, places, locks),
      );
    });
    const filled = await fill(options, phases, { local, places, kept });
    return { ...filled, phases: phases.done };
  } catch (error) {
    throw inRestoreWords(error, dataDirectory);
  }
}
