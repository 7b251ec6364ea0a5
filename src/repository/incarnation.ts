/**
 * Which history of a cluster one writes to. The same WAL name means different bytes in two histories, so
 * each has its own place: a new one after initdb, pg_upgrade, or when a restored copy becomes production.
 *
 * The first incarnation of a system identifier has an id derived from the metadata key, so that a backup and a
 * receiver that start at the same moment agree without asking each other.
 */
import { hkdfSync } from "node:crypto";
import * as z from "zod/mini";
import { DrError, isDrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { ISOLATED_COPY } from "../core/incarnation-setting.ts";
import { namingKey } from "../pipeline/sealing/key-ring.ts";
import { decodeDocument, encodeDocument } from "./json-document.ts";
import { listChildren } from "./list-children.ts";
import {
  type ClusterName,
  type IncarnationName,
  type IncarnationPlace,
  clusterPrefix,
  incarnationNameOf,
  parseIncarnationName,
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

/** What a running server says of itself. */
export type IncarnationServer = {
  readonly cluster: ClusterName;
  readonly systemIdentifier: bigint;
  readonly major: number;
  readonly serverVersion: string;
  /** Its `pra.incarnation`; undefined for one that was never restored. */
  readonly named: string | undefined;
};

/** The incarnation that the server names, or its system identifier's first. @throws DrError `REPO_ISOLATED_COPY`. */
function incarnationOf(ring: SealedStore["ring"], server: IncarnationServer): IncarnationName {
  const { cluster, systemIdentifier, named } = server;
  if (named === ISOLATED_COPY && guard("L16-isolated-copy")) {
    throw new DrError("REPO_ISOLATED_COPY", { cluster });
  }
  if (named === undefined || named === "" || named === ISOLATED_COPY) {
    return firstIncarnation(namingKey(ring), cluster, systemIdentifier);
  }
  const incarnation = parseIncarnationName(named);
  if (systemIdentifierOf(incarnation) !== systemIdentifier) {
    // A data directory of another cluster under an old configuration file: the name is not this one's.
    return firstIncarnation(namingKey(ring), cluster, systemIdentifier);
  }
  return incarnation;
}

/**
 * The incarnation that a running server is backed up to, made when it is not there yet. The server itself says which one,
 * so a copy that was adopted and the server it was made from never write to the same place.
 * @throws DrError `REPO_ISOLATED_COPY` for a restored copy that nobody adopted; what the store throws.
 */
export async function openIncarnation(
  sealed: SealedStore,
  server: IncarnationServer,
  call: StoreCall & { readonly nowMs: number },
): Promise<IncarnationPlace> {
  const { cluster, systemIdentifier } = server;
  const incarnation = incarnationOf(sealed.ring, server);
  const all = await listIncarnations(sealed, cluster, call);
  const known = all.find((place) => place.incarnation === incarnation);
  if (known !== undefined) {
    return known;
  }
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
 * A new incarnation for a restored copy that becomes production. The copy has to name it (`pra.incarnation`).
 * @throws DrError what the store throws.
 */
export async function adoptIncarnation(
  sealed: SealedStore,
  copy: Omit<IncarnationServer, "major" | "serverVersion"> & {
    /** 16 random bytes. */
    readonly randomId: Uint8Array;
  },
  call: StoreCall & { readonly nowMs: number },
): Promise<IncarnationPlace> {
  const { cluster, systemIdentifier, randomId } = copy;
  const adoptedFrom = incarnationOf(sealed.ring, { ...copy, major: 0, serverVersion: "" });
  const origin = await readIdentity(sealed, { cluster, incarnation: adoptedFrom }, call);
  const place = { cluster, incarnation: incarnationNameOf(systemIdentifier, randomId) };
  const createdAt = new Date(call.nowMs).toISOString();
  const identity: Identity = { ...origin, createdAt, adoptedFrom };
  await sealed.putWhole({ ...place, type: "identity", number: 1 }, encodeDocument(identity), call);
  return place;
}
