/** `pra dump --export FILE`: one database as a file for standard tools, and a line in the ledger about who made it. */
import { readFile, stat } from "node:fs/promises";
import { DrError } from "../core/errors.ts";
import { findClientPrograms } from "../dump/client-programs.ts";
import { type ExportedFile, exportDatabase, exportPlaceOf } from "../dump/export-database.ts";
import { listDatabases } from "../dump/snapshot.ts";
import { errnoOf } from "../files/file-error.ts";
import { placeOf } from "../postgres/connection-settings.ts";
import { withPasswordFile } from "../postgres/password-file.ts";
import { SecretText } from "../postgres/secret-text.ts";
import { readServerFacts } from "../postgres/server-facts.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { openRepository } from "./repository-access.ts";
import { chooseDatabase } from "./restore-source.ts";

/** What was asked for. */
export type ExportRequest = {
  readonly file: string;
  readonly database: string | undefined;
  /** A file whose first line is the passphrase; PRA_EXPORT_PASSPHRASE else. */
  readonly passphraseFile: string | undefined;
  readonly reason: string;
  readonly onProgress: (progress: {
    readonly bytes: number;
    readonly expectedBytes: number;
  }) => void;
  readonly signal: AbortSignal;
};

/** What was made. */
export type ExportResult = {
  readonly exported: ExportedFile;
  readonly database: string;
  readonly durationMs: number;
  readonly ledgerFailure: DrError | undefined;
};

/**
 * The passphrase of exports: the first line of a file that nobody else reads, else PRA_EXPORT_PASSPHRASE; undefined when neither is there.
 * @throws DrError `DUMP_PASSPHRASE_FILE`.
 */
export async function exportPassphrase(
  environment: Environment,
  file: string | undefined,
): Promise<SecretText | undefined> {
  if (file === undefined) {
    const text = environment.settings.get("PRA_EXPORT_PASSPHRASE")?.value;
    return text === undefined ? undefined : new SecretText(text);
  }
  const unusable = (reason: string): DrError =>
    new DrError("DUMP_PASSPHRASE_FILE", { path: file, reason });
  try {
    if (((await stat(file)).mode & 0o077) !== 0) {
      throw unusable("0600");
    }
    const [line = ""] = (await readFile(file, "utf8")).split(/\r?\n/);
    if (line === "") {
      throw unusable("''");
    }
    return new SecretText(line);
  } catch (error) {
    const code = errnoOf(error);
    throw code === undefined || error instanceof DrError ? error : unusable(code);
  }
}

/** Exports. @throws DrError `CONFIG_*`, `DUMP_*`, `PG_*`, `RESTORE_DB_WHICH`, `RESTORE_DISK_FULL`. */
export async function runExport(
  adapters: Adapters,
  environment: Environment,
  request: ExportRequest,
): Promise<ExportResult> {
  const { signal, file, reason } = request;
  const { clock, random } = adapters;
  const began = clock.monotonic();
  const place = await exportPlaceOf(file);
  const passphrase = await exportPassphrase(environment, request.passphraseFile);
  const { sealed } = await openRepository(adapters, environment, { signal });
  const settings = await withPasswordFile(environment.connection, { signal });
  const applicationName = `${environment.slotName}_dump`;
  const facts = await readServerFacts(settings, { applicationName, signal, everyDatabase: false });
  const { major } = facts.version;
  await using session = await SqlSession.open(settings, { applicationName, signal });
  const databases = await listDatabases(session, { major, signal });
  const names = databases.map(({ name }) => name);
  const where = placeOf(settings);
  const wanted = request.database;
  if (wanted !== undefined && !names.includes(wanted)) {
    throw new DrError("PG_DATABASE_MISSING", { where, database: wanted });
  }
  const database = chooseDatabase(names, { source: where, wanted, environment });
  const expectedBytes = databases.find(({ name }) => name === database)?.sizeBytes ?? 0;
  const binDirectory = environment.postgresBinDirectory;
  const programs = await findClientPrograms({ program: "pg_dump", major, binDirectory, signal });
  const exported = await exportDatabase({
    place,
    passphrase,
    settings,
    database,
    applicationName,
    programs,
    random,
    onProgress: (bytes) => {
      request.onProgress({ bytes, expectedBytes });
    },
    signal,
  });
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason });
  const { path, bytes, sha256, encrypted } = exported;
  const data = { cluster: environment.cluster, database, file: path, bytes, sha256, encrypted };
  await ledger.record({ kind: "dumpExported", data });
  const durationMs = clock.monotonic() - began;
  return { exported, database, durationMs, ledgerFailure: ledger.failure };
}
