/**
 * What every key slot holds, and how it is sealed: 96 bytes of secrets under a key that one secret gives. Each slot has a
 * salt of its own, so a key seals once and the nonce may be zero.
 *
 * Follows docs/format.md, section 4.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { CIPHER, NONCE_BYTES, TAG_BYTES } from "./frame-layout.ts";
import { derive, u32Bytes } from "./key-derivation.ts";
import { privateSide, type KeyRing } from "./key-ring.ts";
import { KEY_BYTES } from "./raw-keys.ts";

/** Whose keys a slot holds. */
export type SlotPlace = Pick<KeyRing, "repositoryId" | "generation">;

/** What a slot holds. */
export type SlotSecrets = {
  readonly dataPrivateKey: Uint8Array;
  readonly rootPrivateKey: Uint8Array;
  readonly metadataKey: Uint8Array;
};

/** Length of the three keys. */
export const SECRETS_BYTES = 3 * KEY_BYTES;
/** Length of the three keys, sealed. */
export const SEALED_BYTES = SECRETS_BYTES + TAG_BYTES;

const NONCE = Buffer.alloc(NONCE_BYTES);

/** The three keys in one piece. The caller overwrites it after use. @throws DrError `KEY_PRIVATE_MISSING`. */
export function secretsOf(ring: KeyRing): Buffer {
  const { dataPrivateKey, rootPrivateKey } = privateSide(ring);
  return Buffer.concat([dataPrivateKey, rootPrivateKey, ring.metadataKey]);
}

/** Copies the three keys out, and overwrites the piece they came in. */
export function splitSecrets(plain: Uint8Array): SlotSecrets {
  const key = (index: number): Uint8Array =>
    Uint8Array.from(plain.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES));
  const secrets = { dataPrivateKey: key(0), rootPrivateKey: key(1), metadataKey: key(2) };
  plain.fill(0);
  return secrets;
}

/** The key of one slot, from the secret that opens it. */
export function slotKey(
  secret: Uint8Array,
  of: { readonly label: string; readonly salt: Uint8Array; readonly place: SlotPlace },
): Uint8Array {
  const { label, salt, place } = of;
  const info = [Buffer.from(label), place.repositoryId, u32Bytes(place.generation)];
  return derive(secret, { salt, info });
}

/** What a slot's tag vouches for besides the secrets: whose they are, and everything before them. */
export function slotAad(start: Uint8Array, place: SlotPlace): Buffer {
  const label = Buffer.from("PRA v1 slot");
  return Buffer.concat([label, place.repositoryId, u32Bytes(place.generation), start]);
}

/** Sealed secrets with their tag. */
export function sealSecrets(key: Uint8Array, plain: Buffer, aad: Uint8Array): Buffer {
  const gcm = createCipheriv(CIPHER, key, NONCE, { authTagLength: TAG_BYTES });
  gcm.setAAD(aad);
  const sealed = gcm.update(plain);
  gcm.final();
  plain.fill(0);
  return Buffer.concat([sealed, gcm.getAuthTag()]);
}

/** What `sealSecrets` sealed; undefined when this key does not open it. */
export function openSecrets(
  key: Uint8Array,
  sealed: Uint8Array,
  aad: Uint8Array,
): SlotSecrets | undefined {
  const gcm = createDecipheriv(CIPHER, key, NONCE, { authTagLength: TAG_BYTES });
  gcm.setAAD(aad);
  gcm.setAuthTag(sealed.subarray(SECRETS_BYTES));
  const plain = gcm.update(sealed.subarray(0, SECRETS_BYTES));
  try {
    gcm.final();
  } catch {
    // Node's text says nothing more than that the tag does not match.
    plain.fill(0);
    return undefined;
  }
  return splitSecrets(plain);
}
