/** Tables: columns as wide as they need, rows that stay in one piece where they can, and the head again on each page. */
import { type Cell, WORD_LENGTH_MAX, signOf } from "../report-document.ts";
import {
  MARGIN,
  type PdfPage,
  type Style,
  TEXT_WIDTH,
  type Tag,
  colours,
  lineHeight,
  toneColour,
} from "./pdf-page.ts";

const BODY: Style = { size: 8.2 };
const HEAD: Style = { size: 8.2, bold: true, colour: colours.soft };
const GAP = 8;
const PAD = 3;
/** No column is narrower. */
const WIDTH_MIN = 26;

type Row = readonly (readonly string[])[];

function shown({ text: words, tone }: Cell): string {
  const sign = signOf(tone ?? "plain");
  // A verdict, a date, a duration stays in one piece.
  const isWord = words.length <= WORD_LENGTH_MAX;
  const text = isWord ? words.replaceAll(" ", "\u00a0") : words;
  return sign === "" ? text : `${sign}\u00a0${text}`;
}

function styleOf({ tone = "plain" }: Cell): Style {
  return { ...BODY, colour: toneColour(tone), bold: tone === "bad" };
}

/** What a column would like, and what it must have so that no word is broken. */
function wishes(
  page: PdfPage,
  texts: readonly (readonly [text: string, style: Style])[],
): { readonly most: number; readonly least: number } {
  let [most, least] = [WIDTH_MIN, WIDTH_MIN];
  for (const [text, style] of texts) {
    most = Math.max(most, page.widthOf(text.split("\n")[0] ?? "", style));
    // A space that does not break holds two words together, as a sign and its verdict.
    for (const word of text.split(/[^\S\u00a0\u202f]/)) {
      least = Math.max(least, page.widthOf(word, style));
    }
  }
  return { most: most + GAP, least: Math.min(least + GAP, TEXT_WIDTH / 3) };
}

/** Each gets what no word of it can do without; what is left goes where lines are longest. */
function columnWidths(
  page: PdfPage,
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
): readonly number[] {
  const columns = head.map((title, index) =>
    wishes(page, [
      [title, HEAD],
      ...rows.flatMap((row) => {
        const cell = row[index];
        return cell === undefined ? [] : [[shown(cell), styleOf(cell)] as const];
      }),
    ]),
  );
  const most = columns.reduce((sum, column) => sum + column.most, 0);
  if (most <= TEXT_WIDTH) {
    // Spread, so that short columns do not huddle on the left.
    const spare = Math.min(40, (TEXT_WIDTH - most) / columns.length);
    return columns.map((column) => column.most + spare);
  }
  const least = columns.reduce((sum, column) => sum + column.least, 0);
  const wanted = most - least;
  const left = TEXT_WIDTH - least;
  if (left < 0) {
    const cap = fittingCap(columns.map((column) => column.least));
    return columns.map((column) => Math.min(column.least, cap));
  }
  return columns.map((column) => column.least + ((column.most - column.least) / wanted) * left);
}

/** How wide a column may be at most so that all fit: the widest give way, and what is short stays whole. */
function fittingCap(widths: readonly number[]): number {
  let room = TEXT_WIDTH;
  const sorted = widths.toSorted((a, b) => a - b);
  for (const [index, width] of sorted.entries()) {
    const each = room / (sorted.length - index);
    if (width > each) {
      return each;
    }
    room -= width;
  }
  return Infinity;
}

class TableWriter {
  readonly #page: PdfPage;
  readonly #table: Tag;
  readonly #widths: readonly number[];
  readonly #head: readonly string[];

  constructor(page: PdfPage, table: Tag, head: readonly string[], widths: readonly number[]) {
    this.#page = page;
    this.#table = table;
    this.#head = head;
    this.#widths = widths;
  }

  #x(column: number): number {
    return MARGIN + this.#widths.slice(0, column).reduce((sum, width) => sum + width, 0);
  }

  #break(texts: readonly string[], styles: readonly Style[]): Row {
    return texts.map((text, column) =>
      this.#page.lines(text, (this.#widths[column] ?? 0) - GAP, styles[column] ?? BODY),
    );
  }

  #height(lines: Row): number {
    return Math.max(...lines.map((cell) => cell.length), 1) * lineHeight(BODY) + 2 * PAD;
  }

  #put(lines: Row, styles: readonly Style[], part: "head" | "body"): void {
    const page = this.#page;
    const height = this.#height(lines);
    const row = page.tag(this.#table, "TR");
    lines.forEach((cell, column) => {
      // The first cell names the row, for who hears it.
      const scope = part === "head" ? "Column" : column === 0 ? "Row" : undefined;
      const write = (): void => {
        page.write(cell, { x: this.#x(column), y: page.y + PAD }, styles[column] ?? BODY);
      };
      page.within(
        row,
        scope === undefined ? "TD" : "TH",
        write,
        scope === undefined ? {} : { scope },
      );
    });
    row.end();
    page.y += height;
    page.ornament(() => {
      page.pdf
        .moveTo(MARGIN, page.y)
        .lineTo(MARGIN + TEXT_WIDTH, page.y)
        .lineWidth(0.5)
        .strokeColor(colours.line)
        .stroke();
    });
  }

  head(): void {
    const styles = this.#head.map(() => HEAD);
    this.#put(this.#break(this.#head, styles), styles, "head");
  }

  /** With the head again where a page begins; a row that is higher than a page is cut between its lines. */
  row(cells: readonly Cell[]): void {
    const page = this.#page;
    const styles = cells.map(styleOf);
    let rest = this.#break(cells.map(shown), styles);
    while (rest.some((cell) => cell.length > 0)) {
      if (page.need(Math.min(this.#height(rest), 300))) {
        this.head();
      }
      const count = Math.max(1, Math.floor((page.room - 2 * PAD) / lineHeight(BODY)));
      this.#put(
        rest.map((cell) => cell.slice(0, count)),
        styles,
        "body",
      );
      rest = rest.map((cell) => cell.slice(count));
    }
  }
}

/** A table below its title. */
export function writeTable(
  page: PdfPage,
  parent: Tag,
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
): void {
  const table = page.tag(parent, "Table");
  const writer = new TableWriter(page, table, head, columnWidths(page, head, rows));
  writer.head();
  for (const row of rows) {
    writer.row(row);
  }
  table.end();
}

/** Lines for people to write on. */
export function writeSignatures(
  page: PdfPage,
  parent: Tag,
  head: readonly string[],
  roles: readonly string[],
): void {
  const table = page.tag(parent, "Table");
  const widths = head.map(
    (_title, index) => (index === 0 ? 0.34 : 0.66 / (head.length - 1)) * TEXT_WIDTH,
  );
  const writer = new TableWriter(page, table, head, widths);
  page.need(roles.length * 38);
  writer.head();
  for (const role of roles) {
    writer.row([{ text: `\n${role}\n ` }, ...head.slice(1).map(() => ({ text: " " }))]);
  }
  table.end();
}
