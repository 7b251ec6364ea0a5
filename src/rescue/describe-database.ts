/**
 * A database described: each object with its definition, in the server's own words, and the rows of each table; and how two descriptions
 * differ. What belongs to an extension is the extension's. Positions and sizes play no part: the same database on another day is the same.
 */
import { type TableName, quoteTable } from "../dump/census.ts";
import type { SqlSession } from "../postgres/sql-session.ts";

/** An object and what it is. */
export type DescribedObject = {
  readonly kind: string;
  readonly name: string;
  readonly definition: string;
};

/** A table's rows. */
export type CountedTable = { readonly name: string; readonly rows: number };

/** See the file's comment. */
export type DatabaseDescription = {
  readonly objects: readonly DescribedObject[];
  readonly tables: readonly CountedTable[];
};

const OURS = (oid: string, catalogue: string): string =>
  `NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend x WHERE x.classid = 'pg_catalog.${catalogue}'::regclass
    AND x.objid = ${oid} AND x.deptype = 'e')`;
const USERS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";
const NAMED = "pg_catalog.format('%I.%I', n.nspname, c.relname)";
const CLASSES = "pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace";

/** Columns of a relation, a line each. */
const COLUMNS = `(SELECT COALESCE(pg_catalog.string_agg(pg_catalog.format('%I %s%s%s', a.attname,
    pg_catalog.format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END,
    CASE WHEN a.attidentity <> '' THEN ' IDENTITY' WHEN d.oid IS NULL THEN ''
      WHEN a.attgenerated <> '' THEN ' GENERATED ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid)
      ELSE ' DEFAULT ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid) END), E'\\n' ORDER BY a.attnum), '')
   FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)`;

const OBJECTS = [
  `SELECT 'schema', pg_catalog.quote_ident(n.nspname), '' FROM pg_catalog.pg_namespace n WHERE ${USERS} AND ${OURS("n.oid", "pg_namespace")}`,
  "SELECT 'extension', pg_catalog.quote_ident(extname), extversion FROM pg_catalog.pg_extension",
  `SELECT CASE c.relkind WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'composite type' ELSE 'table' END, ${NAMED},
     ${COLUMNS} || CASE WHEN c.relkind = 'p' THEN E'\\nPARTITION BY ' || pg_catalog.pg_get_partkeydef(c.oid) ELSE '' END
       || CASE WHEN c.relispartition THEN E'\\nPARTITION ' || pg_catalog.pg_get_expr(c.relpartbound, c.oid) ELSE '' END
       || CASE WHEN c.relrowsecurity THEN E'\\nROW LEVEL SECURITY' ELSE '' END
     FROM ${CLASSES} WHERE c.relkind IN ('r', 'p', 'f', 'c') AND c.relpersistence <> 't' AND ${USERS} AND ${OURS("c.oid", "pg_class")}`,
  `SELECT CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END, ${NAMED}, pg_catalog.pg_get_viewdef(c.oid)
     FROM ${CLASSES} WHERE c.relkind IN ('v', 'm') AND ${USERS} AND ${OURS("c.oid", "pg_class")}`,
  `SELECT 'sequence', ${NAMED}, pg_catalog.format('%s start %s by %s from %s to %s%s', pg_catalog.format_type(s.seqtypid, NULL),
     s.seqstart, s.seqincrement, s.seqmin, s.seqmax, CASE WHEN s.seqcycle THEN ' cycle' ELSE '' END)
     FROM ${CLASSES} JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid WHERE ${USERS} AND ${OURS("c.oid", "pg_class")}`,
  `SELECT 'index', ${NAMED}, pg_catalog.pg_get_indexdef(c.oid) || CASE WHEN i.indisvalid THEN '' ELSE ' (invalid)' END
     FROM ${CLASSES} JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid WHERE ${USERS} AND ${OURS("i.indrelid", "pg_class")}`,
  `SELECT 'constraint', ${NAMED} || '.' || pg_catalog.quote_ident(o.conname), pg_catalog.pg_get_constraintdef(o.oid)
     FROM pg_catalog.pg_constraint o JOIN ${CLASSES} ON c.oid = o.conrelid
    WHERE o.contype <> 'n' AND ${USERS} AND ${OURS("c.oid", "pg_class")}`,
  `SELECT 'trigger', ${NAMED} || '.' || pg_catalog.quote_ident(o.tgname), pg_catalog.pg_get_triggerdef(o.oid) || ' ' || o.tgenabled::text
     FROM pg_catalog.pg_trigger o JOIN ${CLASSES} ON c.oid = o.tgrelid WHERE NOT o.tgisinternal AND ${USERS} AND ${OURS("c.oid", "pg_class")}`,
  `SELECT 'policy', ${NAMED} || '.' || pg_catalog.quote_ident(o.polname), pg_catalog.concat_ws(' ', o.polcmd::text, o.polpermissive::text,
     pg_catalog.pg_get_expr(o.polqual, o.polrelid), pg_catalog.pg_get_expr(o.polwithcheck, o.polrelid))
     FROM pg_catalog.pg_policy o JOIN ${CLASSES} ON c.oid = o.polrelid WHERE ${USERS}`,
  `SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
     pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
     CASE p.prokind WHEN 'a' THEN pg_catalog.pg_get_function_result(p.oid) ELSE pg_catalog.pg_get_functiondef(p.oid) END
     FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE ${USERS} AND ${OURS("p.oid", "pg_proc")}`,
  `SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' ELSE 'range' END, pg_catalog.format('%I.%I', n.nspname, t.typname),
     COALESCE((SELECT pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
         FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
       pg_catalog.format_type(t.typbasetype, t.typtypmod) || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
         || COALESCE(' DEFAULT ' || t.typdefault, '') || COALESCE((SELECT pg_catalog.string_agg(' ' || pg_catalog.pg_get_constraintdef(k.oid), ''
            ORDER BY k.conname) FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid), ''), '')
     FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd', 'r') AND ${USERS} AND ${OURS("t.oid", "pg_type")}`,
].join("\nUNION ALL\n");

