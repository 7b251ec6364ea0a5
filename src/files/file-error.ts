/**
 * Errors of the operating system in the words of the project. A full disk is told apart from every other failure, with
 * the free bytes, because it is the one that people can mend in a minute at 3 a.m.
 */
import { statfsSync } from "node:fs";
import { dirname, isAbsolute } from "node:path";
import { DrError, isDrError } from "../core/errors.ts";

/** Whose file it was: the store's, or the directory's that is being restored. */
export type FileErrorGroup = "STORE" | "RESTORE";

const DISK_FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** The operating system's code of an error, `ENOENT` for example. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return undefined;
}

/** Bytes free for ordinary users where `path`, or the nearest directory above it that exists, lies; of what is no absolute path nothing is known. */
export function freeBytesAt(path: string): number | undefined {
  if (!isAbsolute(path)) {
    return undefined;
  }
  for (let at = path; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = statfsSync(at);
      return bavail * bsize;
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" || dirname(at) === at) {
        return undefined;
      }
    }
  }
}

/**
 * The `DrError` for a failed file operation: `STORE_DISK_FULL` or `RESTORE_DISK_FULL` (a quota and a file size
 * limit count as full too), else `STORE_IO` or `RESTORE_FILE_IO`. A `DrError` is returned as it is.
 */
export function fileError(
  cause: unknown,
  context: {
    readonly group: FileErrorGroup;
    readonly operation: string;
    readonly path: string;
  },
): DrError {
  if (isDrError(cause)) {
    return cause;
  }
  const { group, operation, path } = context;
  if (DISK_FULL.has(errnoOf(cause) ?? "")) {
    const details = { path, freeBytes: freeBytesAt(path) ?? "?" };
    return group === "STORE"
      ? new DrError("STORE_DISK_FULL", details, { cause })
      : new DrError("RESTORE_DISK_FULL", details, { cause });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return group === "STORE"
    ? new DrError("STORE_IO", { operation, path, reason }, { cause })
    : new DrError("RESTORE_FILE_IO", { operation, path, reason }, { cause });
}

/** Runs `work`; its failure becomes a `fileError`. An abort's own reason passes unchanged. */
export async function withFileErrors<T>(
  context: {
    readonly group: FileErrorGroup;
    readonly operation: string;
    readonly path: string;
    readonly signal: AbortSignal;
  },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (context.signal.aborted && error === context.signal.reason) {
      throw error;
    }
    throw fileError(error, context);
  }
}
