/**
 * Signs of life of whoever watches a cluster beside its server, for a watcher elsewhere that sees nothing but the repository: that somebody looks,
 * what is being told, what is kept quiet, and whether it gets out. Numbered objects, written once; the highest number counts, and `expire` deletes
 * the others. No instant in here decides anything: clocks of hosts differ, so a reader judges by when it first saw a number. docs/format.md
 * section 9.
 */
import * as z from "zod/mini";
import { isDrError } from "../core/errors.ts";
import {
  signClaimAttemptsMax,
  signDigestsMax,
  signQuietsMax,
  signRulesMax,
  signTextMax,
} from "../core/watch-limits.ts";
import { decodeDocument, encodeDocument } from "./json-document.ts";
import { newestNumber } from "./list-children.ts";
import { type ClusterName, clusterNameOf, objectKey, signPrefix } from "./object-names.ts";
import type { StoreCall } from "./object-store.ts";
import type { SealedStore } from "./sealed-store.ts";

const DIGITS = 8;

const text = z.string().check(z.maxLength(signTextMax));
const seconds = z.number().check(z.nonnegative());

const claimSchema = z.object({ day: z.iso.date(), route: text, watcher: text });

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
  /** Whose the day's digest is, by the way to its readers: carried on from sign to sign, the newest last. Signs of before have none. */
  digests: z._default(z.array(claimSchema).check(z.maxLength(signDigestsMax)), []),
});

/** One sign of life. */
export type WatchSign = z.infer<typeof signSchema>;

/** What a watcher says in one. */
export type SaidInSign = Omit<WatchSign, "version" | "cluster" | "number" | "digests">;

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

/** The newest one's claims; one that cannot be read has none, and keeps no other from being left. */
async function newestClaims(
  sealed: SealedStore,
  cluster: ClusterName,
  call: StoreCall,
): Promise<Pick<WatchSign, "number" | "digests">> {
  const prefix = signPrefix(cluster);
  const number = await newestNumber(sealed.store, { prefix, digits: DIGITS }, call);
  if (number === undefined) {
    return { number: 0, digests: [] };
  }
  try {
    const { content } = await sealed.getWhole({ type: "sign", cluster, number }, call);
    return { number, digests: decodeDocument(signSchema, content, "a sign").digests };
  } catch (error) {
    call.signal.throwIfAborted();
    if (!isDrError(error) || error.retryable) {
      throw error;
    }
    return { number, digests: [] };
  }
}

async function putNext(
  sealed: SealedStore,
  sign: Omit<WatchSign, "version">,
  call: StoreCall,
): Promise<void> {
  const cluster = clusterNameOf(sign.cluster);
  const { number } = sign;
  const digests = sign.digests.slice(-signDigestsMax);
  const document: WatchSign = { version: 1, ...sign, digests };
  await sealed.putWhole({ type: "sign", cluster, number }, encodeDocument(document), call);
}

/**
 * Leaves the next one. Of two watchers that do so at once one is told.
 * @throws DrError what the store throws, `STORE_CONFLICT` when somebody else was faster.
 */
export async function putSign(
  sealed: SealedStore,
  cluster: ClusterName,
  sign: SaidInSign,
  call: StoreCall,
): Promise<number> {
  const newest = await newestClaims(sealed, cluster, call);
  const number = newest.number + 1;
  await putNext(sealed, { ...sign, cluster, number, digests: newest.digests }, call);
  return number;
}

/**
 * Of the ways to readers those on which this watcher is to send the digest of a day: nobody else has claimed them. Of several watchers that ask at
 * once each way is one's, because a sign is never overwritten; who asks again gets what it was given.
 * @throws DrError what the store throws, `STORE_CONFLICT` when others were faster again and again.
 */
export async function claimDigests(
  sealed: SealedStore,
  wanted: {
    readonly cluster: ClusterName;
    readonly day: string;
    readonly routes: readonly string[];
    readonly sign: SaidInSign;
  },
  call: StoreCall,
): Promise<ReadonlySet<string>> {
  const { cluster, day, routes, sign } = wanted;
  const { watcher } = sign;
  for (let attempt = 1; ; attempt += 1) {
    const newest = await newestClaims(sealed, cluster, call);
    const ownerOf = (route: string): string | undefined =>
      newest.digests.find((claim) => claim.day === day && claim.route === route)?.watcher;
    const fresh = routes.filter((route) => ownerOf(route) === undefined);
    const own = routes.filter((route) => (ownerOf(route) ?? watcher) === watcher);
    if (fresh.length === 0) {
      return new Set(own);
    }
    const digests = [...newest.digests, ...fresh.map((route) => ({ day, route, watcher }))];
    try {
      await putNext(sealed, { ...sign, cluster, number: newest.number + 1, digests }, call);
      return new Set(own);
    } catch (error) {
      if (!isDrError(error, "STORE_CONFLICT") || attempt === signClaimAttemptsMax) {
        throw error;
      }
    }
  }
}
