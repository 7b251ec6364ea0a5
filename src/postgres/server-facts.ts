/**
 * What a backup must know about its server so that a restore elsewhere can be judged: version, sizes,
 * settings and where they came from, access rules, configuration files outside the data directory,
 * tablespaces, databases and their collations, extensions, slots and senders.
 *
 * A role for backups rarely may read everything. What is not visible is recorded as such and never fails
 * a backup: a fact that is missing is better than a backup that is.
 *
 * Follows chapters 52 "System Catalogs", 53 "System Views" and section 9.27 "System Administration
 * Functions" of PostgreSQL's documentation, 14 to 18.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { factsDatabasesMax, factsFileBytesMax } from "../core/limits.ts";
import { type PgVersion, requireSupportedMajor, versionOfNumber } from "../core/pg-version.ts";
import { type ConnectionSettings, placeOf } from "./connection-settings.ts";
import { queries } from "./server-facts-queries.ts";
import { type SqlRow, SqlSession } from "./sql-session.ts";

/** A fact, or why it is not known. */
export type Visible<T> =
  | { readonly visible: true; readonly value: T }
  | { readonly visible: false; readonly reason: string };

/** One database and what its files depend on. */
export type DatabaseFacts = {
  readonly row: SqlRow;
  /** Name, version and schema of each extension. */
  readonly extensions: Visible<readonly SqlRow[]>;
  /** Collations used by columns or indexes, with recorded and present version. */
  readonly collations: Visible<readonly SqlRow[]>;
};

/** A configuration file. */
export type ConfigurationFile = {
  readonly setting: string;
  readonly path: string;
  readonly text: Visible<string>;
};

/** Everything read. Rows keep the server's column names and text. */
export type ServerFacts = {
  readonly version: PgVersion;
  /** `version()`: build, compiler, distribution. */
  readonly versionText: string;
  readonly systemIdentifier: Visible<string>;
  readonly inRecovery: boolean;
  readonly timeline: Visible<number>;
  readonly blockBytes: number;
  readonly walBlockBytes: number;
  readonly walSegmentBytes: number;
  /** Blocks per segment file. */
  readonly segmentBlocks: number;
  readonly dataChecksums: boolean;
  readonly walLevel: string;
  readonly maxWalSenders: number;
  readonly synchronousStandbyNames: string;
  readonly archiveMode: string;
  readonly archiveTimeoutSeconds: number;
  /** Hidden from those who may not read all settings. */
  readonly archiveCommand: Visible<string>;
  readonly dataDirectory: Visible<string>;
  readonly preloadLibraries: Visible<string>;
  /** `pg_settings`: name, setting, unit, source, sourcefile, sourceline, boot_val, pending_restart. */
  readonly settings: Visible<readonly SqlRow[]>;
  /** False when settings are missing from the list, and their origins empty, for want of rights. */
  readonly settingsComplete: boolean;
  readonly hbaRules: Visible<readonly SqlRow[]>;
  readonly identMappings: Visible<readonly SqlRow[]>;
  readonly configurationFiles: readonly ConfigurationFile[];
  readonly tablespaces: Visible<readonly SqlRow[]>;
  readonly databases: readonly DatabaseFacts[];
  /** Databases beyond `factsDatabasesMax`, which were not looked at. */
  readonly databasesUnread: number;
  readonly slots: Visible<readonly SqlRow[]>;
  readonly walSenders: Visible<readonly SqlRow[]>;
  /** Resource managers of WAL that a preloaded library brings: without it nothing replays their records. */
  readonly resourceManagers: Visible<readonly SqlRow[]>;
  readonly controlSystem: Visible<SqlRow>;
  readonly controlCheckpoint: Visible<SqlRow>;
  /** Attributes and memberships of the role we are. */
  readonly role: Visible<SqlRow>;
};

/** What to read, and for how long to wait. */
export type FactsOptions = {
  readonly applicationName: string;
  readonly signal: AbortSignal;
  /** Also connect to every database for its extensions and collations; true by default. */
  readonly everyDatabase?: boolean;
};

