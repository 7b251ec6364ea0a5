/**
 * Key slots: what the repository holds of its own secret keys. `recovery` holds them sealed under the printed
 * recovery key, so that this sheet and the repository are enough to restore on any host. `published` holds them
 * in the clear, for `--encryption none`: then everything can be read and forged by who can reach the store, and only
 * accidents are found. These two are of layout 1, written by `init`; every other slot is of layout 2, `slot-methods.ts`.
 *
 * Follows docs/format.md, section 4.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { DrError } from "../../core/errors.ts";
import { TAG_BYTES } from "./frame-layout.ts";
import { parseHeader } from "./header-bytes.ts";
import {
  ID_BYTES,
  ringOfSecrets,
  secretSource,
  type FullKeyRing,
  type KeyRing,
  type SecretSource,
} from "./key-ring.ts";
import { KEY_BYTES } from "./raw-keys.ts";
import { parseRecoveryKey } from "./recovery-key.ts";
import {
  factsOfSlot,
  openSlot,
  SLOT_LAYOUT,
  slotMethodNumbers,
  type SlotFacts,
  type SlotUnlock,
} from "./slot-methods.ts";
import {
  openSecrets,
  SECRETS_BYTES,
  sealSecrets,
  secretsOf,
  slotAad,
  slotKey,
  splitSecrets,
  type SlotPlace,
  type SlotSecrets,
} from "./slot-secrets.ts";
import { openUnverified, openWhole } from "./whole-object.ts";

const FIRST_LAYOUT = 1;
const START_BYTES = 2 + ID_BYTES;
const SLOT_BYTES = START_BYTES + SECRETS_BYTES + TAG_BYTES;

function startOf(method: "recovery" | "published"): Buffer {
  const version = Buffer.from([FIRST_LAYOUT, slotMethodNumbers[method]]);
  return Buffer.concat([version, secretSource.bytes(ID_BYTES)]);
}

function recoverySlotKey(recoveryText: string, start: Buffer, place: SlotPlace): Uint8Array {
  const label = "PRA v1 recovery";
  return slotKey(parseRecoveryKey(recoveryText), { label, salt: start.subarray(2), place });
}

function publishedCheck(startAndSecrets: Uint8Array): Buffer {
  return createHash("sha256").update(startAndSecrets).digest().subarray(0, TAG_BYTES);
}

function readStart(slot: Uint8Array, method: "recovery" | "published"): Buffer {
  const invalid = (reason: string): DrError => new DrError("KEY_SLOT_INVALID", { reason });
  if (slot.length !== SLOT_BYTES) {
    throw invalid(`it has ${slot.length} bytes instead of ${SLOT_BYTES}`);
  }
  if (slot[0] !== FIRST_LAYOUT) {
    throw invalid(`it has version ${slot[0]}`);
  }
  if (slot[1] !== slotMethodNumbers[method]) {
    throw invalid(`its method is ${slot[1]}, not ${slotMethodNumbers[method]}`);
  }
  return Buffer.from(slot.subarray(0, START_BYTES));
}

/**
 * The content of the slot `recovery`: the private side and the metadata key, sealed under a recovery key.
 * @throws DrError `KEY_PRIVATE_MISSING`, `KEY_RECOVERY_*`.
 */
export function wrapPrivateSide(ring: KeyRing, recoveryText: string): Uint8Array {
  const start = startOf("recovery");
  const plain = secretsOf(ring);
  const key = recoverySlotKey(recoveryText, start, ring);
  return Buffer.concat([start, sealSecrets(key, plain, slotAad(start, ring))]);
}

/**
 * What `wrapPrivateSide` sealed; undefined when the key is another one, or the slot was changed or belongs to another
 * repository or generation. @throws DrError `KEY_RECOVERY_*`, `KEY_SLOT_INVALID`.
 */
export function unwrapPrivateSide(
  slot: Uint8Array,
  recoveryText: string,
  place: SlotPlace,
): SlotSecrets | undefined {
  const start = readStart(slot, "recovery");
  const key = recoverySlotKey(recoveryText, start, place);
  return openSecrets(key, slot.subarray(START_BYTES), slotAad(start, place));
}

/** The content of the slot `published`: everything in the clear. @throws DrError `KEY_PRIVATE_MISSING`. */
export function publishPrivateSide(ring: KeyRing): Uint8Array {
  const clear = Buffer.concat([startOf("published"), secretsOf(ring)]);
  return Buffer.concat([clear, publishedCheck(clear)]);
}

/** What `publishPrivateSide` wrote. @throws DrError `KEY_SLOT_INVALID`. */
export function readPublishedSide(slot: Uint8Array): SlotSecrets {
  readStart(slot, "published");
  const clear = Buffer.from(slot.subarray(0, SLOT_BYTES - TAG_BYTES));
  if (!timingSafeEqual(publishedCheck(clear), slot.subarray(SLOT_BYTES - TAG_BYTES))) {
    throw new DrError("KEY_SLOT_INVALID", { reason: "it is damaged" });
  }
  return splitSecrets(clear.subarray(START_BYTES));
}

/** True for the content of a slot that `init` made. */
function isFirstLayout(content: Uint8Array): boolean {
  return content[0] === FIRST_LAYOUT;
}

/** What a slot's content says of itself, of either layout. @throws DrError `KEY_SLOT_INVALID`. */
export function slotFacts(content: Uint8Array): SlotFacts {
  if (!isFirstLayout(content)) {
    if (content[0] !== SLOT_LAYOUT) {
      throw new DrError("KEY_SLOT_INVALID", { reason: `it has version ${content[0]}` });
    }
    return factsOfSlot(content);
  }
  const method = content[1] === slotMethodNumbers.published ? "published" : "recovery";
  readStart(content, method);
  return { method, label: "", actor: "", recipient: undefined };
}

async function secretsIn(
  content: Uint8Array,
  unlock: SlotUnlock,
  place: SlotPlace,
): Promise<SlotSecrets | undefined> {
  const { method } = slotFacts(content);
  if (unlock === "published") {
    return method === "published" ? readPublishedSide(content) : undefined;
  }
  if (isFirstLayout(content)) {
    return method === "recovery" && "recoveryText" in unlock
      ? unwrapPrivateSide(content, unlock.recoveryText, place)
      : undefined;
  }
  return await openSlot(content, unlock, place);
}

/**
 * A full ring of one generation from a key slot's object and what opens it; with a new writer pair, because nobody can say
 * who else holds the old one. Undefined when this does not open the slot. The object is first opened unchecked, since nothing
 * is known yet to check it with; once the keys are there it is checked like any other, and only then anything is returned.
 * @throws DrError `KEY_SLOT_INVALID`, `KEY_RECOVERY_*`, what `openWhole` throws.
 */
export async function ringOfSlot(
  object: { readonly name: string; readonly bytes: Uint8Array },
  unlock: SlotUnlock,
  random: SecretSource = secretSource,
): Promise<FullKeyRing | undefined> {
  const { name, bytes } = object;
  const header = parseHeader(bytes, name);
  const place: SlotPlace = {
    repositoryId: Uint8Array.from(header.repositoryId),
    generation: header.generation,
  };
  const slot = openUnverified(bytes, { kind: "keySlot", name });
  const secrets = await secretsIn(slot, unlock, place);
  if (secrets === undefined) {
    return undefined;
  }
  const writerPrivateKey = Uint8Array.from(random.bytes(KEY_BYTES));
  const ring = ringOfSecrets({ ...secrets, ...place, writerPrivateKey });
  await openWhole(ring, bytes, { kind: "keySlot", name });
  return ring;
}
