/**
 * What the configuration says of databases, tried: the application's own address, the role's right to read every table, and the
 * place where test restores go. Only catalogues are read; no database is made or dropped here.
 *
 * Follows chapter 22.5 "Predefined Roles" and 5.9 "Row Security Policies" of PostgreSQL's documentation.
 */
import { checkDatabasesMax } from "../../core/limits.ts";
import {
  type ConnectionSettings,
  connectionSettings,
  placeOf,
} from "../../postgres/connection-settings.ts";
import { quoteIdentifier } from "../../postgres/replication-connection.ts";
import { SqlSession } from "../../postgres/sql-session.ts";
import { type Finding, found, looked } from "../../core/finding/finding.ts";
import type { Environment } from "../environment.ts";
import { restoreConnection } from "../restore-connection.ts";

type Call = { readonly applicationName: string; readonly signal: AbortSignal };

/** What `check` learned of the production server before. */
export type ProductionSeen = {
  readonly answers: boolean;
  readonly systemIdentifier: string | undefined;
};

const SYSTEM = "SELECT system_identifier::text AS id FROM pg_catalog.pg_control_system()";

/** The application's own address, without anything of PG_*. */
function applicationConnection(url: string, environment: Environment): ConnectionSettings {
  const { user } = environment.connection;
  return connectionSettings({ DATABASE_URL: url }, { account: { user, home: undefined } });
}

/** S27. */
async function tryDatabaseUrl(environment: Environment, call: Call): Promise<readonly Finding[]> {
  const url = environment.settings.get("DATABASE_URL")?.value;
  if (url === undefined) {
    return [];
  }
  return await looked("database-url", call, async () => {
    const settings = applicationConnection(url, environment);
    await using session = await SqlSession.open(settings, call);
    await session.query("SELECT 1", call);
    const { database, user } = settings;
    const values = { where: placeOf(settings), database, user };
    return [found("database-url", "good", "url-answers", values)];
  });
}

const READING = `SELECT current_user AS role,
  (r.rolsuper OR pg_catalog.pg_has_role(r.oid, 'pg_read_all_data', 'usage'))::text AS reads,
  (r.rolsuper OR r.rolbypassrls)::text AS bypasses
  FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`;

const DATABASES = `SELECT datname AS name FROM pg_catalog.pg_database
  WHERE datallowconn AND NOT datistemplate ORDER BY datname`;

/** Tables whose rows policies may hide from a dump; their owner sees all unless policies are forced on it. */
const SECURED = `SELECT pg_catalog.count(*)::text AS tables FROM pg_catalog.pg_class c
  WHERE c.relrowsecurity AND c.relkind IN ('r', 'p')
    AND (c.relforcerowsecurity OR NOT pg_catalog.pg_has_role(c.relowner, 'usage'))`;

/** S50: who reads every table, in every database. Only dumps need it, so elsewhere it is a word and no more. */
async function checkReading(environment: Environment, call: Call): Promise<readonly Finding[]> {
  const { connection, backupMethod } = environment;
  const state = backupMethod === "physical" ? "note" : "bad";
  return await looked("reading", call, async () => {
    await using session = await SqlSession.open(connection, call);
    const [row] = await session.query(READING, call);
    const role = row?.["role"] ?? "";
    if (row?.["reads"] !== "true") {
      return [found("reading", state, "reads-not-all", { role, quoted: quoteIdentifier(role) })];
    }
    const names = (await session.query(DATABASES, call)).map((one) => one["name"] ?? "");
    const hidden: string[] = [];
    for (const database of row["bypasses"] === "true" ? [] : names.slice(0, checkDatabasesMax)) {
      await using inside = await SqlSession.open(connection, { ...call, database });
      const [secured] = await inside.query(SECURED, call);
      if (Number(secured?.["tables"] ?? 0) > 0) {
        hidden.push(database);
      }
    }
    return [
      hidden.length === 0
        ? found("reading", "good", "reads-all", { role, databases: names.length })
        : found("reading", state, "rows-hidden", {
            role,
            quoted: quoteIdentifier(role),
            names: hidden.join(", "),
          }),
    ];
  });
}

const RESTORER = `SELECT current_user AS role, (rolsuper OR rolcreatedb)::text AS creates
  FROM pg_catalog.pg_roles WHERE rolname = current_user`;

const TARGET = `SELECT pg_catalog.pg_get_userbyid(datdba) AS owner,
  pg_catalog.pg_has_role(datdba, 'usage')::text AS ours,
  pg_catalog.shobj_description(oid, 'pg_database') AS comment
  FROM pg_catalog.pg_database WHERE datname = $1`;

/** Names of databases that hold production data: never a target on the production server. */
function productionDatabases(environment: Environment): readonly string[] {
  const url = environment.settings.get("DATABASE_URL")?.value;
  const named = url === undefined ? [] : [applicationConnection(url, environment).database];
  return [environment.connection.database, "postgres", "template0", "template1", ...named];
}

/** S37, S38, S51, S79 to S81. */
async function checkRestorePlace(
  environment: Environment,
  production: ProductionSeen,
  call: Call,
): Promise<readonly Finding[]> {
  const { database, host } = environment.restore;
  // A production server that does not answer has been told once.
  if (database === undefined || (host === undefined && !production.answers)) {
    return [];
  }
  const connection = restoreConnection(environment);
  return await looked("restore-place", call, async () => {
    await using session = await SqlSession.open(connection, call);
    const where = placeOf(connection);
    const [system] = await session.query(SYSTEM, call);
    const same = system?.["id"] === production.systemIdentifier;
    if (same && productionDatabases(environment).includes(database)) {
      return [found("restore-place", "bad", "restore-production", { database, where })];
    }
    const [row] = await session.query(RESTORER, call);
    const role = row?.["role"] ?? "";
    const quoted = quoteIdentifier(role);
    const values = { database, where, role, quoted, quotedDatabase: quoteIdentifier(database) };
    if (row?.["creates"] !== "true") {
      return [found("restore-place", "bad", "restore-uncreatable", values)];
    }
    const [target] = await session.query(TARGET, { ...call, values: [database] });
    if (target === undefined) {
      return [found("restore-place", "good", "restore-ready", values)];
    }
    const owner = target["owner"] ?? "";
    return target["ours"] === "true"
      ? [found("restore-place", "good", "restore-present", { ...values, owner })]
      : [found("restore-place", "bad", "restore-foreign", { ...values, owner })];
  });
}

/** Tries what the configuration names. `environment.connection` has its password file read. */
export async function checkDatabases(
  environment: Environment,
  production: ProductionSeen,
  call: Call,
): Promise<readonly Finding[]> {
  return [
    ...(await tryDatabaseUrl(environment, call)),
    ...(production.answers ? await checkReading(environment, call) : []),
    ...(await checkRestorePlace(environment, production, call)),
  ];
}
