/**
 * Wrapping an object's key for the repository's public key: HPKE base mode of RFC 9180 with DHKEM(X25519,
 * HKDF-SHA256), HKDF-SHA256 and AES-256-GCM. A host that holds the public key alone can write and not read. HPKE
 * does not say who sealed: that is the header's signature, never this.
 */
import type { webcrypto } from "node:crypto";
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { agreementPublicKey, KEY_BYTES } from "./raw-keys.ts";

/** `enc` and the sealed key with its tag. */
export const WRAPPED_KEY_BYTES = KEY_BYTES + KEY_BYTES + 16;

type HpkeKey = webcrypto.CryptoKey;

function suite(): CipherSuite {
  return new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  });
}

/** The library speaks of the global `CryptoKey`, which has no type here; it is Node's. */
async function importRaw(raw: Uint8Array, isPublic: boolean): Promise<HpkeKey> {
  const key: unknown = await suite().kem.importKey("raw", Uint8Array.from(raw).buffer, isPublic);
  return key as HpkeKey;
}

const recipients = new WeakMap<Uint8Array, Promise<HpkeKey>>();

function recipientOf(publicKey: Uint8Array): Promise<HpkeKey> {
  const known = recipients.get(publicKey);
  if (known !== undefined) {
    return known;
  }
  const made = importRaw(publicKey, true);
  recipients.set(publicKey, made);
  return made;
}

/**
 * Seals a 32-byte key: `enc` (32 bytes), ciphertext (48). `ephemeral` is the input keying material of RFC
 * 9180's DeriveKeyPair, for its test vectors only.
 */
export async function wrapKey(options: {
  readonly publicKey: Uint8Array;
  readonly info: Uint8Array;
  readonly key: Uint8Array;
  readonly associatedData?: Uint8Array;
  readonly ephemeral?: Uint8Array;
}): Promise<Uint8Array> {
  const sender = await suite().createSenderContext({
    recipientPublicKey: await recipientOf(options.publicKey),
    info: options.info,
    ...(options.ephemeral === undefined ? {} : { ekm: options.ephemeral }),
  });
  const sealed = await sender.seal(options.key, options.associatedData ?? new Uint8Array(0));
  return Buffer.concat([Buffer.from(sender.enc), Buffer.from(sealed)]);
}

/** The key that `wrapKey` sealed, or undefined when this private key does not open it. */
export async function unwrapKey(options: {
  readonly privateKey: Uint8Array;
  readonly info: Uint8Array;
  readonly wrapped: Uint8Array;
  readonly associatedData?: Uint8Array;
}): Promise<Uint8Array | undefined> {
  const hpke = suite();
  const recipient = {
    privateKey: await importRaw(options.privateKey, false),
    publicKey: await recipientOf(agreementPublicKey(options.privateKey)),
  };
  try {
    const context = await hpke.createRecipientContext({
      recipientKey: recipient,
      enc: options.wrapped.subarray(0, KEY_BYTES),
      info: options.info,
    });
    const opened = await context.open(
      options.wrapped.subarray(KEY_BYTES),
      options.associatedData ?? new Uint8Array(0),
    );
    return new Uint8Array(opened);
  } catch {
    // A wrong key and a damaged `enc` or ciphertext all mean the same: not opened. The caller says which object.
    return undefined;
  }
}
