/** Errors of writing staged files, which the operating system words, in the project's words. */
import { errnoOf, fileError } from "../files/file-error.ts";

/** `STORE_DISK_FULL` or `STORE_IO` for an error of the operating system; anything else as it is. */
export function inStoreWords(error: unknown): unknown {
  if (!(error instanceof Error) || errnoOf(error) === undefined || !("syscall" in error)) {
    return error;
  }
  const path = "path" in error && typeof error.path === "string" ? error.path : "a staged file";
  return fileError(error, { group: "STORE", operation: String(error.syscall), path });
}
