/**
 * The smallest root that is one, for tests of what lies around roots; and maps that are only their header.
 * Maps, because sealing a pack takes real time (WebCrypto), which a simulation does not wait for.
 */
import { LSN_ZERO, lsnOf } from "../../src/core/lsn.ts";
import type { ObjectId } from "../../src/core/object-id.ts";
import { timelineOf } from "../../src/core/wal-name.ts";
import { sealTicket } from "../../src/pipeline/sealing/object-header.ts";
import {
  incarnationIdBytes,
  objectKey,
  type ObjectName,
} from "../../src/repository/object-names.ts";
import { encodeRoot, type BackupRoot } from "../../src/repository/root.ts";
import type { SealedStore } from "../../src/repository/sealed-store.ts";
import { never, testPlace } from "./simulated-repository.ts";

const ZERO_HASH = "0".repeat(64);

/** A root that names these maps. */
export function smallRoot(of: {
  readonly id: ObjectId;
  readonly maps?: readonly ObjectId[];
  readonly predecessor?: ObjectId | null;
  readonly startedAt?: string;
  readonly label?: string;
  readonly timeline?: number;
}): BackupRoot {
  const at = of.startedAt ?? "2026-01-01T00:00:00.000Z";
  return {
    version: 1,
    id: of.id,
    cluster: testPlace.cluster,
    kind: "full",
    parent: null,
    predecessor: of.predecessor ?? null,
    label: of.label ?? "",
    note: "",
    startedAt: at,
    finishedAt: at,
    timeline: timelineOf(of.timeline ?? 1),
    startLsn: LSN_ZERO,
    stopLsn: lsnOf(0x1000000n),
    walFrom: LSN_ZERO,
    walTo: lsnOf(0x1000000n),
    server: {
      major: 18,
      version: "18.0",
      systemId: "4660",
      blockBytes: 8192,
      walBlockBytes: 8192,
      walSegmentBytes: 16 * 1024 * 1024,
      segmentBlocks: 131072,
      dataChecksums: true,
      controlVersion: 1800,
      catalogVersion: 1,
      standby: false,
      facts: {},
    },
    configuration: [],
    tablespaces: [],
    maps: (of.maps ?? []).map((id) => ({
      id,
      bytes: 1,
      frames: 1,
      headerSha256: ZERO_HASH,
      sha256: ZERO_HASH,
    })),
    packs: [],
    pages: [],
    totals: {
      files: 0,
      totalBlocks: 0,
      newBlocks: 0,
      clusterBytes: 0,
      readBytes: 0,
      storedBytes: 0,
    },
    corruptPages: [],
  };
}

/** The name of a root of the test's incarnation. */
export function rootName(id: ObjectId): Extract<ObjectName, { readonly type: "root" }> {
  return { ...testPlace, type: "root", id };
}

/** The key of a map of the test's incarnation. */
export function mapKey(id: ObjectId): string {
  return objectKey({ ...testPlace, type: "map", id });
}

/** Publishes a root under an epoch. */
export async function publishRoot(
  sealed: SealedStore,
  root: BackupRoot,
  epoch: number,
): Promise<void> {
  await sealed.putWhole(rootName(root.id), encodeRoot(root), { epoch, signal: never });
}

/** Stores a map that consists of its header. */
export async function storeMap(sealed: SealedStore, epoch: number): Promise<ObjectId> {
  const objectId = sealed.newId();
  const incarnation = incarnationIdBytes(testPlace.incarnation);
  const { header } = await sealTicket(sealed.ring, {
    kind: "map",
    objectId,
    createdAtMs: 0,
    incarnation,
    epoch,
  });
  await sealed.store.put(mapKey(objectId), [header], { signal: never });
  return objectId;
}
