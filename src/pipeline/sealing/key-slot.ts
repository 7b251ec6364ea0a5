/**
 * Key slots: what the repository holds of its own secret keys. `recovery` holds them sealed under the printed
 * recovery key, so that this sheet and the repository are enough to restore on any host. `published` holds them
 * in the clear, for `--encryption none`: then everything can be read and forged by who can reach the store, and only
 * accidents are found.
 *
 * Follows docs/format.md, section 4.
 */
import { createCipheriv, createDecipheriv, createHash, timingSafeEqual } from "node:crypto";
import { DrError } from "../../core/errors.ts";
import { CIPHER, NONCE_BYTES, TAG_BYTES } from "./frame-layout.ts";
import { parseHeader } from "./header-bytes.ts";
import { derive, u32Bytes } from "./key-derivation.ts";
import {
  ID_BYTES,
  privateSide,
  ringOfSecrets,
  secretSource,
  type FullKeyRing,
  type KeyRing,
  type SecretSource,
} from "./key-ring.ts";
import { KEY_BYTES } from "./raw-keys.ts";
import { parseRecoveryKey } from "./recovery-key.ts";
import { openUnverified, openWhole } from "./whole-object.ts";

/** Whose keys a slot holds. */
export type SlotPlace = Pick<KeyRing, "repositoryId" | "generation">;

/** What a slot holds. */
export type SlotSecrets = {
  readonly dataPrivateKey: Uint8Array;
  readonly rootPrivateKey: Uint8Array;
  readonly metadataKey: Uint8Array;
};

const SLOT_VERSION = 1;
const METHOD = { recovery: 1, published: 2 } as const;
const START_BYTES = 2 + ID_BYTES;
const SECRETS_BYTES = 3 * KEY_BYTES;
const SLOT_BYTES = START_BYTES + SECRETS_BYTES + TAG_BYTES;
/** Every salt gives a key that seals once. */
const NONCE = Buffer.alloc(NONCE_BYTES);

function startOf(method: number): Buffer {
  return Buffer.concat([Buffer.from([SLOT_VERSION, method]), secretSource.bytes(ID_BYTES)]);
}

function secretsOf(ring: KeyRing): Buffer {
  const { dataPrivateKey, rootPrivateKey } = privateSide(ring);
  return Buffer.concat([dataPrivateKey, rootPrivateKey, ring.metadataKey]);
}

function splitSecrets(plain: Buffer): SlotSecrets {
  const key = (index: number): Uint8Array =>
    new Uint8Array(plain.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES));
  return { dataPrivateKey: key(0), rootPrivateKey: key(1), metadataKey: key(2) };
}

function recoverySlotKey(recoveryKey: Uint8Array, start: Buffer, place: SlotPlace): Uint8Array {
  return derive(recoveryKey, {
    salt: start.subarray(2),
    info: [Buffer.from("PRA v1 recovery"), place.repositoryId, u32Bytes(place.generation)],
  });
}

function slotAad(start: Buffer, place: SlotPlace): Buffer {
  const label = Buffer.from("PRA v1 slot");
  return Buffer.concat([label, place.repositoryId, u32Bytes(place.generation), start]);
}

function publishedCheck(startAndSecrets: Uint8Array): Buffer {
  return createHash("sha256").update(startAndSecrets).digest().subarray(0, TAG_BYTES);
}

function readStart(slot: Uint8Array, method: number): Buffer {
  const invalid = (reason: string): DrError => new DrError("KEY_SLOT_INVALID", { reason });
  if (slot.length !== SLOT_BYTES) {
    throw invalid(`it has ${slot.length} bytes instead of ${SLOT_BYTES}`);
  }
  if (slot[0] !== SLOT_VERSION) {
    throw invalid(`it has version ${slot[0]}`);
  }
  if (slot[1] !== method) {
    throw invalid(`its method is ${slot[1]}, not ${method}`);
  }
  return Buffer.from(slot.subarray(0, START_BYTES));
}

/**
 * The content of the slot `recovery`: the private side and the metadata key, sealed under a recovery key.
 * @throws DrError `KEY_PRIVATE_MISSING`, `KEY_RECOVERY_MISTYPED`.
 */
