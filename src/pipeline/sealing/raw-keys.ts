/**
 * Raw 32-byte keys and the key objects that Node's cryptography works with. Keys are kept raw, because key files and
 * rings are plain data; a key object is made once for each raw key and kept as long as that is.
 *
 * The encodings are those of RFC 8410: a fixed prefix, then the 32 bytes.
 */
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import { assert } from "../../core/assert.ts";

/** Length of every key, public, private or secret. */
export const KEY_BYTES = 32;
/** Length of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64;

const ED25519 = "2b6570";
const X25519 = "2b656e";

const privateKeys = new WeakMap<Uint8Array, KeyObject>();
const publicKeys = new WeakMap<Uint8Array, KeyObject>();

function privateObject(raw: Uint8Array, curve: string): KeyObject {
  const known = privateKeys.get(raw);
  if (known !== undefined) {
    return known;
  }
  assert(raw.length === KEY_BYTES, "a private key has 32 bytes");
  const prefix = Buffer.from(`302e02010030050603${curve}04220420`, "hex");
  const made = createPrivateKey({
    key: Buffer.concat([prefix, raw]),
    format: "der",
    type: "pkcs8",
  });
  privateKeys.set(raw, made);
  return made;
}

function publicObject(raw: Uint8Array, curve: string): KeyObject {
  const known = publicKeys.get(raw);
  if (known !== undefined) {
    return known;
  }
  assert(raw.length === KEY_BYTES, "a public key has 32 bytes");
  const prefix = Buffer.from(`302a30050603${curve}032100`, "hex");
  const made = createPublicKey({ key: Buffer.concat([prefix, raw]), format: "der", type: "spki" });
  publicKeys.set(raw, made);
  return made;
}

function publicOf(raw: Uint8Array, curve: string): Uint8Array {
  const der = createPublicKey(privateObject(raw, curve)).export({ format: "der", type: "spki" });
  return new Uint8Array(der.subarray(der.length - KEY_BYTES));
}

/** The Ed25519 public key that belongs to a private one. */
export function signingPublicKey(privateKey: Uint8Array): Uint8Array {
  return publicOf(privateKey, ED25519);
}

/** The X25519 public key that belongs to a private one. */
export function agreementPublicKey(privateKey: Uint8Array): Uint8Array {
  return publicOf(privateKey, X25519);
}

/** An Ed25519 signature. */
export function signWith(privateKey: Uint8Array, message: Uint8Array): Buffer {
  return sign(null, message, privateObject(privateKey, ED25519));
}

/** True when an Ed25519 signature holds; false also for what is no public key. */
export function signatureHolds(options: {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}): boolean {
  return verify(null, options.message, publicObject(options.publicKey, ED25519), options.signature);
}
