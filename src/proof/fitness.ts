/**
 * Whether this host can judge a backup at all. A server of another build may fail, or worse, succeed, for reasons that say
 * nothing about the backup: what it lacks is named, and the proof ends "unfit", which is never green.
 */
import type { ClientBase } from "pg";
import type { ServerIdentity } from "../repository/root.ts";

/** Something this host has not, or has otherwise, than the backed-up server. */
export type FitnessFinding = {
  readonly kind: "extension" | "collation" | "library";
  readonly name: string;
  readonly detail: string;
};

type FactRow = Readonly<Record<string, unknown>>;

function rowsAt(value: unknown, path: readonly string[]): readonly FactRow[] {
  let at: unknown = value;
  for (const step of path) {
    at = typeof at === "object" && at !== null ? (at as FactRow)[step] : undefined;
  }
  return Array.isArray(at) ? at.filter((row): row is FactRow => typeof row === "object") : [];
}

/** Extensions that the backed-up databases used, by what the backup recorded. */
export function recordedExtensions(server: ServerIdentity): readonly string[] {
  const databases = rowsAt(server.facts, ["databases"]);
  const names = databases.flatMap((database) =>
    rowsAt(database, ["extensions", "value"]).map((row) => String(row["extname"] ?? row["name"])),
  );
  return [...new Set(names)].sort();
}

/** Libraries that the source preloaded. */
export function recordedLibraries(server: ServerIdentity): readonly string[] {
  const visible = server.facts["preloadLibraries"];
  const value =
    typeof visible === "object" && visible !== null ? (visible as FactRow)["value"] : undefined;
  return typeof value === "string"
    ? value
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "")
    : [];
}

/** Extensions that are used and that these programs do not bring. */
export async function missingExtensions(
  client: ClientBase,
  server: ServerIdentity,
): Promise<readonly FitnessFinding[]> {
  const { rows } = await client.query<{ name: string }>("SELECT name FROM pg_available_extensions");
  const available = new Set(rows.map((row) => row.name));
  return recordedExtensions(server)
    .filter((name) => !available.has(name))
    .map((name) => ({
      kind: "extension",
      name,
      detail: "used by the backed-up server, not installed for the programs that prove",
    }));
}

/** Collations whose version here differs from the one indexes were built with: environment, not corruption. */
export async function differingCollations(
  client: ClientBase,
  major: number,
): Promise<readonly FitnessFinding[]> {
  if (major < 15) {
    // pg_database has no collation version before 15.
    return [];
  }
  const { rows } = await client.query<{ name: string; recorded: string; present: string }>(`
    SELECT datname AS name, datcollversion AS recorded, pg_database_collation_actual_version(oid) AS present
      FROM pg_database
     WHERE datallowconn AND datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid)`);
  return rows.map((row) => ({
    kind: "collation",
    name: row.name,
    detail: `built with version ${row.recorded}, here ${row.present}`,
  }));
}
