/**
 * What a restore is going to make: directories, files with the runs that fill them, links of tablespaces. Read from the
 * pages of a backup, and checked: a name leaves its directory never, and a file is as long as its blocks.
 *
 * Memory: about 300 bytes a file, and the plan of its blocks (`scatter-plan.ts`).
 */
import { chmod, chown, lchown, mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { assert } from "../core/assert.ts";
import { DrError } from "../core/errors.ts";
import { systemPath } from "../core/file-name-bytes.ts";
import { joinBelow } from "../files/safe-path.ts";
import type { FingerprintKey } from "../pipeline/fingerprint-key.ts";
import { mergeLayers } from "../repository/map/layer.ts";
import type { MapReader } from "../repository/map/map-reader.ts";
import { type PageEntry, PageReader } from "../repository/map/page.ts";
import { STRETCH_BLOCKS_MAX, type Stretch } from "../repository/map/stretch.ts";
import type { BackupRoot, PageRef } from "../repository/root.ts";
import { type Assembly, assemblyRanges, planAssembly } from "./assembly-plan.ts";
import { type FileSelection, isWantedFile } from "./file-selection.ts";
import type { Hole } from "./lay-holes.ts";
import type { PackReader } from "./pack-reader.ts";
import type { Owner, TargetFile } from "./scatter-messages.ts";
import { ScatterPlan } from "./scatter-plan.ts";
import type { ScatterPool } from "./scatter-pool.ts";

/** What to restore, and where to. */
export type RestoreFilesOptions = {
  readonly root: BackupRoot;
  readonly maps: MapReader;
  readonly packs: PackReader;
  readonly fingerprintKey: FingerprintKey;
  /** The data directory: exists, empty, ours. */
  readonly dataDirectory: string;
  /** Where each tablespace's files go, by oid; each exists and is empty. One at `pg_tblspc/<oid>` needs no link. */
  readonly tablespaces: ReadonlyMap<number, string>;
  /** Names below the data directory whose content is answered instead of written. */
  readonly heldBack: ReadonlySet<string>;
  /** Given: of other relations nothing but their length is restored. */
  readonly selection?: FileSelection | undefined;
  readonly owner: Owner | undefined;
  readonly workers: number;
  /** Threads that were started already, in place of `workers` new ones; ended when the files are restored. */
  readonly pool?: ScatterPool | undefined;
  /** Called as bytes reach files. */
  readonly onProgress?: (writtenBytes: number) => void;
  readonly signal: AbortSignal;
};

/** See the file's comment. */
export type RestoreLayout = {
  readonly files: TargetFile[];
  /** Modes by path. */
  readonly directories: Map<string, number>;
  readonly plan: ScatterPlan;
  readonly assemblies: Assembly[];
  /** Runs, and assemblies, still to be written, by file number. */
  readonly pendingRuns: number[];
  readonly heldBack: Map<string, PageEntry>;
  /** Of a partial restore. */
  readonly holes: Hole[];
};

/** Reads the pages. @throws DrError `REPO_*`, `RESTORE_UNSAFE_PATH`. */
export async function layOut(options: RestoreFilesOptions): Promise<RestoreLayout> {
  const layout: RestoreLayout = {
    files: [],
    directories: new Map(),
    plan: new ScatterPlan(options.root.server.blockBytes),
    assemblies: [],
    pendingRuns: [],
    heldBack: new Map(),
    holes: [],
  };
  for (const page of options.root.pages) {
    // A cluster has thousands of pages: between them others have their turn, an abort among them.
    await setImmediate(undefined, { signal: options.signal });
    layOutPage(layout, page, options);
  }
  return layout;
}

function layOutPage(layout: RestoreLayout, page: PageRef, options: RestoreFilesOptions): void {
  const { maps, tablespaces, heldBack, dataDirectory } = options;
  const base = page.tablespace === 0 ? dataDirectory : tablespaces.get(page.tablespace);
  assert(base !== undefined, `tablespace ${page.tablespace} has a place`);
  for (const entry of new PageReader(Buffer.from(maps.item(page))).entries()) {
    // The names come from a root that a writer signed, and are checked all the same.
    const path = joinBelow(base, entry.name);
    if (entry.type === "directory") {
      layout.directories.set(path, entry.mode);
    } else if (entry.type === "symlink") {
      checkLink(entry, base);
    } else if (page.tablespace === 0 && heldBack.has(entry.name)) {
      layout.heldBack.set(entry.name, entry);
    } else if (!isContentWanted(options, page.tablespace, entry.name)) {
      layout.holes.push({ path, sizeBytes: entry.sizeBytes, mode: entry.mode });
    } else {
      addFile(layout, { path, entry }, options);
    }
  }
}

function isContentWanted(
  { selection }: RestoreFilesOptions,
  tablespaceOid: number,
  path: string,
): boolean {
  return selection === undefined || isWantedFile(selection, { tablespaceOid, path });
}

/** The only links that a backup may hold are tablespaces', and those are made from the mapping. */
function checkLink(entry: PageEntry, root: string): void {
  if (!/^pg_tblspc\/\d+$/.test(entry.name)) {
    throw new DrError("RESTORE_UNSAFE_PATH", { path: entry.name, root, reason: "symlink" });
  }
}

function addFile(
  layout: RestoreLayout,
  file: { readonly path: string; readonly entry: PageEntry },
  options: RestoreFilesOptions,
): void {
  const { path, entry } = file;
  const { blockBytes } = options.root.server;
  const number = layout.files.length;
  layout.files.push({ number, path, sizeBytes: entry.sizeBytes, mode: entry.mode });
  let runs = 0;
  let bytes = 0;
  entry.stretches.forEach((layers, index) => {
    const { stretch } = mergeLayers(
      layers.map((ref) => options.maps.item(ref)),
      blockBytes,
    );
    runs += addStretch(
      layout,
      { file: number, firstBlock: index * STRETCH_BLOCKS_MAX, blockBytes },
      stretch,
    );
    bytes += bytesOf(stretch, blockBytes);
  });
  if (bytes !== entry.sizeBytes) {
    const reason = `the blocks of ${entry.name} make ${bytes} bytes, not ${entry.sizeBytes}`;
    throw new DrError("REPO_OBJECT_DAMAGED", { object: `backup ${options.root.id}`, reason });
  }
  layout.pendingRuns[number] = runs;
}

/** Answers how many runs and assemblies it takes. */
function addStretch(
  { plan, assemblies }: RestoreLayout,
  about: { readonly file: number; readonly firstBlock: number; readonly blockBytes: number },
  stretch: Stretch,
): number {
  let added = 0;
  for (const range of assemblyRanges(stretch, about.blockBytes)) {
    const assembly = planAssembly(about, stretch, range);
    if (assembly === undefined) {
      added += plan.add(about.file, about.firstBlock, stretch, range);
    } else {
      assemblies.push(assembly);
      added += 1;
    }
  }
  return added;
}

function bytesOf({ blockCount, tailBytes }: Stretch, blockBytes: number): number {
  return blockCount * blockBytes - (tailBytes === 0 ? 0 : blockBytes - tailBytes);
}

/** Where a tablespace's link is, or the tablespace itself. */
function inPlaceOf(dataDirectory: string, oid: number): string {
  return join(dataDirectory, "pg_tblspc", String(oid));
}

/** Makes the directories, with their modes and owner. */
export async function makeDirectories(
  layout: RestoreLayout,
  options: RestoreFilesOptions,
): Promise<void> {
  const paths = new Map(layout.directories);
  for (const { path } of [...layout.files, ...layout.holes]) {
    const parent = dirname(path);
    if (!paths.has(parent)) {
      paths.set(parent, 0o700);
    }
  }
  const { dataDirectory, tablespaces } = options;
  const inPlace = [...tablespaces].filter(
    (place) => place[1] === inPlaceOf(dataDirectory, place[0]),
  );
  inPlace.forEach(([, path]) => paths.set(path, 0o700));
  const bases = new Set([dataDirectory, ...tablespaces.values()]);
  inPlace.forEach(([, path]) => bases.delete(path));
  const sorted = [...paths]
    .filter(([path]) => !bases.has(path))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [path, mode] of sorted) {
    options.signal.throwIfAborted();
    const name = systemPath(path);
    await mkdir(name, { recursive: true, mode });
    // The mask of this process may have taken bits away.
    await chmod(name, mode);
    if (options.owner !== undefined) {
      await chown(name, options.owner.uid, options.owner.gid);
    }
  }
}

/** Makes the links of the tablespaces that lie outside the data directory. */
export async function linkTablespaces(options: RestoreFilesOptions): Promise<void> {
  const { owner, dataDirectory } = options;
  for (const [oid, location] of options.tablespaces) {
    const path = inPlaceOf(dataDirectory, oid);
    if (location !== path) {
      await symlink(systemPath(location), path);
      if (owner !== undefined) {
        await lchown(path, owner.uid, owner.gid);
      }
    }
  }
}
