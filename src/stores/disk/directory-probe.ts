/** Two questions that only the file system itself can answer, asked with files that are gone afterwards. */
import { link, lstat, mkdir, open, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, withFileErrors } from "../../files/file-error.ts";
import { removeFile } from "../../files/write-durably.ts";

const NO_HARD_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EINVAL"]);

function uniquePath(directory: string, purpose: string): string {
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(10))).toString("hex");
  return join(directory, `.${purpose}-${random}`);
}

/** Whether a file in `directory` can get a second name. @throws DrError `STORE_IO` for any other failure. */
export async function hardLinksWork(directory: string, signal: AbortSignal): Promise<boolean> {
  const first = uniquePath(directory, "probe");
  const second = `${first}-link`;
  const context = { group: "STORE", operation: "link", path: first, signal } as const;
  return await withFileErrors(context, async () => {
    await using created = await open(first, "wx", 0o600);
    try {
      await link(first, second);
      return true;
    } catch (error) {
      if (NO_HARD_LINKS.has(errnoOf(error) ?? "")) {
        return false;
      }
      throw error;
    } finally {
      await created.datasync();
      await removeFile(first);
      await removeFile(second);
    }
  });
}

/** The clock that stamps the files of `directory`: a server's, where it is on a network file system. */
export async function fileSystemTimeMs(directory: string): Promise<number> {
  const path = uniquePath(directory, "clock");
  await mkdir(path);
  try {
    return (await lstat(path)).mtimeMs;
  } finally {
    await rmdir(path);
  }
}
