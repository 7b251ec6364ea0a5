/**
 * Tables as CSV (RFC 4180), with a mark at the beginning by which spreadsheets know UTF-8. A cell that a spreadsheet would take for a formula begins with an
 * apostrophe: what people typed into the ledger must not run on an auditor's desk.
 */

/** What a cell can hold; anything but text and null stands there as JSON. */
export type CellValue = unknown;

const FORMULA = /^['=+\-@\t\r]/u;

function cell(value: CellValue): string {
  const text =
    value === null || value === undefined
      ? ""
      : typeof value === "string"
        ? FORMULA.test(value)
          ? `'${value}`
          : value
        : JSON.stringify(value);
  return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The text, with a heading. */
export function csvText(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, CellValue>>[],
): string {
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))];
  return `\ufeff${lines.map((line) => `${line.map(cell).join(",")}\r\n`).join("")}`;
}
