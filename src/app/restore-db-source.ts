/**
 * The sources of a restore test, opened: a dump's streams from the repository, a file, or a throw-away copy of a backup that is dumped
 * and restored in one go. What cannot be used is refused here, before the test database is touched.
 */
import { DrError } from "../core/errors.ts";
import { takeCensus } from "../dump/census.ts";
import { type ClientPrograms, findClientPrograms } from "../dump/client-programs.ts";
import { databaseStreams } from "../dump/dump-programs.ts";
import { feedProgram } from "../dump/feed-program.ts";
import { databaseWord, libpqEnvironment } from "../dump/libpq.ts";
import { failureOf } from "../dump/program-failure.ts";
import { programOutput } from "../dump/program-output.ts";
import { readStream } from "../dump/read-stream.ts";
import { Snapshot, listDatabases } from "../dump/snapshot.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import { restoreFailureOf } from "../rescue/restore-archives.ts";
import { type DatabaseSource, requireNewEnough } from "../rescue/restore-database.ts";
import {
  type DumpFile,
  archivedMajor,
  beginningOfSql,
  programIn,
  restricted,
  sqlMajor,
  sqlOf,
  withoutCommands,
} from "../rescue/restore-file.ts";
import type { TargetDatabase } from "../rescue/target-database.ts";
import type { RestorePlan } from "../restore/plan-result.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { exportPassphrase } from "./export.ts";
import type { OpenRepository } from "./repository-access.ts";
import { type FoundSource, chooseDatabase, databaseOf } from "./restore-source.ts";
import { openThrowawayCopy } from "./throwaway-copy.ts";

/** Under which name the server sees us. */
export const RESTORE_APPLICATION = "pra_restore_db";

/** What of a request matters to its source. */
export type SourceRequest = {
  readonly at: string | undefined;
  readonly database: string | undefined;
  readonly jobs: number;
  readonly workers: number;
  /** Where the passphrase of an encrypted file stands. */
  readonly passphraseFile: string | undefined;
  readonly reason: string;
  readonly onStep: (step: "copy") => void;
  readonly onPlan: (plan: RestorePlan) => void;
};

/** What one run works with. */
export type RestoreDbRun = {
  readonly adapters: Adapters;
  readonly environment: Environment;
  readonly request: SourceRequest;
  readonly repository: OpenRepository;
  readonly target: TargetDatabase;
  readonly found: FoundSource;
  readonly signal: AbortSignal;
};

/** A source that may hold something open while it is read. */
export type OpenedSource = {
  readonly source: DatabaseSource;
  readonly programs: ClientPrograms;
  readonly kind: "dump" | "file" | "backup";
  readonly name: string;
};

function programsFor(
  run: RestoreDbRun,
  of: Pick<Parameters<typeof findClientPrograms>[0], "program" | "major">,
): Promise<ClientPrograms> {
  const { environment, signal } = run;
  return findClientPrograms({ ...of, binDirectory: environment.postgresBinDirectory, signal });
}

async function openDump(
  run: RestoreDbRun,
  found: Extract<FoundSource, { readonly kind: "dump" }>,
): Promise<OpenedSource> {
  const { environment, request, repository, signal } = run;
  const { dump, place } = found;
  const label = `dump ${dump.id}`;
  const names = dump.databases.map(({ name }) => name);
  const wanted = chooseDatabase(names, { source: label, wanted: request.database, environment });
  const database = databaseOf(dump, wanted);
  const schema = database?.streams.find(({ part }) => part === "schema");
  if (database === undefined || schema === undefined) {
    throw new DrError("RESTORE_DB_WHICH", { source: label, names: names.join(", ") });
  }
  const { sealed } = repository;
  const programs = await programsFor(run, { program: "pg_restore", major: dump.program.major });
  const source: DatabaseSource = {
    label: `${label} (${wanted})`,
    major: dump.server.major,
    shape: database,
    census: database.census,
    at: database.snapshotAt,
    content: {
      kind: "archives",
      archives: {
        schema: () => readStream(sealed, place, { signal, stream: schema }),
        schemaBytes: schema.bytes,
        data: database.streams
          .filter(({ part }) => part === "data")
          .map((stream) => () => readStream(sealed, place, { signal, stream })),
      },
    },
  };
  return { source, programs, kind: "dump", name: dump.id };
}

async function listArchive(
  programs: ClientPrograms,
  file: DumpFile,
  signal: AbortSignal,
): Promise<string> {
  const words = ["--list", file.path];
  const program = {
    path: programIn(programs.directory, "pg_restore"),
    words,
    environment: { LC_ALL: "C" },
  };
  const { end, output } = await feedProgram(program, noBytes(), { signal });
  if (end.code !== 0) {
    throw new DrError("RESTORE_DB_FILE", { path: file.path, reason: end.text.slice(0, 500) });
  }
  return output;
}

async function* noBytes(): AsyncGenerator<Uint8Array, void, undefined> {}

