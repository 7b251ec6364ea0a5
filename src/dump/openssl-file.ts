/**
 * The layout of `openssl enc -aes-256-cbc -pbkdf2`, so that an export opens with a program that every machine has: `Salted__`, eight
 * bytes of salt, then AES-256-CBC under a key and a vector that PBKDF2 makes of the passphrase. It hides and does not
 * authenticate: what must be proof against change belongs into the repository.
 *
 * Follows openssl-enc(1) and apps/enc.c of OpenSSL 3: SHA-256, 10,000 iterations, 32 + 16 bytes derived.
 */
import {
  type Cipheriv,
  type Decipheriv,
  createCipheriv,
  createDecipheriv,
  pbkdf2,
} from "node:crypto";
import { promisify } from "node:util";
import type { SecretText } from "../postgres/secret-text.ts";

/** What such a file begins with. */
export const OPENSSL_MAGIC = Buffer.from("Salted__");
/** Bytes before the first block. */
export const OPENSSL_HEADER_BYTES = 16;
/** The cipher's block. */
export const OPENSSL_BLOCK_BYTES = 16;

const CIPHER = "aes-256-cbc";
const ITERATIONS = 10_000;
const KEY_BYTES = 32;
const VECTOR_BYTES = 16;
const derive = promisify(pbkdf2);

async function keyOf(
  passphrase: SecretText,
  salt: Uint8Array,
): Promise<{ readonly key: Buffer; readonly vector: Buffer }> {
  const bytes = await derive(
    passphrase.reveal(),
    salt,
    ITERATIONS,
    KEY_BYTES + VECTOR_BYTES,
    "sha256",
  );
  return { key: bytes.subarray(0, KEY_BYTES), vector: bytes.subarray(KEY_BYTES) };
}

/** Encrypts what follows the header `OPENSSL_MAGIC` ‖ salt. `salt`: 8 bytes. */
export async function opensslCipher(passphrase: SecretText, salt: Uint8Array): Promise<Cipheriv> {
  const { key, vector } = await keyOf(passphrase, salt);
  return createCipheriv(CIPHER, key, vector);
}

/** Decrypts what follows the header. */
export async function opensslDecipher(
  passphrase: SecretText,
  salt: Uint8Array,
): Promise<Decipheriv> {
  const { key, vector } = await keyOf(passphrase, salt);
  return createDecipheriv(CIPHER, key, vector);
}
