/**
 * The file that goes with a message. The outbox names it and its hash, for it is rewritten at every look and must stay small; it is read when it is
 * handed over. One that is gone, or is not what it was, stays behind, and the message goes without it: its words say where else it is.
 */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { attachmentBytesMax } from "../core/watch-limits.ts";
import type { MessageAttachment } from "./notifier.ts";
import type { StoredAttachment } from "./outbox.ts";

/** Undefined: it cannot be sent. @throws the signal's reason when aborted. */
export async function readAttachment(
  { name, type, path, sha256 }: StoredAttachment,
  { signal }: { readonly signal: AbortSignal },
): Promise<MessageAttachment | undefined> {
  try {
    if ((await stat(path)).size > attachmentBytesMax) {
      return undefined;
    }
    const bytes = await readFile(path, { signal });
    const found = createHash("sha256").update(bytes).digest("hex");
    return found === sha256 ? { name, type, bytes } : undefined;
  } catch {
    // Not there any more, or not to be read.
    signal.throwIfAborted();
    return undefined;
  }
}
