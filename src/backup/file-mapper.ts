/**
 * Turns what workers found into file maps. A file is open while its blocks are on their way; when the
 * last one is back, its stretches have become layers and the file goes to the page of its group. A file that
 * the previous backup knows is compared with it block by block (`open-stretch.ts`).
 *
 * Memory: the open stretches; slots bound how many are open. Per finished file about 60 bytes.
 */
import { setFlagsFromString } from "node:v8";
import { corruptPagesListedMax, leanHeapFiles } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { type SlotPlacement, isBadStatus } from "../pipeline/slot-packer.ts";
import type { Slot } from "../pipeline/slot.ts";
import type { MergedStretch } from "../repository/map/layer.ts";
import type { MapWriter } from "../repository/map/map-writer.ts";
import { type MapRef, PageBuilder, type PageEntry } from "../repository/map/page.ts";
import { STRETCH_BLOCKS_MAX } from "../repository/map/stretch.ts";
import type { SourceEntry } from "../source/backup-source.ts";
import { type PathClass, classifyPath } from "../source/classify-path.ts";
import { LiveCount } from "./live-count.ts";
import { OpenStretch, type StretchPart } from "./open-stretch.ts";

/** What an increment compares with. */
export interface PreviousFiles {
  /** The file as the previous backup has it. */
  find(group: PageGroup, name: string): PageEntry | undefined;
  /** A stretch of it. Synchronous: maps lie on local disk. */
  stretch(layers: readonly MapRef[]): MergedStretch;
  /** True for packs whose live blocks are to be written again. */
  rewrites(pack: ObjectId): boolean;
}

/** Which page a file belongs to. */
export type PageGroup = {
  readonly tablespace: number;
  readonly database: number;
  readonly group: string;
};

/** A file whose blocks are on their way. */
export type OpenFile = {
  readonly entry: SourceEntry;
  readonly path: PathClass;
  readonly group: PageGroup;
  readonly blockCount: number;
  readonly previous: PageEntry | undefined;
  readonly open: Map<number, OpenStretch>;
  readonly layers: (readonly MapRef[])[];
  readonly badBlocks: number[];
  outstanding: number;
};

/** Consecutive blocks of a file, and where they stand in a slot's columns. */
export type BlockRange = {
  readonly first: number;
  readonly count: number;
  readonly slotBlock: number;
};

/** A page that is damaged in the cluster itself; the path is below the data directory, through `pg_tblspc` where needed. */
export type CorruptPage = { readonly path: string; readonly block: number };

/** The group of a file. */
export function groupOf(tablespace: number, path: PathClass): PageGroup {
  if (path.kind === "relation") {
    const group = `r${Math.floor(path.relation.relfilenode / 1024)}`;
    return { tablespace, database: path.relation.databaseOid, group };
  }
  return { tablespace, database: 0, group: "other" };
}

/** One text for a group, for maps. */
export function groupKey(group: PageGroup): string {
  return `${group.tablespace}/${group.database}/${group.group}`;
}

/** A file's path as seen from the data directory. */
export function pathInDataDirectory(file: {
  readonly tablespaceOid: number;
  readonly path: string;
}): string {
  return file.tablespaceOid === 0 ? file.path : `pg_tblspc/${file.tablespaceOid}/${file.path}`;
}

/** See the file's comment. */
export class FileMapper {
  readonly #blockBytes: number;
  readonly #maps: MapWriter;
  readonly #previous: PreviousFiles | undefined;
  readonly #startLsn: bigint;
  readonly #checksums: boolean;
  readonly #segmentBlocks: number;
  readonly pages = new Map<string, { readonly group: PageGroup; readonly page: PageBuilder }>();
  readonly live = new LiveCount();
  /** At most `corruptPagesListedMax`. */
  readonly corruptPages: CorruptPage[] = [];
  readonly totals = { files: 0, totalBlocks: 0, newBlocks: 0, clusterBytes: 0 };

  constructor(options: {
    readonly blockBytes: number;
    readonly maps: MapWriter;
    readonly previous: PreviousFiles | undefined;
    /** Start of the backup: newer pages are mended by the WAL. */
    readonly startLsn: bigint;
    readonly checksums: boolean;
    /** Blocks of a full segment file of a relation. */
    readonly segmentBlocks: number;
  }) {
    this.#blockBytes = options.blockBytes;
    this.#maps = options.maps;
    this.#previous = options.previous;
    this.#startLsn = options.startLsn;
    this.#checksums = options.checksums;
    this.#segmentBlocks = options.segmentBlocks;
  }

  /** The number, within its relation fork, of a file's first block. */
  firstBlockNumber(file: OpenFile): number {
    const { path } = file;
    return path.kind === "relation" ? path.relation.segment * this.#segmentBlocks : 0;
  }

  /** True when the file's page checksums are to be checked. */
  checksPages(file: OpenFile): boolean {
    return this.#checksums && file.path.checksummed;
  }

