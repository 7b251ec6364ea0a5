/**
 * Pages: the files of one group with what describes them, sorted by name; a group of many files has several, one behind the
 * other. An unchanged page is referred to where an earlier backup wrote it, so a quiet database costs an increment
 * nothing. docs/format.md section 7.
 */
import { present } from "../../core/assert.ts";
import { ByteReader } from "../../core/byte-reader.ts";
import { ByteWriter } from "../../core/byte-writer.ts";
import { crc32c } from "../../core/crc32c.ts";
import { decodeFileName, encodeFileName } from "../../core/file-name-bytes.ts";
import {
  mapFrameBytesMax,
  mapPageBytesMax,
  mapPageBytesMin,
  pathBytesMax,
} from "../../core/limits.ts";
import { type ObjectId, objectIdBytes, objectIdFromBytes } from "../../core/object-id.ts";

const PAGE_VERSION = 1;
const FLAG_CHECKED = 1;
const FLAG_BAD_PAGES = 2;
const TYPE_CODES = { file: 1, directory: 2, symlink: 3 } as const;
const DELTAS_PER_STRETCH_MAX = 16;

/** Where a layer or page lies: which map object, which frame, and where in its plain bytes. */
export type MapRef = {
  readonly map: ObjectId;
  readonly frame: number;
  readonly offset: number;
  readonly length: number;
};

/** One file, directory or link of a backup. `name` is relative to the data or tablespace directory; see `core/file-name-bytes.ts`. */
export type PageEntry = {
  readonly name: string;
  readonly type: keyof typeof TYPE_CODES;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly linkTarget?: string;
  /** Page checksums were checked while it was read. */
  readonly checked: boolean;
  /** Blocks whose checksum was wrong, ascending; numbers count from the file's beginning. */
  readonly badBlocks: readonly number[];
  /** Per stretch its layers, base first. */
  readonly stretches: readonly (readonly MapRef[])[];
};

function encodeEntry(
  writer: ByteWriter,
  entry: PageEntry,
  placeOf: (map: ObjectId) => number,
): void {
  writer.sized(encodeFileName(entry.name));
  writer.u8(TYPE_CODES[entry.type]);
  writer.varint(entry.mode);
  writer.varint(entry.sizeBytes);
  if (entry.type === "symlink") {
    writer.sized(encodeFileName(entry.linkTarget ?? ""));
  }
  const bad = entry.badBlocks.length > 0;
  writer.varint((entry.checked ? FLAG_CHECKED : 0) | (bad ? FLAG_BAD_PAGES : 0));
  if (bad) {
    writer.varint(entry.badBlocks.length);
    entry.badBlocks.forEach((block, i) => writer.varint(block - (entry.badBlocks[i - 1] ?? 0)));
  }
  writer.varint(entry.stretches.length);
  for (const layers of entry.stretches) {
    writer.varint(layers.length);
    for (const layer of layers) {
      writer.varint(placeOf(layer.map));
      writer.varint(layer.frame);
      writer.varint(layer.offset);
      writer.varint(layer.length);
    }
  }
}

type Range = { readonly start: number; readonly end: number };

/** Where bytes lie that their length precedes; they were checked before. */
function sizedRange(bytes: Buffer, at: number): Range {
  let length = 0;
  let start = at;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes.readUInt8(start++);
    length += (byte & 0x7f) << shift;
    if (byte < 0x80) {
      return { start, end: start + length };
    }
  }
}

const GATHERED = "a page in the making";

/** Where the name of an entry among those gathered lies: an entry begins with it. */
function gatheredName(gathered: Buffer, place: number): Range {
  return sizedRange(gathered, sizedRange(gathered, place).start);
}

/** True for one name in 4,096, always the same ones: a file more or less moves the borders of few pages. */
function beginsPage(bytes: Uint8Array, name: Range): boolean {
  return Math.imul(crc32c(bytes, 0, name.start, name.end), 0x9e3779b1) >>> 20 === 0;
}

/** An encoded page, and what its root says of it. */
export type EncodedPage = {
  readonly bytes: Buffer;
  readonly files: number;
  /** Bytes of the files themselves. */
  readonly contentBytes: number;
  /** The map objects that the page refers to. */
  readonly maps: readonly ObjectId[];
};