export function wrapPrivateSide(ring: KeyRing, recoveryText: string): Uint8Array {
  const start = startOf(METHOD.recovery);
  const key = recoverySlotKey(parseRecoveryKey(recoveryText), start, ring);
  const gcm = createCipheriv(CIPHER, key, NONCE, { authTagLength: TAG_BYTES });
  gcm.setAAD(slotAad(start, ring));
  const sealed = gcm.update(secretsOf(ring));
  gcm.final();
  return Buffer.concat([start, sealed, gcm.getAuthTag()]);
}

/**
 * What `wrapPrivateSide` sealed.
 * @throws DrError `KEY_RECOVERY_MISTYPED`, `KEY_SLOT_INVALID`; `KEY_RECOVERY_WRONG` when the key is another
 * one, or the slot was changed or belongs to another repository or generation.
 */
export function unwrapPrivateSide(
  slot: Uint8Array,
  recoveryText: string,
  place: SlotPlace,
): SlotSecrets {
  const start = readStart(slot, METHOD.recovery);
  const key = recoverySlotKey(parseRecoveryKey(recoveryText), start, place);
  const gcm = createDecipheriv(CIPHER, key, NONCE, { authTagLength: TAG_BYTES });
  gcm.setAAD(slotAad(start, place));
  gcm.setAuthTag(slot.subarray(SLOT_BYTES - TAG_BYTES));
  const plain = gcm.update(slot.subarray(START_BYTES, SLOT_BYTES - TAG_BYTES));
  try {
    gcm.final();
  } catch {
    // Node's text says nothing more than that the tag does not match.
    const repository = Buffer.from(place.repositoryId).toString("hex");
    throw new DrError("KEY_RECOVERY_WRONG", { repository });
  }
  return splitSecrets(plain);
}

/** The content of the slot `published`: everything in the clear. @throws DrError `KEY_PRIVATE_MISSING`. */
export function publishPrivateSide(ring: KeyRing): Uint8Array {
  const clear = Buffer.concat([startOf(METHOD.published), secretsOf(ring)]);
  return Buffer.concat([clear, publishedCheck(clear)]);
}

/** What `publishPrivateSide` wrote. @throws DrError `KEY_SLOT_INVALID`. */
export function readPublishedSide(slot: Uint8Array): SlotSecrets {
  readStart(slot, METHOD.published);
  const clear = Buffer.from(slot.subarray(0, SLOT_BYTES - TAG_BYTES));
  if (!timingSafeEqual(publishedCheck(clear), slot.subarray(SLOT_BYTES - TAG_BYTES))) {
    throw new DrError("KEY_SLOT_INVALID", { reason: "it is damaged" });
  }
  return splitSecrets(clear.subarray(START_BYTES));
}

/**
 * A full ring from a key slot's object and, for the slot `recovery`, the recovery key; with a new writer pair,
 * because nobody can say who else holds the old one. The object is first opened unchecked, since nothing is known yet to check it
 * with; once the keys are there it is checked like any other, and only then anything is returned.
 * @throws DrError what `unwrapPrivateSide`, `readPublishedSide` and `openWhole` throw.
 */
export async function ringOfSlot(
  object: { readonly name: string; readonly bytes: Uint8Array },
  unlock: { readonly recoveryText: string } | "published",
  random: SecretSource = secretSource,
): Promise<FullKeyRing> {
  const { name, bytes } = object;
  const header = parseHeader(bytes, name);
  const place: SlotPlace = {
    repositoryId: Uint8Array.from(header.repositoryId),
    generation: header.generation,
  };
  const slot = openUnverified(bytes, { kind: "keySlot", name });
  const secrets =
    unlock === "published"
      ? readPublishedSide(slot)
      : unwrapPrivateSide(slot, unlock.recoveryText, place);
  const writerPrivateKey = Uint8Array.from(random.bytes(KEY_BYTES));
  const ring = ringOfSecrets({ ...secrets, ...place, writerPrivateKey });
  await openWhole(ring, bytes, { kind: "keySlot", name });
  return ring;
}
