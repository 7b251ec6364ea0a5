/**
 * Compresses the blocks of a frame and restores them. It must never return other bytes than went in, never
 * write beyond the target, and never end the process on malformed input, whatever a store hands back.
 *
 * A codec keeps one compressor and one decompressor for its life (one codec a worker). That uses private
 * parts of Node (`zstd-handle.ts`), so a self-test runs first and `zstdCompressSync` and
 * `zstdDecompressSync` are the fallback, with the same results, at two thirds to nine tenths of the speed
 * when compressing and a quarter to two thirds when decompressing.
 *
 * A compressed frame is exactly one zstd frame (RFC 8878) that states its content size; `decompressInto`
 * refuses anything else before zstd sees it.
 *
 * Memory: a scratch buffer of the largest source's bound (1 MiB + 4 KiB for 1 MiB frames) and the contexts
 * (about 3 MiB at level 1, 32 MiB at level 9, for 1 MiB frames). It does not grow with the number of calls.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { assert } from "../core/assert.ts";
import { DrError } from "../core/errors.ts";
import { zstdPlainBytesMax } from "../core/limits.ts";
import { whileNotEnded } from "../core/worker-end.ts";
import { lookAtZstdFrame } from "./zstd-frame.ts";
import { ZstdHandle } from "./zstd-handle.ts";

/** Levels that are offered; negative ones are not: Node takes -1 for "unset" and quietly uses 3. */
export const ZSTD_LEVEL_MIN = 1;
export const ZSTD_LEVEL_MAX = 9;
export const ZSTD_LEVEL_DEFAULT = 1;

/** 8 MiB: no level up to 9 asks for more, so a frame that does was not made here. */
const WINDOW_LOG_MAX = 23;

/** The most that zstd writes for a source of this length; with that much room it works without a detour. */
export function zstdBoundBytes(sourceBytes: number): number {
  const small = 128 * 1024;
  const margin = sourceBytes < small ? (small - sourceBytes) >> 11 : 0;
  return sourceBytes + (sourceBytes >> 8) + margin;
}

/** Also makes the least chunk that Node takes. */
const CHUNK_SPARE_BYTES = 64;

type Handles = { readonly compress: ZstdHandle; decompress: ZstdHandle };

function openHandles(level: number): Handles | undefined {
  const compress = ZstdHandle.open("compress", { [constants.ZSTD_c_compressionLevel]: level });
  const decompress = openDecompressor();
  if (compress === undefined || decompress === undefined) {
    compress?.close();
    decompress?.close();
    return undefined;
  }
  return { compress, decompress };
}

function openDecompressor(): ZstdHandle | undefined {
  return ZstdHandle.open("decompress", { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX });
}

/** A compressor and a decompressor. Synchronous, for use inside a worker; not for two threads. */
export class ZstdCodec {
  readonly level: number;
  #handles: Handles | undefined;
  #scratch: Uint8Array = new Uint8Array(0);

  /**
   * Opens a codec and tests it (2 ms).
   * @param options `level` 1 to 9, default 1; `reuse: false` for the fallback, in tests
   */
  constructor(options: { readonly level?: number; readonly reuse?: boolean } = {}) {
    const level = options.level ?? ZSTD_LEVEL_DEFAULT;
    assert(
      Number.isInteger(level) && level >= ZSTD_LEVEL_MIN && level <= ZSTD_LEVEL_MAX,
      "the zstd level is a whole number from 1 to 9",
    );
    this.level = level;
    this.#handles = options.reuse === false ? undefined : openHandles(level);
    if (this.#handles !== undefined && !this.#works()) {
      this.close();
    }
  }

  /** Which way is in use: one context for all calls, or one a call. */
  get kind(): "reused" | "per-call" {
    return this.#handles === undefined ? "per-call" : "reused";
  }

  /**
   * Compresses `source` into the beginning of `target`. Returns the bytes written, or "larger" when the
   * result would not be smaller than the source, does not fit the target, or is not one whole frame: then store the source as it is
   * (the target's content is undefined). Fastest with room for `zstdBoundBytes(source.length)`.
   */
  compressInto(source: Uint8Array, target: Uint8Array): number | "larger" {
    assert(source.length <= zstdPlainBytesMax, "a zstd frame holds at most its limit");
    if (source.length === 0) {
      return "larger";
    }
    const room = target.length >= zstdBoundBytes(source.length) ? target : this.#room(source);
    const writtenBytes = this.#compress(source, room);
    if (writtenBytes >= source.length || writtenBytes > target.length) {
      return "larger";
    }
    // What nobody could read back must not be written, whatever made it.
    const look = lookAtZstdFrame(room.subarray(0, writtenBytes));
    if (look.kind === "malformed" || look.contentBytes !== source.length) {
      return "larger";
    }
    if (room !== target) {
      target.set(room.subarray(0, writtenBytes));
    }
    return writtenBytes;
  }

