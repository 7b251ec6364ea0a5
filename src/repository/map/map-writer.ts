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

/** Peak memory: the open frame, one item, and the object's write buffer. */
export class MapWriter implements Disposable {
  readonly #open: OpenMap;
  readonly #finished: FinishedObject[] = [];
  #object: FramedFileWriter | undefined;
  #items: Uint8Array[] = [];
  #length = 0;

  constructor(open: OpenMap) {
    this.#open = open;
  }

  /** Adds an item and answers where it lies. The bytes must not change afterwards. */
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
    this.#items.push(item);
    this.#length += item.length;
    return ref;
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
    const [first, ...more] = this.#items;
    const alone = first !== undefined && more.length === 0;
    this.#object.addFrame(alone ? first : Buffer.concat(this.#items, this.#length));
    this.#items = [];
    this.#length = 0;
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
