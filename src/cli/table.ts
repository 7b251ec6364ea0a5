/** Tables for people: columns as wide as their widest cell, two spaces between, no lines drawn. */
import { displayWidth, padToWidth } from "./display-width.ts";

/** A column's heading, and where its cells stand; numbers read best on the right. */
export type Column = { readonly heading: string; readonly align?: "left" | "right" };

/** The table as lines joined by line feeds, without one at the end. Missing cells are empty. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [columns.map((column) => column.heading), ...rows];
  const widths = columns.map((_column, index) =>
    lines.reduce((widest, line) => Math.max(widest, displayWidth(line[index] ?? "")), 0),
  );
  return lines
    .map((line) =>
      columns
        .map((column, index) =>
          padToWidth(line[index] ?? "", widths[index] ?? 0, column.align ?? "left"),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
