/**
 * Where content lies in a restore worker's memory until it is written: a few places that are taken in turn, so that the next
 * frames are opened while the disk takes the last ones. A place must not be given out again before its writes have ended.
 */
import { DIRECT_ALIGN_BYTES } from "../files/direct-writes.ts";

/** Pieces of content that may wait for their writes. */
const PLACES = 4;

/** Over a region of memory, by offsets. One a worker. */
export class WritePlaces {
  readonly #bytes: number;
  readonly #writing: Promise<void>[][] = Array.from({ length: PLACES }, () => []);
  #unit: Promise<void>[] = [];
  #next = 0;
  #isWide = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(inputBytes: number) {
    this.#bytes = Math.floor(inputBytes / PLACES / DIRECT_ALIGN_BYTES) * DIRECT_ALIGN_BYTES;
  }

  /** A free place for so many bytes: where it begins. @throws what an earlier write was rejected with. */
  async take(lengthBytes: number): Promise<number> {
    const isWide = lengthBytes > this.#bytes;
    if (isWide || this.#isWide) {
      await this.settle();
      this.#next = 0;
    }
    this.#isWide = isWide;
    const place = this.#next;
    this.#next = (place + 1) % PLACES;
    await Promise.all(this.#writing[place] ?? []);
    this.#writing[place] = [];
    this.#check();
    return place * this.#bytes;
  }

  /** What lies in the place that was taken last is being written. */
  hold(writing: Promise<void>): void {
    const place = (this.#next + PLACES - 1) % PLACES;
    const ended = writing.catch((error: unknown) => {
      this.#failure ??= { error };
    });
    this.#writing[place]?.push(ended);
    this.#unit.push(ended);
  }

  /** Waits for every write, successful or not. */
  async settle(): Promise<void> {
    await Promise.all(this.#writing.flat());
    this.#writing.forEach((writing) => writing.splice(0));
  }

  /** Waits for what is held since the last call. Places may be taken meanwhile. @throws what a write was rejected with. */
  async written(): Promise<void> {
    const unit = this.#unit;
    this.#unit = [];
    await Promise.all(unit);
    this.#check();
  }

  #check(): void {
    if (this.#failure !== undefined) {
      throw this.#failure.error;
    }
  }
}
