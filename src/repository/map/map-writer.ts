/**
 * Writes the layers and pages of a backup into map objects. An item's place is known when it is added,
 * because frames are numbered as they are begun; so a page can refer to layers that are still in memory.
 */
import { assert } from "../../core/assert.ts";
import { mapFrameBytes, mapFrameBytesMax, mapObjectBytes } from "../../core/limits.ts";
import type { FinishedObject, FramedFileWriter } from "../../pipeline/framed-file-writer.ts";
import type { MapRef } from "./page.ts";

/** Opens the next map object. Map objects are prepared ahead, so that adding needs no waiting. */
export type OpenMap = () => FramedFileWriter;

/** Peak memory: a frame, or its largest item when that is larger, and the object's write buffer. */
export class MapWriter implements Disposable {
  readonly #open: OpenMap;
  readonly #finished: FinishedObject[] = [];
  #object: FramedFileWriter | undefined;
  #frame = Buffer.alloc(0);
  #length = 0;

  constructor(open: OpenMap) {
    this.#open = open;
  }

  /** Adds an item and answers where it lies. It is copied: a cluster can have a million, and kept apart they weigh five times as much. */
  add(item: Uint8Array): MapRef {
    assert(item.length <= mapFrameBytesMax, "a map's item fits a frame");
    if (this.#length > 0 && this.#length + item.length > mapFrameBytes) {
      this.#closeFrame();
    }
    this.#object ??= this.#open();
    const ref = {
      map: this.#object.id,
      frame: this.#object.frames,
      offset: this.#length,
      length: item.length,
    };
    this.#append(item);
    return ref;
  }

  #append(item: Uint8Array): void {
    const needed = this.#length + item.length;
    if (needed > this.#frame.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, mapFrameBytes));
      this.#frame.copy(larger, 0, 0, this.#length);
      this.#frame = larger;
    }
    this.#frame.set(item, this.#length);
    this.#length = needed;
  }

  /** Finishes the last object; answers all of them, staged and not yet published. */
  finish(): readonly FinishedObject[] {
    this.#closeFrame();
    this.#finishObject();
    return this.#finished;
  }

  /** Closes the file of an object that was not finished. */
  [Symbol.dispose](): void {
    this.#object?.[Symbol.dispose]();
    this.#object = undefined;
  }

  #closeFrame(): void {
    if (this.#object === undefined || this.#length === 0) {
      return;
    }
    this.#object.addFrame(this.#frame.subarray(0, this.#length));
    this.#length = 0;
    if (this.#frame.length > mapFrameBytes) {
      this.#frame = Buffer.alloc(0);
    }
    if (this.#object.sealedBytes >= mapObjectBytes) {
      this.#finishObject();
    }
  }

  #finishObject(): void {
    if (this.#object !== undefined) {
      this.#finished.push(this.#object.finish());
      this.#object = undefined;
    }
  }
}
