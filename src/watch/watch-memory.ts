/**
 * Where the watch keeps its document: a numbered file, changed by compare-and-set, so that a status under cron, a daemon and a delivery
 * may all work on it. A document that cannot be read stops nobody's alerts: it is copied aside, and the watch begins anew.
 */
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { failpoint } from "../core/failpoint.ts";
import { watchSaveAttemptsMax, watchSaveRetryMs } from "../core/watch-limits.ts";
import type { Random } from "../core/random.ts";
import { NumberedFile, type NumberedState } from "../files/numbered-file.ts";
import { writeDurably } from "../files/write-durably.ts";
import {
  type WatchDocument,
  decodeWatchDocument,
  emptyWatchDocument,
  encodeWatchDocument,
} from "./watch-document.ts";

type Call = { readonly signal: AbortSignal };

/** A file that changes by numbers; `files/numbered-file.ts` on a real host. */
export interface WatchFile {
  read(call: Call): Promise<NumberedState | undefined>;
  write(state: NumberedState, call: Call): Promise<boolean>;
}

/** What a change answers; `document` undefined: nothing is to be written. */
export type Change<T> = { readonly document: WatchDocument | undefined; readonly result: T };

/** The memory of one host and cluster. */
export class WatchMemory {
  readonly directory: string;
  readonly #file: WatchFile;
  readonly #clock: Clock;
  readonly #random: Random;
  /** Where the copy lies of a document that could not be read. */
  damaged: string | undefined;

  constructor(options: {
    readonly directory: string;
    readonly clock: Clock;
    readonly random: Random;
    readonly file?: WatchFile;
  }) {
    const { directory, clock, random } = options;
    this.directory = directory;
    this.#file = options.file ?? new NumberedFile({ directory, base: "watch" });
    this.#clock = clock;
    this.#random = random;
  }

  async #keepCopy(state: NumberedState, call: Call): Promise<string> {
    const name = `damaged-${String(state.number).padStart(8, "0")}.json`;
    const finalPath = join(this.directory, name);
    await writeDurably({ finalPath, parts: [state.content], group: "STORE", ...call });
    return finalPath;
  }

  async #load(call: Call): Promise<{ readonly number: number; readonly document: WatchDocument }> {
    const state = await this.#file.read(call);
    if (state === undefined) {
      return { number: 0, document: emptyWatchDocument(this.#random) };
    }
    const { number } = state;
    try {
      return { number, document: decodeWatchDocument(state.content, this.directory) };
    } catch (error) {
      if (!isDrError(error, "WATCH_MEMORY_DAMAGED")) {
        throw error;
      }
      this.damaged = await this.#keepCopy(state, call);
      return { number, document: emptyWatchDocument(this.#random) };
    }
  }

  /** The document now. @throws DrError `STORE_IO`. */
  async read(call: Call): Promise<WatchDocument> {
    return (await this.#load(call)).document;
  }

  /**
   * Changes the document; durable when it returns. `change` is called again when another process was faster.
   * @throws DrError `STORE_IO`, `STORE_DISK_FULL`, `WATCH_MEMORY_BUSY`: whether it was written is then unknown, and told by the next read.
   */
  async update<T>(change: (document: WatchDocument) => Change<T>, call: Call): Promise<T> {
    for (let attempt = 1; attempt <= watchSaveAttemptsMax; attempt += 1) {
      const { number, document } = await this.#load(call);
      const { document: next, result } = change(document);
      if (next === undefined) {
        return result;
      }
      failpoint("watch.save");
      const content = encodeWatchDocument(next);
      if (await this.#file.write({ number: number + 1, content }, call)) {
        failpoint("watch.saved");
        return result;
      }
      await this.#clock.sleep(watchSaveRetryMs * this.#random.fraction(), call);
    }
    throw new DrError("WATCH_MEMORY_BUSY", { path: this.directory });
  }
}