/**
 * Gathers the files of one group in the order in which they come. Holds them encoded (about 50 bytes a
 * file), because a cluster can have a million.
 */
export class PageBuilder {
  /** Entries, each behind its length. */
  readonly #gathered = new ByteWriter();
  readonly #entry = new ByteWriter();
  readonly #maps: ObjectId[] = [];
  #count = 0;

  /** Files gathered. */
  get count(): number {
    return this.#count;
  }

  add(entry: PageEntry): void {
    this.#entry.reset();
    encodeEntry(this.#entry, entry, (map) => {
      const known = this.#maps.lastIndexOf(map);
      return known >= 0 ? known : this.#maps.push(map) - 1;
    });
    this.#gathered.sized(this.#entry.view());
    this.#count += 1;
  }

  /**
   * The pages, sorted: the same files give the same bytes whatever their order. A page ends before a name that begins one when it has
   * `mapPageBytesMin`, and before `mapPageBytesMax` in any case, so that none outgrows a frame. Peak memory: beside what was gathered four
   * bytes a file, and a page.
   */
  *pages(): Generator<EncodedPage> {
    const gathered = this.#gathered.view();
    const places = this.#sortedPlaces(gathered);
    let first = 0;
    let bytes = 0;
    for (const [index, place] of places.entries()) {
      const { start, end } = sizedRange(gathered, place);
      const enough =
        bytes >= mapPageBytesMin && beginsPage(gathered, gatheredName(gathered, place));
      if (index > first && (enough || bytes + end - start > mapPageBytesMax)) {
        yield this.#encode(gathered, places.subarray(first, index));
        first = index;
        bytes = 0;
      }
      bytes += end - start;
    }
    if (this.#count > 0) {
      yield this.#encode(gathered, places.subarray(first));
    }
  }

  /** Where entries lie, in the order of their names. */
  #sortedPlaces(gathered: Buffer): Uint32Array {
    const places = new Uint32Array(this.#count);
    let at = 0;
    for (let index = 0; index < this.#count; index++) {
      places[index] = at;
      at = sizedRange(gathered, at).end;
    }
    return places.sort((a, b) => {
      const [one, other] = [gatheredName(gathered, a), gatheredName(gathered, b)];
      return gathered.compare(gathered, other.start, other.end, one.start, one.end);
    });
  }

  #entryAt(gathered: Buffer, place: number): PageEntry {
    const { start, end } = sizedRange(gathered, place);
    return decodeEntry(new ByteReader(gathered.subarray(start, end), GATHERED), this.#maps);
  }

  #encode(gathered: Buffer, places: Uint32Array): EncodedPage {
    const used = new Set<ObjectId>();
    let contentBytes = 0;
    for (const place of places) {
      const entry = this.#entryAt(gathered, place);
      entry.stretches.forEach((layers) => {
        layers.forEach(({ map }) => used.add(map));
      });
      contentBytes += entry.sizeBytes;
    }
    const maps = [...used].sort();
    const tableOf = new Map(maps.map((map, index) => [map, index]));
    const writer = new ByteWriter(places.length * 64 + maps.length * 16 + 64);
    writer.u8(PAGE_VERSION);
    writer.varint(maps.length);
    maps.forEach((map) => writer.bytes(objectIdBytes(map)));
    writer.varint(places.length);
    for (const place of places) {
      encodeEntry(writer, this.#entryAt(gathered, place), (map) => tableOf.get(map) ?? 0);
    }
    return { bytes: writer.toBuffer(), files: places.length, contentBytes, maps };
  }
}

function decodeType(reader: ByteReader): PageEntry["type"] {
  const code = reader.u8();
  switch (code) {
    case TYPE_CODES.file:
      return "file";
    case TYPE_CODES.directory:
      return "directory";
    case TYPE_CODES.symlink:
      return "symlink";
    default:
      throw reader.fault(`file type ${code}`);
  }
}

function decodeBadBlocks(reader: ByteReader): readonly number[] {
  const count = reader.varintUpTo(reader.remaining, "the count of bad pages");
  let block = 0;
  return Array.from({ length: count }, () => (block += reader.varint()));
}

function decodeRef(reader: ByteReader, maps: readonly ObjectId[]): MapRef {
  const map = maps[reader.varint()];
  if (map === undefined) {
    throw reader.fault("a map that the page does not list");
  }
  return {
    map,
    frame: reader.varintUpTo(0xffffffff, "a frame"),
    offset: reader.varintUpTo(mapFrameBytesMax, "an offset"),
    length: reader.varintUpTo(mapFrameBytesMax, "a length"),
  };
}