const TABLES = `SELECT n.nspname AS schema, c.relname AS name, ${NAMED} AS shown FROM ${CLASSES}
  WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND ${USERS} AND ${OURS("c.oid", "pg_class")} ORDER BY 1, 2`;

/** Describes the session's database; counts every table. @throws DrError `PG_*`. */
export async function describeDatabase(
  session: SqlSession,
  call: { readonly signal: AbortSignal },
): Promise<DatabaseDescription> {
  for (const setting of ["search_path = ''", "max_parallel_workers_per_gather = 0"]) {
    await session.query(`SET ${setting}`, call);
  }
  const sql = `SELECT * FROM (${OBJECTS}) s(kind, name, definition) ORDER BY 1, 2`;
  const objects = (await session.query(sql, call)).map((row) => ({
    kind: row["kind"] ?? "",
    name: row["name"] ?? "",
    definition: row["definition"] ?? "",
  }));
  const tables: CountedTable[] = [];
  for (const row of await session.query(TABLES, call)) {
    const table: TableName = { schema: row["schema"] ?? "", name: row["name"] ?? "" };
    const count = `SELECT pg_catalog.count(*)::text AS n FROM ONLY ${quoteTable(table)}`;
    const [counted] = await session.query(count, call);
    tables.push({ name: row["shown"] ?? "", rows: Number(counted?.["n"]) });
  }
  return { objects, tables };
}

/** An object that one description has and the other has not, or otherwise. */
export type ObjectDifference = {
  readonly kind: string;
  readonly name: string;
  readonly change: "added" | "removed" | "changed";
  readonly from: string | null;
  readonly to: string | null;
};

/** A table with another number of rows; null where it does not exist. */
export type CountDifference = {
  readonly name: string;
  readonly from: number | null;
  readonly to: number | null;
};

/** What differs. */
export type DescriptionDifference = {
  readonly objects: readonly ObjectDifference[];
  readonly tables: readonly CountDifference[];
};

function byName<T extends { readonly name: string }>(
  all: readonly T[],
  keyOf: (each: T) => string,
): ReadonlyMap<string, T> {
  return new Map(all.map((each) => [keyOf(each), each]));
}

/** Compares two descriptions of one database, the earlier one first. Pure. */
export function compareDescriptions(
  from: DatabaseDescription,
  to: DatabaseDescription,
): DescriptionDifference {
  const key = ({ kind, name }: DescribedObject): string => `${kind} ${name}`;
  const [before, after] = [byName(from.objects, key), byName(to.objects, key)];
  const objects: ObjectDifference[] = [];
  for (const place of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [old, fresh] = [before.get(place), after.get(place)];
    const { kind, name } = old ?? fresh ?? { kind: "", name: "" };
    const change =
      old === undefined
        ? "added"
        : fresh === undefined
          ? "removed"
          : old.definition === fresh.definition
            ? undefined
            : "changed";
    if (change !== undefined) {
      const sides = { from: old?.definition ?? null, to: fresh?.definition ?? null };
      objects.push({ kind, name, change, ...sides });
    }
  }
  const [rowsBefore, rowsAfter] = [
    byName(from.tables, ({ name }) => name),
    byName(to.tables, ({ name }) => name),
  ];
  const tables = [...new Set([...rowsBefore.keys(), ...rowsAfter.keys()])]
    .sort()
    .map((name) => ({
      name,
      from: rowsBefore.get(name)?.rows ?? null,
      to: rowsAfter.get(name)?.rows ?? null,
    }))
    .filter((each) => each.from !== each.to);
  return { objects, tables };
}
