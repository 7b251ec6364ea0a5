/**
 * Key slots of layout 2: the ways in which a generation's secret keys can be kept in the repository after it was made. Besides the
 * printed recovery key: a passphrase, another person's public key (a recipient), and the private key of the next
 * generation, which is how older backups stay readable after a rotation. Who made a slot and what it is called stands in it in the
 * clear, and its tag vouches for that too.
 *
 * A recipient's slot is sealed by HPKE base mode, which does not say who sealed: whoever opens a repository with a recipient's key
 * alone must know the fingerprint of the root signing key beforehand. The other methods need a secret to seal as well.
 *
 * Follows docs/format.md, section 4.
 */
import { scrypt } from "node:crypto";
import * as z from "zod/mini";
import { DrError } from "../../core/errors.ts";
import {
  passphraseScryptCost,
  passphraseScryptCostMax,
  slotParametersBytesMax,
} from "../../core/limits.ts";
import { TAG_BYTES } from "./frame-layout.ts";
import { unwrapKey, wrapKey } from "./hpke-wrap.ts";
import { u32Bytes } from "./key-derivation.ts";
import { ID_BYTES, secretSource, type KeyRing, type PrivateSide } from "./key-ring.ts";
import { KEY_BYTES } from "./raw-keys.ts";
import { parseRecoveryKey } from "./recovery-key.ts";
import {
  openSecrets,
  SEALED_BYTES,
  sealSecrets,
  SECRETS_BYTES,
  secretsOf,
  slotAad,
  slotKey,
  splitSecrets,
  type SlotPlace,
  type SlotSecrets,
} from "./slot-secrets.ts";

/** How a slot is opened. `published`: by anyone. `later`: by the private side of the next generation. */
export type SlotMethod = "recovery" | "published" | "passphrase" | "recipient" | "later";

/** What a slot says of itself without being opened. */
export type SlotFacts = {
  readonly method: SlotMethod;
  /** What its maker called it; empty for those of layout 1. */
  readonly label: string;
  /** Who made it; empty for those of layout 1. */
  readonly actor: string;
  /** The public key that opens it, of method `recipient`. */
  readonly recipient: Uint8Array | undefined;
};

/** What opens a slot. */
export type SlotUnlock =
  | "published"
  | { readonly recoveryText: string }
  | { readonly passphrase: string }
  | { readonly recipientKey: Uint8Array }
  | { readonly later: PrivateSide };

/** What a new slot is opened with. */
export type SlotLock =
  | { readonly recoveryText: string }
  | { readonly passphrase: string }
  | { readonly recipient: Uint8Array }
  | { readonly later: PrivateSide };

/** The layout of this file; layout 1 is `key-slot.ts`. */
export const SLOT_LAYOUT = 2;

/** The number of each method in a slot's second byte. */
export const slotMethodNumbers: Readonly<Record<SlotMethod, number>> = {
  recovery: 1,
  published: 2,
  passphrase: 3,
  recipient: 4,
  later: 5,
};

const parametersSchema = z.object({
  label: z.string().check(z.maxLength(80)),
  actor: z.string().check(z.maxLength(300)),
  scryptCost: z.optional(z.int().check(z.minimum(1024), z.maximum(passphraseScryptCostMax))),
  recipient: z.optional(z.base64().check(z.length(44))),
});

type Parameters = z.infer<typeof parametersSchema>;

type ReadSlot = {
  readonly method: SlotMethod;
  readonly parameters: Parameters;
  readonly start: Buffer;
  readonly salt: Uint8Array;
  readonly body: Uint8Array;
};

const PARAMETERS_AT = 2 + ID_BYTES + 2;
const SCRYPT_BLOCK = 8;

function invalid(reason: string): DrError<"KEY_SLOT_INVALID"> {
  return new DrError("KEY_SLOT_INVALID", { reason });
}

function startOf(method: SlotMethod, parameters: Parameters): { start: Buffer; salt: Uint8Array } {
  const text = Buffer.from(JSON.stringify(parameters));
  const salt = secretSource.bytes(ID_BYTES);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(text.length);
  const version = Buffer.from([SLOT_LAYOUT, slotMethodNumbers[method]]);
  return { start: Buffer.concat([version, salt, length, text]), salt };
}

function parametersIn(bytes: Buffer): Parameters {
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw invalid("its parameters are not JSON");
  }
  const parsed = parametersSchema.safeParse(document);
  if (!parsed.success) {
    throw invalid("its parameters are malformed");
  }
  return parsed.data;
}

function readSlot(content: Uint8Array): ReadSlot {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  const method = (Object.keys(slotMethodNumbers) as SlotMethod[]).find(
    (name) => slotMethodNumbers[name] === bytes[1],
  );
  if (method === undefined || method === "published") {
    throw invalid(`its method is ${bytes[1]}`);
  }
  if (bytes.length < PARAMETERS_AT) {
    throw invalid("it is cut");
  }
  const parametersBytes = bytes.readUInt16LE(PARAMETERS_AT - 2);
  const bodyAt = PARAMETERS_AT + parametersBytes;
  const bodyBytes = method === "recipient" ? KEY_BYTES + SEALED_BYTES : SEALED_BYTES;
  if (parametersBytes > slotParametersBytesMax || bytes.length !== bodyAt + bodyBytes) {
    throw invalid(`it has ${bytes.length} bytes`);
  }
  return {
    method,
    parameters: parametersIn(bytes.subarray(PARAMETERS_AT, bodyAt)),
    start: bytes.subarray(0, bodyAt),
    salt: bytes.subarray(2, 2 + ID_BYTES),
    body: bytes.subarray(bodyAt),
  };
}

