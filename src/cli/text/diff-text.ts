/** What `pra diff` says. */
import type { ObjectDifference } from "../../rescue/describe-database.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly options: Readonly<Record<"at" | "database" | "workers", string>>;
  readonly phases: Readonly<Record<string, string>>;
  readonly phase: (instant: number, phase: string) => string;
  readonly title: (database: string, from: string, to: string) => string;
  readonly same: string;
  readonly changes: Readonly<Record<ObjectDifference["change"], string>>;
  readonly heads: readonly [string, string, string, string];
};

const en: Messages = {
  summary: "show how a database changed between two instants: definitions and rows of tables",
  description:
    "Restores one database at both instants, one after the other, to a server that is thrown away, and compares them: objects that were added, removed or changed, and tables with another number of rows. Production is not touched. Exit code 0 whether or not something differs.",
  examples: [
    [
      "pra diff --at '2026-11-22 14:00' --at '2026-11-22 15:00'",
      "what an hour, or a migration, changed",
    ],
    ["pra diff --at -15min --at latest", "what the last quarter of an hour changed"],
  ],
  options: {
    at: "an instant, or latest; given twice, the earlier one first",
    database: "the database; else DATABASE_URL or PG_DATABASE",
    workers: "threads that restore",
  },
  phases: {
    claim: "making the throw-away server",
    maps: "reading maps",
    files: "restoring",
    wal: "fetching WAL",
    describe: "reading definitions, counting rows",
  },
  phase: (instant, phase) => `Instant ${instant} of 2: ${phase}`,
  title: (database, from, to) => `${database}, from ${from} to ${to}`,
  same: "Nothing differs: the same definitions, and as many rows in each table.",
  changes: { added: "+", removed: "-", changed: "~" },
  heads: ["Table", "rows then", "rows later", "difference"],
};

const fr: Messages = {
  summary:
    "montrer comment une base a changé entre deux instants : définitions et lignes des tables",
  description:
    "Restaure une base aux deux instants, l'un après l'autre, sur un serveur jetable, et les compare : objets ajoutés, supprimés ou modifiés, et tables dont le nombre de lignes a changé. La production n'est pas touchée. Code de sortie 0, qu'il y ait des différences ou non.",
  examples: [
    [
      "pra diff --at '2026-11-22 14:00' --at '2026-11-22 15:00'",
      "ce qu'une heure, ou une migration, a changé",
    ],
    ["pra diff --at -15min --at latest", "ce que le dernier quart d'heure a changé"],
  ],
  options: {
    at: "un instant, ou latest ; à donner deux fois, le plus ancien d'abord",
    database: "la base ; sinon DATABASE_URL ou PG_DATABASE",
    workers: "fils d'exécution qui restaurent",
  },
  phases: {
    claim: "création du serveur jetable",
    maps: "lecture des cartes",
    files: "restauration",
    wal: "récupération des WAL",
    describe: "lecture des définitions, comptage des lignes",
  },
  phase: (instant, phase) => `Instant ${instant} sur 2 : ${phase}`,
  title: (database, from, to) => `${database}, de ${from} à ${to}`,
  same: "Aucune différence : les mêmes définitions, et autant de lignes dans chaque table.",
  changes: { added: "+", removed: "-", changed: "~" },
  heads: ["Table", "lignes avant", "lignes après", "différence"],
};

export const diffText: Record<Language, Messages> = { en, fr };
