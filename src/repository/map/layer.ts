/**
 * Layers: how a stretch is written. A base says everything; a delta says what changed, and wins over what
 * lies below it. Encoded as columns, because neighbouring blocks lie at neighbouring places and equal
 * columns compress to nothing. docs/format.md section 7.
 */
import { assert } from "../../core/assert.ts";
import { ByteReader } from "../../core/byte-reader.ts";
import type { ByteWriter } from "../../core/byte-writer.ts";
import { objectIdBytes, objectIdFromBytes } from "../../core/object-id.ts";
import { STRETCH_BLOCKS_MAX, Stretch, UNKNOWN, ZEROS } from "./stretch.ts";

const LAYER_VERSION = 1;
const PACKS_MAX = STRETCH_BLOCKS_MAX;

/** What a layer holds: everything, or only what changed. */
export type LayerType = "base" | "delta";

type Run = {
  readonly first: number;
  length: number;
  readonly pack: number;
  readonly frame: number;
  readonly offset: number;
};

function continues(stretch: Stretch, block: number, run: Run, blockBytes: number): boolean {
  const pack = stretch.packOf[block];
  if (pack !== run.pack) {
    return false;
  }
  if (pack === ZEROS) {
    return true;
  }
  return (
    stretch.frameOf[block] === run.frame &&
    stretch.offsetOf[block] === run.offset + run.length * blockBytes
  );
}

/** The runs of the chosen blocks, in order. Blocks of a run lie end to end in one frame, or are zeros. */
function runsOf(
  stretch: Stretch,
  blockBytes: number,
  chosen: (block: number) => boolean,
): readonly Run[] {
  const runs: Run[] = [];
  let open: Run | undefined;
  for (let block = 0; block < stretch.blockCount; block++) {
    if (!chosen(block)) {
      continue;
    }
    if (
      open !== undefined &&
      open.first + open.length === block &&
      continues(stretch, block, open, blockBytes)
    ) {
      open.length += 1;
      continue;
    }
    const pack = stretch.packOf[block] ?? UNKNOWN;
    assert(pack !== UNKNOWN, `block ${block} of a layer has a place`);
    open = {
      first: block,
      length: 1,
      pack,
      frame: stretch.frameOf[block] ?? 0,
      offset: stretch.offsetOf[block] ?? 0,
    };
    runs.push(open);
  }
  return runs;
}

function allBlocks(): boolean {
  return true;
}

/** Packs that runs use, in their order, each with its number in the layer's table; zeros have none. */
function tableOf(runs: readonly Run[]): ReadonlyMap<number, number> {
  const places = new Map<number, number>();
  for (const { pack } of runs) {
    if (pack !== ZEROS && !places.has(pack)) {
      places.set(pack, places.size + 1);
    }
  }
  return places;
}

/**
 * Encodes a layer of `stretch` into `writer`. A base takes every block; a delta those for which `changed` is true.
 * The pack table holds only the packs that the chosen runs use.
 */
export function writeLayer(
  writer: ByteWriter,
  stretch: Stretch,
  layer: {
    readonly blockBytes: number;
    readonly type: LayerType;
    readonly changed?: (block: number) => boolean;
  },
): void {
  const { blockBytes, type, changed = allBlocks } = layer;
  const runs = runsOf(stretch, blockBytes, type === "base" ? allBlocks : changed);
  writer.u8(LAYER_VERSION);
  writer.u8(type === "base" ? 1 : 2);
  writer.varint(stretch.blockCount);
  writer.varint(stretch.tailBytes);
  const placeInTable = tableOf(runs);
  writer.varint(placeInTable.size);
  for (const pack of placeInTable.keys()) {
    const id = stretch.packs[pack];
    assert(id !== undefined, "a run's pack is in the stretch's table");
    writer.bytes(objectIdBytes(id));
  }
  writer.varint(runs.length);
  let end = 0;
  for (const run of runs) {
    writer.varint(run.first - end);
    end = run.first + run.length;
  }
  runs.forEach((run) => writer.varint(run.length));
  runs.forEach((run) => writer.varint(placeInTable.get(run.pack) ?? 0));
  let frame = 0;
  for (const run of runs) {
    writer.zigzag(run.pack === ZEROS ? 0 : run.frame - frame);
    frame = run.pack === ZEROS ? frame : run.frame;
  }
  runs.forEach((run) => writer.varint(run.pack === ZEROS ? 0 : run.offset));
  for (const run of runs) {
    if (run.pack !== ZEROS) {
      const of = stretch.fingerprints.subarray(run.first, run.first + run.length);
      writer.bytes(new Uint8Array(of.buffer, of.byteOffset, of.byteLength));
    }
  }
}

/** A layer as read: its size and a way to lay it over a stretch. */
export type DecodedLayer = {
  readonly type: LayerType;
  readonly blockCount: number;
  readonly tailBytes: number;
  /** Blocks that the layer says something of. */
  readonly coveredBlocks: number;
  /** Writes the layer's blocks over `stretch`, as far as that reaches; blocks beyond the layer's own count are gone. */
  readonly applyTo: (stretch: Stretch) => void;
};

