/**
 * A file that is made anew again and again and read by others at any moment: it is replaced at once, and is whole whenever it is read. Nothing that
 * must last is written so: a rename overwrites what was there.
 */
import { chmod, open, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { withFileErrors } from "../files/file-error.ts";
import { removeFile, writeAll } from "../files/write-durably.ts";

/** Aborted or failed: the file is the one before, and nothing else is left. `write`, `rename`: called before each. @throws DrError `STORE_IO`, `STORE_DISK_FULL`. */
export async function replaceFile(
  path: string,
  content: Buffer,
  options: {
    readonly signal: AbortSignal;
    readonly mode: number;
    readonly write?: () => void;
    readonly rename?: () => void;
  },
): Promise<void> {
  const { signal, mode } = options;
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex");
  const temporary = join(dirname(path), `.pra-${random}.tmp`);
  await withFileErrors({ group: "STORE", operation: "write", path, signal }, async () => {
    try {
      options.write?.();
      {
        await using handle = await open(temporary, "wx", mode);
        await writeAll(handle, [content], signal);
        await handle.sync();
      }
      // Whatever the umask.
      await chmod(temporary, mode);
      options.rename?.();
      await rename(temporary, path);
    } catch (error) {
      await removeFile(temporary);
      throw error;
    }
  });
}
