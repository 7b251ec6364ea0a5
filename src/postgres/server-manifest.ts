/**
 * The server's backup manifest while the backup goes on: 150 bytes a file, so 200,000 files make 30 MB. It arrives last and its
 * length is known at its end only, so it is kept compressed, a fifth of that, and handed on piece by piece. It must come out
 * byte for byte as it came.
 *
 * Peak memory: what was compressed, and a MiB.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { assert } from "../core/assert.ts";

/** What is compressed at once: a context for each, so not too little. */
const PACKED_BYTES = 262_144;

/** Room for what does not compress. */
const ROOM_BYTES = PACKED_BYTES + 4096;

/** As much as a source hands on between two looks at `pressure`. */
const PIECE_BYTES = 65_536;

const COMPRESS = { chunkSize: ROOM_BYTES, params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Frees a buffer of `ROOM_BYTES` that only this file knows, at once instead of when memory is collected. */
function release(view: Buffer): void {
  if (view.buffer instanceof ArrayBuffer && view.buffer.byteLength === ROOM_BYTES) {
    view.buffer.transfer(0);
  }
}

function packed(content: Buffer): Buffer {
  const made = zstdCompressSync(content, COMPRESS);
  const copy = Buffer.allocUnsafeSlow(made.length);
  copy.set(made);
  release(made);
  return copy;
}

/** A manifest that was received whole. */
export interface ServerManifest {
  readonly sizeBytes: number;
  /** Its bytes in pieces of at most 64 KiB; each is valid until the next is asked for. */
  pieces(): Iterable<Buffer>;
}

/** Gathers a manifest. */
export class ManifestKeeper implements ServerManifest {
  readonly #packed: Buffer[] = [];
  #open = Buffer.alloc(0);
  #openLength = 0;
  sizeBytes = 0;

  /** Takes the next bytes; the view may change afterwards. */
  add(view: Uint8Array): void {
    if (this.#open.length === 0) {
      this.#open = Buffer.allocUnsafeSlow(PACKED_BYTES);
    }
    for (let at = 0; at < view.length;) {
      const length = Math.min(view.length - at, PACKED_BYTES - this.#openLength);
      this.#open.set(view.subarray(at, at + length), this.#openLength);
      at += length;
      this.#openLength += length;
      if (this.#openLength === PACKED_BYTES) {
        this.#packed.push(packed(this.#open));
        this.#openLength = 0;
      }
    }
    this.sizeBytes += view.length;
  }

  *pieces(): Generator<Buffer> {
    let given = 0;
    for (const content of this.#contents()) {
      for (let at = 0; at < content.length; at += PIECE_BYTES) {
        yield content.subarray(at, at + PIECE_BYTES);
      }
      given += content.length;
    }
    assert(given === this.sizeBytes, "a manifest comes out as long as it came");
  }

  *#contents(): Generator<Buffer> {
    for (const part of this.#packed) {
      const content = zstdDecompressSync(part, { chunkSize: ROOM_BYTES });
      yield content;
      release(content);
    }
    yield this.#open.subarray(0, this.#openLength);
  }
}
