/**
 * Turns what workers found into file maps. A file is open while its blocks are on their way; when the
 * last one is back, its stretches become layers (none, a delta, or a base) and the file goes to the page of
 * its group. A file that the previous backup knows is compared with it block by block: the
 * fingerprint decides, nothing else.
 *
 * Memory: per open stretch 20 bytes a block, twice when there is a previous one; slots bound how many are
 * open. Per finished file about 60 bytes.
 */
import { assert, present } from "../core/assert.ts";
import type { ObjectId } from "../core/object-id.ts";
import { isBadStatus } from "../pipeline/slot-packer.ts";
import type { SlotPlacement } from "../pipeline/slot-packer.ts";
import { PLACED_UNCHANGED, PLACED_ZEROS, type Slot } from "../pipeline/slot.ts";
import { type MergedStretch, encodeLayer } from "../repository/map/layer.ts";
import type { MapWriter } from "../repository/map/map-writer.ts";
import { type MapRef, PageBuilder, type PageEntry } from "../repository/map/page.ts";
import {
  NO_FINGERPRINT,
  STRETCH_BLOCKS_MAX,
  Stretch,
  UNKNOWN,
  ZEROS,
} from "../repository/map/stretch.ts";
import type { SourceEntry } from "../source/backup-source.ts";
import { type PathClass, classifyPath } from "../source/classify-path.ts";
import { LiveCount } from "./live-count.ts";

const DELTAS_MAX = 16;
const DELTA_SHARE_MAX = 1 / 8;

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

