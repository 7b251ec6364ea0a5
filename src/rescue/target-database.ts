/**
 * The database that a restore test makes, and the one that it may drop: that one and no other. It carries a mark, a comment, by which it is
 * known again; what has no mark and is not empty is dropped only when its name was said once more. A server is known by its system
 * identifier, never by a name: production under an alias is production.
 *
 * Follows "CREATE DATABASE" and "DROP DATABASE" of PostgreSQL's documentation: neither runs in a transaction, so each step here can be
 * the last one of a killed run, and the next run begins anew.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { failpointAsync } from "../core/failpoint.ts";
import { restoreDbHoldersMax } from "../core/limits.ts";
import { quoteName } from "../dump/census.ts";
import { type ConnectionSettings, placeOf } from "../postgres/connection-settings.ts";
import { type SqlRow, SqlSession } from "../postgres/sql-session.ts";

/** What a database of ours is for; one purpose's is not another's. */
export type TargetPurpose = "restore test" | "load test";

/** How every database of ours is known: it names itself, so one that was given another name since is somebody's. */
function markOf(name: string, purpose: TargetPurpose): string {
  return `PRA ${purpose} ${quoteName(name)}:`;
}

/** Nobody's to drop. */
const RESERVED: ReadonlySet<string> = new Set(["postgres", "template0", "template1"]);

/** What a new database is made like. */
export type DatabaseShape = {
  readonly encoding: string;
  readonly collate: string;
  readonly characterType: string;
  readonly localeProvider: string;
  readonly locale: string | null;
};

/** What was allowed beyond a plain restore test. */
export type TargetPermission = {
  readonly allowProduction: boolean;
  /** A name, typed once more. */
  readonly confirm: string | undefined;
};

/** The server that the database is made on. */
export type TargetServer = {
  readonly systemId: string | undefined;
  readonly major: number;
  readonly superuser: boolean;
};

/** A string in SQL. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** One database by name, on one server. Use with `await using`. */
export class TargetDatabase implements AsyncDisposable {
  readonly name: string;
  readonly settings: ConnectionSettings;
  readonly server: TargetServer;
  readonly purpose: TargetPurpose;
  readonly #session: SqlSession;
  readonly #signal: AbortSignal;

  private constructor(
    session: SqlSession,
    of: Pick<TargetDatabase, "name" | "settings" | "server" | "purpose"> & {
      readonly signal: AbortSignal;
    },
  ) {
    this.#session = session;
    this.name = of.name;
    this.settings = of.settings;
    this.server = of.server;
    this.purpose = of.purpose;
    this.#signal = of.signal;
  }

