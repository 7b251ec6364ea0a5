/** Errors of writing staged files, which the operating system words, in the project's words. */
import { errnoOf, fileError } from "./file-error.ts";

/**
 * `STORE_DISK_FULL` or `STORE_IO` for an error of the operating system; anything else as it is. `staged`: the file or
 * its directory, which a failed write does not name.
 */
export function inStoreWords(error: unknown, staged?: string): unknown {
  if (!(error instanceof Error) || errnoOf(error) === undefined || !("syscall" in error)) {
    return error;
  }
  const own = "path" in error && typeof error.path === "string" ? error.path : undefined;
  const path = own ?? staged ?? "a staged file";
  return fileError(error, { group: "STORE", operation: String(error.syscall), path });
}
