/**
 * What tables need to exist elsewhere: their types, sequences, functions of defaults and indexes, extensions and schemas, as the server's own
 * record of dependencies tells; and of their own parts all but what acts or points elsewhere: triggers, rules, policies, foreign keys to
 * tables that do not come along. Those are named, never silently lost, and so is what comes back empty.
 *
 * Follows "Dependency Tracking" and pg_depend of PostgreSQL's documentation, and the entries that pg_dump.c makes.
 */
import type { SqlRow, SqlSession } from "../postgres/sql-session.ts";
import type { WishedRelation, WishedRelations } from "./wished-relations.ts";

/** What of tables and around them stays behind, or comes back without its content. */
export type LeftOutKind =
  | "foreignKeys"
  | "triggers"
  | "policies"
  | "grants"
  | "comments"
  | "materialisedViews"
  | "unlogged";

/** What comes along, and what does not. */
export type NeededObjects = {
  /** Objects as the table of contents of an archive names them: oid of the catalogue, oid of the object. */
  readonly objects: ReadonlySet<string>;
  /** Beginnings of entries that name no object: partitions and indexes attached, sequences owned. */
  readonly entries: readonly string[];
  /** Names, by kind. */
  readonly leftOut: Readonly<Record<LeftOutKind, readonly string[]>>;
};

function arrayOf(relations: readonly WishedRelation[]): string {
  return `'{${relations.map(({ oid }) => oid).join(",")}}'::oid[]`;
}

/** The parts of the tables, and everything that these refer to, as far as it goes. */
function objectsSql(tables: string, sequences: string): string {
  return `WITH RECURSIVE needed(classid, objid) AS (
     (SELECT 'pg_catalog.pg_class'::regclass::oid, pg_catalog.unnest(${tables} || ${sequences})
      UNION ALL SELECT 'pg_catalog.pg_attrdef'::regclass, oid FROM pg_catalog.pg_attrdef WHERE adrelid = ANY (${tables})
      UNION ALL SELECT 'pg_catalog.pg_constraint'::regclass, oid FROM pg_catalog.pg_constraint
       WHERE conrelid = ANY (${tables}) AND contype <> 't' AND (contype <> 'f' OR confrelid = ANY (${tables}))
      UNION ALL SELECT 'pg_catalog.pg_class'::regclass, indexrelid FROM pg_catalog.pg_index WHERE indrelid = ANY (${tables})
      UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::regclass, oid FROM pg_catalog.pg_statistic_ext WHERE stxrelid = ANY (${tables}))
     UNION SELECT r.classid, r.objid FROM needed n CROSS JOIN LATERAL (
       SELECT d.refclassid AS classid, d.refobjid AS objid FROM pg_catalog.pg_depend d
         LEFT JOIN pg_catalog.pg_class c ON d.refclassid = 'pg_catalog.pg_class'::regclass AND c.oid = d.refobjid
        WHERE d.classid = n.classid AND d.objid = n.objid
          AND NOT (n.classid = 'pg_catalog.pg_class'::regclass AND c.relkind IN ('r', 'p', 'I')
            AND d.deptype IN ('a', 'P', 'S') AND NOT (c.oid = ANY (${tables})))
       UNION ALL SELECT 'pg_catalog.pg_class'::regclass, t.typrelid FROM pg_catalog.pg_type t
        WHERE n.classid = 'pg_catalog.pg_type'::regclass AND t.oid = n.objid AND t.typrelid <> 0
       UNION ALL SELECT 'pg_catalog.pg_constraint'::regclass, k.oid FROM pg_catalog.pg_constraint k
        WHERE n.classid = 'pg_catalog.pg_type'::regclass AND k.contypid = n.objid) r)
   SELECT classid::text || ' ' || objid::text AS object FROM needed`;
}

