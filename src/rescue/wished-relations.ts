/**
 * The tables that were wished for, as a recovered server knows them at the instant: with partitions, and with all that they read from. The
 * backup's catalogues were only a first guess; what stands here decides which files a partial copy needs.
 */
import { rescueNamesMax } from "../core/limits.ts";
import type { SqlRow, SqlSession } from "../postgres/sql-session.ts";
import { FIRST_NORMAL_OID, catalogueOid } from "../restore/catalogue-rows.ts";
import type { NameWord, RelationWish } from "../restore/relation-wish.ts";
import { quoteLiteral } from "./target-database.ts";

/** A table, or a sequence that one of them uses. */
export type WishedRelation = {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** As `pg_class.relkind`: r, p, m or S. */
  readonly kind: string;
};

/** What was found. */
export type WishedRelations = {
  /** In order of name; partitions among them. */
  readonly tables: readonly WishedRelation[];
  readonly sequences: readonly WishedRelation[];
  /** Files of all of them, of their indexes and TOAST tables, and of the catalogues. */
  readonly filenodes: ReadonlySet<number>;
  /** The same without the catalogues. */
  readonly ownFilenodes: ReadonlySet<number>;
};

type Ask = (sql: string) => Promise<readonly SqlRow[]>;

const USERS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

function anyOf(words: NameWord): string {
  return `ARRAY[${words.map(quoteLiteral).join(", ")}]::text[]`;
}

function conditionOf(wish: RelationWish): string {
  switch (wish.kind) {
    case "all":
      return USERS;
    case "schema":
      return `n.nspname = ANY (${anyOf(wish.schema)})`;
    case "tables":
      return wish.tables
        .map(({ schema, name }) => {
          const where = schema === undefined ? USERS : `n.nspname = ANY (${anyOf(schema)})`;
          return `(c.relname = ANY (${anyOf(name)}) AND ${where})`;
        })
        .join(" OR ");
  }
}

/** Relations that match by name, partitions not yet among them. */
function candidatesOf(wish: RelationWish): string {
  return `SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND (${conditionOf(wish)}) ORDER BY 2, 3`;
}

/** Of one word, the relations that are spelt best. */
function bestSpelt(
  found: readonly WishedRelation[],
  word: NameWord,
  of: (relation: WishedRelation) => string,
): readonly WishedRelation[] {
  for (const spelling of word) {
    const exact = found.filter((relation) => of(relation) === spelling);
    if (exact.length > 0) {
      return exact;
    }
  }
  return [];
}

/** What a wish means among the candidates. */
export type Meaning =
  | { readonly kind: "found"; readonly relations: readonly WishedRelation[] }
  | { readonly kind: "absent"; readonly typed: string }
  | { readonly kind: "several"; readonly typed: string; readonly found: readonly WishedRelation[] };

/** Decides. A table without a schema is the one of `public` when several schemas have it. Pure. */
export function meaningOf(wish: RelationWish, candidates: readonly WishedRelation[]): Meaning {
  if (wish.kind === "all") {
    return { kind: "found", relations: candidates };
  }
  if (wish.kind === "schema") {
    const relations = bestSpelt(candidates, wish.schema, ({ schema }) => schema);
    return relations.length === 0
      ? { kind: "absent", typed: wish.typed }
      : { kind: "found", relations };
  }
  const relations = new Map<string, WishedRelation>();
  for (const { typed, schema, name } of wish.tables) {
    const inSchema =
      schema === undefined ? candidates : bestSpelt(candidates, schema, (each) => each.schema);
    const named = bestSpelt(inSchema, name, (each) => each.name);
    const usual = named.filter((each) => each.schema === "public");
    const [only, ...more] = named.length > 1 && usual.length === 1 ? usual : named;
    if (only === undefined) {
      return { kind: "absent", typed };
    }
    if (more.length > 0) {
      return { kind: "several", typed, found: named };
    }
    relations.set(only.oid, only);
  }
  return { kind: "found", relations: [...relations.values()] };
}

function relationOf(row: SqlRow): WishedRelation {
  const text = (column: string): string => row[column] ?? "";
  return { oid: text("oid"), schema: text("schema"), name: text("name"), kind: text("kind") };
}

