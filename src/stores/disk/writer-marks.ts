/**
 * Who is writing which object where there are no hard links: an empty file in the staging directory, whose name says the key and the
 * process. It is there from before the object's file is created until after that is finished. So an unfinished object all
 * of whose marks are of dead processes has no writer any more, and its name is free at once instead of after ten minutes.
 *
 * A mark proves something only where processes can be looked at; whoever cannot, waits. Marks need not be durable: after a
 * lost one the time decides.
 *
 * States of an object's name: marked → created → finished → unmarked. After a death: claimed (the first mark of a dead process is renamed
 * to the claimant's, which only one can do) → looked at again → removed → created by the claimant.
 */
import { createHash } from "node:crypto";
import { open, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../../files/file-error.ts";
import {
  livenessOf,
  ownIdentity,
  parseProcessText,
  processText,
} from "../../files/process-identity.ts";
import { removeFile } from "../../files/write-durably.ts";

function prefixOf(key: string): string {
  return `writing-${createHash("sha256").update(key).digest("hex").slice(0, 32)}-`;
}

function ownMark(staging: string, key: string): string {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex");
  return join(staging, `${prefixOf(key)}${processText(ownIdentity())}-${nonce}`);
}

/** Says that this process is about to create the object. Answers the mark, to be removed with `removeFile`. */
export async function markWriter(staging: string, key: string): Promise<string> {
  const mark = ownMark(staging, key);
  await using _created = await open(mark, "wx", 0o600);
  return mark;
}

function isOfDead(name: string, prefix: string): boolean {
  const identity = parseProcessText(name.slice(prefix.length, name.lastIndexOf("-")));
  return identity !== undefined && livenessOf(identity) === "dead";
}

/**
 * Takes an unfinished object over when its writers are proved dead; answers this process's mark. The object is to be looked at again
 * then. Undefined: somebody may be writing it, or another process has just taken it over.
 */
export async function claimFromDead(staging: string, key: string): Promise<string | undefined> {
  const prefix = prefixOf(key);
  const marks = (await readdir(staging)).filter((name) => name.startsWith(prefix)).toSorted();
  const [first, ...rest] = marks;
  if (first === undefined || !marks.every((name) => isOfDead(name, prefix))) {
    return undefined;
  }
  const mark = ownMark(staging, key);
  try {
    await rename(join(staging, first), mark);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") {
      return undefined;
    }
    throw error;
  }
  for (const name of rest) {
    await removeFile(join(staging, name));
  }
  return mark;
}