  /** Opens a file; an empty one, a directory or a link is finished at once. */
  begin(entry: SourceEntry): OpenFile {
    const path = classifyPath(entry);
    const group = groupOf(entry.tablespaceOid, path);
    const sizeBytes = entry.kind === "file" ? entry.sizeBytes : 0;
    const blockCount = Math.ceil(sizeBytes / this.#blockBytes);
    const previous = blockCount === 0 ? undefined : this.#previous?.find(group, entry.path);
    const file: OpenFile = {
      entry,
      path,
      group,
      blockCount,
      previous: previous?.type === "file" ? previous : undefined,
      open: new Map(),
      layers: [],
      badBlocks: [],
      outstanding: blockCount,
    };
    if (blockCount === 0) {
      this.#finishFile(file);
    }
    return file;
  }

  /** Writes the previous fingerprints of blocks into a slot's column. */
  previousFingerprints(file: OpenFile, range: BlockRange, column: BigUint64Array): void {
    this.#eachStretch(file, range, (stretch, part) => stretch.previousFingerprints(part, column));
  }

  /** Takes over a worked slot's results for blocks of one file. */
  apply(file: OpenFile, range: BlockRange, slot: Slot, placement: SlotPlacement): void {
    this.#eachStretch(file, range, (stretch, part, index) => {
      this.totals.newBlocks += stretch.apply(part, slot, placement);
      if (stretch.complete) {
        this.live.add(stretch.current, this.#blockBytes);
        file.layers[index] = stretch.finish(this.#maps, this.#blockBytes);
        file.open.delete(index);
      }
    });
    if (this.checksPages(file)) {
      this.#noteBadPages(file, range, slot);
    }
    file.outstanding -= range.count;
    if (file.outstanding === 0) {
      this.#finishFile(file);
    }
  }

  /** Cuts a range of a file where stretches end. */
  #eachStretch(
    file: OpenFile,
    range: BlockRange,
    visit: (stretch: OpenStretch, part: StretchPart, index: number) => void,
  ): void {
    for (let done = 0; done < range.count;) {
      const number = range.first + done;
      const index = Math.floor(number / STRETCH_BLOCKS_MAX);
      const block = number - index * STRETCH_BLOCKS_MAX;
      const count = Math.min(range.count - done, STRETCH_BLOCKS_MAX - block);
      visit(this.#stretch(file, index), { block, count, slotBlock: range.slotBlock + done }, index);
      done += count;
    }
  }

  #stretch(file: OpenFile, index: number): OpenStretch {
    const known = file.open.get(index);
    if (known !== undefined) {
      return known;
    }
    const first = index * STRETCH_BLOCKS_MAX;
    const blockCount = Math.min(file.blockCount - first, STRETCH_BLOCKS_MAX);
    const last = first + blockCount === file.blockCount;
    const tailBytes = last ? file.entry.sizeBytes % this.#blockBytes : 0;
    const layers = file.previous?.stretches[index] ?? [];
    const previous = this.#previous;
    const stretch = new OpenStretch(
      { blockCount, tailBytes },
      layers.length === 0 || previous === undefined
        ? undefined
        : { merged: previous.stretch(layers), layers, rewrites: (pack) => previous.rewrites(pack) },
    );
    file.open.set(index, stretch);
    return stretch;
  }

  #noteBadPages(file: OpenFile, range: BlockRange, slot: Slot): void {
    for (let n = 0; n < range.count; n++) {
      const at = range.slotBlock + n;
      // A page written after the backup began is torn at worst: its full image is in the WAL.
      if (isBadStatus(slot.statuses[at]) && (slot.badLsns[at] ?? 0n) < this.#startLsn) {
        file.badBlocks.push(range.first + n);
      }
    }
  }

  #finishFile(file: OpenFile): void {
    const { entry, group } = file;
    const key = groupKey(group);
    let place = this.pages.get(key);
    if (place === undefined) {
      place = { group, page: new PageBuilder() };
      this.pages.set(key, place);
    }
    const badBlocks = file.badBlocks.sort((a, b) => a - b);
    const base = {
      name: entry.path,
      type: entry.kind,
      mode: entry.mode & 0o7777,
      sizeBytes: entry.kind === "file" ? entry.sizeBytes : 0,
      checked: entry.kind === "file" && this.checksPages(file),
      badBlocks,
      stretches: file.layers,
    };
    const { linkTarget } = entry;
    place.page.add(linkTarget === undefined ? base : { ...base, linkTarget });
    const path = pathInDataDirectory(entry);
    const room = corruptPagesListedMax - this.corruptPages.length;
    badBlocks.slice(0, room).forEach((block) => this.corruptPages.push({ path, block }));
    this.totals.files += entry.kind === "file" ? 1 : 0;
    if (this.totals.files === leanHeapFiles) {
      // How much a heap may grow, in percent of what is alive, before it is cleared.
      setFlagsFromString("--heap-growing-percent=30");
    }
    this.totals.totalBlocks += file.blockCount;
    this.totals.clusterBytes += base.sizeBytes;
  }
}
