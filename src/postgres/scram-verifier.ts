/**
 * The SCRAM-SHA-256 verifier that a server stores in place of a password, so that setting a password never sends the password itself:
 * neither a log nor `pg_stat_activity` can show it.
 *
 * Follows RFC 5803 and `scram_build_secret` in src/common/scram-common.c of PostgreSQL.
 */
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { DrError } from "../core/errors.ts";
import type { SecretText } from "./secret-text.ts";

/** As PostgreSQL's own default. */
const ITERATIONS = 4096;
export const SCRAM_SALT_BYTES = 16;

/** `SCRAM-SHA-256$4096:salt$stored:server`. @throws DrError `PG_PASSWORD_UNUSUAL` for letters that clients do not agree on. */
export function scramVerifier(password: SecretText, salt: Uint8Array): string {
  const text = password.reveal();
  // SASLprep changes these, and not every client applies it.
  if (text !== text.normalize("NFKC") || /[\p{Cc}\p{Cf}\p{Zs}]/u.test(text.replaceAll(" ", ""))) {
    throw new DrError("PG_PASSWORD_UNUSUAL", {});
  }
  const salted = pbkdf2Sync(text, salt, ITERATIONS, 32, "sha256");
  const keyed = (label: string): Buffer => createHmac("sha256", salted).update(label).digest();
  const stored = createHash("sha256").update(keyed("Client Key")).digest("base64");
  const server = keyed("Server Key").toString("base64");
  return `SCRAM-SHA-256$${ITERATIONS}:${Buffer.from(salt).toString("base64")}$${stored}:${server}`;
}