/** What a slot of layout 2 says of itself. @throws DrError `KEY_SLOT_INVALID`. */
export function factsOfSlot(content: Uint8Array): SlotFacts {
  const { method, parameters } = readSlot(content);
  const { label, actor, recipient } = parameters;
  const key = recipient === undefined ? undefined : Buffer.from(recipient, "base64");
  return { method, label, actor, recipient: key === undefined ? undefined : Uint8Array.from(key) };
}

/** 128 bytes a block of 8, times the cost: 128 MiB at 2^17, for about half a second. */
async function stretched(passphrase: string, salt: Uint8Array, cost: number): Promise<Uint8Array> {
  const memoryBytes = 128 * SCRYPT_BLOCK * cost;
  const options = { N: cost, r: SCRYPT_BLOCK, p: 1, maxmem: 2 * memoryBytes };
  return await new Promise((resolve, reject) => {
    scrypt(passphrase.normalize("NFKC"), salt, KEY_BYTES, options, (error, key) => {
      if (error === null) {
        resolve(new Uint8Array(key));
      } else {
        reject(error);
      }
    });
  });
}

function recipientInfo(place: SlotPlace): Buffer {
  const label = Buffer.from("PRA v1 recipient");
  return Buffer.concat([label, place.repositoryId, u32Bytes(place.generation)]);
}

/** The key of a slot of any method but `recipient`. */
async function symmetricKey(
  lock: Exclude<SlotLock, { readonly recipient: Uint8Array }>,
  of: { readonly salt: Uint8Array; readonly place: SlotPlace; readonly scryptCost: number },
): Promise<Uint8Array> {
  const { salt, place, scryptCost } = of;
  if ("recoveryText" in lock) {
    const secret = parseRecoveryKey(lock.recoveryText);
    return slotKey(secret, { label: "PRA v1 recovery", salt, place });
  }
  if ("passphrase" in lock) {
    const secret = await stretched(lock.passphrase, salt, scryptCost);
    return slotKey(secret, { label: "PRA v1 passphrase", salt, place });
  }
  return slotKey(lock.later.dataPrivateKey, { label: "PRA v1 later", salt, place });
}

function methodOf(lock: SlotLock): SlotMethod {
  if ("recoveryText" in lock) {
    return "recovery";
  }
  if ("passphrase" in lock) {
    return "passphrase";
  }
  return "recipient" in lock ? "recipient" : "later";
}

/**
 * The content of a new slot with a ring's own generation in it.
 * @throws DrError `KEY_PRIVATE_MISSING`, `KEY_RECOVERY_*`.
 */
export async function sealSlot(
  ring: KeyRing,
  lock: SlotLock,
  about: { readonly label: string; readonly actor: string },
): Promise<Uint8Array> {
  const plain = secretsOf(ring);
  const { label, actor } = about;
  if ("recipient" in lock) {
    const recipient = Buffer.from(lock.recipient).toString("base64");
    const { start } = startOf("recipient", { label, actor, recipient });
    const body = await wrapKey({
      publicKey: lock.recipient,
      info: recipientInfo(ring),
      key: plain,
      associatedData: slotAad(start, ring),
    });
    plain.fill(0);
    return Buffer.concat([start, body]);
  }
  const scryptCost = passphraseScryptCost;
  const cost = "passphrase" in lock ? { scryptCost } : {};
  const { start, salt } = startOf(methodOf(lock), { label, actor, ...cost });
  const key = await symmetricKey(lock, { salt, place: ring, scryptCost });
  return Buffer.concat([start, sealSecrets(key, plain, slotAad(start, ring))]);
}

/**
 * What `sealSlot` sealed; undefined when this does not open it, or opens slots of another method.
 * @throws DrError `KEY_SLOT_INVALID`, `KEY_RECOVERY_*`.
 */
export async function openSlot(
  content: Uint8Array,
  unlock: Exclude<SlotUnlock, "published">,
  place: SlotPlace,
): Promise<SlotSecrets | undefined> {
  const { method, parameters, start, salt, body } = readSlot(content);
  const aad = slotAad(start, place);
  if ("recipientKey" in unlock) {
    const wrapped = method === "recipient" ? body : undefined;
    const { recipientKey: privateKey } = unlock;
    const plain =
      wrapped === undefined
        ? undefined
        : await unwrapKey({ privateKey, info: recipientInfo(place), wrapped, associatedData: aad });
    return plain?.length === SECRETS_BYTES ? splitSecrets(plain) : undefined;
  }
  if (methodOf(unlock) !== method || body.length !== SECRETS_BYTES + TAG_BYTES) {
    return undefined;
  }
  const scryptCost = parameters.scryptCost ?? passphraseScryptCost;
  return openSecrets(await symmetricKey(unlock, { salt, place, scryptCost }), body, aad);
}
