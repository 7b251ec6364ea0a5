/**
 * Where a new recovery key goes: to a terminal, shown once, and nowhere else; where there is none, to a file of mode 600 beside the key
 * file, so that it never lands in a log.
 */
import { readFile } from "node:fs/promises";
import { DrError } from "../core/errors.ts";
import { errnoOf } from "../files/file-error.ts";
import { writeDurably } from "../files/write-durably.ts";
import { parseRecoveryKey } from "../pipeline/sealing/recovery-key.ts";
import type { StoreCall } from "../repository/object-store.ts";

/** Where the recovery key is now: in the caller's hand, to be shown once, or in a file. */
export type RecoveryKey =
  | { readonly kind: "none" }
  | { readonly kind: "shown"; readonly text: string }
  | { readonly kind: "written"; readonly path: string };

/** Where a recovery key is written when there is no terminal to print it on. */
export function recoveryKeyPath(keyFile: string): string {
  return keyFile.replace(/\.key$/, "").concat(".recovery");
}

/** The recovery key that a killed run has put into its file; undefined when there is none. */
export async function writtenRecoveryKey(path: string): Promise<string | undefined> {
  try {
    const text = (await readFile(path, "utf8")).trim();
    parseRecoveryKey(text);
    return text;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}

/** Hands a new recovery key over, or writes it, mode 600. @throws DrError `KEY_FILE_EXISTS` when another one is there. */
export async function keepRecoveryKey(
  text: string,
  path: string,
  options: { readonly recoveryKey: "show" | "write" } & StoreCall,
): Promise<RecoveryKey> {
  if (options.recoveryKey === "show") {
    return { kind: "shown", text };
  }
  const parts = [Buffer.from(`${text}\n`)];
  const { signal } = options;
  const result = await writeDurably({ finalPath: path, parts, group: "STORE", signal });
  if (result === "conflict") {
    throw new DrError("KEY_FILE_EXISTS", { path });
  }
  return { kind: "written", path };
}
