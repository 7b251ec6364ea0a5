/**
 * Brings a database back from a file that somebody has: an archive of `pg_dump`, or SQL, plain, compressed, encrypted. Its
 * SQL runs with the rights of the role that restores; what is kept away from it is the way to another database: `psql` is told to
 * heed no command of its own, and a file with such commands is refused.
 *
 * Follows "psql" (`\restrict`) and "pg_restore" in PostgreSQL's documentation, and openssl-enc(1) for what is encrypted.
 */
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
import { DrError } from "../core/errors.ts";
import type { SecretText } from "../postgres/secret-text.ts";
import type { ByteSource } from "../dump/feed-program.ts";
import { through } from "../dump/through.ts";
import {
  OPENSSL_BLOCK_BYTES,
  OPENSSL_HEADER_BYTES,
  OPENSSL_MAGIC,
  opensslDecipher,
} from "../dump/openssl-file.ts";

/** What a file is. */
export type DumpFile = {
  readonly path: string;
  readonly kind: "archive" | "sql";
  readonly compressed: boolean;
  readonly encrypted: boolean;
};

function unusable(path: string, reason: string, cause?: unknown): DrError {
  return new DrError("RESTORE_DB_FILE", { path, reason }, { cause });
}

/** Reads the first bytes. */
async function beginningOf(
  path: string,
): Promise<{ readonly head: Buffer; readonly bytes: number }> {
  await using file = await open(path, "r");
  const head = Buffer.alloc(512);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  return { head: head.subarray(0, bytesRead), bytes: (await file.stat()).size };
}

/** What a file is, by its first bytes: a name proves nothing. @throws DrError `RESTORE_DB_FILE`. */
export async function recogniseFile(path: string): Promise<DumpFile> {
  const facts = await stat(path);
  if (facts.isDirectory()) {
    return { path, kind: "archive", compressed: false, encrypted: false };
  }
  const { head, bytes } = await beginningOf(path);
  if (head.length === 0) {
    throw unusable(path, "it is empty");
  }
  if (path.endsWith(".enc") || head.subarray(0, 8).equals(OPENSSL_MAGIC)) {
    if (!head.subarray(0, 8).equals(OPENSSL_MAGIC)) {
      throw unusable(path, "openssl enc did not make it: it does not begin with Salted__");
    }
    if (bytes % OPENSSL_BLOCK_BYTES !== 0 || bytes < 2 * OPENSSL_BLOCK_BYTES) {
      throw unusable(
        path,
        `it is cut: ${bytes} bytes are no whole blocks of ${OPENSSL_BLOCK_BYTES}`,
      );
    }
    return { path, kind: "sql", compressed: true, encrypted: true };
  }
  if (head[0] === 0x1f && head[1] === 0x8b) {
    return { path, kind: "sql", compressed: true, encrypted: false };
  }
  const isTar = head.subarray(257, 262).toString("latin1") === "ustar";
  if (head.subarray(0, 5).toString("latin1") === "PGDMP" || isTar) {
    return { path, kind: "archive", compressed: false, encrypted: false };
  }
  if (head.includes(0)) {
    throw unusable(path, "it is neither an archive of pg_dump nor text");
  }
  return { path, kind: "sql", compressed: false, encrypted: false };
}

async function* decrypted(
  path: string,
  passphrase: SecretText,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { head } = await beginningOf(path);
  const salt = head.subarray(OPENSSL_MAGIC.length, OPENSSL_HEADER_BYTES);
  const decipher = await opensslDecipher(passphrase, salt);
  let first = true;
  for await (const chunk of createReadStream(path, { start: OPENSSL_HEADER_BYTES })) {
    const plain = decipher.update(chunk as Buffer);
    if (first && plain.length > 1) {
      first = false;
      if (plain[0] !== 0x1f || plain[1] !== 0x8b) {
        throw new DrError("RESTORE_DB_PASSPHRASE", { path });
      }
    }
    yield plain;
  }
  try {
    yield decipher.final();
  } catch (cause) {
    if (first) {
      throw new DrError("RESTORE_DB_PASSPHRASE", { path }, { cause });
    }
    throw unusable(path, "its last block is not what was encrypted: it is cut or damaged", cause);
  }
}