type OpenStretch = {
  readonly current: Stretch;
  readonly previous: MergedStretch | undefined;
  readonly previousLayers: readonly MapRef[];
  outstanding: number;
  changedBlocks: number;
  readonly changed: Uint8Array;
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

/** A page that is damaged in the cluster itself. */
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

/** See the file's comment. */
export class FileMapper {
  readonly #blockBytes: number;
  readonly #maps: MapWriter;
  readonly #previous: PreviousFiles | undefined;
  readonly #startLsn: bigint;
  readonly #checksums: boolean;
  readonly #segmentBlocks: number;
  readonly pages = new Map<
    string,
    { readonly group: PageGroup; readonly page: PageBuilder; bytes: number }
  >();
  readonly live = new LiveCount();
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
    const previous = this.#previous?.find(group, entry.path);
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
    for (let n = 0; n < range.count; n++) {
      const { stretch, block } = this.#stretchAt(file, range.first + n);
      const old = stretch.previous?.stretch;
      const pack = old?.packs[old.packOf[block] ?? UNKNOWN];
      const rewritten = pack !== undefined && this.#previous?.rewrites(pack) === true;
      const known = old === undefined || rewritten ? undefined : old.fingerprints[block];
      column[range.slotBlock + n] = known ?? NO_FINGERPRINT;
    }
  }

  /** Takes over a worked slot's results for blocks of one file. */
  apply(file: OpenFile, range: BlockRange, slot: Slot, placement: SlotPlacement): void {
    for (let n = 0; n < range.count; n++) {
      const number = range.first + n;
      const { stretch, block, index } = this.#stretchAt(file, number);
      this.#applyBlock(stretch, { block, slotBlock: range.slotBlock + n }, slot, placement);
      this.#noteBadPage(file, number, { slot, slotBlock: range.slotBlock + n });
      stretch.outstanding -= 1;
      if (stretch.outstanding === 0) {
        file.layers[index] = this.#finishStretch(stretch);
        file.open.delete(index);
      }
    }
    file.outstanding -= range.count;
    if (file.outstanding === 0) {
      this.#finishFile(file);
    }
  }

  #stretchAt(
    file: OpenFile,
    number: number,
  ): { readonly stretch: OpenStretch; readonly block: number; readonly index: number } {
    const index = Math.floor(number / STRETCH_BLOCKS_MAX);
    let stretch = file.open.get(index);
    if (stretch === undefined) {
      stretch = this.#openStretch(file, index);
      file.open.set(index, stretch);
    }
    return { stretch, block: number - index * STRETCH_BLOCKS_MAX, index };
  }

  #openStretch(file: OpenFile, index: number): OpenStretch {
    const first = index * STRETCH_BLOCKS_MAX;
    const count = Math.min(file.blockCount - first, STRETCH_BLOCKS_MAX);
    const last = first + count === file.blockCount;
    const tail = last ? file.entry.sizeBytes % this.#blockBytes : 0;
    const previousLayers = file.previous?.stretches[index] ?? [];
    const previous =
      previousLayers.length > 0 ? this.#previous?.stretch(previousLayers) : undefined;
    return {
      current: new Stretch(count, tail),
      previous,
      previousLayers,
      outstanding: count,
      changedBlocks: 0,
      changed: new Uint8Array(count),
    };
  }

  #applyBlock(
    stretch: OpenStretch,
    at: { readonly block: number; readonly slotBlock: number },
    slot: Slot,
    placement: SlotPlacement,
  ): void {
    const offset = present(slot.placements[at.slotBlock], "a block has a placement");
    const { current } = stretch;
    const old = stretch.previous?.stretch;
    if (offset === PLACED_UNCHANGED) {
      assert(old !== undefined, "an unchanged block has a previous one");
      current.copyBlock(at.block, old);
      return;
    }
    if (offset === PLACED_ZEROS) {
      current.setZeros(at.block);
      if (old?.packOf[at.block] === ZEROS) {
        return;
      }
    } else {
      assert(placement.pack !== null, "a stored block has a pack");
      const place = current.packPlace(placement.pack);
      const fingerprint = present(slot.fingerprints[at.slotBlock], "a block has a fingerprint");
      current.setLocation(at.block, { place, frame: placement.frame, offset }, fingerprint);
      this.totals.newBlocks += 1;
    }
    stretch.changed[at.block] = 1;
    stretch.changedBlocks += 1;
  }

  #noteBadPage(
    file: OpenFile,
    block: number,
    at: { readonly slot: Slot; readonly slotBlock: number },
  ): void {
    const { slot, slotBlock } = at;
    if (isBadStatus(slot.statuses[slotBlock]) && this.checksPages(file)) {
      // A page written after the backup began is torn at worst: its full image is in the WAL.
      if ((slot.badLsns[slotBlock] ?? 0n) < this.#startLsn) {
        file.badBlocks.push(block);
      }
    }
  }

  #finishStretch(stretch: OpenStretch): readonly MapRef[] {
    const { current, previous, previousLayers, changedBlocks } = stretch;
    this.live.add(current, this.#blockBytes);
    if (previous !== undefined) {
      const old = previous.stretch;
      const sameSize = old.blockCount === current.blockCount && old.tailBytes === current.tailBytes;
      if (changedBlocks === 0 && sameSize) {
        return previousLayers;
      }
      const deltaBlocks = previous.deltaBlocks + changedBlocks;
      if (
        previousLayers.length <= DELTAS_MAX &&
        deltaBlocks <= current.blockCount * DELTA_SHARE_MAX
      ) {
        const delta = encodeLayer(
          current,
          this.#blockBytes,
          "delta",
          (block) => stretch.changed[block] === 1,
        );
        return [...previousLayers, this.#maps.add(delta)];
      }
    }
    return [this.#maps.add(encodeLayer(current, this.#blockBytes, "base"))];
  }

  #finishFile(file: OpenFile): void {
    const { entry, group } = file;
    const key = groupKey(group);
    let place = this.pages.get(key);
    if (place === undefined) {
      place = { group, page: new PageBuilder(), bytes: 0 };
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
    place.bytes += base.sizeBytes;
    this.corruptPages.push(...badBlocks.map((block) => ({ path: entry.path, block })));
    this.totals.files += entry.kind === "file" ? 1 : 0;
    this.totals.totalBlocks += file.blockCount;
    this.totals.clusterBytes += base.sizeBytes;
  }
}

/** Consecutive blocks of a file, and where they stand in a slot's columns. */
export type BlockRange = {
  readonly first: number;
  readonly count: number;
  readonly slotBlock: number;
};