  /** Opens a session beside the database. @throws DrError `RESTORE_DB_RESERVED`, `RESTORE_DB_RIGHTS`, `PG_*`. */
  static async open(
    settings: ConnectionSettings,
    options: {
      readonly name: string;
      /** A restore test by default. */
      readonly purpose?: TargetPurpose;
      readonly applicationName: string;
      readonly signal: AbortSignal;
    },
  ): Promise<TargetDatabase> {
    const { name, purpose = "restore test", applicationName, signal } = options;
    if (RESERVED.has(name)) {
      throw new DrError("RESTORE_DB_RESERVED", { database: name });
    }
    const session = await SqlSession.open(settings, {
      database: "postgres",
      applicationName,
      signal,
    });
    try {
      const [row] = await session.query(
        `SELECT pg_catalog.current_setting('server_version_num') AS version, rolsuper::text AS super,
         (rolsuper OR rolcreatedb)::text AS creates FROM pg_catalog.pg_roles WHERE rolname = current_user`,
        { signal },
      );
      if (row?.["creates"] !== "true") {
        const { user } = settings;
        throw new DrError("RESTORE_DB_RIGHTS", { user, where: placeOf(settings) });
      }
      const server = {
        systemId: await systemIdOf(session, signal),
        major: Math.floor(Number(row["version"]) / 10_000),
        superuser: row["super"] === "true",
      };
      return new TargetDatabase(session, { name, settings, server, purpose, signal });
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /**
   * Refuses what must not be dropped. `production`: names of production's databases, when the server is production's; `database`: the one that is
   * configured, which no mark makes ours there: it may have been restored once, and gone into service since.
   * @throws DrError `RESTORE_DB_PRODUCTION`, `RESTORE_DB_NOT_OURS`.
   */
  async requirePermitted(
    permission: TargetPermission,
    production: {
      readonly systemIds: ReadonlySet<string>;
      readonly names: ReadonlySet<string>;
      readonly database: string;
    },
  ): Promise<void> {
    const { name, settings, server } = this;
    const [row] = await this.#ask(
      `SELECT COALESCE(pg_catalog.shobj_description(oid, 'pg_database'), '') AS mark FROM pg_catalog.pg_database WHERE datname = ${quoteLiteral(name)}`,
    );
    const same = server.systemId === undefined || production.systemIds.has(server.systemId);
    if (this.#bearsMark(row?.["mark"]) && !(same && name === production.database)) {
      return;
    }
    const tables = row === undefined ? 0 : await this.#tablesInside();
    const where = placeOf(settings);
    const confirmed = permission.confirm === name;
    if (same && (tables > 0 || production.names.has(name))) {
      if (!(permission.allowProduction && confirmed)) {
        throw new DrError("RESTORE_DB_PRODUCTION", { database: name, where });
      }
    } else if (tables > 0 && !confirmed) {
      throw new DrError("RESTORE_DB_NOT_OURS", { database: name, where, tables });
    }
  }

  /** @throws DrError `RESTORE_DB_BUSY` when anybody is connected to it. */
  async requireIdle(): Promise<void> {
    const holders = await this.#holders();
    if (holders !== undefined) {
      throw new DrError("RESTORE_DB_BUSY", { database: this.name, holders });
    }
  }

  /** Drops it when it is there. @throws DrError `RESTORE_DB_BUSY`, `PG_*`. */
  async drop(): Promise<void> {
    await this.requireIdle();
    try {
      await this.#ask(`DROP DATABASE IF EXISTS ${quoteName(this.name)}`);
    } catch (error) {
      // Somebody came in between, or a prepared transaction or a slot holds it.
      if (isDrError(error) && error.details["sqlstate"] === "55006") {
        const text = (await this.#holders()) ?? String(error.details["text"]);
        throw new DrError(
          "RESTORE_DB_BUSY",
          { database: this.name, holders: text },
          { cause: error },
        );
      }
      throw error;
    }
  }

  /** Whose it is, by its mark. */
  async look(): Promise<"absent" | "ours" | "somebody's"> {
    const [row] = await this.#ask(
      `SELECT pg_catalog.shobj_description(oid, 'pg_database') AS mark FROM pg_catalog.pg_database WHERE datname = ${quoteLiteral(this.name)}`,
    );
    return row === undefined ? "absent" : this.#bearsMark(row["mark"]) ? "ours" : "somebody's";
  }

  /** Drops it only when it bears our mark; true when it did. */
  async dropOurs(): Promise<boolean> {
    if ((await this.look()) !== "ours") {
      return false;
    }
    await this.drop();
    return true;
  }

  /** Makes it and marks it. @throws DrError `PG_*`. */
  async create(shape: DatabaseShape | undefined, source: string): Promise<void> {
    const name = quoteName(this.name);
    const words = shape === undefined ? "" : ` ${this.#shapeWords(shape)}`;
    await this.#ask(`CREATE DATABASE ${name} TEMPLATE template0${words}`);
    await this.#mark(this.name, source);
  }

  /** Gives it another name, that of nothing, and the mark of it, at once. Nobody may be connected to it. @throws DrError `RESTORE_DB_BUSY`, `PG_*`. */
  async renameTo(name: string, source: string): Promise<void> {
    await this.requireIdle();
    await failpointAsync("rescue.rename", { signal: this.#signal });
    await this.#ask("BEGIN");
    await this.#ask(`ALTER DATABASE ${quoteName(this.name)} RENAME TO ${quoteName(name)}`);
    await this.#mark(name, source);
    await this.#ask("COMMIT");
  }

  /** Roles that this server does not have. */
  async missingRoles(names: readonly string[]): Promise<readonly string[]> {
    const rows = await this.#ask("SELECT rolname AS name FROM pg_catalog.pg_roles");
    const known = new Set(rows.map((row) => row["name"]));
    return names.filter((name) => !known.has(name));
  }

  /** Owners that the restoring role may not give objects to. */
  async ungivableOwners(names: readonly string[]): Promise<readonly string[]> {
    if (this.server.superuser) {
      return [];
    }
    const rows = await this.#ask(
      "SELECT rolname AS name FROM pg_catalog.pg_roles WHERE pg_catalog.pg_has_role(current_user, oid, 'MEMBER')",
    );
    const givable = new Set(rows.map((row) => row["name"]));
    return names.filter((name) => !givable.has(name));
  }

  /** Makes roles that nobody can log in with. */
  async createRoles(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await this.#ask(`CREATE ROLE ${quoteName(name)} NOLOGIN`);
    }
  }

  async #tablesInside(): Promise<number> {
    const { settings, name: database } = this;
    await using inside = await SqlSession.open(settings, {
      database,
      applicationName: "pra_restore_db",
      signal: this.#signal,
    });
    const [row] = await inside.query(
      `SELECT pg_catalog.count(*)::text AS n FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r','p','m','S','v','f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`,
      { signal: this.#signal },
    );
    return Number(row?.["n"]);
  }

  async #holders(): Promise<string | undefined> {
    const rows = await this.#ask(
      `SELECT pid::text AS pid, COALESCE(usename, backend_type) AS who, COALESCE(application_name, '') AS program,
       COALESCE(client_addr::text, '') AS address, pg_catalog.count(*) OVER ()::text AS n
       FROM pg_catalog.pg_stat_activity WHERE datname = ${quoteLiteral(this.name)} AND pid <> pg_catalog.pg_backend_pid()
       AND backend_type = 'client backend' ORDER BY 1 LIMIT ${restoreDbHoldersMax}`,
    );
    if (rows.length === 0) {
      return undefined;
    }
    const shown = rows.map((row) => {
      const from = [row["program"], row["address"]].filter((part) => part !== "").join(", ");
      return `${row["who"]} (pid ${row["pid"]}${from === "" ? "" : `, ${from}`})`;
    });
    const more = Number(rows[0]?.["n"]) - rows.length;
    return `${shown.join("; ")}${more > 0 ? ` (+${more})` : ""}`;
  }

  #shapeWords({ encoding, collate, characterType, localeProvider, locale }: DatabaseShape): string {
    const { major } = this.server;
    const words = [
      `ENCODING ${quoteLiteral(encoding)}`,
      `LC_COLLATE ${quoteLiteral(collate)}`,
      `LC_CTYPE ${quoteLiteral(characterType)}`,
    ];
    if (major >= 15 && localeProvider !== "libc" && locale !== null) {
      const named = localeProvider === "icu" ? "ICU_LOCALE" : "BUILTIN_LOCALE";
      words.push(`LOCALE_PROVIDER ${localeProvider}`, `${named} ${quoteLiteral(locale)}`);
    } else if (major >= 15) {
      words.push("LOCALE_PROVIDER libc");
    }
    return words.join(" ");
  }

  async #mark(name: string, source: string): Promise<void> {
    const comment = `${markOf(name, this.purpose)} made from ${source}; may be dropped and made again`;
    await this.#ask(`COMMENT ON DATABASE ${quoteName(name)} IS ${quoteLiteral(comment)}`);
  }

  #bearsMark(comment: string | null | undefined): boolean {
    return comment?.startsWith(markOf(this.name, this.purpose)) === true;
  }

  #ask(sql: string): Promise<readonly SqlRow[]> {
    return this.#session.query(sql, { signal: this.#signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.close();
  }
}

/** Undefined for a role that may not ask: then it may be anybody's, and production's in doubt. */
async function systemIdOf(session: SqlSession, signal: AbortSignal): Promise<string | undefined> {
  try {
    const sql = "SELECT system_identifier::text AS id FROM pg_catalog.pg_control_system()";
    return (await session.query(sql, { signal }))[0]?.["id"] ?? undefined;
  } catch (error) {
    if (isDrError(error, "PG_RIGHTS")) {
      return undefined;
    }
    throw error;
  }
}
