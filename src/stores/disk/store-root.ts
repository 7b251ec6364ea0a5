/**
 * The directory a store was opened in, and whether it is still that one. A disk that is unmounted under a running program leaves the empty
 * directory it was mounted on: what is written there is acknowledged and then hidden when the disk returns, and nothing is found there
 * that the repository holds (loss class 7). Looked at before something is written, after it was, and before something is said to be absent.
 */
import { stat } from "node:fs/promises";
import { DrError } from "../../core/errors.ts";
import { guard } from "../../core/failpoint.ts";
import { errnoOf, fileError } from "../../files/file-error.ts";

async function identityOf(path: string): Promise<string> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    throw errnoOf(error) === "ENOENT"
      ? new DrError("STORE_ROOT_MISSING", { location: path }, { cause: error })
      : fileError(error, { group: "STORE", operation: "stat", path });
  }
}

/** See the file's comment. */
export class StoreRoot {
  readonly path: string;
  readonly #identity: string;

  private constructor(path: string, identity: string) {
    this.path = path;
    this.#identity = identity;
  }

  /** @throws DrError `STORE_ROOT_MISSING`, `STORE_IO`. */
  static async open(path: string): Promise<StoreRoot> {
    return new StoreRoot(path, await identityOf(path));
  }

  /** @throws DrError `STORE_ROOT_CHANGED`; `STORE_ROOT_MISSING`, `STORE_IO`. */
  async requireUnchanged(): Promise<void> {
    if (guard("L7-same-root") && (await identityOf(this.path)) !== this.#identity) {
      throw new DrError("STORE_ROOT_CHANGED", { location: this.path });
    }
  }
}
