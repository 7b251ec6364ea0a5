/**
 * Reads a range of a local file whole. The operating system may answer a read with fewer bytes than asked; taken for the
 * whole range, the rest would be zeros.
 */
import { closeSync, openSync, readSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { DrError } from "../core/errors.ts";

/** A range of an object; `object` names it in errors. */
export type ObjectRange = {
  readonly object: string;
  readonly offset: number;
  readonly length: number;
};

function short({ object, offset, length }: ObjectRange): DrError {
  return new DrError("REPO_OBJECT_SHORT", { object, offset, bytes: length });
}

/** @throws DrError `REPO_OBJECT_SHORT`; errors of the operating system. */
export async function readExactly(file: FileHandle, range: ObjectRange): Promise<Buffer> {
  const bytes = Buffer.alloc(range.length);
  for (let at = 0; at < bytes.length;) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, range.offset + at);
    if (bytesRead === 0) {
      throw short(range);
    }
    at += bytesRead;
  }
  return bytes;
}

/** The same at once, opening and closing the file. @throws as `readExactly`. */
export function readExactlySync(path: string, range: ObjectRange): Buffer {
  const bytes = Buffer.alloc(range.length);
  const fd = openSync(path, "r");
  try {
    for (let at = 0; at < bytes.length;) {
      const got = readSync(fd, bytes, at, bytes.length - at, range.offset + at);
      if (got === 0) {
        throw short(range);
      }
      at += got;
    }
  } finally {
    closeSync(fd);
  }
  return bytes;
}
