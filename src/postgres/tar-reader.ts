/**
 * Reads the archives a server sends, pushed in as they arrive. File content leaves as views, never copied.
 * What comes over a network is not trusted: a header must carry its checksum, a name must stay inside its
 * directory, and an archive must end where a header could begin.
 *
 * Follows src/port/tar.c (tarCreateHeader) and src/backend/backup/basebackup.c of PostgreSQL: ustar
 * headers, numbers in octal or base-256, kinds file, directory and symbolic link; directories and links
 * end in "/". PostgreSQL 14 sends no end-of-archive blocks, 15 and later send two.
 * Peak memory: one header.
 */
import { DrError } from "../core/errors.ts";
import { decodeFileName } from "../core/file-name-bytes.ts";

/** One member of an archive. */
export type TarEntry = {
  /** Relative, "/" between parts, no "." or "..", without a final "/"; see `core/file-name-bytes.ts`. */
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink";
  /** Permission bits only. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content that follow; 0 unless a file. */
  readonly sizeBytes: number;
  /** Whole seconds since 1970. */
  readonly modifiedAtSeconds: number;
  /** Where a symbolic link points, as written. */
  readonly linkTarget?: string;
};

/** Who takes the members, in order: `beginEntry`, `data` for each piece, `endEntry`. */
export interface TarTaker {
  beginEntry(entry: TarEntry): void;
  /** Content; valid during the call only, never empty. */
  data(view: Uint8Array): void;
  endEntry(): void;
}

const BLOCK_BYTES = 512;

function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

function checksumOf(header: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < BLOCK_BYTES; i++) {
    sum += i >= 148 && i < 156 ? 0x20 : (header[i] ?? 0);
  }
  return sum;
}

/** A number field, or undefined. */
function numberIn(field: Uint8Array): number | undefined {
  if (field[0] === 0x80) {
    let value = 0;
    for (const byte of field.subarray(1)) {
      value = value * 256 + byte;
    }
    return Number.isSafeInteger(value) ? value : undefined;
  }
  let value = 0;
  let digits = 0;
  for (const byte of field) {
    if (byte === 0x20 || byte === 0) {
      break;
    }
    if (byte < 0x30 || byte > 0x37) {
      return undefined;
    }
    value = value * 8 + (byte - 0x30);
    digits++;
  }
  return digits > 0 ? value : undefined;
}

/**
 * States: `header` (collecting 512 bytes) → `content` → `padding` → `header`; or, after two blocks of
 * zeros, `ended`, in which only zeros may follow.
 */
export class TarReader {
  readonly #taker: TarTaker;
  readonly #archive: string;
  readonly #endBlocksRequired: boolean;
  readonly #header = Buffer.alloc(BLOCK_BYTES);
  #headerBytes = 0;
  #contentBytes = 0;
  #paddingBytes = 0;
  #zeroBlocks = 0;
  #offset = 0;
  #inEntry = false;

  /** `archive` names the archive in errors; `endBlocksRequired` is true for servers from 15 on. */
  constructor(
    taker: TarTaker,
    options: { readonly archive: string; readonly endBlocksRequired: boolean },
  ) {
    this.#taker = taker;
    this.#archive = options.archive;
    this.#endBlocksRequired = options.endBlocksRequired;
  }

