/**
 * Room on the repository's disk that nobody fills: a file of the store's own, given back when not a byte is left. Whoever wants to clear
 * away must write first (a lease, what is going to be deleted, an entry of the ledger); on a disk that is full to the last byte it could not,
 * and people would delete files of a repository by hand.
 */
import { randomBytes } from "node:crypto";
import { open, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { emergencyRoomBytes, emergencyRoomFreeBytesMin } from "../../core/store-limits.ts";
import { errnoOf, withFileErrors } from "../../files/file-error.ts";
import { removeFile } from "../../files/write-durably.ts";
import type { EmergencyRoom, StoreCall } from "../../repository/object-store.ts";
import type { StoreRoot } from "./store-root.ts";

const NAME = ".emergency-room";
const PIECE_BYTES = 1 << 20;

/** See the file's comment. */
export class DiskEmergencyRoom implements EmergencyRoom {
  readonly #root: StoreRoot;
  readonly #path: string;

  constructor(root: StoreRoot) {
    this.#root = root;
    this.#path = join(root.path, NAME);
  }

  async keep({ signal }: StoreCall): Promise<boolean> {
    const context = { group: "STORE", operation: "write", path: this.#path, signal } as const;
    return await withFileErrors(context, async () => {
      await this.#root.requireUnchanged();
      const { bavail, bsize } = await statfs(this.#root.path);
      if (bavail * bsize < emergencyRoomFreeBytesMin) {
        return (await this.#sizeBytes()) >= emergencyRoomBytes;
      }
      // Goes on behind what a writer left that was killed.
      await using file = await open(this.#path, "a", 0o600);
      for (let { size } = await file.stat(); size < emergencyRoomBytes; size += PIECE_BYTES) {
        // What does not compress: some file systems would keep no room for zeros.
        await file.write(randomBytes(PIECE_BYTES));
      }
      await file.datasync();
      return true;
    });
  }

  async release({ signal }: StoreCall): Promise<boolean> {
    const context = { group: "STORE", operation: "unlink", path: this.#path, signal } as const;
    return await withFileErrors(context, async () => {
      await this.#root.requireUnchanged();
      const sizeBytes = await this.#sizeBytes();
      await removeFile(this.#path);
      return sizeBytes > 0;
    });
  }

  async #sizeBytes(): Promise<number> {
    try {
      return (await stat(this.#path)).size;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") {
        return 0;
      }
      throw error;
    }
  }
}
