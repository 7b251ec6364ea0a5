/**
 * Rows of a table in the order of its key, a stretch at a time, each by one short statement that an index answers: no snapshot is held on
 * production for long, nothing is sorted there, and nothing locks out a migration. Values travel as the server's text under
 * fixed settings, so that equal values have equal texts on both sides.
 */
import { rescueStatementMs, rescueStretchRows } from "../core/limits.ts";
import { type TableName, quoteName, quoteTable } from "../dump/census.ts";
import type { ConnectionSettings } from "../postgres/connection-settings.ts";
import { type SqlRow, SqlSession } from "../postgres/sql-session.ts";
import type { CountedHash, KeyedRow } from "./compare-rows.ts";
import type { Column } from "./table-shape.ts";

/** What makes texts of values the same everywhere, and statements short. */
const SETTINGS: Readonly<Record<string, string>> = {
  datestyle: "ISO, YMD",
  intervalstyle: "postgres",
  timezone: "UTC",
  extra_float_digits: "1",
  bytea_output: "hex",
  lc_monetary: "C",
  xmlbinary: "base64",
  statement_timeout: String(rescueStatementMs),
  lock_timeout: "10000",
  max_parallel_workers_per_gather: "0",
};

/** A session for comparing; `readOnly`: it cannot write by mistake. @throws DrError `PG_*`. */
export async function openRowSession(
  settings: ConnectionSettings,
  options: { readonly database: string; readonly readOnly: boolean; readonly signal: AbortSignal },
): Promise<SqlSession> {
  const { database, readOnly, signal } = options;
  const applicationName = "pra_rescue";
  const session = await SqlSession.open(settings, { database, applicationName, signal });
  try {
    const all = { ...SETTINGS, default_transaction_read_only: readOnly ? "on" : "off" };
    for (const [name, value] of Object.entries(all)) {
      await session.query(`SET ${name} = '${value}'`, { signal });
    }
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** A row with what it takes to go on behind it. */
export type StretchRow = KeyedRow & {
  /** Its key, column by column. */
  readonly place: readonly string[];
  /** All its columns as the text of an array, when that was asked for. */
  readonly content: string;
};

/** Which rows. */
export type Bounds = {
  /** Behind this key. */
  readonly after: readonly string[] | undefined;
  /** Up to this key, itself included. */
  readonly until: readonly string[] | undefined;
};

/** What of a table is read. */
export type ReadTable = {
  readonly session: SqlSession;
  readonly table: TableName;
  /** Parts of a partitioned table belong to it; children of another do not. */
  readonly partitioned: boolean;
  readonly columns: readonly Column[];
  /** Of the hashes: the same on both sides. */
  readonly seed: bigint;
  readonly signal: AbortSignal;
};

function hashOf({ columns, seed }: ReadTable): string {
  const all = columns.map(({ name }) => `t.${quoteName(name)}`).join(", ");
  return `pg_catalog.hashtextextended(ROW(${all})::text COLLATE "C", ${seed}::bigint)`;
}

function sourceOf({ table, partitioned }: ReadTable): string {
  return `${partitioned ? "" : "ONLY "}${quoteTable(table)} t`;
}

/** `t."a"`, or `(t."a", t."b")` */
function together(expressions: readonly string[]): string {
  const list = expressions.join(", ");
  return expressions.length === 1 ? list : `(${list})`;
}

/** At most a stretch of rows, in the order of the key. @throws DrError `PG_*`. */
export async function readStretch(
  of: ReadTable & { readonly key: readonly Column[]; readonly withContent?: boolean },
  bounds: Bounds,
): Promise<readonly StretchRow[]> {
  const { key, columns, session, signal, withContent } = of;
  const names = key.map(({ name }) => `t.${quoteName(name)}`);
  const values: string[] = [];
  const given = (place: readonly string[]): string =>
    together(place.map((value, at) => `$${values.push(value)}::${key[at]?.type ?? "text"}`));
  const conditions = [
    ...(bounds.after === undefined ? [] : [`${together(names)} > ${given(bounds.after)}`]),
    ...(bounds.until === undefined ? [] : [`${together(names)} <= ${given(bounds.until)}`]),
  ];
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const parts = names.map((name, at) => `${name}::text AS k${at}`).join(", ");
  const whole = key.length === 1 ? `${names[0] ?? ""}::text` : `ROW(${names.join(", ")})::text`;
  const content =
    withContent === true
      ? `, ARRAY[${columns.map(({ name }) => `t.${quoteName(name)}::text`).join(", ")}]::text AS content`
      : "";
  const rows = await session.query(
    `SELECT ${parts}, ${whole} AS key, ${hashOf(of)}::text AS hash${content} FROM ${sourceOf(of)}${where}
      ORDER BY ${names.join(", ")} LIMIT ${rescueStretchRows}`,
    { values, signal },
  );
  return rows.map((row) => ({
    key: row["key"] ?? "",
    hash: row["hash"] ?? "",
    place: key.map((_, at) => row[`k${at}`] ?? ""),
    content: row["content"] ?? "",
  }));
}

/** Rows counted by hash, ascending. The server sorts hashes, 16 bytes a row. @throws DrError `PG_*`. */
export async function* countedHashes(of: ReadTable): AsyncGenerator<CountedHash, void, undefined> {
  const { session, signal } = of;
  const ask = (sql: string): Promise<readonly SqlRow[]> => session.query(sql, { signal });
  await ask("BEGIN READ ONLY");
  try {
    await ask(`DECLARE pra_hashes NO SCROLL CURSOR FOR
      SELECT hash::text AS hash, n::text AS n FROM (SELECT ${hashOf(of)} AS hash, pg_catalog.count(*) AS n
        FROM ${sourceOf(of)} GROUP BY 1) s ORDER BY s.hash`);
    for (;;) {
      const rows = await ask(`FETCH ${rescueStretchRows} FROM pra_hashes`);
      if (rows.length === 0) {
        return;
      }
      for (const row of rows) {
        yield { hash: BigInt(row["hash"] ?? "0"), rows: Number(row["n"]) };
      }
    }
  } finally {
    if (!signal.aborted) {
      await ask("ROLLBACK");
    }
  }
}
