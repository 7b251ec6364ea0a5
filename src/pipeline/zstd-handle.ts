/**
 * One zstd context, used again and again. `zstdCompressSync` makes a context for every call, which costs up
 * to half the time at frame sizes; the context inside a stream's private handle can be called directly.
 * These are undocumented internals of Node: they are parsed from `unknown`, a self-test decides at run
 * time whether they may be used (`zstd-codec.ts`), and nothing here may be reached with arguments that
 * were not checked: the native side aborts the process on a bad offset or a wrong type.
 *
 * Traps: the handle's own `reset()` makes a new context without its parameters (level 3 instead of the one
 * asked for), so after an error the stream is replaced; the stream's own error handler destroys the stream, so
 * it is replaced by one that takes a note.
 */
import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";
import { whileNotEnded } from "../core/worker-end.ts";

/** What one call did. */
export type ZstdCall =
  | { readonly kind: "done"; readonly writtenBytes: number; readonly unreadBytes: number }
  | { readonly kind: "failed"; readonly reason: string };

type WriteSync = (
  flush: number,
  source: Uint8Array,
  sourceOffset: number,
  sourceLength: number,
  target: Uint8Array,
  targetOffset: number,
  targetLength: number,
) => void;

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isWriteSync(value: unknown): value is WriteSync {
  return typeof value === "function";
}

/** A context for compressing or decompressing whole frames, one call each. Not for two threads. */
export class ZstdHandle {
  readonly #stream: { destroy(): unknown };
  readonly #handle: object;
  readonly #writeSync: WriteSync;
  /** Free output bytes, unread input bytes; written by the native side. */
  readonly #state: Uint32Array;
  #failure: string | undefined;

  private constructor(
    stream: { destroy(): unknown },
    parts: { handle: object; writeSync: WriteSync; state: Uint32Array },
  ) {
    this.#stream = stream;
    this.#handle = parts.handle;
    this.#writeSync = parts.writeSync;
    this.#state = parts.state;
    Reflect.set(this.#handle, "onerror", (message: unknown, _number: unknown, code: unknown) => {
      this.#failure = `${String(code)}: ${String(message)}`;
    });
  }

  /** A handle for the given direction, or undefined when Node's internals are not as expected. */
  static open(
    direction: "compress" | "decompress",
    parameters: Record<number, number>,
  ): ZstdHandle | undefined {
    // The stream's own buffers are never used: the smallest chunk is enough.
    const options = { params: parameters, chunkSize: 64 };
    const stream = whileNotEnded(() =>
      direction === "compress" ? createZstdCompress(options) : createZstdDecompress(options),
    );
    const handle: unknown = Reflect.get(stream, "_handle");
    const state: unknown = Reflect.get(stream, "_writeState");
    const writeSync: unknown = isObject(handle) ? Reflect.get(handle, "writeSync") : undefined;
    if (!isObject(handle) || !(state instanceof Uint32Array) || !isWriteSync(writeSync)) {
      stream.destroy();
      return undefined;
    }
    return new ZstdHandle(stream, { handle, writeSync, state });
  }

  /** Compresses or decompresses all of `source` into `target` as one frame, as far as it fits. */
  call(source: Uint8Array, target: Uint8Array): ZstdCall {
    this.#failure = undefined;
    this.#writeSync.call(
      this.#handle,
      constants.ZSTD_e_end,
      source,
      0,
      source.length,
      target,
      0,
      target.length,
    );
    const failure: string | undefined = this.#failure;
    if (failure !== undefined) {
      return { kind: "failed", reason: failure };
    }
    const [freeBytes = 0, unreadBytes = 0] = this.#state;
    return { kind: "done", writtenBytes: target.length - freeBytes, unreadBytes };
  }

  /** Frees the native context. */
  close(): void {
    this.#stream.destroy();
  }
}
