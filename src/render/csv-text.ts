/**
 * Tables as CSV (RFC 4180), with a mark at the beginning by which spreadsheets know UTF-8. A cell that a spreadsheet would take for a formula begins with an
 * apostrophe: what people typed into the ledger must not run on an auditor's desk. So does what stands behind a semicolon, a tab or a line break inside a cell:
 * a spreadsheet whose lists are separated by semicolons, as in French, begins a cell there. `evidence/verify_evidence.py` follows the same rule.
 */

/** What a cell can hold; anything but text and null stands there as JSON. */
export type CellValue = unknown;

const FORMULA = /^['=+\-@\t\r]/u;
/** What can stand between two cells, and the sign behind it. Matches the whole run, so that no text takes long. */
const BORDER = /[;\t\r\n "]+['=+\-@]?/gu;
/** In JSON other separators are escaped. */
const BORDER_IN_JSON = /(; *)([=+\-@])/gu;

function bordered(run: string): string {
  const sign = run.slice(-1);
  return "'=+-@".includes(sign) && /[;\t\r\n]/u.test(run) ? `${run.slice(0, -1)}'${sign}` : run;
}

function textOf(value: string): string {
  const text = value.replaceAll(BORDER, bordered);
  return FORMULA.test(value) ? `'${text}` : text;
}

/** As JSON, which says the same with the sign's code. */
function jsonOf(value: CellValue): string {
  return JSON.stringify(value).replaceAll(
    BORDER_IN_JSON,
    (_, border: string, sign: string) => `${border}\\u00${sign.charCodeAt(0).toString(16)}`,
  );
}

function cell(value: CellValue): string {
  const text =
    value === null || value === undefined
      ? ""
      : typeof value === "string"
        ? textOf(value)
        : jsonOf(value);
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