async function openFile(
  run: RestoreDbRun,
  { file }: Extract<FoundSource, { readonly kind: "file" }>,
): Promise<OpenedSource> {
  const { adapters, environment, request, target, signal } = run;
  const program = file.kind === "archive" ? "pg_restore" : "psql";
  const programs = await programsFor(run, { program, major: target.server.major });
  const passphrase = await exportPassphrase(environment, request.passphraseFile);
  // A passphrase that does not fit, and a file that cannot be opened, is told before anything is dropped.
  const major =
    file.kind === "archive"
      ? archivedMajor(await listArchive(programs, file, signal))
      : sqlMajor(await beginningOfSql(file, passphrase));
  const word = Buffer.from(adapters.random.bytes(16)).toString("hex");
  const common = ["--no-password", databaseWord(target.name)];
  const fill = async (keepOwners: boolean): Promise<void> => {
    const owners = keepOwners ? [] : ["--no-owner", "--no-privileges"];
    const words =
      file.kind === "archive"
        ? [
            "--exit-on-error",
            "--no-subscriptions",
            ...owners,
            ...common,
            `--jobs=${request.jobs}`,
            file.path,
          ]
        : ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", ...common];
    const bytes =
      file.kind === "archive"
        ? noBytes()
        : restricted(withoutCommands(sqlOf(file, passphrase), file.path), {
            ...programs.version,
            word,
          });
    const environmentOf = libpqEnvironment(target.settings, RESTORE_APPLICATION);
    const path = programIn(programs.directory, program);
    const { end } = await feedProgram({ path, words, environment: environmentOf }, bytes, {
      signal,
    });
    const failure = restoreFailureOf(program, end);
    if (failure !== undefined) {
      throw failure;
    }
  };
  const source: DatabaseSource = {
    label: file.path,
    major,
    shape: undefined,
    census: undefined,
    at: undefined,
    content: { kind: "program", fill },
  };
  return { source, programs, kind: "file", name: file.path };
}

async function openBackup(
  run: RestoreDbRun,
  found: Extract<FoundSource, { readonly kind: "backup" }>,
  parts: AsyncDisposableStack,
): Promise<OpenedSource> {
  const { adapters, environment, request, repository, target, signal } = run;
  request.onStep("copy");
  const copy = parts.use(
    await openThrowawayCopy(adapters, environment, repository, {
      backup: found.found?.id,
      flags: request.at === undefined ? {} : { at: request.at },
      workers: request.workers,
      reason: request.reason,
      command: "pra restore-db",
      onPlan: request.onPlan,
      onProgress: () => undefined,
      signal,
    }),
  );
  const { settings, major, restored } = copy;
  const backup = restored.plan.backup.id;
  const label = `backup ${backup}`;
  await using session = await SqlSession.open(settings, {
    applicationName: RESTORE_APPLICATION,
    signal,
  });
  const databases = await listDatabases(session, { major, signal });
  const names = databases.map(({ name }) => name);
  const wanted = chooseDatabase(names, { source: label, wanted: request.database, environment });
  const shape = databases.find(({ name }) => name === wanted);
  const snapshot = parts.use(
    await Snapshot.take(settings, {
      database: wanted,
      applicationName: RESTORE_APPLICATION,
      signal,
    }),
  );
  const programs = await programsFor(run, { program: "pg_dump", major });
  const judge = (end: Parameters<typeof failureOf>[0]) =>
    failureOf(end, { program: "pg_dump", settings });
  const planned = databaseStreams(
    { database: wanted, snapshot: snapshot.id, large: snapshot.large },
    { directory: programs.directory, environment: libpqEnvironment(settings, RESTORE_APPLICATION) },
  );
  const stream = (program: (typeof planned)[number]["program"]) => () =>
    programOutput(program, { judge, signal });
  const [schema, ...data] = planned.map(({ program }) => stream(program));
  if (schema === undefined) {
    throw new DrError("RESTORE_DB_WHICH", { source: label, names: names.join(", ") });
  }
  const source: DatabaseSource = {
    label: `${label} (${wanted})`,
    major,
    shape,
    census: await takeCensus(snapshot.session, { signal }),
    at: restored.reached.time ?? undefined,
    content: { kind: "archives", archives: { schema, schemaBytes: 0, data } },
  };
  requireNewEnough(source, target);
  return { source, programs, kind: "backup", name: backup };
}

/** Opens what was found. What it holds open goes to `parts`. @throws DrError `RESTORE_DB_*`, `DUMP_*`, `PLAN_*`, `PG_*`. */
export async function openSource(
  run: RestoreDbRun,
  parts: AsyncDisposableStack,
): Promise<OpenedSource> {
  const { found } = run;
  switch (found.kind) {
    case "dump":
      return await openDump(run, found);
    case "file":
      return await openFile(run, found);
    case "backup":
      return await openBackup(run, found, parts);
  }
}
