/**
 * Key files on this host: where they lie, who may read them, how they are written. A key file is mode 600 and lies
 * outside the repository, because whoever steals the repository must not find the key in it.
 */
import { readFile, realpath, rename, stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { DrError, isDrError } from "../core/errors.ts";
import { failpointAsync } from "../core/failpoint.ts";
import { createDirectories, syncDirectory } from "../files/directories.ts";
import { errnoOf } from "../files/file-error.ts";
import { writeDurably } from "../files/write-durably.ts";
import { decodeKeyFile, encodeKeyFile } from "../pipeline/sealing/key-file.ts";
import type { KeyRing } from "../pipeline/sealing/key-ring.ts";

/** Where the key file of a repository lies. */
export function keyFilePath(
  environment: { readonly keyFile: string | undefined; readonly keyDirectory: string },
  repositoryId: Uint8Array,
): string {
  const name = `${Buffer.from(repositoryId).toString("hex")}.key`;
  return environment.keyFile ?? join(environment.keyDirectory, name);
}

async function realOrSame(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      const parent = dirname(path);
      return parent === path ? path : join(await realOrSame(parent), relative(parent, path));
    }
    throw error;
  }
}

/** Refuses a key file inside the repository, links followed. @throws DrError `KEY_FILE_INSIDE`. */
export async function requireOutside(keyFile: string, repository: string): Promise<void> {
  const path = await realOrSame(resolve(keyFile));
  const from = relative(await realOrSame(resolve(repository)), path);
  if (!from.startsWith("..")) {
    throw new DrError("KEY_FILE_INSIDE", { path: keyFile, repository });
  }
}

/**
 * Reads a key file. @throws DrError `KEY_FILE_MISSING`, `KEY_FILE_RIGHTS`, and what `decodeKeyFile` throws.
 */
export async function readKeyFile(path: string, repositoryId: Uint8Array): Promise<KeyRing> {
  let text: string;
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw new DrError("KEY_FILE_RIGHTS", { path, mode: (mode & 0o777).toString(8) });
    }
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      const repository = Buffer.from(repositoryId).toString("hex");
      throw new DrError("KEY_FILE_MISSING", { path, repository }, { cause: error });
    }
    const reason = errnoOf(error);
    if (isDrError(error) || reason === undefined) {
      throw error;
    }
    throw new DrError("KEY_FILE_UNREADABLE", { path, reason }, { cause: error });
  }
  return decodeKeyFile(text, { repositoryId });
}

/** Writes a key file, new, mode 600, durable. @throws DrError `KEY_FILE_EXISTS` when another one is there. */
export async function writeKeyFile(
  path: string,
  ring: KeyRing,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const { signal } = options;
  await createDirectories(dirname(path), { group: "STORE", signal });
  const parts = [Buffer.from(encodeKeyFile(ring))];
  const result = await writeDurably({ finalPath: path, parts, group: "STORE", signal });
  if (result === "conflict") {
    throw new DrError("KEY_FILE_EXISTS", { path });
  }
}

/** Where the key file of the next generation waits until the repository knows of it. */
export function nextKeyFilePath(keyFile: string): string {
  return `${keyFile}.next`;
}

/** The ring of a rotation that was killed on this host; undefined when there is none. @throws DrError `KEY_*`. */
export async function readNextKeyFile(
  keyFile: string,
  repositoryId: Uint8Array,
): Promise<KeyRing | undefined> {
  try {
    return await readKeyFile(nextKeyFilePath(keyFile), repositoryId);
  } catch (error) {
    if (isDrError(error, "KEY_FILE_MISSING")) {
      return undefined;
    }
    throw error;
  }
}

/** The file that holds a generation which the key file does not hold yet; undefined when there is none. */
export async function unfinishedKeyFile(
  keyFile: string,
  wanted: { readonly repositoryId: Uint8Array; readonly generation: number },
): Promise<string | undefined> {
  const next = await readNextKeyFile(keyFile, wanted.repositoryId);
  return next?.generation === wanted.generation ? nextKeyFilePath(keyFile) : undefined;
}

/**
 * Puts a durable key file in the place of another. The one place where a file is replaced by its name: the new file holds all that
 * the old one held, and a host has one key file.
 */
export async function replaceKeyFile(
  from: string,
  keyFile: string,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  await failpointAsync("key.replace-file", options);
  await rename(from, keyFile);
  await syncDirectory(dirname(keyFile), "STORE");
}
