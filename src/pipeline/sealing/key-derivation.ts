/**
 * Every key that is derived rather than drawn, in one place: a label used twice would give two purposes one
 * key. HKDF-SHA256 of RFC 5869; integers little-endian.
 *
 * Follows docs/format.md, sections 3 to 5.
 */
import { createHmac, hkdfSync } from "node:crypto";
import { objectIdBytes, type ObjectId } from "../../core/object-id.ts";
import { KEY_BYTES } from "./raw-keys.ts";
import { objectKinds, type ObjectKind } from "./object-kind.ts";

/** Where an object's key is used. */
export type KeyPlace = {
  readonly repositoryId: Uint8Array;
  readonly kind: ObjectKind;
  readonly objectId: ObjectId;
};

/** A little-endian u16. */
export function u16Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

/** A little-endian u32. */
export function u32Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** 32 bytes of HKDF-SHA256. */
export function derive(
  input: Uint8Array,
  parts: { readonly salt: Uint8Array; readonly info: readonly Uint8Array[] },
): Uint8Array {
  const info = Buffer.concat(parts.info);
  return new Uint8Array(hkdfSync("sha256", input, parts.salt, info, KEY_BYTES));
}

function kindBytes(kind: ObjectKind): Buffer {
  return u16Bytes(objectKinds[kind].number);
}

/** The key of an object of the open class: anyone can compute it. */
export function openObjectKey(place: KeyPlace): Uint8Array {
  return derive(objectIdBytes(place.objectId), {
    salt: place.repositoryId,
    info: [Buffer.from("PRA v1 open"), kindBytes(place.kind)],
  });
}

/** The key of an object of the metadata class. */
export function metadataObjectKey(
  metadataKey: Uint8Array,
  place: KeyPlace & { readonly generation: number },
): Uint8Array {
  return derive(metadataKey, {
    salt: objectIdBytes(place.objectId),
    info: [
      Buffer.from("PRA v1 metadata"),
      place.repositoryId,
      kindBytes(place.kind),
      u32Bytes(place.generation),
    ],
  });
}

/** The key under which the WAL positions of an object are sealed. */
export function positionKey(metadataKey: Uint8Array, place: Omit<KeyPlace, "kind">): Uint8Array {
  return derive(metadataKey, {
    salt: objectIdBytes(place.objectId),
    info: [Buffer.from("PRA v1 position"), place.repositoryId],
  });
}

/** The HPKE `info` of an object of the data class. */
export function dataKeyInfo(place: KeyPlace): Uint8Array {
  return Buffer.concat([
    Buffer.from("PRA v1 data"),
    place.repositoryId,
    kindBytes(place.kind),
    objectIdBytes(place.objectId),
  ]);
}

type MetadataSide = { readonly metadataKey: Uint8Array; readonly repositoryId: Uint8Array };

function settingsHmac(ring: MetadataSide, label: string, text: string): Uint8Array {
  const key = derive(ring.metadataKey, {
    salt: new Uint8Array(0),
    info: [Buffer.from("PRA v1 settings"), ring.repositoryId],
  });
  return new Uint8Array(createHmac("sha256", key).update(`${label} ${text}`).digest());
}

/** The keyed hash by which hosts compare their settings without showing them. */
export function settingsHash(ring: MetadataSide, canonical: string): Uint8Array {
  return settingsHmac(ring, "settings", canonical);
}

/** A host in the names of its settings: 32 hexadecimal digits that tell nobody without the key which machine it is. */
export function settingsHostId(ring: MetadataSide, machine: string): string {
  return Buffer.from(settingsHmac(ring, "host", machine).subarray(0, 16)).toString("hex");
}

/**
 * The content digest of a WAL segment: tells a host that cannot decrypt whether two segments of one name are the same.
 * Peak memory: nothing beyond the segment itself.
 */
export function walContentDigest(
  ring: { readonly metadataKey: Uint8Array; readonly repositoryId: Uint8Array },
  content: readonly Uint8Array[],
): Uint8Array {
  const key = derive(ring.metadataKey, {
    salt: new Uint8Array(0),
    info: [Buffer.from("PRA v1 wal digest"), ring.repositoryId],
  });
  const hmac = createHmac("sha256", key);
  for (const bytes of content) {
    hmac.update(bytes);
  }
  return new Uint8Array(hmac.digest());
}
