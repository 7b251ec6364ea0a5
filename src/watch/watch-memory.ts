/**
 * Where the watch keeps its document: a numbered file, changed by compare-and-set, so that a status under cron, a daemon and a delivery
 * may all work on it. Nothing stops alerts: a document that cannot be read is copied aside, and the watch begins anew; where the state
 * directory cannot be written, because its disk is full, say, the document goes into the machine's memory, with the next number, until the disk
 * takes it again. At the moment of such a change, two processes that write at once may lose the change of one; what is lost is what one look
 * saw, and the next one sees it again.
 */
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { failpoint } from "../core/failpoint.ts";
import { watchSaveAttemptsMax, watchSaveRetryMs } from "../core/watch-limits.ts";
import type { Random } from "../core/random.ts";
import { fileError } from "../files/file-error.ts";
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

/** Where a change goes: `reserve` when the state directory did not take it. */
export type Place = "disk" | "reserve";

/** What a change answers; `document` undefined: nothing is to be written. */
export type Change<T> = { readonly document: WatchDocument | undefined; readonly result: T };

type Loaded = { readonly number: number; readonly document: WatchDocument };

/** A failure of the disk, whatever kind. */
function isDiskFault(error: unknown): error is DrError {
  return isDrError(error, "STORE_DISK_FULL") || isDrError(error, "STORE_IO");
}

/** The memory of one host and cluster. */
export class WatchMemory {
  readonly directory: string;
  readonly #file: WatchFile;
  readonly #reserve: WatchFile | undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  /** Where the copy lies of a document that could not be read. */
  damaged: string | undefined;
  /** Why the state directory is not used; undefined as long as it works. */
  fault: DrError | undefined;

  constructor(options: {
    readonly directory: string;
    readonly clock: Clock;
    readonly random: Random;
    readonly file?: WatchFile;
    /** A directory that lives in the machine's memory. */
    readonly reserveDirectory?: string | undefined;
  }) {
    const { directory, reserveDirectory, clock, random } = options;
    this.directory = directory;
    this.#file = options.file ?? new NumberedFile({ directory, base: "watch" });
    this.#reserve =
      reserveDirectory === undefined
        ? undefined
        : new NumberedFile({ directory: reserveDirectory, base: "watch" });
    this.#clock = clock;
    this.#random = random;
  }

  async #keepCopy(state: NumberedState, call: Call): Promise<string> {
    const name = `damaged-${String(state.number).padStart(8, "0")}.json`;
    const finalPath = join(this.directory, name);
    await writeDurably({ finalPath, parts: [state.content], group: "STORE", ...call });
    return finalPath;
  }

  /** The newest state of both places. */
  async #newest(call: Call): Promise<NumberedState | undefined> {
    let main: NumberedState | undefined;
    try {
      main = await this.#file.read(call);
    } catch (error) {
      if (!isDiskFault(error) || this.#reserve === undefined) {
        throw error;
      }
      this.fault = error;
    }
    const other = await this.#reserve?.read(call);
    return other !== undefined && other.number > (main?.number ?? 0) ? other : main;
  }

  async #load(call: Call): Promise<Loaded> {
    const state = await this.#newest(call);
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

  async #write(place: Place, state: NumberedState, call: Call): Promise<boolean | DrError> {
    const file = place === "disk" ? this.#file : this.#reserve;
    if (file === undefined) {
      return this.fault ?? new DrError("WATCH_MEMORY_BUSY", { path: this.directory });
    }
    try {
      failpoint("watch.save");
      const written = await file.write(state, call);
      failpoint("watch.saved");
      return written;
    } catch (error) {
      call.signal.throwIfAborted();
      const fault = fileError(error, { group: "STORE", operation: "write", path: this.directory });
      if (isDiskFault(fault)) {
        return fault;
      }
      throw fault as Error;
    }
  }

  /**
   * Changes the document; durable when it returns, or in the machine's memory when the state directory did not take it (`fault` says why).
   * `change` is called again when another process was faster, and for the other place.
   * @throws DrError `STORE_IO`, `STORE_DISK_FULL`, `WATCH_MEMORY_BUSY`: whether it was written is then unknown, and told by the next read.
   */
  async update<T>(
    change: (document: WatchDocument, place: Place) => Change<T>,
    call: Call,
  ): Promise<T> {
    let place: Place = "disk";
    for (let attempt = 1; attempt <= watchSaveAttemptsMax; attempt += 1) {
      const { number, document } = await this.#load(call);
      const { document: next, result } = change(document, place);
      if (next === undefined) {
        return result;
      }
      const content = encodeWatchDocument(next);
      const written = await this.#write(place, { number: number + 1, content }, call);
      if (written === true) {
        this.fault = place === "disk" ? undefined : this.fault;
        return result;
      }
      if (written === false) {
        await this.#clock.sleep(watchSaveRetryMs * this.#random.fraction(), call);
        continue;
      }
      if (place === "reserve" || this.#reserve === undefined) {
        throw written;
      }
      this.fault = written;
      place = "reserve";
    }
    throw new DrError("WATCH_MEMORY_BUSY", { path: this.directory });
  }
}
