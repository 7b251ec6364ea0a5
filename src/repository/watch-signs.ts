/**
 * Signs of life of whoever watches a cluster beside its server, for a watcher elsewhere that sees nothing but the repository: that somebody looks,
 * what is being told, what is kept quiet, and whether it gets out. Numbered objects, written once; the highest number counts, and `expire` deletes
 * the others. No instant in here decides anything: clocks of hosts differ, so a reader judges by when it first saw a number. docs/format.md
 * section 9.
 */
import * as z from "zod/mini";
import { signQuietsMax, signRulesMax, signTextMax } from "../core/watch-limits.ts";
import { decodeDocument, encodeDocument } from "./json-document.ts";
import { newestNumber } from "./list-children.ts";
import { type ClusterName, objectKey, signPrefix } from "./object-names.ts";
import type { StoreCall } from "./object-store.ts";
import type { SealedStore } from "./sealed-store.ts";

const DIGITS = 8;

const text = z.string().check(z.maxLength(signTextMax));
const seconds = z.number().check(z.nonnegative());

const signSchema = z.object({
  version: z.literal(1),
  cluster: text,
  number: z.int().check(z.positive()),
  /** A word that no other watcher of the cluster uses. */
  watcher: text,
  host: text,
  at: z.iso.datetime(),
  /** How often it means to leave one. */
  everySeconds: z.number().check(z.positive()),
  /** Rules with an alert that is open there, told or kept quiet. */
  open: z.array(text).check(z.maxLength(signRulesMax)),
  /** Rules that are kept quiet there, and for how long still; `all` is every rule. */
  quiets: z.array(z.object({ rule: text, leftSeconds: seconds })).check(z.maxLength(signQuietsMax)),
  /** For how long no way to people has taken what waits for it: 0 while one of them has nothing left to take. Null: there is no way. */
  mutedSeconds: z.nullable(seconds),
  /** How long ago the dead-man's switch took a call; null: none is configured, or none was made yet. */
  deadManSeconds: z.nullable(seconds),
});

/** One sign of life. */
export type WatchSign = z.infer<typeof signSchema>;

/** The newest; undefined when nobody ever left one. @throws DrError what the store and `getWhole` throw. */
export async function readNewestSign(
  sealed: SealedStore,
  cluster: ClusterName,
  call: StoreCall,
): Promise<WatchSign | undefined> {
  const prefix = signPrefix(cluster);
  const number = await newestNumber(sealed.store, { prefix, digits: DIGITS }, call);
  if (number === undefined) {
    return undefined;
  }
  const name = { type: "sign", cluster, number } as const;
  const { content } = await sealed.getWhole(name, call);
  return decodeDocument(signSchema, content, `the sign ${objectKey(name)}`);
}

/**
 * Leaves the next one. Of two watchers that do so at once one is told.
 * @throws DrError what the store throws, `STORE_CONFLICT` when somebody else was faster.
 */
export async function putSign(
  sealed: SealedStore,
  cluster: ClusterName,
  sign: Omit<WatchSign, "version" | "cluster" | "number">,
  call: StoreCall,
): Promise<number> {
  const prefix = signPrefix(cluster);
  const newest = await newestNumber(sealed.store, { prefix, digits: DIGITS }, call);
  const number = (newest ?? 0) + 1;
  const document: WatchSign = { version: 1, cluster, number, ...sign };
  await sealed.putWhole({ type: "sign", cluster, number }, encodeDocument(document), call);
  return number;
}
