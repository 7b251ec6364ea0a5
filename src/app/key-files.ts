/**
 * Key files on this host: where they lie, who may read them, how they are written. A key file is mode 600 and lies
 * outside the repository, because whoever steals the repository must not find the key in it.
 */
import { readFile, realpath, stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { DrError } from "../core/errors.ts";
import { createDirectories } from "../files/directories.ts";
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
    throw error;
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
