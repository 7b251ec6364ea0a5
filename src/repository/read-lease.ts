/**
 * Reading leases: the newest renewal, and the fence that the newest `backup` lease is for readers. It never writes.
 */
import { isDrError } from "../core/errors.ts";
import { leaseReadAttemptsMax } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { isAcceptedBy, type Fence, type RootClaim } from "./fencing.ts";
import { decodeLease, type AcceptedRoots, type LeaseDocument } from "./lease-holder.ts";
import { listChildren, newestNumber } from "./list-children.ts";
import {
  clusterPrefix,
  dumpPrefix,
  leasePrefix,
  objectKey,
  parseIncarnationName,
  rootPrefix,
  type ClusterName,
  type IncarnationPlace,
  type LeasePurpose,
} from "./object-names.ts";
import type { StoreCall } from "./object-store.ts";
import type { SealedStore } from "./sealed-store.ts";

/** Which lease. */
export type LeasePlace = { readonly cluster: ClusterName; readonly purpose: LeasePurpose };

const DIGITS = 8;

/** The newest epoch, 0 for none. One small listing. */
export async function newestEpoch(
  sealed: SealedStore,
  place: LeasePlace,
  call: StoreCall,
): Promise<number> {
  const prefix = leasePrefix(place.cluster, place.purpose);
  return (await newestNumber(sealed.store, { prefix, digits: DIGITS }, call)) ?? 0;
}

async function readRenewal(
  sealed: SealedStore,
  place: LeasePlace,
  at: { readonly epoch: number; readonly renewal: number } & StoreCall,
): Promise<LeaseDocument> {
  const { epoch, renewal, signal } = at;
  const name = { type: "lease", ...place, epoch, renewal } as const;
  const { content } = await sealed.getWhole(name, { signal });
  return decodeLease(content, objectKey(name));
}

/**
 * The newest renewal of the newest epoch; undefined when nobody ever held this lease. An old renewal that is removed
 * between listing and reading makes it look again.
 * @throws DrError what `getWhole` throws: a lease that is not authentic is nobody's.
 */
export async function readNewestLease(
  sealed: SealedStore,
  place: LeasePlace,
  call: StoreCall,
): Promise<LeaseDocument | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const epoch = await newestEpoch(sealed, place, call);
    if (epoch === 0) {
      return undefined;
    }
    const prefix = `${leasePrefix(place.cluster, place.purpose)}${String(epoch).padStart(DIGITS, "0")}/`;
    const renewal = (await newestNumber(sealed.store, { prefix, digits: DIGITS }, call)) ?? 0;
    try {
      return await readRenewal(sealed, place, { ...call, epoch, renewal });
    } catch (error) {
      if (!isDrError(error, "STORE_MISSING") || attempt >= leaseReadAttemptsMax) {
        throw error;
      }
    }
  }
}

/**
 * The fence that stands for readers now; undefined when the `backup` lease was never taken. Read it *after* listing roots: then a
 * root that was published behind a fence is never taken for valid.
 */
export async function readFence(
  sealed: SealedStore,
  cluster: ClusterName,
  call: StoreCall,
): Promise<Fence | undefined> {
  const place = { cluster, purpose: "backup" } as const;
  for (let attempt = 1; ; attempt += 1) {
    const epoch = await newestEpoch(sealed, place, call);
    if (epoch === 0) {
      return undefined;
    }
    try {
      const { acceptedRoots } = await readRenewal(sealed, place, { ...call, epoch, renewal: 0 });
      return { epoch, acceptedRoots: acceptedRoots ?? [] };
    } catch (error) {
      if (!isDrError(error, "STORE_MISSING") || attempt >= leaseReadAttemptsMax) {
        throw error;
      }
    }
  }
}

/** The incarnations of a cluster, in order of name. */
export async function* listIncarnations(
  sealed: SealedStore,
  cluster: ClusterName,
  call: StoreCall,
): AsyncGenerator<IncarnationPlace, void, undefined> {
  for await (const child of listChildren(sealed.store, clusterPrefix(cluster), call)) {
    if (/^[0-9a-f]{16}-[0-9a-f]{32}$/.test(child)) {
      yield { cluster, incarnation: parseIncarnationName(child) };
    }
  }
}

/** The epoch in a root's header. Undefined for a root that is not authentic. */
async function rootEpoch(
  sealed: SealedStore,
  place: IncarnationPlace,
  at: { readonly type: "root" | "dump"; readonly id: ObjectId } & StoreCall,
): Promise<number | undefined> {
  try {
    const { signal, id, type } = at;
    return (await sealed.getWhole({ ...place, type, id }, { signal })).ticket.epoch;
  } catch (error) {
    if (isDrError(error) && (error.code.startsWith("REPO_") || error.code.startsWith("KEY_"))) {
      return undefined;
    }
    throw error;
  }
}

/** The roots and dumps that lie in an incarnation, each oldest first, with their epochs where these are not known already. */
async function* claimsOf(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall & { readonly known: ReadonlySet<ObjectId> },
): AsyncGenerator<RootClaim & { readonly damaged: boolean }, void, undefined> {
  for (const prefix of [rootPrefix(place), dumpPrefix(place)]) {
    for await (const { name } of sealed.listNames(prefix, call)) {
      if (name?.type === "root" || name?.type === "dump") {
        const { id, type } = name;
        const at = { ...call, type, id };
        const epoch = call.known.has(id) ? 0 : await rootEpoch(sealed, place, at);
        yield { id, epoch: epoch ?? 0, damaged: epoch === undefined };
      }
    }
  }
}

/**
 * The list that a new holder of the `backup` lease writes down. To be made after the holder before it has released, or is
 * proved gone: what that one publishes later is to be ignored. A damaged root is on the list, for damage does not
 * prove that it was published too late, and a root left out never comes back.
 */
export async function collectAcceptedRoots(
  sealed: SealedStore,
  cluster: ClusterName,
  call: StoreCall,
): Promise<AcceptedRoots> {
  const collected: AcceptedRoots = [];
  const fence = await readFence(sealed, cluster, call);
  const known = new Set((fence?.acceptedRoots ?? []).flatMap(({ roots }) => roots));
  for await (const place of listIncarnations(sealed, cluster, call)) {
    const isAccepted = isAcceptedBy(fence, place.incarnation);
    const roots: ObjectId[] = [];
    for await (const claim of claimsOf(sealed, place, { ...call, known })) {
      if (claim.damaged || isAccepted(claim)) {
        roots.push(claim.id);
      }
    }
    collected.push({ incarnation: place.incarnation, roots });
  }
  return collected;
}
