/** Small files of a restored directory that we write ourselves, and errors of the operating system about them. */
import { open, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf, fileError } from "../files/file-error.ts";
import type { Owner } from "./scatter-messages.ts";

/** A directory that is being restored. */
export type RestoreTarget = { readonly dataDirectory: string; readonly owner: Owner | undefined };

/** Writes a file, whole or in pieces: replaced if there, owned, synced; its name is not durable yet. */
export async function putFile(
  target: RestoreTarget,
  name: string,
  content: string | Uint8Array | readonly Uint8Array[],
): Promise<void> {
  const path = join(target.dataDirectory, name);
  await rm(path, { force: true });
  await using file = await open(path, "wx", 0o600);
  await file.writeFile(content);
  if (target.owner !== undefined) {
    await file.chown(target.owner.uid, target.owner.gid);
  }
  await file.sync();
}

/** True when the directory of `path`, which exists, has such an entry. */
export async function entryExists(path: string): Promise<boolean> {
  const names: readonly string[] = await readdir(dirname(path));
  return names.includes(path.slice(dirname(path).length + 1));
}

/** `RESTORE_DISK_FULL` or `RESTORE_FILE_IO` for an error of the operating system; anything else as it is. */
export function inRestoreWords(error: unknown, directory: string): unknown {
  if (!(error instanceof Error) || errnoOf(error) === undefined || !("syscall" in error)) {
    return error;
  }
  const path = "path" in error && typeof error.path === "string" ? error.path : directory;
  return fileError(error, { group: "RESTORE", operation: String(error.syscall), path });
}