  /**
   * Decompresses one whole frame into `target`, which it must fill exactly; returns the target's length.
   * @throws DrError `REPO_FRAME_CODEC` for anything else; the codec stays usable, the target's content is
   * then undefined
   */
  decompressInto(source: Uint8Array, target: Uint8Array): number {
    assert(target.length <= zstdPlainBytesMax, "a zstd frame holds at most its limit");
    const look = lookAtZstdFrame(source);
    if (look.kind === "malformed") {
      throw frameError(look.reason, source, target);
    }
    if (look.contentBytes !== target.length) {
      throw frameError(`it states ${look.contentBytes} bytes of content`, source, target);
    }
    if (this.#handles === undefined) {
      decompressOnce(source, target);
    } else {
      this.#decompressReused(this.#handles, source, target);
    }
    return target.length;
  }

  /** Frees the native contexts. Used again, the codec would work as the fallback does. */
  close(): void {
    this.#handles?.compress.close();
    this.#handles?.decompress.close();
    this.#handles = undefined;
    this.#scratch = new Uint8Array(0);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #room(source: Uint8Array): Uint8Array {
    const bound = zstdBoundBytes(source.length);
    if (this.#scratch.length < bound) {
      this.#scratch = new Uint8Array(bound);
    }
    return this.#scratch;
  }

  #compress(source: Uint8Array, room: Uint8Array): number {
    if (this.#handles === undefined) {
      const params = { [constants.ZSTD_c_compressionLevel]: this.level };
      // Room that is never filled: after a chunk that is, Node asks zstd once more, and that begins a second, empty frame.
      const chunkSize = zstdBoundBytes(source.length) + CHUNK_SPARE_BYTES;
      const frame = whileNotEnded(() => zstdCompressSync(source, { params, chunkSize }));
      assert(frame.length <= room.length, "zstd keeps its bound");
      room.set(frame);
      return frame.length;
    }
    const call = this.#handles.compress.call(source, room);
    // With room for the bound only a lack of memory or a bug ends here.
    assert(call.kind === "done" && call.unreadBytes === 0, "zstd compresses within its bound");
    return call.writtenBytes;
  }

  #decompressReused(handles: Handles, source: Uint8Array, target: Uint8Array): void {
    const call = handles.decompress.call(source, target);
    if (call.kind === "done" && call.unreadBytes === 0 && call.writtenBytes === target.length) {
      return;
    }
    // The context is in the middle of a frame: a fresh one takes its place.
    const fresh = openDecompressor();
    assert(fresh !== undefined, "a handle that could be opened can be opened again");
    handles.decompress.close();
    handles.decompress = fresh;
    const reason = call.kind === "failed" ? call.reason : "it holds less than it states";
    throw frameError(reason, source, target);
  }

  /** Two rounds through the handles, crossed with Node's public functions, and one refused frame between. */
  #works(): boolean {
    const plain = new Uint8Array(20_000).map((_, index) => (index * index) >> 7);
    const frame = new Uint8Array(zstdBoundBytes(plain.length));
    const back = new Uint8Array(plain.length);
    try {
      for (let round = 0; round < 2; round++) {
        const length = this.compressInto(plain, frame);
        if (length === "larger") {
          return false;
        }
        const written = frame.subarray(0, length);
        this.decompressInto(written, back.fill(0));
        const open = whileNotEnded(() => zstdDecompressSync(written));
        if (Buffer.compare(back, plain) !== 0 || Buffer.compare(open, plain) !== 0) {
          return false;
        }
        if (!this.#refusesDamage(written.slice(), back)) {
          return false;
        }
      }
      return true;
    } catch {
      // Whatever went wrong, the internals are not what they were: the public functions do the work.
      return false;
    }
  }

  #refusesDamage(frame: Uint8Array, target: Uint8Array): boolean {
    // The first block is compressed; its literals header is made impossible.
    frame.fill(0xff, 12, Math.min(frame.length, 64));
    if (lookAtZstdFrame(frame).kind === "malformed") {
      return false;
    }
    try {
      this.decompressInto(frame, target);
      return false;
    } catch (error) {
      return error instanceof DrError;
    }
  }
}

function frameError(
  reason: string,
  source: Uint8Array,
  target: Uint8Array,
  cause?: unknown,
): DrError {
  return new DrError(
    "REPO_FRAME_CODEC",
    { reason, frameBytes: source.length, plainBytes: target.length },
    { cause },
  );
}

/** The fallback: Node bounds the output by the target's length; the result is copied once. */
function decompressOnce(source: Uint8Array, target: Uint8Array): void {
  let plain: Uint8Array;
  try {
    const options = {
      chunkSize: Math.max(64, target.length),
      maxOutputLength: Math.max(1, target.length),
      params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX },
    };
    plain = whileNotEnded(() => zstdDecompressSync(source, options));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw frameError(reason, source, target, error);
  }
  if (plain.length !== target.length) {
    throw frameError("it holds less than it states", source, target);
  }
  target.set(plain);
}
