/** What `pra peek` says. */
import { counted, countedFr } from "../../core/counted.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly options: Readonly<
    Record<"sql" | "database" | "table" | "csv" | "limit" | "workers", string>
  >;
  readonly phases: Readonly<Record<string, string>>;
  readonly at: (database: string, instant: string, backup: string) => string;
  readonly rows: (count: number, more: boolean) => string;
  readonly effort: (read: string, wal: string, duration: string) => string;
};

const en: Messages = {
  summary: "run a query on a database as it was at an instant",
  description:
    "Restores one database, at an instant of the window, to a server that is thrown away, and runs queries there: as a role that only reads and reaches no other server. Production is not touched, and nothing is left.",
  examples: [
    [
      `pra peek --at '2026-11-22 14:05' --sql 'SELECT count(*) FROM orders'`,
      "the number of orders at five past two",
    ],
    [
      `pra peek --at '2026-11-22 14:05' --table orders --sql 'SELECT * FROM orders WHERE id = 7' --csv`,
      "one order; only that table is restored",
    ],
  ],
  options: {
    sql: "a query; may be given several times",
    database: "the database; else DATABASE_URL or PG_DATABASE",
    table: "restore this table only; no other can be queried; may be given several times",
    csv: "rows as CSV, with a line of names",
    limit: "rows shown of each query",
    workers: "threads that restore",
  },
  phases: {
    claim: "Making the throw-away server",
    maps: "Reading maps",
    files: "Restoring",
    wal: "Fetching WAL",
    queries: "Running the queries",
  },
  at: (database, instant, backup) => `${database} at ${instant}, from backup ${backup}`,
  rows: (count, more) => {
    const rows = counted(count, "row");
    return more ? `${rows}, and there are more (--limit)` : rows;
  },
  effort: (read, wal, duration) => `Read ${read} of data and ${wal} of WAL in ${duration}`,
};

const fr: Messages = {
  summary: "lancer une requête sur une base telle qu'elle était à un instant",
  description:
    "Restaure une base, à un instant de la fenêtre, sur un serveur jetable, et y lance des requêtes : avec un rôle qui ne fait que lire et n'atteint aucun autre serveur. La production n'est pas touchée, et rien ne reste.",
  examples: [
    [
      `pra peek --at '2026-11-22 14:05' --sql 'SELECT count(*) FROM commandes'`,
      "le nombre de commandes à deux heures cinq",
    ],
    [
      `pra peek --at '2026-11-22 14:05' --table commandes --sql 'SELECT * FROM commandes WHERE id = 7' --csv`,
      "une commande ; seule cette table est restaurée",
    ],
  ],
  options: {
    sql: "une requête ; peut être donnée plusieurs fois",
    database: "la base ; sinon DATABASE_URL ou PG_DATABASE",
    table:
      "ne restaurer que cette table ; aucune autre ne peut être interrogée ; peut être donnée plusieurs fois",
    csv: "les lignes en CSV, précédées d'une ligne de noms",
    limit: "lignes montrées pour chaque requête",
    workers: "fils d'exécution qui restaurent",
  },
  phases: {
    claim: "Création du serveur jetable",
    maps: "Lecture des cartes",
    files: "Restauration",
    wal: "Récupération des WAL",
    queries: "Exécution des requêtes",
  },
  at: (database, instant, backup) => `${database} à l'instant ${instant}, sauvegarde ${backup}`,
  rows: (count, more) => {
    const rows = countedFr(count, "ligne");
    return more ? `${rows}, et il y en a d'autres (--limit)` : rows;
  },
  effort: (read, wal, duration) => `${read} de données et ${wal} de WAL lus en ${duration}`,
};

export const peekText: Record<Language, Messages> = { en, fr };
