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
import {
  type Assembly,
  type BlockRange,
  type StretchPlace,
  assemblyRanges,
  planAssembly,
} from "./assembly-plan.ts";
import { type FileSelection, isWantedFile } from "./file-selection.ts";
import type { Hole } from "./lay-holes.ts";
import type { PackReader } from "./pack-reader.ts";
import type { KeptFiles } from "./kept-files.ts";
import type { ComparisonUnit, Owner, TargetFile } from "./scatter-messages.ts";
import { ScatterPlan } from "./scatter-plan.ts";
import type { ScatterPool } from "./scatter-pool.ts";

/** What to restore, and where to. */
export type RestoreFilesOptions = {
  readonly root: BackupRoot;
  readonly maps: MapReader;
  readonly packs: PackReader;
  readonly fingerprintKey: FingerprintKey;
  /** The data directory: exists, ours, and empty but for what `kept` knows. */
  readonly dataDirectory: string;
  /** Where each tablespace's files go, by oid: as the data directory. One at `pg_tblspc/<oid>` needs no link. */
  readonly tablespaces: ReadonlyMap<number, string>;
  /** What is there already; undefined: nothing. */
  readonly kept?: KeptFiles | undefined;
  /** Names below the data directory whose content is answered instead of written. */
  readonly heldBack: ReadonlySet<string>;
  /** Given: of other relations nothing but their length is restored. */
  readonly selection?: FileSelection | undefined;
  readonly owner: Owner | undefined;
  readonly workers: number;
  /** Threads that were started already, in place of `workers` new ones; ended when the files are restored. */
  readonly pool?: ScatterPool | undefined;
  /** Called as bytes reach files, or are found there. */
  readonly onProgress?: (bytes: number) => void;
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
  /** Of files that were there: what was right. */
  readonly kept: { bytes: number };
};

/**
 * Reads the pages, and has what is there already compared by the pool's workers: blocks that are right are not laid out.
 * @throws DrError `REPO_*`, `RESTORE_UNSAFE_PATH`, `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`.
 */
export async function layOut(
  options: RestoreFilesOptions,
  pool: ScatterPool,
): Promise<RestoreLayout> {
  const layout: RestoreLayout = {
    files: [],
    directories: new Map(),
    plan: new ScatterPlan(options.root.server.blockBytes),
    assemblies: [],
    pendingRuns: [],
    heldBack: new Map(),
    holes: [],
    kept: { bytes: 0 },
  };
  for (const page of options.root.pages) {
    // A cluster has thousands of pages: between them others have their turn, an abort among them.
    await setImmediate(undefined, { signal: options.signal });
    await layOutPage(layout, page, { ...options, pool });
  }
  await pool.drain();
  return layout;
}

/** With workers that compare. */
type LayOutOptions = RestoreFilesOptions & { readonly pool: ScatterPool };

async function layOutPage(
  layout: RestoreLayout,
  page: PageRef,
  options: LayOutOptions,
): Promise<void> {
  const { maps, tablespaces, heldBack, dataDirectory, kept } = options;
  const base = page.tablespace === 0 ? dataDirectory : tablespaces.get(page.tablespace);
  assert(base !== undefined, `tablespace ${page.tablespace} has a place`);
  for (const entry of new PageReader(Buffer.from(maps.item(page))).entries()) {
    // The names come from a root that a writer signed, and are checked all the same.
    const path = joinBelow(base, entry.name);
    if (entry.type === "directory") {
      layout.directories.set(path, entry.mode);
      kept?.directory(path);
    } else if (entry.type === "symlink") {
      checkLink(entry, base);
    } else if (page.tablespace === 0 && heldBack.has(entry.name)) {
      layout.heldBack.set(entry.name, entry);
    } else if (!isContentWanted(options, page.tablespace, entry.name)) {
      layout.holes.push({ path, sizeBytes: entry.sizeBytes, mode: entry.mode });
    } else {
      await addFile(layout, { path, entry }, options);
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

async function addFile(
  layout: RestoreLayout,
  { path, entry }: { readonly path: string; readonly entry: PageEntry },
  options: LayOutOptions,
): Promise<void> {
  const { blockBytes } = options.root.server;
  const number = layout.files.length;
  const file = { number, path, sizeBytes: entry.sizeBytes, mode: entry.mode };
  layout.files.push(file);
  layout.pendingRuns[number] = 0;
  const isThere = options.kept?.file(path) === true;
  let bytes = 0;
  for (const [index, layers] of entry.stretches.entries()) {
    const { stretch } = mergeLayers(
      layers.map((ref) => options.maps.item(ref)),
      blockBytes,
    );
    const about = { file: number, firstBlock: index * STRETCH_BLOCKS_MAX, blockBytes };
    if (isThere) {
      await compareStretch(layout, { file, about, stretch }, options);
    } else {
      addBlocks(layout, about, stretch, { from: 0, to: stretch.blockCount });
    }
    bytes += bytesOf(stretch, blockBytes);
  }
  if (bytes !== entry.sizeBytes) {
    const reason = `the blocks of ${entry.name} make ${bytes} bytes, not ${entry.sizeBytes}`;
    throw new DrError("REPO_OBJECT_DAMAGED", { object: `backup ${options.root.id}`, reason });
  }
}

/** Has a stretch of a file that is there compared; what differs is laid out when the answer comes. Resolves when a worker has it. */
async function compareStretch(
  layout: RestoreLayout,
  part: { readonly file: TargetFile; readonly about: StretchPlace; readonly stretch: Stretch },
  { pool, onProgress }: LayOutOptions,
): Promise<void> {
  const { file, about, stretch } = part;
  const unit: ComparisonUnit = {
    kind: "comparison",
    number: pool.nextNumber(),
    file,
    fileOffset: about.firstBlock * about.blockBytes,
    tailBytes: stretch.tailBytes,
    fingerprints: stretch.fingerprints,
  };
  await pool.submit(unit, ({ differing = new Uint32Array() }) => {
    layout.kept.bytes += bytesOf(stretch, about.blockBytes);
    for (let at = 0; at < differing.length; at += 2) {
      const range = { from: differing[at] ?? 0, to: differing[at + 1] ?? 0 };
      addBlocks(layout, about, stretch, range);
      layout.kept.bytes -= bytesOfBlocks(stretch, range, about.blockBytes);
    }
    onProgress?.(pool.writtenBytes + layout.kept.bytes);
  });
}

/** Lays out blocks of a stretch. */
function addBlocks(
  { plan, assemblies, pendingRuns }: RestoreLayout,
  about: StretchPlace,
  stretch: Stretch,
  blocks: BlockRange,
): void {
  let added = 0;
  for (const range of assemblyRanges(blocks, about.blockBytes)) {
    const assembly = planAssembly(about, stretch, range);
    if (assembly === undefined) {
      added += plan.add(about.file, about.firstBlock, stretch, range);
    } else {
      assemblies.push(assembly);
      added += 1;
    }
  }
  pendingRuns[about.file] = (pendingRuns[about.file] ?? 0) + added;
}

function bytesOfBlocks(stretch: Stretch, { from, to }: BlockRange, blockBytes: number): number {
  return (to - from - 1) * blockBytes + stretch.bytesOfBlock(to - 1, blockBytes);
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