/** The SQL of a file, opened as far as it takes. @throws DrError `RESTORE_DB_FILE`, `RESTORE_DB_PASSPHRASE`. */
export async function* sqlOf(
  file: DumpFile,
  passphrase: SecretText | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { path, encrypted, compressed } = file;
  if (encrypted && passphrase === undefined) {
    throw new DrError("RESTORE_DB_PASSPHRASE", { path });
  }
  const raw: ByteSource =
    encrypted && passphrase !== undefined ? decrypted(path, passphrase) : createReadStream(path);
  if (!compressed) {
    yield* raw;
    return;
  }
  try {
    yield* through(raw, createGunzip());
  } catch (error) {
    throw error instanceof DrError ? error : unusable(path, (error as Error).message, error);
  }
}

/** The comments with which `pg_dump` begins stand within the first lines. */
const SQL_HEAD_BYTES = 4096;
/** From this major on `pg_dump` writes a setting that older servers do not know: transaction_timeout. */
const NEW_SETTINGS_SINCE = 17;

/** The beginning of a file's SQL: that it can be opened is known then. @throws as `sqlOf`. */
export async function beginningOfSql(
  file: DumpFile,
  passphrase: SecretText | undefined,
): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of sqlOf(file, passphrase)) {
    parts.push(part);
    bytes += part.length;
    if (bytes >= SQL_HEAD_BYTES) {
      break;
    }
  }
  return Buffer.concat(parts).subarray(0, SQL_HEAD_BYTES).toString("latin1");
}

/** The least major that takes this SQL, as far as its beginning tells: `pg_dump` writes of what it was and what it came from. */
export function sqlMajor(beginning: string): number | undefined {
  const told = (what: string): number | undefined => {
    const match = new RegExp(`^-- Dumped ${what} version (\\d+)`, "m").exec(beginning);
    return match === null ? undefined : Number(match[1]);
  };
  const from = told("from database");
  const by = told("by pg_dump");
  return by !== undefined && by >= NEW_SETTINGS_SINCE
    ? Math.max(from ?? 0, NEW_SETTINGS_SINCE)
    : from;
}

const COPY_BEGINS = /^COPY .* FROM stdin;$/;
const RESTRICTING = /^\\(?:un)?restrict \S+$/;

/**
 * The lines that may run: outside data no line may begin with a backslash. `pg_dump` of late writes `\restrict` itself; ours stands around
 * the whole, so its own is left out.
 */
export async function* withoutCommands(
  sql: ByteSource,
  path: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let rest = Buffer.alloc(0);
  let inData = false;
  let number = 0;
  const kept = (line: Buffer): boolean => {
    number += 1;
    const text = line
      .subarray(0, 4096)
      .toString("latin1")
      .replace(/\r?\n$/, "");
    if (inData) {
      inData = text !== "\\.";
      return true;
    }
    inData = COPY_BEGINS.test(text);
    if (!text.startsWith("\\") || text === "\\.") {
      return true;
    }
    if (RESTRICTING.test(text)) {
      return false;
    }
    throw unusable(path, `line ${number} is a command to psql: ${text.slice(0, 60)}`);
  };
  for await (const chunk of sql) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    let from = 0;
    const lines: Buffer[] = [];
    for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10, from)) {
      const line = rest.subarray(from, at + 1);
      if (kept(line)) {
        lines.push(line);
      }
      from = at + 1;
    }
    rest = rest.subarray(from);
    yield Buffer.concat(lines);
  }
  if (rest.length > 0 && kept(rest)) {
    yield rest;
  }
}

/** Minor releases from which `psql` knows `\restrict`. */
const RESTRICT_SINCE: Readonly<Record<number, number>> = { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 };

/** The SQL between our own restriction, where this `psql` knows one. */
export async function* restricted(
  sql: ByteSource,
  of: { readonly major: number; readonly minor: number; readonly word: string },
): AsyncGenerator<Uint8Array, void, undefined> {
  const knows = of.major >= 18 || of.minor >= (RESTRICT_SINCE[of.major] ?? Infinity);
  if (knows) {
    yield Buffer.from(`\\restrict ${of.word}\n`);
  }
  yield* sql;
}

/** Where `pg_restore` finds out what an archive is of. */
export function archivedMajor(list: string): number | undefined {
  const match = /^;\s+Dumped from database version: (\d+)/m.exec(list);
  return match === null ? undefined : Number(match[1]);
}

/** The program of a directory. */
export function programIn(directory: string, name: "pg_restore" | "psql"): string {
  return join(directory, name);
}