/** Looks for the wished tables by name. @throws DrError `PG_*`. */
export async function findMeaning(
  session: SqlSession,
  wish: RelationWish,
  call: { readonly signal: AbortSignal },
): Promise<Meaning> {
  const rows = await session.query(candidatesOf(wish), call);
  return meaningOf(wish, rows.map(relationOf));
}

/** Names that look like what was asked for; the closest first. */
export async function similarNames(
  session: SqlSession,
  typed: string,
  call: { readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const sql = candidatesOf({ kind: "all" });
  const rows = await session.query(sql, call);
  const wanted = plain(typed.slice(typed.lastIndexOf(".") + 1));
  return rows
    .map(relationOf)
    .map(({ schema, name }) => ({ text: `${schema}.${name}`, far: distance(plain(name), wanted) }))
    .filter(
      ({ far, text }) => far <= Math.max(2, wanted.length / 3) || plain(text).includes(wanted),
    )
    .sort((a, b) => a.far - b.far)
    .slice(0, rescueNamesMax)
    .map(({ text }) => text);
}

function plain(name: string): string {
  return name.replaceAll('"', "").toLowerCase().normalize("NFKD").replaceAll(/\p{M}/gu, "");
}

/** Letters to add, drop or change to make one word of the other. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const change = (previous[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min((next[j] ?? 0) + 1, (previous[j + 1] ?? 0) + 1, change));
    }
    previous = next;
  }
  return previous[b.length] ?? 0;
}

const OWN_CLASS = "'pg_catalog.pg_class'::regclass";

/** Tables with their partitions; what belongs to them; sequences that they own or that their defaults name. */
function wishedSql(oids: readonly string[]): string {
  return `WITH RECURSIVE tables AS (
      SELECT u.oid FROM pg_catalog.unnest('{${oids.join(",")}}'::oid[]) u(oid)
      UNION SELECT i.inhrelid FROM tables t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid),
    sequences AS (
      SELECT d.objid AS oid FROM pg_catalog.pg_depend d JOIN tables t ON t.oid = d.refobjid
       WHERE d.classid = ${OWN_CLASS} AND d.refclassid = ${OWN_CLASS} AND d.deptype IN ('a', 'i')
      UNION SELECT d.refobjid FROM pg_catalog.pg_attrdef a JOIN tables t ON t.oid = a.adrelid
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = a.oid
       WHERE d.refclassid = ${OWN_CLASS}),
    stored AS (
      SELECT oid FROM tables
      UNION SELECT c.reltoastrelid FROM pg_catalog.pg_class c JOIN tables USING (oid) WHERE c.reltoastrelid <> 0),
    everything AS (
      SELECT oid, true AS own FROM stored
      UNION SELECT i.indexrelid, true FROM pg_catalog.pg_index i JOIN stored s ON s.oid = i.indrelid
      UNION SELECT s.oid, true FROM sequences s JOIN pg_catalog.pg_class c USING (oid) WHERE c.relkind = 'S')
   SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
     COALESCE(e.own, false)::text AS own, (c.oid IN (SELECT oid FROM tables))::text AS is_table,
     pg_catalog.pg_relation_filenode(c.oid)::text AS filenode
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN everything e ON e.oid = c.oid
    WHERE e.oid IS NOT NULL OR (c.oid < ${FIRST_NORMAL_OID} AND NOT c.relisshared
      AND c.oid NOT IN (${catalogueOid.largeObject}, ${catalogueOid.largeObjectIndex})) ORDER BY 2, 3`;
}

/** All that belongs to tables that were found. @throws DrError `PG_*`. */
export async function expandRelations(
  session: SqlSession,
  found: readonly WishedRelation[],
  call: { readonly signal: AbortSignal },
): Promise<WishedRelations> {
  const ask: Ask = (sql) => session.query(sql, call);
  const rows = await ask(wishedSql(found.map(({ oid }) => oid)));
  const own = rows.filter((row) => row["own"] === "true");
  const filenodesOf = (from: readonly SqlRow[]): ReadonlySet<number> =>
    new Set(from.map((row) => Number(row["filenode"] ?? 0)).filter((filenode) => filenode > 0));
  return {
    tables: own.filter((row) => row["is_table"] === "true").map(relationOf),
    sequences: own.map(relationOf).filter(({ kind }) => kind === "S"),
    filenodes: filenodesOf(rows),
    ownFilenodes: filenodesOf(own),
  };
}
