/**
 * Writes the files of a backup into an empty directory: directories first, then content in pack order by
 * workers, then sizes, owners and fsync. Files named in `heldBack` are not written but answered, because
 * `pg_control` comes last and changed, or nothing could start half-way.
 *
 * Aborting ends the workers; what was written stays and cannot start, since `pg_control` is missing.
 */
import { chown, mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { assert, present } from "../core/assert.ts";
import { restoreFinishFilesMax, restoreUnitBytes } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { joinBelow } from "../files/safe-path.ts";
import type { FingerprintKey } from "../pipeline/fingerprint-key.ts";
import { mergeLayers } from "../repository/map/layer.ts";
import type { MapReader } from "../repository/map/map-reader.ts";
import { type PageEntry, PageReader } from "../repository/map/page.ts";
import { STRETCH_BLOCKS_MAX } from "../repository/map/stretch.ts";
import type { BackupRoot } from "../repository/root.ts";
import type { PackReader } from "./pack-reader.ts";
import type { Owner, ScatterUnit, TargetFile } from "./scatter-messages.ts";
import { type RunColumns, ScatterPlan } from "./scatter-plan.ts";
import { ScatterPool } from "./scatter-pool.ts";

/** What to restore, and where to. */
export type RestoreFilesOptions = {
  readonly root: BackupRoot;
  readonly maps: MapReader;
  readonly packs: PackReader;
  readonly fingerprintKey: FingerprintKey;
  /** The data directory: exists, empty, ours. */
  readonly dataDirectory: string;
  /** Where each tablespace's files go, by oid; each exists and is empty. */
  readonly tablespaces: ReadonlyMap<number, string>;
  /** Names below the data directory whose content is answered instead of written. */
  readonly heldBack: ReadonlySet<string>;
  readonly owner: Owner | undefined;
  readonly workers: number;
  /** Called as bytes reach files. */
  readonly onProgress?: (writtenBytes: number) => void;
  readonly signal: AbortSignal;
};

/** What was restored. */
export type RestoredFiles = {
  readonly writtenBytes: number;
  readonly readBytes: number;
  readonly heldBack: ReadonlyMap<string, PageEntry>;
};

type Layout = {
  readonly files: TargetFile[];
  readonly directories: Map<string, number>;
  readonly plan: ScatterPlan;
  readonly pendingRuns: number[];
  readonly heldBack: Map<string, PageEntry>;
};

function layOut(options: RestoreFilesOptions): Layout {
  const { root, maps, tablespaces, heldBack } = options;
  const { blockBytes } = root.server;
  const layout: Layout = {
    files: [],
    directories: new Map(),
    plan: new ScatterPlan(blockBytes),
    pendingRuns: [],
    heldBack: new Map(),
  };
  for (const page of root.pages) {
    const base = page.tablespace === 0 ? options.dataDirectory : tablespaces.get(page.tablespace);
    assert(base !== undefined, `tablespace ${page.tablespace} has a place`);
    for (const entry of new PageReader(maps.item(page)).entries()) {
      // The names come from a root that a writer signed, and are checked all the same.
      const path = joinBelow(base, entry.name);
      const held = page.tablespace === 0 && heldBack.has(entry.name);
      if (entry.type === "directory") {
        layout.directories.set(path, entry.mode);
      } else if (held) {
        layout.heldBack.set(entry.name, entry);
      } else if (entry.type === "file") {
        addFile(layout, { path, entry }, options);
      } else {
        // The only links a backup may hold are tablespaces, and those are made from the mapping.
        assert(entry.name.startsWith("pg_tblspc/"), `${entry.name} is a tablespace's link`);
      }
    }
  }
  return layout;
}

function addFile(
  layout: Layout,
  file: { readonly path: string; readonly entry: PageEntry },
  options: RestoreFilesOptions,
): void {
  const { path, entry } = file;
  const number = layout.files.push({ path, sizeBytes: entry.sizeBytes, mode: entry.mode }) - 1;
  let runs = 0;
  entry.stretches.forEach((layers, index) => {
    const bytes = layers.map((ref) => options.maps.item(ref));
    const { stretch } = mergeLayers(bytes, options.root.server.blockBytes);
    runs += layout.plan.add(number, index * STRETCH_BLOCKS_MAX, stretch);
  });
  layout.pendingRuns[number] = runs;
}

async function makeDirectories(layout: Layout, options: RestoreFilesOptions): Promise<void> {
  const paths = new Map(layout.directories);
  for (const { path } of layout.files) {
    const parent = dirname(path);
    if (!paths.has(parent)) {
      paths.set(parent, 0o700);
    }
  }
  const bases = new Set([options.dataDirectory, ...options.tablespaces.values()]);
  const sorted = [...paths]
    .filter(([path]) => !bases.has(path))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [path, mode] of sorted) {
    options.signal.throwIfAborted();
    await mkdir(path, { recursive: true, mode });
    if (options.owner !== undefined) {
      await chown(path, options.owner.uid, options.owner.gid);
    }
  }
}

async function linkTablespaces(options: RestoreFilesOptions): Promise<void> {
  for (const [oid, location] of options.tablespaces) {
    await symlink(location, join(options.dataDirectory, "pg_tblspc", String(oid)));
  }
}

