/**
 * Condemned keys: what an expiry is about to delete, written down before it looks a second time, so that whoever pins something
 * in between finds out. docs/format.md section 9.
 */
import * as z from "zod/mini";
import { condemnedKeysMax } from "../core/limits.ts";
import { decodeDocument, encodeDocument, objectIdText } from "./json-document.ts";
import { holderSchema } from "./lease-holder.ts";

const condemnSchema = z.object({
  version: z.literal(1),
  id: objectIdText,
  cluster: z.string(),
  holder: holderSchema,
  /** Epoch of the cluster's `expire` lease. */
  epoch: z.int().check(z.positive()),
  /** From when they may be deleted, by the holder's clock: for people. What counts is the holder's monotonic clock. */
  notBefore: z.iso.datetime(),
  keys: z
    .array(z.object({ key: z.string(), reason: z.string() }))
    .check(z.maxLength(condemnedKeysMax)),
});

/**
 * The reason with which parts of WAL are condemned whose segment was read back whole: whoever lists WAL from then on reads that, so
 * they are in nobody's way. Part of the format.
 */
export const COVERED_PART = "its segment is published and verified";

/** One condemn object. */
export type CondemnDocument = z.infer<typeof condemnSchema>;

/** The document's bytes. */
export function encodeCondemn(condemn: CondemnDocument): Buffer {
  return encodeDocument(condemn);
}

/** Reads a condemn object. @throws DrError `REPO_ENCODING`. */
export function decodeCondemn(bytes: Uint8Array, name: string): CondemnDocument {
  return decodeDocument(condemnSchema, bytes, `the condemn object ${name}`);
}