  /** Takes the next piece. @throws DrError `SRC_TAR_HEADER`, `SRC_TAR_NAME`, `SRC_TAR_KIND`. */
  push(view: Uint8Array): void {
    let at = 0;
    while (at < view.length) {
      const before = at;
      if (this.#contentBytes > 0) {
        at += Math.min(this.#contentBytes, view.length - at);
        this.#contentBytes -= at - before;
        this.#taker.data(view.subarray(before, at));
        this.#endEntryWhenDone();
      } else if (this.#paddingBytes > 0) {
        at += Math.min(this.#paddingBytes, view.length - at);
        this.#paddingBytes -= at - before;
      } else {
        at = this.#takeHeaderBytes(view, at);
      }
      this.#offset += at - before;
    }
  }

  /** Declares the archive over. @throws DrError `SRC_TAR_TRUNCATED` when it ended too early. */
  end(): void {
    const midway = this.#inEntry || this.#headerBytes > 0 || this.#paddingBytes > 0;
    const ended = this.#zeroBlocks >= 2 || (this.#zeroBlocks === 0 && !this.#endBlocksRequired);
    if (midway || !ended) {
      throw new DrError("SRC_TAR_TRUNCATED", { archive: this.#archive, offset: this.#offset });
    }
  }

  #takeHeaderBytes(view: Uint8Array, at: number): number {
    if (this.#headerBytes === 0 && view.length - at >= BLOCK_BYTES) {
      this.#takeHeader(view.subarray(at, at + BLOCK_BYTES));
      return at + BLOCK_BYTES;
    }
    const end = Math.min(view.length, at + BLOCK_BYTES - this.#headerBytes);
    this.#header.set(view.subarray(at, end), this.#headerBytes);
    this.#headerBytes += end - at;
    if (this.#headerBytes === BLOCK_BYTES) {
      this.#headerBytes = 0;
      this.#takeHeader(this.#header);
    }
    return end;
  }

  #takeHeader(header: Uint8Array): void {
    if (isZero(header)) {
      this.#zeroBlocks++;
      return;
    }
    if (this.#zeroBlocks > 0) {
      throw this.#fault("end-of-archive");
    }
    if (numberIn(header.subarray(148, 156)) !== checksumOf(header)) {
      throw this.#fault("checksum");
    }
    if (Buffer.from(header.subarray(257, 263)).toString("latin1") !== "ustar\0") {
      throw this.#fault("magic");
    }
    const entry = this.#entryOf(header);
    this.#contentBytes = entry.sizeBytes;
    this.#paddingBytes = (BLOCK_BYTES - (entry.sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
    this.#inEntry = true;
    this.#taker.beginEntry(entry);
    this.#endEntryWhenDone();
  }

  #endEntryWhenDone(): void {
    if (this.#contentBytes === 0) {
      this.#inEntry = false;
      this.#taker.endEntry();
    }
  }

  #entryOf(header: Uint8Array): TarEntry {
    const prefix = this.#text(header.subarray(345, 500), "prefix");
    const name = this.#text(header.subarray(0, 100), "name");
    const path = this.#safePath(prefix === "" ? name : `${prefix}/${name}`);
    const kind = this.#kindOf(header[156] ?? 0, path);
    const sizeBytes = this.#number(header, { from: 124, to: 136, field: "size" });
    const linkTarget = this.#text(header.subarray(157, 257), "link");
    if (kind === "file" && name.endsWith("/")) {
      throw this.#fault("name");
    }
    if (kind !== "file" && sizeBytes !== 0) {
      throw this.#fault("size");
    }
    if ((kind === "symlink") !== (linkTarget !== "")) {
      throw this.#fault("link");
    }
    return {
      path,
      kind,
      mode: this.#number(header, { from: 100, to: 108, field: "mode" }) & 0o7777,
      uid: this.#number(header, { from: 108, to: 116, field: "uid" }),
      gid: this.#number(header, { from: 116, to: 124, field: "gid" }),
      sizeBytes,
      modifiedAtSeconds: this.#number(header, { from: 136, to: 148, field: "mtime" }),
      ...(kind === "symlink" ? { linkTarget } : {}),
    };
  }

  #kindOf(flag: number, path: string): TarEntry["kind"] {
    switch (flag) {
      case 0x30:
      case 0:
        return "file";
      case 0x32:
        return "symlink";
      case 0x35:
        return "directory";
      default:
        throw new DrError("SRC_TAR_KIND", {
          archive: this.#archive,
          name: JSON.stringify(path),
          kind: JSON.stringify(String.fromCharCode(flag)),
        });
    }
  }

  #number(
    header: Uint8Array,
    place: { readonly from: number; readonly to: number; readonly field: string },
  ): number {
    const value = numberIn(header.subarray(place.from, place.to));
    if (value === undefined) {
      throw this.#fault(place.field);
    }
    return value;
  }

  /** A text field. Bytes after its NUL would be a second name for another reader, so they are refused. */
  #text(field: Uint8Array, name: string): string {
    const nul = field.indexOf(0);
    if (nul >= 0 && !isZero(field.subarray(nul))) {
      throw this.#fault(name);
    }
    return decodeFileName(nul < 0 ? field : field.subarray(0, nul));
  }

  #safePath(name: string): string {
    const inner = name.replace(/^(?:\.\/)+/, "").replace(/\/$/, "");
    const parts = inner.split("/");
    if (inner === "" || parts.some((part) => part === "" || part === "." || part === "..")) {
      throw new DrError("SRC_TAR_NAME", { archive: this.#archive, name: JSON.stringify(name) });
    }
    return inner;
  }

  #fault(field: string): DrError {
    const offset = this.#offset;
    return new DrError("SRC_TAR_HEADER", { archive: this.#archive, offset, field });
  }
}
