/**
 * A small note of this host about a cluster's watch, in a numbered file of its own. Nothing depends on it but exactness: one that cannot be read counts
 * as none, and of two writers at once one is kept.
 */
import type * as z from "zod/mini";
import { NumberedFile } from "../../files/numbered-file.ts";
import type { Environment } from "../environment.ts";
import { watchDirectory } from "./memory.ts";

type Call = { readonly signal: AbortSignal };

/** One note. */
export class LocalNote<T> {
  readonly #file: NumberedFile;
  readonly #schema: z.ZodMiniType<T>;

  constructor(environment: Environment, base: string, schema: z.ZodMiniType<T>) {
    this.#file = new NumberedFile({ directory: watchDirectory(environment), base });
    this.#schema = schema;
  }

  /** Undefined: nothing was ever noted, or not by this version. @throws DrError `STORE_IO`. */
  async read(call: Call): Promise<T | undefined> {
    const state = await this.#file.read(call);
    return state === undefined ? undefined : this.#decode(state.content);
  }

  #decode(content: Buffer): T | undefined {
    try {
      return this.#schema.parse(JSON.parse(content.toString()));
    } catch {
      // Damaged: then it begins anew.
      return undefined;
    }
  }

  /** @throws DrError `STORE_IO`, `STORE_DISK_FULL`. */
  async write(note: T, call: Call): Promise<void> {
    const before = await this.#file.read(call);
    const content = Buffer.from(JSON.stringify(note));
    await this.#file.write({ number: (before?.number ?? 0) + 1, content }, call);
  }
}