function entriesSql(tables: string, sequences: string): string {
  return `SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE OWNED BY ' WHEN 'i' THEN 'INDEX ATTACH ' WHEN 'I' THEN 'INDEX ATTACH '
      ELSE 'TABLE ATTACH ' END || n.nspname || ' ' || c.relname || ' ' AS entry
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits i
        LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = i.inhparent
       WHERE COALESCE(x.indrelid, i.inhparent) = ANY (${tables}))
      OR c.oid IN (SELECT d.objid FROM pg_catalog.pg_depend d
       WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = ANY (${sequences})
         AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = ANY (${tables}) AND d.deptype = 'a')`;
}

function leftOutSql(tables: string): string {
  const named = (owner: string, name: string): string =>
    `(SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ${owner}) || '.' || ${name} AS name`;
  const table = "n.nspname || '.' || c.relname";
  return `SELECT 'foreignKeys' AS kind, ${named("o.conrelid", "o.conname")} FROM pg_catalog.pg_constraint o
     WHERE o.contype = 'f' AND o.conrelid = ANY (${tables}) AND NOT (o.confrelid = ANY (${tables})) AND o.conparentid = 0
    UNION ALL SELECT 'triggers', ${named("o.tgrelid", "o.tgname")} FROM pg_catalog.pg_trigger o
     WHERE NOT o.tgisinternal AND o.tgrelid = ANY (${tables})
    UNION ALL SELECT 'policies', ${named("o.polrelid", "o.polname")} FROM pg_catalog.pg_policy o
     WHERE o.polrelid = ANY (${tables})
    UNION ALL SELECT 'grants', ${table} FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = ANY (${tables}) AND (c.relacl IS NOT NULL OR EXISTS (
       SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL))
    UNION ALL SELECT 'comments', ${table} FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = ANY (${tables}) AND EXISTS (SELECT FROM pg_catalog.pg_description d
       WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND d.objoid = c.oid)
    UNION ALL SELECT 'materialisedViews', ${table} FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'm' AND EXISTS (SELECT FROM pg_catalog.pg_rewrite w
       JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
       WHERE w.ev_class = c.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = ANY (${tables}))
    UNION ALL SELECT 'unlogged', ${table} FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = ANY (${tables}) AND c.relpersistence = 'u' ORDER BY 1, 2`;
}

/** Asks the copy. @throws DrError `PG_*`. */
export async function findNeededObjects(
  session: SqlSession,
  wished: Pick<WishedRelations, "tables" | "sequences">,
  call: { readonly signal: AbortSignal },
): Promise<NeededObjects> {
  const tables = arrayOf(wished.tables);
  const sequences = arrayOf(wished.sequences);
  const texts = (rows: readonly SqlRow[], column: string): readonly string[] =>
    rows.map((row) => row[column] ?? "");
  const objects = texts(await session.query(objectsSql(tables, sequences), call), "object");
  const entries = texts(await session.query(entriesSql(tables, sequences), call), "entry");
  const left = await session.query(leftOutSql(tables), call);
  const of = (kind: string): readonly string[] =>
    texts(
      left.filter((row) => row["kind"] === kind),
      "name",
    );
  return {
    objects: new Set(objects),
    // A list of contents writes each entry on one line, whatever its name.
    entries: entries.map((entry) => entry.replaceAll(/[\r\n]/g, " ")),
    leftOut: {
      foreignKeys: of("foreignKeys"),
      triggers: of("triggers"),
      policies: of("policies"),
      grants: of("grants"),
      comments: of("comments"),
      materialisedViews: of("materialisedViews"),
      unlogged: of("unlogged"),
    },
  };
}

const ENTRY = /^\d+; (\d+ \d+) (.*)$/;

/** The lines of a table of contents (`pg_restore --list`) that are needed, for `--use-list`. Pure. */
export function neededEntries(
  list: string,
  { objects, entries }: Pick<NeededObjects, "objects" | "entries">,
): readonly string[] {
  return list.split("\n").filter((line) => {
    const [, object = "", entry = ""] = ENTRY.exec(line) ?? [];
    return objects.has(object) || entries.some((beginning) => entry.startsWith(beginning));
  });
}
