/**
 * Paths that came from outside (a tar stream, a file map, a tablespace map) joined to a directory of ours. A name
 * must not leave that directory, neither by its text nor through a symbolic link that somebody laid in its
 * way; the tablespace links, which are meant, are made by the restore itself and never passed here.
 * Synchronous, because restore workers call it for each file. A link laid between this check and the use is
 * not seen: the directory belongs to us (0700) before data goes in.
 */
import { lstatSync, type Stats } from "node:fs";
import { isAbsolute, join } from "node:path";
import { DrError } from "../core/errors.ts";
import { errnoOf, fileError } from "./file-error.ts";

function refusal(path: string, root: string, reason: string): DrError {
  const printable = path.replaceAll("\0", "\\0");
  return new DrError("RESTORE_UNSAFE_PATH", { path: printable, root, reason });
}

/** The parts of a relative path. @throws DrError `RESTORE_UNSAFE_PATH`. */
function partsOf(root: string, path: string): readonly string[] {
  if (path.includes("\0")) {
    throw refusal(path, root, "NUL");
  }
  if (isAbsolute(path)) {
    throw refusal(path, root, "absolute");
  }
  const parts = path.split("/");
  for (const part of parts) {
    if (part === "" || part === "." || part === "..") {
      throw refusal(path, root, `"${part}"`);
    }
  }
  return parts;
}

function lstatIfPresent(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") {
      return undefined;
    }
    throw fileError(error, { group: "RESTORE", operation: "lstat", path });
  }
}

/** Joins by text alone; touches no file. @throws DrError `RESTORE_UNSAFE_PATH`. */
export function joinBelow(root: string, path: string): string {
  return join(root, ...partsOf(root, path));
}

/**
 * Joins, and looks at every part that exists: none may be a symbolic link, and all but the last must be
 * directories. @throws DrError `RESTORE_UNSAFE_PATH`, `RESTORE_FILE_IO`.
 */
export function safePathBelow(root: string, path: string): string {
  const parts = partsOf(root, path);
  let at = root;
  for (const [index, part] of parts.entries()) {
    at = join(at, part);
    const stat = lstatIfPresent(at);
    if (stat === undefined) {
      break;
    }
    if (stat.isSymbolicLink()) {
      throw refusal(path, root, "symlink");
    }
    if (index < parts.length - 1 && !stat.isDirectory()) {
      throw refusal(path, root, "ENOTDIR");
    }
  }
  return join(root, ...parts);
}
