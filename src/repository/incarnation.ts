/**
 * Which history of a cluster one writes to. The same WAL name means different bytes in two histories, so
 * each has its own place: a new one after initdb, pg_upgrade, or when a restored copy becomes production.
 *
 * The first incarnation of a system identifier has an id derived from the metadata key, so that a backup and a
 * receiver that start at the same moment agree without asking each other.
 */
import { hkdfSync } from "node:crypto";
import { z } from "zod/mini";
import { present } from "../core/assert.ts";
import { isDrError } from "../core/errors.ts";
import { decodeDocument, encodeDocument } from "./json-document.ts";
import { listChildren } from "./list-children.ts";
import {
  type ClusterName,
  type IncarnationName,
  type IncarnationPlace,
  clusterPrefix,
  incarnationNameOf,
  systemIdentifierOf,
  tryParseObjectKey,
} from "./object-names.ts";
import type { StoreCall } from "./object-store.ts";
import type { SealedStore } from "./sealed-store.ts";

const identitySchema = z.object({
  version: z.literal(1),
  cluster: z.string(),
  systemId: z.string(),
  major: z.int(),
  serverVersion: z.string(),
  createdAt: z.iso.datetime(),
  /** The incarnation this one continues, when a restored copy was adopted. */
  adoptedFrom: z.nullable(z.string()),
});

/** What an incarnation is of. */
export type Identity = z.infer<typeof identitySchema>;

/** The id that the first incarnation of a system identifier has. */
export function firstIncarnation(
  metadataKey: Uint8Array,
  cluster: ClusterName,
  systemIdentifier: bigint,
): IncarnationName {
  const info = `PRA v1 first incarnation ${cluster} ${systemIdentifier}`;
  const id = new Uint8Array(hkdfSync("sha256", metadataKey, new Uint8Array(0), info, 16));
  return incarnationNameOf(systemIdentifier, id);
}

/** Incarnations of a cluster that have anything in the repository, in the order of their names: one small listing each. */
export async function listIncarnations(
  sealed: SealedStore,
  cluster: ClusterName,
  call: StoreCall,
): Promise<readonly IncarnationPlace[]> {
  const found: IncarnationName[] = [];
  const prefix = clusterPrefix(cluster);
  for await (const child of listChildren(sealed.store, prefix, call)) {
    const { entries } = await sealed.store.list(`${prefix}${child}/identity/`, {
      ...call,
      limit: 1,
    });
    const name = tryParseObjectKey(entries[0]?.key ?? "");
    if (name?.type === "identity") {
      found.push(name.incarnation);
    }
  }
  return found.map((incarnation) => ({ cluster, incarnation }));
}

/** What an incarnation is of. @throws DrError `STORE_MISSING`, `REPO_*`. */
export async function readIdentity(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall,
): Promise<Identity> {
  const { content } = await sealed.getWhole({ ...place, type: "identity", number: 1 }, call);
  return decodeDocument(identitySchema, content, "an identity");
}

/**
 * The incarnation that a running server is backed up to, made when there is none. Several with this system identifier:
 * the one created last.
 */
export async function openIncarnation(
  sealed: SealedStore,
  server: {
    readonly cluster: ClusterName;
    readonly systemIdentifier: bigint;
    readonly major: number;
    readonly serverVersion: string;
  },
  call: StoreCall & { readonly nowMs: number },
): Promise<IncarnationPlace> {
  const { cluster, systemIdentifier } = server;
  const all = await listIncarnations(sealed, cluster, call);
  const same = all.filter((place) => systemIdentifierOf(place.incarnation) === systemIdentifier);
  if (same.length > 0) {
    const dated = await Promise.all(
      same.map(async (place) => ({ place, identity: await readIdentity(sealed, place, call) })),
    );
    dated.sort((a, b) => a.identity.createdAt.localeCompare(b.identity.createdAt));
    return present(dated.at(-1), "one of several is the last").place;
  }
  const incarnation = firstIncarnation(sealed.ring.metadataKey, cluster, systemIdentifier);
  const place = { cluster, incarnation };
  const identity: Identity = {
    version: 1,
    cluster,
    systemId: String(systemIdentifier),
    major: server.major,
    serverVersion: server.serverVersion,
    createdAt: new Date(call.nowMs).toISOString(),
    adoptedFrom: null,
  };
  try {
    const content = encodeDocument(identity);
    await sealed.putWhole({ ...place, type: "identity", number: 1 }, content, call);
  } catch (error) {
    // Another process made it in the same moment, under the same name: that one stands.
    if (!isDrError(error, "STORE_CONFLICT")) {
      throw error;
    }
  }
  return place;
}

/**
 * A new incarnation for a restored copy that becomes production: from now on it is the one that a server of this system
 * identifier is backed up to. @throws DrError what the store throws.
 */
export async function adoptIncarnation(
  sealed: SealedStore,
  copy: {
    readonly cluster: ClusterName;
    readonly systemIdentifier: bigint;
    /** 16 random bytes. */
    readonly randomId: Uint8Array;
  },
  call: StoreCall & { readonly nowMs: number },
): Promise<IncarnationPlace> {
  const { cluster, systemIdentifier, randomId } = copy;
  const all = await listIncarnations(sealed, cluster, call);
  const dated = await Promise.all(
    all
      .filter((place) => systemIdentifierOf(place.incarnation) === systemIdentifier)
      .map(async (place) => ({ place, identity: await readIdentity(sealed, place, call) })),
  );
  dated.sort((a, b) => a.identity.createdAt.localeCompare(b.identity.createdAt));
  const origin = dated.at(-1);
  const place = { cluster, incarnation: incarnationNameOf(systemIdentifier, randomId) };
  const identity: Identity = {
    version: 1,
    cluster,
    systemId: String(systemIdentifier),
    major: origin?.identity.major ?? 0,
    serverVersion: origin?.identity.serverVersion ?? "",
    createdAt: new Date(call.nowMs).toISOString(),
    adoptedFrom: origin?.place.incarnation ?? null,
  };
  await sealed.putWhole({ ...place, type: "identity", number: 1 }, encodeDocument(identity), call);
  return place;
}