/** Cuts a pack's runs where a frame begins, so that no unit holds more than `restoreUnitBytes` of content. */
function* cut(runs: RunColumns): Generator<{ readonly from: number; readonly to: number }> {
  let from = 0;
  let bytes = 0;
  for (let run = 0; run < runs.runs; run++) {
    const newFrame = runs.frame[run] !== runs.frame[run - 1];
    if (newFrame && bytes >= restoreUnitBytes) {
      yield { from, to: run };
      from = run;
      bytes = 0;
    }
    bytes += runs.length[run] ?? 0;
  }
  yield { from, to: runs.runs };
}

function blocksIn(
  runs: RunColumns,
  range: { from: number; to: number },
  blockBytes: number,
): number {
  let blocks = 0;
  for (let run = range.from; run < range.to; run++) {
    blocks += Math.ceil((runs.length[run] ?? 0) / blockBytes);
  }
  return blocks;
}

function part(runs: RunColumns, range: { from: number; to: number }, blocks: Range): RunColumns {
  const { from, to } = range;
  return {
    runs: to - from,
    frame: runs.frame.slice(from, to),
    file: runs.file.slice(from, to),
    fileOffset: runs.fileOffset.slice(from, to),
    frameOffset: runs.frameOffset.slice(from, to),
    length: runs.length.slice(from, to),
    fingerprints: runs.fingerprints.slice(blocks.from, blocks.to),
  };
}

type Range = { readonly from: number; readonly to: number };

/** Hands out work and notes which files are complete. */
class Conductor {
  readonly #options: RestoreFilesOptions;
  readonly #layout: Layout;
  readonly #pool: ScatterPool;
  #complete: number[] = [];

  constructor(options: RestoreFilesOptions, layout: Layout, pool: ScatterPool) {
    this.#options = options;
    this.#layout = layout;
    this.#pool = pool;
  }

  async run(): Promise<void> {
    this.#layout.pendingRuns.forEach((runs, file) => {
      if (runs === 0) {
        this.#complete.push(file);
      }
    });
    for (const pack of this.#layout.plan.packs()) {
      await this.#scatterPack(pack);
      await this.#finishFiles(restoreFinishFilesMax);
    }
    await this.#pool.drain();
    await this.#finishFiles(1);
    await this.#pool.drain();
    assert(
      this.#layout.pendingRuns.every((runs) => runs === 0),
      "every run was written",
    );
  }

  async #scatterPack(pack: ObjectId): Promise<void> {
    const { blockBytes } = this.#options.root.server;
    const opened = await this.#options.packs.open(pack);
    const runs = this.#layout.plan.take(pack);
    let block = 0;
    for (const range of cut(runs)) {
      const blocks = { from: block, to: block + blocksIn(runs, range, blockBytes) };
      block = blocks.to;
      const unitRuns = part(runs, range, blocks);
      const index = Uint32Array.from(new Set(unitRuns.frame));
      const unit: ScatterUnit = {
        kind: "unit",
        number: this.#pool.nextNumber(),
        packPath: opened.path,
        ticket: opened.ticket,
        frames: {
          index,
          offset: Float64Array.from(index, (frame) => opened.frameRange(frame).offset),
          bytes: Uint32Array.from(index, (frame) => opened.frameRange(frame).length),
        },
        runs: unitRuns,
      };
      await this.#pool.submit(unit, () => this.#onUnit(unitRuns));
    }
  }

  #onUnit(runs: RunColumns): void {
    for (const file of runs.file) {
      const left = present(this.#layout.pendingRuns[file], "a file's runs are counted") - 1;
      this.#layout.pendingRuns[file] = left;
      if (left === 0) {
        this.#complete.push(file);
      }
    }
    this.#options.onProgress?.(this.#pool.writtenBytes);
  }

  /** Makes complete files durable, in requests of `restoreFinishFilesMax`, while at least `enough` wait. */
  async #finishFiles(enough: number): Promise<void> {
    while (this.#complete.length >= enough && this.#complete.length > 0) {
      const files = Uint32Array.from(this.#complete.splice(0, restoreFinishFilesMax));
      await this.#pool.submit({ kind: "finish", number: this.#pool.nextNumber(), files });
    }
  }
}

/**
 * Restores every file but those held back, durable when it resolves (the directories are synced by the caller).
 * @throws DrError `REPO_*` when something is not authentic, `RESTORE_UNSAFE_PATH`, `STORE_*`; an error of the
 * operating system for the target.
 */
export async function restoreFiles(options: RestoreFilesOptions): Promise<RestoredFiles> {
  const layout = layOut(options);
  await makeDirectories(layout, options);
  await linkTablespaces(options);
  const { blockBytes } = options.root.server;
  const { fingerprintKey, owner, workers, signal } = options;
  const data = { blockBytes, fingerprintKey, files: layout.files, owner };
  await using pool = new ScatterPool(data, { workers, signal });
  await new Conductor(options, layout, pool).run();
  const { writtenBytes, readBytes } = pool;
  return { writtenBytes, readBytes, heldBack: layout.heldBack };
}
