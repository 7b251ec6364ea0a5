/**
 * The keys of people and machines that a repository's secrets can be wrapped for, as text: the public one is passed around, the secret
 * one stays with its owner. Both carry a checksum, and say at the beginning which of the two they are, so that neither is taken for
 * the other nor for a recovery key. Besides: the fingerprint by which people compare public keys.
 */
import { createHash } from "node:crypto";
import { DrError } from "../../core/errors.ts";
import { secretSource, type SecretSource } from "./key-ring.ts";
import { agreementPublicKey, KEY_BYTES } from "./raw-keys.ts";

const PUBLIC = "pra-recipient-";
const SECRET = "pra-secret-";
const CHECK_BYTES = 4;
const FINGERPRINT_BYTES = 16;

/** A recipient's pair as text. */
export type RecipientText = { readonly publicText: string; readonly secretText: string };

function checkOf(label: string, key: Uint8Array): Buffer {
  return createHash("sha256").update(label).update(key).digest().subarray(0, CHECK_BYTES);
}

function format(label: string, key: Uint8Array): string {
  return `${label}${Buffer.concat([key, checkOf(label, key)]).toString("base64url")}`;
}

function parse(label: string, text: string): Uint8Array | string {
  const typed = text.trim();
  if (!typed.startsWith(label)) {
    return `it does not begin with ${label}`;
  }
  const bytes = Buffer.from(typed.slice(label.length), "base64url");
  if (bytes.length !== KEY_BYTES + CHECK_BYTES) {
    return "it is not whole";
  }
  const key = Uint8Array.from(bytes.subarray(0, KEY_BYTES));
  // Compared as text: a decoder passes over what it does not know.
  return format(label, key) === typed ? key : "a character is wrong";
}

/** A new pair. The second text is a secret. */
export function createRecipient(random: SecretSource = secretSource): RecipientText {
  const secret = Uint8Array.from(random.bytes(KEY_BYTES));
  return {
    publicText: format(PUBLIC, agreementPublicKey(secret)),
    secretText: format(SECRET, secret),
  };
}

/** The public key in a recipient's text. @throws DrError `KEY_RECIPIENT_INVALID`. */
export function parseRecipient(text: string): Uint8Array {
  const key = parse(PUBLIC, text);
  if (typeof key === "string") {
    throw new DrError("KEY_RECIPIENT_INVALID", { reason: key });
  }
  return key;
}

/** The secret key in a recipient's text; undefined when it is none. What was given appears in no error. */
export function parseRecipientSecret(text: string): Uint8Array | undefined {
  const key = parse(SECRET, text);
  return typeof key === "string" ? undefined : key;
}

/** A public key as people compare it: 8 groups of 4 hexadecimal digits of its SHA-256. */
export function fingerprintOf(publicKey: Uint8Array): string {
  const digest = createHash("sha256").update(publicKey).digest().subarray(0, FINGERPRINT_BYTES);
  return digest.toString("hex").match(/.{4}/g)?.join("-") ?? "";
}

/** True when both are the same fingerprint, however they were typed. */
export function sameFingerprint(a: string, b: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replace(/[^0-9a-f]/g, "");
  return plain(a) === plain(b) && plain(a).length === 2 * FINGERPRINT_BYTES;
}
