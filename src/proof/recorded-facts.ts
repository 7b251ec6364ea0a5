/** What a backup recorded of its server, read back. The record is open: a fact that is missing or hidden is no row. */
import type { ServerIdentity } from "../repository/root.ts";

/** A row as the server told it. */
export type FactRow = Readonly<Record<string, unknown>>;

function isRow(value: unknown): value is FactRow {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Rows below `from`, along `path`; a fact wrapped as visible is unwrapped. */
export function rowsAt(from: unknown, path: readonly string[]): readonly FactRow[] {
  let at: unknown = from;
  for (const step of path) {
    at = isRow(at) ? at[step] : undefined;
  }
  const rows = isRow(at) ? at["value"] : at;
  return Array.isArray(rows) ? rows.filter(isRow) : [];
}

/** Rows of a fact of the backed-up server. */
export function recordedRows(server: ServerIdentity, path: readonly string[]): readonly FactRow[] {
  return rowsAt(server.facts, path);
}

/** A setting of the backed-up server; undefined when it was not recorded. */
export function recordedSetting(server: ServerIdentity, name: string): string | undefined {
  const row = recordedRows(server, ["settings"]).find((each) => each["name"] === name);
  const value = row?.["setting"];
  return typeof value === "string" ? value : undefined;
}

/** Resource managers that a library of the backed-up server brought; none where it was not recorded. */
export function recordedResourceManagers(server: ServerIdentity): readonly string[] {
  return recordedRows(server, ["resourceManagers"]).map((row) => String(row["rm_name"]));
}
