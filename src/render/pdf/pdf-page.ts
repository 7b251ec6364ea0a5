/**
 * A4 pages that are filled from above: where the next thing stands, when a new page begins, how words are broken into lines. Everything is tagged for
 * who reads by ear, and its fonts lie in the file, so that it reads the same in ten years. The format is ISO 32000-1.
 */
import { createRequire } from "node:module";
import type PDFDocument from "pdfkit";
import type { Tone } from "../report-document.ts";

/** The library's document. */
export type Pdf = PDFKit.PDFDocument;

/** The library's part of the tree of tags. */
export type Tag = PDFKit.PDFStructureElement;

/** What is said of a part: words in its place, and of a head what it is the head of. */
export type TagOptions = { readonly alt?: string; readonly scope?: "Row" | "Column" };

/** Text as it is set. */
export type Style = { readonly size: number; readonly bold?: boolean; readonly colour?: string };

/** Everything in points, 72 to an inch. */
export const MARGIN = 48;
/** Width of what is written. */
export const TEXT_WIDTH = 595.28 - 2 * MARGIN;
/** What sums of widths may be off by. */
const ROUNDING = 0.01;
const BOTTOM = 841.89 - 58;

/** Darker than on a screen: paper and ink. Each has a contrast of 4.5 to 1 and more on white. */
export const colours = {
  ink: "#17202a",
  soft: "#55626f",
  line: "#cfd6dd",
  tint: "#f5f7f9",
  bar: "#2f6fb0",
} as const;

const tones: Readonly<Record<Tone, string>> = {
  good: "#13703a",
  bad: "#b3261e",
  warning: "#8a5a00",
  unknown: "#55626f",
  plain: colours.ink,
};

/** The colour of a tone. */
export function toneColour(tone: Tone): string {
  return tones[tone];
}

const FAMILY = "@expo-google-fonts/ibm-plex-sans";

/** Files of the two fonts. They are read where they were installed. */
export function fontFiles(): { readonly regular: string; readonly bold: string } {
  const { resolve } = createRequire(import.meta.url);
  return {
    regular: resolve(`${FAMILY}/400Regular/IBMPlexSans_400Regular.ttf`),
    bold: resolve(`${FAMILY}/600SemiBold/IBMPlexSans_600SemiBold.ttf`),
  };
}

/** What the fonts have: no cross, and nothing for control characters. */
function setText(text: string): string {
  return text.replaceAll("✗", "×").replaceAll(/[^\P{Cc}\n]/gu, " ");
}

/** One document in the making. */
export class PdfPage {
  readonly pdf: Pdf;
  readonly root: Tag;
  readonly #fonts: ReturnType<typeof fontFiles>;
  readonly #widths = { regular: new Map<string, number>(), bold: new Map<string, number>() };
  /** Where the next thing stands. */
  y = MARGIN;

  constructor(Document: typeof PDFDocument, options: PDFKit.PDFDocumentOptions) {
    this.#fonts = fontFiles();
    // A font from the start: else the library reads one of its own.
    const font = this.#fonts.regular;
    this.pdf = new Document({ ...options, font, bufferPages: true, autoFirstPage: true });
    this.root = this.pdf.struct("Document");
    this.pdf.addStructure(this.root);
  }

  /** A tagged part below another. */
  tag(parent: Tag, name: string, options: TagOptions = {}): Tag {
    const tag = this.pdf.struct(name, options);
    parent.add(tag);
    return tag;
  }

  /** What lies in a part: drawn at once, on one page. */
  within(parent: Tag, name: string, draw: () => void, options: TagOptions = {}): void {
    const tag = this.tag(parent, name, options);
    tag.add(draw);
    tag.end();
  }

  /** Lines and grounds, which say nothing. */
  ornament(draw: () => void): void {
    this.pdf.markContent("Artifact", { type: "Layout" });
    draw();
    this.pdf.endMarkedContent();
  }

  /** A new page, unless so much room is left. True where one began. */
  need(height: number): boolean {
    if (this.y + height <= BOTTOM || this.y === MARGIN) {
      return false;
    }
    this.pdf.addPage();
    this.y = MARGIN;
    return true;
  }

  /** What is left of this page. */
  get room(): number {
    return BOTTOM - this.y;
  }

  style({ size, bold = false, colour = colours.ink }: Style): void {
    // By its file: under another name the library would read the first one again each time.
    this.pdf
      .font(bold ? this.#fonts.bold : this.#fonts.regular)
      .fontSize(size)
      .fillColor(colour);
  }

  /** How wide a text is in one line: word by word, for words come again and measuring one takes long. */
  widthOf(text: string, style: Style): number {
    const { size, bold = false } = style;
    const widths = this.#widths[bold ? "bold" : "regular"];
    let sum = 0;
    for (const piece of setText(text).split(/(?= )/)) {
      let width = widths.get(piece);
      if (width === undefined) {
        this.style({ size: 1000, bold });
        width = this.pdf.widthOfString(piece) / 1000;
        widths.set(piece, width);
      }
      sum += width;
    }
    return sum * size;
  }

  /** A word that is longer than a line, in pieces that fit. */
  #pieces(word: string, width: number, style: Style): string[] {
    const pieces: string[] = [];
    let piece = "";
    for (const letter of word) {
      if (piece !== "" && this.widthOf(piece, style) + this.widthOf(letter, style) > width) {
        pieces.push(piece);
        piece = "";
      }
      piece += letter;
    }
    return [...pieces, piece];
  }

  /** Lines that fit a width: broken between words, and inside a word that is longer than a line. A column as wide as its word must hold it. */
  lines(text: string, given: number, style: Style): readonly string[] {
    const width = given + ROUNDING;
    const space = this.widthOf(" ", style);
    const lines: string[] = [];
    for (const paragraph of setText(text).split("\n")) {
      let line: string | undefined;
      let used = 0;
      for (const word of paragraph.split(" ")) {
        const wide = this.widthOf(word, style);
        if (line !== undefined && used + space + wide <= width) {
          line += ` ${word}`;
          used += space + wide;
          continue;
        }
        const pieces: readonly string[] = wide <= width ? [word] : this.#pieces(word, width, style);
        lines.push(...(line === undefined ? [] : [line]), ...pieces.slice(0, -1));
        line = pieces.at(-1) ?? "";
        used = this.widthOf(line, style);
      }
      lines.push(line ?? "");
    }
    return lines;
  }

  /** Lines at a place. */
  write(
    lines: readonly string[],
    at: { readonly x: number; readonly y: number },
    style: Style,
  ): void {
    this.style(style);
    lines.forEach((line, index) => {
      this.pdf.text(line, at.x, at.y + index * lineHeight(style), { lineBreak: false });
    });
  }

  /** A paragraph across the page, tagged; what does not fit goes on overleaf. */
  paragraph(parent: Tag, name: string, text: string, style: Style): void {
    const lines = [...this.lines(text, TEXT_WIDTH, style)];
    while (lines.length > 0) {
      this.need(lineHeight(style));
      const count = Math.max(1, Math.floor(this.room / lineHeight(style)));
      const now = lines.splice(0, count);
      this.within(parent, name, () => {
        this.write(now, { x: MARGIN, y: this.y }, style);
      });
      this.y += now.length * lineHeight(style);
    }
  }
}

/** From one line to the next. */
export function lineHeight({ size }: Style): number {
  return size * 1.38;
}
