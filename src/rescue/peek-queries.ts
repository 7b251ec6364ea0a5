/**
 * A person's queries on a copy that is thrown away: under a role that only reads, is no superuser, and reaches neither programs nor other
 * servers. The copy holds production's definitions, foreign servers with their passwords among them: a query must not get out.
 *
 * Rows come through a cursor, so that a query without end costs the rows that are shown and no more.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { peekStatementMs } from "../core/limits.ts";
import type { Random } from "../core/random.ts";
import { type TableName, quoteName, quoteTable } from "../dump/census.ts";
import { serverFaultOf } from "../postgres/connection-errors.ts";
import type { ConnectionSettings } from "../postgres/connection-settings.ts";
import { openConnection } from "../postgres/open-connection.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import { CLOSE_WAYS_OUT } from "../postgres/ways-out.ts";

const APPLICATION = "pra_peek";

/** What a query answered; values as the server's text. */
export type PeekAnswer = {
  readonly sql: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** There are more rows than were asked for. */
  readonly more: boolean;
};

/** Takes from PUBLIC every table and view: what was not restored looks empty, and must not be taken for an answer. */
const HIDE_THE_REST = `DO $pra$
DECLARE found record;
BEGIN
  FOR found IN SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relacl IS NOT NULL AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' LOOP
    EXECUTE pg_catalog.format('REVOKE ALL ON %I.%I FROM PUBLIC', found.nspname, found.relname);
  END LOOP;
END $pra$`;

/** What the role may read: all, or some tables where no others were restored. */
function grantsOf(name: string, only: readonly TableName[] | undefined): readonly string[] {
  if (only === undefined) {
    return [`GRANT pg_read_all_data TO ${name}`];
  }
  const schemas = new Set(only.map(({ schema }) => quoteName(schema)));
  return [
    HIDE_THE_REST,
    ...[...schemas].map((schema) => `GRANT USAGE ON SCHEMA ${schema} TO ${name}`),
    ...only.map((table) => `GRANT SELECT ON ${quoteTable(table)} TO ${name}`),
  ];
}

async function makeReader(
  settings: ConnectionSettings,
  options: {
    readonly role: string;
    readonly only: readonly TableName[] | undefined;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { role, only, signal } = options;
  const name = quoteName(role);
  await using session = await SqlSession.open(settings, { applicationName: APPLICATION, signal });
  for (const sql of [
    "SET default_transaction_read_only = off",
    "SET session_replication_role = replica",
    "SET client_min_messages = error",
    `CREATE ROLE ${name} LOGIN BYPASSRLS CONNECTION LIMIT 1`,
    ...grantsOf(name, only),
    `GRANT CONNECT ON DATABASE ${quoteName(settings.database)} TO ${name}`,
    `ALTER ROLE ${name} SET default_transaction_read_only = on`,
    `ALTER ROLE ${name} SET statement_timeout = ${peekStatementMs}`,
    CLOSE_WAYS_OUT,
  ]) {
    await session.query(sql, { signal });
  }
}

type Client = Awaited<ReturnType<typeof openConnection>>;

/** Queries that a cursor can be declared for; others, `EXPLAIN` or `SHOW`, have few rows. */
const CURSOR = /^(?:\s|--[^\n]*\n|\/\*[^]*?\*\/|\()*(?:select|with|values|table)\b/i;

async function answer(
  client: Client,
  sql: string,
  options: { readonly rowsMax: number; readonly number: number },
): Promise<PeekAnswer> {
  const { rowsMax, number } = options;
  const name = `pra_${number}`;
  const text = sql.replace(/;\s*$/, "");
  await client.query("BEGIN READ ONLY");
  try {
    const byCursor = CURSOR.test(text);
    if (byCursor) {
      // A prepared statement holds one command and no more.
      await client.query({ name, text: `DECLARE pra_peek NO SCROLL CURSOR FOR ${text}` });
    }
    const result = await client.query<(string | null)[]>({
      ...(byCursor ? { text: `FETCH ${rowsMax + 1} FROM pra_peek` } : { name, text }),
      rowMode: "array",
    });
    const columns = result.fields.map((field) => field.name);
    const rows = result.rows.slice(0, rowsMax);
    return { sql, columns, rows, more: result.rows.length > rowsMax };
  } finally {
    await client.query("ROLLBACK");
  }
}

/**
 * Runs queries, one after the other. Memory: their rows. @throws DrError `RESTORE_PEEK_SQL`, `PG_*`; the signal's reason.
 */
export async function peekQueries(
  settings: ConnectionSettings,
  queries: readonly string[],
  options: {
    readonly rowsMax: number;
    /** Tables whose content is there; undefined: all. */
    readonly only: readonly TableName[] | undefined;
    readonly random: Random;
    readonly signal: AbortSignal;
  },
): Promise<readonly PeekAnswer[]> {
  const { rowsMax, only, random, signal } = options;
  const role = `pra_peek_${Buffer.from(random.bytes(6)).toString("hex")}`;
  await makeReader(settings, { role, only, signal });
  const { database } = settings;
  const reader = { ...settings, user: role };
  const client = await openConnection(reader, {
    database,
    applicationName: APPLICATION,
    replication: false,
    signal,
  });
  const abort = (): void => {
    client.connection.stream.destroy();
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    const answers: PeekAnswer[] = [];
    for (const [number, sql] of queries.entries()) {
      answers.push(await answer(client, sql, { rowsMax, number }));
    }
    return answers;
  } catch (error) {
    signal.throwIfAborted();
    const fault = serverFaultOf(error);
    if (fault === undefined || isDrError(error)) {
      throw error;
    }
    throw new DrError("RESTORE_PEEK_SQL", { database, text: fault.text }, { cause: error });
  } finally {
    signal.removeEventListener("abort", abort);
    abort();
  }
}