function decodeEntry(reader: ByteReader, maps: readonly ObjectId[]): PageEntry {
  const name = decodeFileName(reader.sized(pathBytesMax, "a name"));
  const type = decodeType(reader);
  const mode = reader.varintUpTo(0o7777, "a mode");
  const sizeBytes = reader.varint();
  const linkTarget =
    type === "symlink" ? decodeFileName(reader.sized(pathBytesMax, "a link's target")) : undefined;
  const flags = reader.varintUpTo(FLAG_CHECKED | FLAG_BAD_PAGES, "the flags");
  const badBlocks = (flags & FLAG_BAD_PAGES) === 0 ? [] : decodeBadBlocks(reader);
  const stretchCount = reader.varintUpTo(reader.remaining, "the stretch count");
  const stretches = Array.from({ length: stretchCount }, () => {
    const layers = reader.varintUpTo(DELTAS_PER_STRETCH_MAX + 1, "the layer count");
    return Array.from({ length: layers }, () => decodeRef(reader, maps));
  });
  const entry = { name, type, mode, sizeBytes, badBlocks, stretches };
  const checked = (flags & FLAG_CHECKED) !== 0;
  return linkTarget === undefined ? { ...entry, checked } : { ...entry, checked, linkTarget };
}

/**
 * A page as read. Files are decoded when asked for: it holds the encoded page and four bytes a file.
 * @throws DrError `REPO_ENCODING` when it is not a page, or its files are not sorted.
 */
export class PageReader {
  readonly #bytes: Buffer;
  readonly #maps: readonly ObjectId[];
  readonly #offsets: Uint32Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const reader = new ByteReader(bytes, "a map page");
    if (reader.u8() !== PAGE_VERSION) {
      throw reader.fault("an unknown page version");
    }
    const mapCount = reader.varintUpTo(Math.floor(reader.remaining / 16), "the map count");
    this.#maps = Array.from({ length: mapCount }, () => objectIdFromBytes(reader.bytes(16)));
    const count = reader.varintUpTo(reader.remaining, "the entry count");
    this.#offsets = new Uint32Array(count);
    let last: Buffer = Buffer.alloc(0);
    for (let index = 0; index < count; index++) {
      this.#offsets[index] = reader.offset;
      const name = encodeFileName(decodeEntry(reader, this.#maps).name);
      if (index > 0 && Buffer.compare(last, name) >= 0) {
        throw reader.fault(`entry ${index} is not sorted behind the one before`);
      }
      last = name;
    }
    reader.end();
  }

  get count(): number {
    return this.#offsets.length;
  }

  /** The map objects that the page refers to. */
  get maps(): readonly ObjectId[] {
    return this.#maps;
  }

  /** The file at a place in the page's order. */
  at(index: number): PageEntry {
    const offset = present(this.#offsets[index], "an entry of the page");
    const reader = new ByteReader(this.#bytes.subarray(offset), "a map page");
    return decodeEntry(reader, this.#maps);
  }

  /** The name of the first file, as bytes; undefined when there is none. */
  get firstName(): Buffer | undefined {
    return this.#nameAt(0);
  }

  /** The name of the last file, as bytes. */
  get lastName(): Buffer | undefined {
    return this.#nameAt(this.count - 1);
  }

  #nameAt(index: number): Buffer | undefined {
    const offset = this.#offsets[index];
    if (offset === undefined) {
      return undefined;
    }
    const { start, end } = sizedRange(this.#bytes, offset);
    return this.#bytes.subarray(start, end);
  }

  /** The file of this name, found by halving. */
  find(name: string): PageEntry | undefined {
    const wanted = encodeFileName(name);
    let low = 0;
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { start, end } = sizedRange(this.#bytes, this.#offsets[middle] ?? 0);
      const order = this.#bytes.compare(wanted, 0, wanted.length, start, end);
      if (order === 0) {
        return this.at(middle);
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return undefined;
  }

  /** All files, in order, decoded one at a time. */
  *entries(): Generator<PageEntry> {
    for (let index = 0; index < this.count; index++) {
      yield this.at(index);
    }
  }
}
