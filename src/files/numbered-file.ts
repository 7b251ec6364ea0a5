/**
 * A small file that has to change, without ever being overwritten: each state is a new file with the next number, the highest
 * number counts, and older ones are removed when the new one is durable. Killed anywhere, the old or the new
 * state is there, whole. Of two processes that write at once one gets the number and the other is told.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { failpoint } from "../core/failpoint.ts";
import { createDirectories } from "./directories.ts";
import { errnoOf, fileError } from "./file-error.ts";
import { removeFile, writeDurably } from "./write-durably.ts";

/** Where, and the name before the number: `seen` makes `seen-00000001.json`. */
export type NumberedFilePlace = { readonly directory: string; readonly base: string };

/** One state. */
export type NumberedState = { readonly number: number; readonly content: Buffer };

function nameOf(base: string, number: number): string {
  return `${base}-${String(number).padStart(8, "0")}.json`;
}

/** One numbered file of a directory. */
export class NumberedFile {
  readonly #place: NumberedFilePlace;

  constructor(place: NumberedFilePlace) {
    this.#place = place;
  }

  async #numbers(): Promise<number[]> {
    const { directory, base } = this.#place;
    let names: string[];
    try {
      names = await readdir(directory);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") {
        return [];
      }
      throw fileError(error, { group: "STORE", operation: "list", path: directory });
    }
    return names
      .map((name) => ({ name, number: Number(/-(\d{8})\.json$/.exec(name)?.[1] ?? Number.NaN) }))
      .filter(({ name, number }) => name === nameOf(base, number))
      .map(({ number }) => number)
      .toSorted((a, b) => a - b);
  }

  /** The newest state; undefined before the first. @throws DrError `STORE_IO`. */
  async read(call: { readonly signal: AbortSignal }): Promise<NumberedState | undefined> {
    const { directory, base } = this.#place;
    for (;;) {
      call.signal.throwIfAborted();
      const number = (await this.#numbers()).at(-1);
      if (number === undefined) {
        return undefined;
      }
      const path = join(directory, nameOf(base, number));
      try {
        return { number, content: await readFile(path, call) };
      } catch (error) {
        // Replaced by a newer one between listing and reading.
        if (errnoOf(error) !== "ENOENT") {
          throw fileError(error, { group: "STORE", operation: "read", path });
        }
      }
    }
  }

  /**
   * Writes a state, durable when it returns, and removes the older ones. False when somebody else wrote this number.
   * @throws DrError `STORE_IO`, `STORE_DISK_FULL`.
   */
  async write(state: NumberedState, call: { readonly signal: AbortSignal }): Promise<boolean> {
    const { directory, base } = this.#place;
    const { signal } = call;
    await createDirectories(directory, { group: "STORE", signal });
    const finalPath = join(directory, nameOf(base, state.number));
    const parts = [state.content];
    const result = await writeDurably({ finalPath, parts, group: "STORE", signal });
    if (result !== "created") {
      return false;
    }
    failpoint("files.numbered-written");
    const older = (await this.#numbers()).filter((number) => number < state.number);
    for (const number of older) {
      await removeFile(join(directory, nameOf(base, number)));
    }
    return true;
  }
}