function columns(reader: ByteReader, count: number, read: () => number): Uint32Array {
  const column = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    const value = read();
    if (value > 0xffffffff) {
      throw reader.fault(`a column value of ${value}`);
    }
    column[index] = value;
  }
  return column;
}

function readFrames(reader: ByteReader, packs: Uint32Array): Uint32Array {
  let frame = 0;
  let at = 0;
  return columns(reader, packs.length, () => {
    const difference = reader.zigzag();
    if (packs[at++] === 0) {
      return 0;
    }
    frame += difference;
    if (frame < 0) {
      throw reader.fault("a frame before the first");
    }
    return frame;
  });
}

/** Decodes a layer. @throws DrError `REPO_ENCODING` when it is not one. */
export function decodeLayer(bytes: Uint8Array, blockBytes: number): DecodedLayer {
  const reader = new ByteReader(bytes, "a map layer");
  if (reader.u8() !== LAYER_VERSION) {
    throw reader.fault("an unknown layer version");
  }
  const typeCode = reader.u8();
  if (typeCode !== 1 && typeCode !== 2) {
    throw reader.fault(`layer type ${typeCode}`);
  }
  const blockCount = reader.varintUpTo(STRETCH_BLOCKS_MAX, "the block count");
  const tailBytes = reader.varintUpTo(blockBytes - 1, "the tail");
  const packCount = reader.varintUpTo(PACKS_MAX, "the pack count");
  const packs = Array.from({ length: packCount }, () => objectIdFromBytes(reader.bytes(16)));
  const runCount = reader.varintUpTo(blockCount, "the run count");
  const gaps = columns(reader, runCount, () => reader.varint());
  const lengths = columns(reader, runCount, () => reader.varint());
  const packPlaces = columns(reader, runCount, () => reader.varintUpTo(packCount, "a pack"));
  const frames = readFrames(reader, packPlaces);
  const offsets = columns(reader, runCount, () => reader.varint());
  let end = 0;
  let coveredBlocks = 0;
  let storedBlocks = 0;
  for (let run = 0; run < runCount; run++) {
    const length = lengths[run] ?? 0;
    end += (gaps[run] ?? 0) + length;
    coveredBlocks += length;
    storedBlocks += packPlaces[run] === 0 ? 0 : length;
    if (length === 0 || end > blockCount) {
      throw reader.fault(`run ${run} ends at block ${end} of ${blockCount}`);
    }
  }
  const type: LayerType = typeCode === 1 ? "base" : "delta";
  if (type === "base" && coveredBlocks !== blockCount) {
    throw reader.fault(`a base that covers ${coveredBlocks} of ${blockCount} blocks`);
  }
  const fingerprintBytes = reader.bytes(storedBlocks * 8);
  reader.end();
  const applyTo = (stretch: Stretch): void => {
    const places = packs.map((pack) => stretch.packPlace(pack));
    stretch.forgetFrom(blockCount);
    let block = 0;
    let fingerprint = 0;
    for (let run = 0; run < runCount; run++) {
      block += gaps[run] ?? 0;
      const place = places[(packPlaces[run] ?? 0) - 1];
      const offset = offsets[run] ?? 0;
      for (let n = 0; n < (lengths[run] ?? 0); n++, block++) {
        const at = fingerprint;
        fingerprint += place === undefined ? 0 : 8;
        if (block >= stretch.blockCount) {
          continue;
        }
        if (place === undefined) {
          stretch.setZeros(block);
        } else {
          const location = { place, frame: frames[run] ?? 0, offset: offset + n * blockBytes };
          stretch.setLocation(block, location, fingerprintBytes.readBigUInt64LE(at));
        }
      }
    }
  };
  return { type, blockCount, tailBytes, coveredBlocks, applyTo };
}

/** A stretch made of its layers, and how many blocks its deltas hold. */
export type MergedStretch = { readonly stretch: Stretch; readonly deltaBlocks: number };

/**
 * The stretch that layers, base first, describe. @throws DrError `REPO_ENCODING` when the first is no base,
 * a later one is, or a block is left without a place.
 */
export function mergeLayers(layers: readonly Uint8Array[], blockBytes: number): MergedStretch {
  const decoded = layers.map((layer) => decodeLayer(layer, blockBytes));
  const fault = (fact: string): Error =>
    new ByteReader(new Uint8Array(), "the layers of a stretch").fault(fact);
  const top = decoded.at(-1);
  if (top === undefined || decoded.some((layer, i) => (layer.type === "base") !== (i === 0))) {
    throw fault("they are not one base followed by deltas");
  }
  const stretch = new Stretch(top.blockCount, top.tailBytes);
  decoded.forEach((layer) => layer.applyTo(stretch));
  if (stretch.packOf.includes(UNKNOWN)) {
    throw fault("a block has no place");
  }
  const deltaBlocks = decoded.slice(1).reduce((sum, layer) => sum + layer.coveredBlocks, 0);
  return { stretch, deltaBlocks };
}
