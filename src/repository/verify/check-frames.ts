/**
 * Reads every frame of one local object: authenticates, decompresses, and holds the blocks that maps name against their
 * fingerprints. One bad frame does not hide the next: each is judged by itself.
 *
 * Synchronous: for worker threads. Memory: the read window (4 MiB), one frame and its content.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { DrError, isDrError } from "../../core/errors.ts";
import {
  framePlainBytesMax,
  restoreReadBytes,
  verifyFaultsPerObjectMax,
} from "../../core/limits.ts";
import { type BlockPass, allocateBlockMemory } from "../../pipeline/block-pass.ts";
import type { FingerprintKey } from "../../pipeline/fingerprint-key.ts";
import type { OpenedTicket } from "../../pipeline/sealing/object-header.ts";
import { FrameOpener } from "../../pipeline/sealing/frame-sealer.ts";
import { selectBlockPass } from "../../pipeline/select-block-pass.ts";
import { ZstdCodec } from "../../pipeline/zstd-codec.ts";
import type { PackClaims } from "./block-claims.ts";

/** An object to check. `offsets` has one entry more than there are frames. */
export type FramesToCheck = {
  readonly path: string;
  readonly label: string;
  readonly ticket: OpenedTicket;
  readonly offsets: Float64Array;
  readonly claims: PackClaims;
};

/** What was seen. Faults beyond `verifyFaultsPerObjectMax` are counted only. */
export type CheckedFrames = {
  readonly frames: number;
  readonly blocks: number;
  readonly readBytes: number;
  readonly faults: readonly DrError[];
  readonly faultCount: number;
};

/** Reads ahead by whole windows; a frame is a view that the next call overwrites. */
class Window {
  readonly #fd: number;
  readonly #path: string;
  #bytes = Buffer.allocUnsafe(restoreReadBytes);
  #start = 0;
  #end = 0;
  readBytes = 0;

  constructor(fd: number, path: string) {
    this.#fd = fd;
    this.#path = path;
  }

  frame(offset: number, length: number): Buffer {
    if (offset < this.#start || offset + length > this.#end) {
      if (length > this.#bytes.length) {
        this.#bytes = Buffer.allocUnsafe(length);
      }
      this.#fill(offset);
      if (offset + length > this.#end) {
        throw new DrError("REPO_OBJECT_SHORT", { object: this.#path, offset, bytes: length });
      }
    }
    return this.#bytes.subarray(offset - this.#start, offset - this.#start + length);
  }

  #fill(offset: number): void {
    this.#start = offset;
    this.#end = offset;
    for (;;) {
      const at = this.#end - this.#start;
      const got = this.#read(at, this.#bytes.length - at);
      this.#end += got;
      this.readBytes += got;
      if (got === 0) {
        return;
      }
    }
  }

  #read(at: number, length: number): number {
    try {
      return length === 0 ? 0 : readSync(this.#fd, this.#bytes, at, length, this.#start + at);
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new DrError(
        "STORE_IO",
        { operation: "read", path: this.#path, reason },
        { cause: error },
      );
    }
  }
}

/** One instance a worker. */
export class FrameChecker {
  readonly #pass: BlockPass;
  readonly #codec = new ZstdCodec();

  constructor(options: { readonly blockBytes: number; readonly fingerprintKey: FingerprintKey }) {
    const { blockBytes, fingerprintKey } = options;
    const size = { blockBytes, inputBytes: framePlainBytesMax, shared: false };
    this.#pass = selectBlockPass(allocateBlockMemory(size), fingerprintKey);
  }

  /** Checks all frames of an object. @throws what is no fault of the object. */
  check(object: FramesToCheck): CheckedFrames {
    const faults: DrError[] = [];
    let faultCount = 0;
    const note = (error: unknown): void => {
      if (!isDrError(error)) {
        throw error;
      }
      faultCount += 1;
      if (faults.length < verifyFaultsPerObjectMax) {
        faults.push(error);
      }
    };
    const fd = openSync(object.path, "r");
    try {
      const window = new Window(fd, object.path);
      const opener = new FrameOpener(object.ticket);
      const { offsets, claims } = object;
      const frames = offsets.length - 1;
      let claim = 0;
      for (let index = 0; index < frames; index++) {
        const from = claim;
        while (claim < claims.claims && claims.frame[claim] === index) {
          claim += 1;
        }
        try {
          const offset = offsets[index] ?? 0;
          const sealed = window.frame(offset, (offsets[index + 1] ?? 0) - offset);
          const plainBytes = this.#open(opener, sealed, index);
          this.#checkClaims(object, { index, plainBytes, from, to: claim });
        } catch (error) {
          note(error);
        }
      }
      if (claim < claims.claims) {
        note(this.#damaged(object, `a map names frame ${claims.frame[claim]} of ${frames}`));
      }
      return { frames, blocks: claim, readBytes: window.readBytes, faults, faultCount };
    } finally {
      closeSync(fd);
    }
  }

  #open(opener: FrameOpener, sealed: Buffer, index: number): number {
    const frame = opener.open(sealed, index);
    const target = this.#pass.input.subarray(0, frame.plainLength);
    if (frame.codec === "stored") {
      target.set(frame.content);
    } else {
      this.#codec.decompressInto(frame.content, target);
    }
    return frame.plainLength;
  }

  #checkClaims(
    object: FramesToCheck,
    at: {
      readonly index: number;
      readonly plainBytes: number;
      readonly from: number;
      readonly to: number;
    },
  ): void {
    let claim = at.from;
    while (claim < at.to) {
      claim = this.#checkRun(object, claim, at);
    }
  }

  /** Checks a claim, and with it those of whole blocks that lie right behind it; answers the next one. */
  #checkRun(
    object: FramesToCheck,
    first: number,
    at: { readonly index: number; readonly plainBytes: number; readonly to: number },
  ): number {
    const { claims } = object;
    const { blockBytes } = this.#pass;
    const offsetBytes = claims.offset[first] ?? 0;
    let end = first;
    while (
      end < at.to &&
      claims.length[end] === blockBytes &&
      claims.offset[end] === offsetBytes + (end - first) * blockBytes
    ) {
      end += 1;
    }
    const blockCount = end - first;
    const lengthBytes = blockCount === 0 ? (claims.length[first] ?? 0) : blockCount * blockBytes;
    if (offsetBytes + lengthBytes > at.plainBytes || offsetBytes % 8 !== 0) {
      throw this.#mismatch(object, at.index, offsetBytes);
    }
    if (blockCount === 0) {
      if (this.#pass.tail({ offsetBytes, lengthBytes }) !== claims.fingerprints[first]) {
        throw this.#mismatch(object, at.index, offsetBytes);
      }
      return first + 1;
    }
    const run = { offsetBytes, blockCount, firstBlockNumber: 0, checkPages: false };
    const found = this.#pass.run(run).fingerprints;
    for (let n = 0; n < blockCount; n++) {
      if (found[n] !== claims.fingerprints[first + n]) {
        throw this.#mismatch(object, at.index, offsetBytes + n * blockBytes);
      }
    }
    return end;
  }

  #mismatch(object: FramesToCheck, frame: number, offset: number): DrError {
    const what = `byte ${offset} of frame ${frame} does not begin the block that a map names`;
    return this.#damaged(object, what);
  }

  #damaged(object: FramesToCheck, reason: string): DrError {
    return new DrError("REPO_OBJECT_DAMAGED", { object: object.label, reason });
  }
}
