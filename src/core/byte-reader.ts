/**
 * Reads the project's binary encodings from bytes that may be malformed: every read is bounded by what is
 * there, and every fault is `REPO_ENCODING` with the place, never a crash or an over-read.
 */
import { DrError } from "./errors.ts";

/** A cursor over bytes. `what` names them in errors. */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #what: string;
  #offset = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes left. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** A fault at the present place. */
  fault(fact: string): DrError {
    return new DrError("REPO_ENCODING", { what: this.#what, offset: this.#offset, fact });
  }

  #need(bytes: number): number {
    if (bytes > this.remaining) {
      throw this.fault(`${bytes} bytes needed, ${this.remaining} left`);
    }
    const at = this.#offset;
    this.#offset += bytes;
    return at;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#need(1));
  }

  u64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#need(8));
  }

  /** @throws DrError `REPO_ENCODING` beyond 2^53-1. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER || scale > Number.MAX_SAFE_INTEGER) {
        throw this.fault("a number beyond 2^53-1");
      }
      if (byte < 0x80) {
        return value;
      }
      scale *= 0x80;
    }
  }

  /** A varint that must not exceed `max`. */
  varintUpTo(max: number, name: string): number {
    const value = this.varint();
    if (value > max) {
      throw this.fault(`${name} is ${value}, more than ${max}`);
    }
    return value;
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A view of the next bytes. */
  bytes(length: number): Buffer {
    const at = this.#need(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A view of bytes preceded by their length. */
  sized(max: number, name: string): Buffer {
    return this.bytes(this.varintUpTo(max, name));
  }

  /** @throws DrError `REPO_ENCODING` when bytes are left over. */
  end(): void {
    if (this.remaining !== 0) {
      throw this.fault(`${this.remaining} bytes left over`);
    }
  }
}