/** A missing right, a hidden value, a function this build has not: not visible. Anything else is thrown. */
async function visible<T>(read: () => Promise<T>): Promise<Visible<T>> {
  try {
    return { visible: true, value: await read() };
  } catch (error) {
    if (isDrError(error, "PG_RIGHTS") || isDrError(error, "PG_COMMAND_FAILED")) {
      return { visible: false, reason: String(error.details["text"] ?? error.message) };
    }
    throw error;
  }
}

function known<T>(value: T | undefined | null | "", reason: string): Visible<T> {
  return value === undefined || value === null || value === ""
    ? { visible: false, reason }
    : { visible: true, value };
}

function textOf(row: SqlRow, column: string): string {
  return row[column] ?? "";
}

function oneRow(rows: readonly SqlRow[], where: string): SqlRow {
  const [row] = rows;
  if (row === undefined) {
    throw new DrError("PG_PROTOCOL", { where, fact: "a query without its row" });
  }
  return row;
}

/** Reads through one session; keeps the caller's signal. */
class Reader {
  readonly #session: SqlSession;
  readonly #signal: AbortSignal;
  readonly #where: string;

  constructor(session: SqlSession, where: string, signal: AbortSignal) {
    this.#session = session;
    this.#where = where;
    this.#signal = signal;
  }

  async rows(sql: string, values: readonly string[] = []): Promise<readonly SqlRow[]> {
    return await this.#session.query(sql, { values, signal: this.#signal });
  }

