/**
 * One database as a file that standard tools open: SQL, compressed, and encrypted when its name says so (`.sql.gz`, `.sql.gz.enc`). For
 * those whose procedures ask for files; a dump in the repository is authenticated, an export is not. Readable by its owner alone,
 * complete and synced before it gets its name, and never written over another.
 *
 * Memory: a pipe's buffer and what gzip holds. Failed or aborted: no file of any name stays, unless the process is killed: then a
 * `.tmp-` beside it.
 */
import { createHash } from "node:crypto";
import { type FileHandle, open, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { createGzip } from "node:zlib";
import { DrError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import { errnoOf, fileError } from "../files/file-error.ts";
import { linkDurably, removeFile, writeAll } from "../files/write-durably.ts";
import { type ConnectionSettings } from "../postgres/connection-settings.ts";
import type { SecretText } from "../postgres/secret-text.ts";
import type { ClientPrograms } from "./client-programs.ts";
import type { ByteSource } from "./feed-program.ts";
import { databaseWord, libpqEnvironment } from "./libpq.ts";
import { OPENSSL_MAGIC, opensslCipher } from "./openssl-file.ts";
import { failureOf } from "./program-failure.ts";
import { programOutput } from "./program-output.ts";
import { Snapshot } from "./snapshot.ts";
import { through } from "./through.ts";

/** Where an export goes; `encrypted` is what its name says. */
export type ExportPlace = { readonly path: string; readonly encrypted: boolean };

/** @throws DrError `DUMP_EXPORT_NAME`, `DUMP_EXPORT_EXISTS`. */
export async function exportPlaceOf(file: string): Promise<ExportPlace> {
  const path = resolve(file);
  const encrypted = path.endsWith(".sql.gz.enc");
  if (!encrypted && !path.endsWith(".sql.gz")) {
    throw new DrError("DUMP_EXPORT_NAME", { path });
  }
  try {
    await stat(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") {
      return { path, encrypted };
    }
    throw fileError(error, { group: "RESTORE", operation: "stat", path });
  }
  throw new DrError("DUMP_EXPORT_EXISTS", { path });
}

/** What to export. */
export type ExportOptions = {
  readonly place: ExportPlace;
  readonly passphrase: SecretText | undefined;
  readonly settings: ConnectionSettings;
  readonly database: string;
  readonly applicationName: string;
  readonly programs: ClientPrograms;
  readonly random: Random;
  readonly onProgress: (bytes: number) => void;
  readonly signal: AbortSignal;
};

/** A file that is there. */
export type ExportedFile = {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly encrypted: boolean;
};

async function* counted(
  source: ByteSource,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    onBytes(bytes);
    yield chunk;
  }
}

async function* encrypted(
  source: ByteSource,
  of: { readonly passphrase: SecretText; readonly random: Random },
): AsyncGenerator<Uint8Array> {
  const salt = of.random.bytes(8);
  const cipher = await opensslCipher(of.passphrase, salt);
  yield Buffer.concat([OPENSSL_MAGIC, salt]);
  for await (const chunk of source) {
    yield cipher.update(chunk);
  }
  yield cipher.final();
}

async function writeInto(
  file: FileHandle,
  source: ByteSource,
  signal: AbortSignal,
): Promise<Pick<ExportedFile, "bytes" | "sha256">> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of source) {
    await writeAll(file, [chunk], signal);
    hash.update(chunk);
    bytes += chunk.length;
  }
  await file.sync();
  return { bytes, sha256: hash.digest("hex") };
}

/** Dumps into the file. @throws as `exportDatabase`. */
async function publish(
  options: ExportOptions,
  content: ByteSource,
): Promise<Pick<ExportedFile, "bytes" | "sha256">> {
  const { place, random, signal } = options;
  const { path } = place;
  const own = Buffer.from(random.bytes(10)).toString("hex");
  const temporaryPath = join(dirname(path), `.tmp-${own}-${basename(path).slice(0, 64)}`);
  try {
    let facts: Pick<ExportedFile, "bytes" | "sha256">;
    {
      await using file = await open(temporaryPath, "wx", 0o600);
      facts = await writeInto(file, content, signal);
    }
    const call = { temporaryPath, finalPath: path, group: "RESTORE", signal } as const;
    if ((await linkDurably(call)) === "conflict") {
      throw new DrError("DUMP_EXPORT_EXISTS", { path });
    }
    return facts;
  } catch (error) {
    await removeFile(temporaryPath);
    signal.throwIfAborted();
    throw errnoOf(error) === undefined
      ? error
      : fileError(error, { group: "RESTORE", operation: "write", path });
  }
}

/**
 * Exports one database, in one snapshot. @throws DrError `DUMP_*`, `PG_*`, `RESTORE_DISK_FULL`, `RESTORE_FILE_IO`; the signal's
 * reason. No file is there then.
 */
export async function exportDatabase(options: ExportOptions): Promise<ExportedFile> {
  const { place, passphrase, settings, database, applicationName, programs, random, signal } =
    options;
  if (place.encrypted && passphrase === undefined) {
    throw new DrError("DUMP_EXPORT_PASSPHRASE", { path: place.path });
  }
  await using snapshot = await Snapshot.take(settings, { database, applicationName, signal });
  const program = {
    path: join(programs.directory, "pg_dump"),
    words: ["--format=plain", "--no-password", `--snapshot=${snapshot.id}`, databaseWord(database)],
    environment: libpqEnvironment(settings, applicationName),
  };
  const judge = (end: Parameters<typeof failureOf>[0]): DrError | undefined =>
    failureOf(end, { program: "pg_dump", settings });
  const sql = counted(programOutput(program, { judge, signal }), options.onProgress);
  const zipped = through(sql, createGzip());
  const content =
    place.encrypted && passphrase !== undefined
      ? encrypted(zipped, { passphrase, random })
      : zipped;
  return { ...place, ...(await publish(options, content)) };
}
