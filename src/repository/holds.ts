/**
 * Holds: a person's order to keep a backup whatever retention says, with a reason and perhaps an end. Objects of their own, written
 * once and numbered, for roots cannot be changed: the highest number says what holds now. docs/format.md section 9.
 *
 * A hold that is there and cannot be read stops whoever decides what to delete: it never counts as none.
 */
import * as z from "zod/mini";
import { DrError, isDrError } from "../core/errors.ts";
import { holdAttemptsMax, holdTextMax } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { decodeDocument, encodeDocument, objectIdText } from "./json-document.ts";
import { listChildren, newestNumber } from "./list-children.ts";
import { type ClusterName, type IncarnationPlace, holdPrefix, objectKey } from "./object-names.ts";
import type { StoreCall } from "./object-store.ts";
import type { ActiveHold } from "./retention-view.ts";
import type { SealedStore } from "./sealed-store.ts";

const DIGITS = 8;

const holdSchema = z.object({
  version: z.literal(1),
  cluster: z.string(),
  incarnation: z.string(),
  backup: objectIdText,
  number: z.int().check(z.positive()),
  state: z.enum(["held", "released"]),
  reason: z.string().check(z.maxLength(holdTextMax)),
  until: z.nullable(z.iso.datetime()),
  actor: z.string().check(z.maxLength(holdTextMax)),
  at: z.iso.datetime(),
});

/** One word on whether a backup is held. */
export type HoldDocument = z.infer<typeof holdSchema>;

/** What somebody says. `until`: null = until it is released. */
export type HoldWord = Pick<HoldDocument, "state" | "reason" | "until" | "actor">;

/** The document's bytes. */
export function encodeHold(hold: HoldDocument): Buffer {
  return encodeDocument(hold);
}

/** Reads one. @throws DrError `REPO_ENCODING`. */
export function decodeHold(bytes: Uint8Array, name: string): HoldDocument {
  return decodeDocument(holdSchema, bytes, `the hold ${name}`);
}

/** The newest word on one backup; undefined when there never was one. @throws DrError what the store and `getWhole` throw. */
export async function readHold(
  sealed: SealedStore,
  of: { readonly cluster: ClusterName; readonly backup: ObjectId },
  call: StoreCall,
): Promise<HoldDocument | undefined> {
  const { cluster, backup } = of;
  const prefix = holdPrefix(cluster, backup);
  const number = await newestNumber(sealed.store, { prefix, digits: DIGITS }, call);
  if (number === undefined) {
    return undefined;
  }
  const name = { type: "hold", cluster, backup, number } as const;
  const { content } = await sealed.getWhole(name, call);
  const hold = decodeHold(content, objectKey(name));
  if (hold.backup !== backup || hold.cluster !== cluster || hold.number !== number) {
    const found = `${hold.cluster} ${hold.backup} ${hold.number}`;
    const expected = `${cluster} ${backup} ${number}`;
    throw new DrError("REPO_OBJECT_MISPLACED", {
      object: objectKey(name),
      field: "hold",
      found,
      expected,
    });
  }
  return hold;
}

/** The newest word on every backup of a cluster that ever was held. Memory: one document a backup. */
export async function readHolds(
  sealed: SealedStore,
  cluster: ClusterName,
  call: StoreCall,
): Promise<ReadonlyMap<ObjectId, HoldDocument>> {
  const holds = new Map<ObjectId, HoldDocument>();
  for await (const child of listChildren(sealed.store, holdPrefix(cluster), call)) {
    const parsed = objectIdText.safeParse(child);
    const backup = parsed.success ? parsed.data : undefined;
    const hold =
      backup === undefined ? undefined : await readHold(sealed, { cluster, backup }, call);
    if (hold !== undefined) {
      holds.set(hold.backup, hold);
    }
  }
  return holds;
}

/** What a document means to retention. */
export function activeHold(hold: HoldDocument | undefined): ActiveHold | undefined {
  return hold?.state === "held"
    ? { reason: hold.reason, untilMs: hold.until === null ? null : Date.parse(hold.until) }
    : undefined;
}

/**
 * Writes the next word on a backup, which its writer has pinned. Two hosts may do so at once: each gets a number of its own.
 * @throws DrError what the store throws; `STORE_CONFLICT` when others are always faster.
 */
export async function putHold(
  sealed: SealedStore,
  of: IncarnationPlace & { readonly backup: ObjectId; readonly atMs: number },
  word: HoldWord,
  call: StoreCall,
): Promise<HoldDocument> {
  const { cluster, incarnation, backup, atMs } = of;
  const prefix = holdPrefix(cluster, backup);
  for (let attempt = 1; ; attempt += 1) {
    const newest = await newestNumber(sealed.store, { prefix, digits: DIGITS }, call);
    const number = (newest ?? 0) + 1;
    const at = new Date(atMs).toISOString();
    const hold: HoldDocument = { version: 1, cluster, incarnation, backup, number, at, ...word };
    try {
      const name = { type: "hold", cluster, backup, number } as const;
      await sealed.putWhole(name, encodeHold(hold), call);
      return hold;
    } catch (error) {
      if (!isDrError(error, "STORE_CONFLICT") || attempt >= holdAttemptsMax) {
        throw error;
      }
    }
  }
}
