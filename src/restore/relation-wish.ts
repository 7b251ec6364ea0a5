/**
 * Names of tables and schemas as people type them. Between quotes a name is meant as it stands; without, as it stands first, and in
 * small letters next, as PostgreSQL would read it: whoever types `Orders` means the table that is called so, when there is one. Pure.
 *
 * Follows "Identifiers and Key Words" of PostgreSQL's documentation.
 */
import { DrError } from "../core/errors.ts";

/** Spellings of one name, the likeliest first. */
export type NameWord = readonly string[];

/** A table as it was typed. */
export type TableWish = {
  readonly typed: string;
  /** Undefined: whichever schema has it. */
  readonly schema: NameWord | undefined;
  readonly name: NameWord;
};

/** What is wanted of a database. */
export type RelationWish =
  | { readonly kind: "all" }
  | { readonly kind: "schema"; readonly typed: string; readonly schema: NameWord }
  | { readonly kind: "tables"; readonly tables: readonly TableWish[] };

const PART = /"(?:[^"]|"")+"|[^".]+/y;

function wordOf(part: string): NameWord {
  if (part.startsWith('"')) {
    return [part.slice(1, -1).replaceAll('""', '"')];
  }
  return [...new Set([part, part.toLowerCase()])];
}

function partsOf(typed: string): readonly NameWord[] | undefined {
  const words: NameWord[] = [];
  let at = 0;
  for (;;) {
    PART.lastIndex = at;
    const found = PART.exec(typed);
    if (found === null) {
      return undefined;
    }
    words.push(wordOf(found[0]));
    at = PART.lastIndex;
    if (at === typed.length) {
      return words;
    }
    if (typed[at] !== ".") {
      return undefined;
    }
    at += 1;
  }
}

/** Where something was typed, for messages. */
type Typed = { readonly name: string; readonly command: string };

/** `orders`, `public.orders`, `"Odd.Schema"."T ""x"""`. @throws DrError `USAGE_VALUE`. */
export function parseTableWish(typed: string, of: Typed): TableWish {
  const words = partsOf(typed);
  const [first, second] = words ?? [];
  if (first === undefined || (words?.length ?? 0) > 2) {
    throw new DrError("USAGE_VALUE", { ...of, value: typed });
  }
  return second === undefined
    ? { typed, schema: undefined, name: first }
    : { typed, schema: first, name: second };
}

/** Tables, else a schema, else all. @throws DrError `USAGE_VALUE`, `USAGE_CONFLICT`. */
export function parseRelationWish(
  typed: { readonly tables: readonly string[]; readonly schema?: string | undefined },
  command: string,
): RelationWish {
  const { tables, schema } = typed;
  if (tables.length > 0 && schema !== undefined) {
    throw new DrError("USAGE_CONFLICT", { option: "--table", other: "--schema", command });
  }
  if (tables.length > 0) {
    const of = { name: "--table", command };
    return { kind: "tables", tables: tables.map((table) => parseTableWish(table, of)) };
  }
  if (schema === undefined) {
    return { kind: "all" };
  }
  const [word, ...more] = partsOf(schema) ?? [];
  if (word === undefined || more.length > 0) {
    throw new DrError("USAGE_VALUE", { name: "--schema", value: schema, command });
  }
  return { kind: "schema", typed: schema, schema: word };
}

/** True for a relation that is wished for by name: of itself, or of its schema. */
export function isNamed(
  wish: RelationWish,
  relation: { readonly schema: string; readonly name: string },
): boolean {
  switch (wish.kind) {
    case "all":
      return true;
    case "schema":
      return wish.schema.includes(relation.schema);
    case "tables":
      return wish.tables.some(
        ({ schema, name }) =>
          name.includes(relation.name) && (schema?.includes(relation.schema) ?? true),
      );
  }
}