  async row(sql: string): Promise<SqlRow> {
    return oneRow(await this.rows(sql), this.#where);
  }

  async visibleRows(sql: string): Promise<Visible<readonly SqlRow[]>> {
    return await visible(() => this.rows(sql));
  }

  async visibleRow(sql: string): Promise<Visible<SqlRow>> {
    return await visible(() => this.row(sql));
  }
}

async function readFiles(reader: Reader): Promise<readonly ConfigurationFile[]> {
  const files: ConfigurationFile[] = [];
  const listed = await visible(() => reader.rows(queries.configurationFiles));
  for (const row of listed.visible ? listed.value : []) {
    const path = textOf(row, "path");
    const text = await visible(async () => {
      const rows = await reader.rows(queries.fileText, [path, String(factsFileBytesMax)]);
      return textOf(rows[0] ?? {}, "text");
    });
    files.push({ setting: textOf(row, "setting"), path, text });
  }
  return files;
}

async function readDatabase(
  settings: ConnectionSettings,
  row: SqlRow,
  options: FactsOptions,
): Promise<DatabaseFacts> {
  const name = textOf(row, "datname");
  if (row["datallowconn"] !== "t" || options.everyDatabase === false) {
    const reason = "not connected to";
    const hidden = { visible: false, reason } as const;
    return { row, extensions: hidden, collations: hidden };
  }
  const { applicationName, signal } = options;
  try {
    await using session = await SqlSession.open(settings, {
      database: name,
      applicationName,
      signal,
    });
    const reader = new Reader(session, placeOf(settings), signal);
    return {
      row,
      extensions: await reader.visibleRows(queries.extensions),
      collations: await reader.visibleRows(queries.collations),
    };
  } catch (error) {
    signal.throwIfAborted();
    if (isDrError(error)) {
      // No CONNECT right, no hba line for it, dropped meanwhile: one database less is no failure.
      const hidden = { visible: false, reason: error.message } as const;
      return { row, extensions: hidden, collations: hidden };
    }
    throw error;
  }
}

/**
 * Reads the facts. Takes one session, and one more for each database, one after the other. Aborting
 * closes them. @throws DrError as `SqlSession.open` and `PG_CONNECTION_LOST`; missing rights never throw.
 */
export async function readServerFacts(
  settings: ConnectionSettings,
  options: FactsOptions,
): Promise<ServerFacts> {
  const { applicationName, signal } = options;
  await using session = await SqlSession.open(settings, { applicationName, signal });
  const reader = new Reader(session, placeOf(settings), signal);
  const basics = await reader.row(queries.basics);
  const number = (column: string): number => Number(textOf(basics, column));
  const controlSystem = await reader.visibleRow(queries.controlSystem);
  const controlCheckpoint = await reader.visibleRow(queries.controlCheckpoint);
  const timeline = await visible(async () => {
    const row = await reader.row(queries.timeline);
    return Number.parseInt(textOf(row, "timeline"), 10);
  });
  const databases: DatabaseFacts[] = [];
  const listed = await reader.rows(queries.databases(number("version_number")));
  for (const row of listed.slice(0, factsDatabasesMax)) {
    databases.push(await readDatabase(settings, row, options));
  }
  const hidden = "only for roles that may read all settings";
  return {
    version: versionOfNumber(number("version_number")),
    versionText: textOf(basics, "version_text"),
    systemIdentifier: controlSystem.visible
      ? known(controlSystem.value["system_identifier"], "empty")
      : controlSystem,
    inRecovery: basics["in_recovery"] === "t",
    timeline,
    blockBytes: number("block_bytes"),
    walBlockBytes: number("wal_block_bytes"),
    walSegmentBytes: number("wal_segment_bytes"),
    segmentBlocks: number("segment_blocks"),
    dataChecksums: basics["data_checksums"] === "on",
    walLevel: textOf(basics, "wal_level"),
    maxWalSenders: number("max_wal_senders"),
    synchronousStandbyNames: textOf(basics, "synchronous_standby_names"),
    archiveMode: textOf(basics, "archive_mode"),
    archiveTimeoutSeconds: number("archive_timeout"),
    archiveCommand: known(basics["archive_command"], hidden),
    dataDirectory: known(basics["data_directory"], hidden),
    preloadLibraries:
      basics["preload_visible"] === "t"
        ? { visible: true, value: textOf(basics, "preload_libraries") }
        : { visible: false, reason: hidden },
    settings: await reader.visibleRows(queries.settings),
    settingsComplete: basics["preload_visible"] === "t",
    hbaRules: await reader.visibleRows(queries.hbaRules),
    identMappings:
      number("version_number") >= 150_000
        ? await reader.visibleRows(queries.identMappings)
        : { visible: false, reason: "the server shows these from version 15 on" },
    configurationFiles: await readFiles(reader),
    tablespaces: await reader.visibleRows(queries.tablespaces),
    databases,
    databasesUnread: Math.max(0, listed.length - factsDatabasesMax),
    slots: await reader.visibleRows(queries.slots),
    walSenders: await reader.visibleRows(queries.walSenders),
    resourceManagers:
      number("version_number") >= 150_000
        ? await reader.visibleRows(queries.resourceManagers)
        : { visible: true, value: [] },
    controlSystem,
    controlCheckpoint,
    role: await reader.visibleRow(queries.role),
  };
}

/**
 * Refuses a server that cannot be backed up online. @throws DrError `PG_MAJOR_UNTESTED` (unless
 * `allowUntestedMajor`), `PG_WAL_LEVEL_MINIMAL`.
 */
export function requireFitServer(
  facts: Pick<ServerFacts, "version" | "walLevel">,
  options: { readonly settings: ConnectionSettings; readonly allowUntestedMajor: boolean },
): void {
  if (!options.allowUntestedMajor) {
    requireSupportedMajor(facts.version.major);
  }
  if (facts.walLevel === "minimal") {
    throw new DrError("PG_WAL_LEVEL_MINIMAL", { where: placeOf(options.settings) });
  }
}

/** One slot's row of `pg_replication_slots` with the WAL it holds back, or undefined. Every major. */
export async function readSlotState(
  session: SqlSession,
  slot: string,
  options: { readonly signal: AbortSignal },
): Promise<SqlRow | undefined> {
  const { signal } = options;
  const [row] = await session.query(queries.slot, { values: [slot], signal });
  return row;
}
