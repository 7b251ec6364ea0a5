/**
 * A report as a PDF: A4, for paper and for who receives it by mail. The same report makes the same bytes, so that its hash says something. Peak
 * memory: some twenty megabytes, of the library and its fonts, which are read when the first one is made.
 */
import {
  signOf,
  colonOf,
  type Figure,
  type ReportDocument,
  type Section,
} from "../report-document.ts";
import { barsDrawing, chartDrawing, daysDrawing } from "../section-drawings.ts";
import { writeDrawing } from "./pdf-drawing.ts";
import {
  MARGIN,
  PdfPage,
  type Style,
  TEXT_WIDTH,
  type Tag,
  colours,
  lineHeight,
  toneColour,
} from "./pdf-page.ts";
import { writeSignatures, writeTable } from "./pdf-table.ts";

const TITLE: Style = { size: 19, bold: true };
const SUBTITLE: Style = { size: 9.5, colour: colours.soft };
const HEADING: Style = { size: 12, bold: true };
const TEXT: Style = { size: 9 };
const NOTE: Style = { size: 8.2, colour: colours.soft };
const VALUE: Style = { size: 16, bold: true };
const LABEL_WIDTH = 170;
const FIGURES_ACROSS = 3;
const FIGURE_GAP = 8;

function writeVerdict(page: PdfPage, { verdict }: ReportDocument): void {
  const colour = toneColour(verdict.tone);
  const head: Style = { size: 14, bold: true, colour };
  const lines = page.lines(verdict.detail, TEXT_WIDTH - 28, TEXT);
  const height = 16 + lineHeight(head) + lines.length * lineHeight(TEXT);
  page.y += 10;
  page.need(height);
  const { y } = page;
  page.ornament(() => {
    page.pdf.roundedRect(MARGIN, y, TEXT_WIDTH, height, 4).fill(colours.tint);
    page.pdf.rect(MARGIN, y, 5, height).fill(colour);
  });
  const x = MARGIN + 16;
  page.within(page.root, "P", () => {
    page.write(
      page.lines(`${signOf(verdict.tone)} ${verdict.text}`, TEXT_WIDTH - 28, head),
      { x, y: y + 7 },
      head,
    );
  });
  page.within(page.root, "P", () => {
    page.write(lines, { x, y: y + 9 + lineHeight(head) }, TEXT);
  });
  page.y += height + 10;
}

function writeFigure(
  page: PdfPage,
  figure: Figure,
  place: { readonly x: number; readonly width: number; readonly height: number },
): void {
  const { label, value, tone, note } = figure;
  const { x, width, height } = place;
  const { y } = page;
  const big: Style = { ...VALUE, colour: toneColour(tone) };
  page.ornament(() => {
    page.pdf.roundedRect(x, y, width, height, 4).lineWidth(0.7).strokeColor(colours.line).stroke();
  });
  const sign = signOf(tone);
  page.within(page.root, "P", () => {
    page.write(page.lines(label, width - 20, NOTE), { x: x + 10, y: y + 7 }, NOTE);
    const lines = page.lines(value, width - 20, big);
    page.write(lines, { x: x + 10, y: y + 18 }, big);
    const words = page.lines(`${sign} ${note}`.trim(), width - 20, NOTE);
    const below = y + 20 + lines.length * lineHeight(big);
    page.write(words, { x: x + 10, y: below }, NOTE);
  });
}

/** Three beside each other. */
function writeFigures(page: PdfPage, figures: readonly Figure[]): void {
  const across = Math.min(FIGURES_ACROSS, Math.max(1, figures.length));
  const width = (TEXT_WIDTH - (across - 1) * FIGURE_GAP) / across;
  for (let from = 0; from < figures.length; from += across) {
    const row = figures.slice(from, from + across);
    const notes = row.map(
      ({ note, tone }) => page.lines(`${signOf(tone)} ${note}`, width - 20, NOTE).length,
    );
    const values = row.map(({ value }) => page.lines(value, width - 20, VALUE).length);
    const height =
      28 + Math.max(...values) * lineHeight(VALUE) + Math.max(...notes) * lineHeight(NOTE);
    page.need(height);
    row.forEach((figure, index) => {
      writeFigure(page, figure, { x: MARGIN + index * (width + FIGURE_GAP), width, height });
    });
    page.y += height + FIGURE_GAP;
  }
}

function writeFacts(
  page: PdfPage,
  parent: Tag,
  { facts }: Extract<Section, { readonly kind: "facts" }>,
): void {
  const list = page.tag(parent, "L");
  for (const [label, { text, tone = "plain" }] of facts) {
    const style: Style = { ...TEXT, colour: toneColour(tone), bold: tone === "bad" };
    const sign = signOf(tone);
    const names = page.lines(label, LABEL_WIDTH - 10, { ...TEXT, colour: colours.soft });
    const lines = [
      ...page.lines(sign === "" ? text : `${sign} ${text}`, TEXT_WIDTH - LABEL_WIDTH, style),
    ];
    for (let isFirst = true; lines.length > 0; isFirst = false) {
      page.need(Math.min(Math.max(lines.length, names.length) * lineHeight(TEXT), 200));
      const now = lines.splice(0, Math.max(1, Math.floor(page.room / lineHeight(TEXT))));
      const { y } = page;
      const item = page.tag(list, "LI");
      if (isFirst) {
        page.within(item, "Lbl", () => {
          page.write(names, { x: MARGIN, y }, { ...TEXT, colour: colours.soft });
        });
      }
      page.within(item, "LBody", () => {
        page.write(now, { x: MARGIN + LABEL_WIDTH, y }, style);
      });
      item.end();
      page.y += Math.max(now.length, isFirst ? names.length : 0) * lineHeight(TEXT) + 1.5;
    }
  }
  list.end();
}

/** Room that a section wants below its heading: a heading never stands alone at a page's end. */
function firstHeight(section: Section): number {
  return section.kind === "chart"
    ? 170
    : section.kind === "days"
      ? 90
      : section.kind === "signatures"
        ? 60 + section.roles.length * 40
        : 56;
}

function writeBody(page: PdfPage, tag: Tag, section: Section, colon: string): void {
  switch (section.kind) {
    case "facts":
      writeFacts(page, tag, section);
      break;
    case "table":
      if (section.rows.length > 0) {
        writeTable(page, tag, section.head, section.rows);
        page.y += 3;
      }
      break;
    case "bars":
      writeDrawing(page, tag, barsDrawing(section, colon));
      break;
    case "chart":
      writeDrawing(page, tag, chartDrawing(section));
      break;
    case "days":
      writeDrawing(page, tag, daysDrawing(section));
      break;
    case "text":
      for (const text of section.paragraphs) {
        page.paragraph(tag, "P", text, TEXT);
        page.y += 3;
      }
      break;
    case "signatures":
      page.paragraph(tag, "P", section.note, NOTE);
      page.y += 4;
      writeSignatures(page, tag, section.head, section.roles);
      break;
  }
  if ("note" in section && section.note !== undefined && section.kind !== "signatures") {
    page.paragraph(tag, "P", section.note, NOTE);
  }
}

function writeSection(page: PdfPage, section: Section, colon: string): void {
  page.y += 12;
  page.need(lineHeight(HEADING) + firstHeight(section));
  const tag = page.tag(page.root, "Sect");
  page.paragraph(tag, "H2", section.title, HEADING);
  page.y += 3;
  writeBody(page, tag, section, colon);
  tag.end();
}

/** Below each page: what it is, and which one of how many. */
function writeFeet(page: PdfPage, title: string): void {
  const { pdf } = page;
  const { start, count } = pdf.bufferedPageRange();
  for (let index = start; index < start + count; index += 1) {
    pdf.switchToPage(index);
    // What is written below the margin must not begin another page.
    pdf.page.margins.bottom = 0;
    const number = `${index + 1} / ${count}`;
    page.ornament(() => {
      const y = 841.89 - 40;
      page.write([title], { x: MARGIN, y }, NOTE);
      const x = MARGIN + TEXT_WIDTH - page.widthOf(number, NOTE);
      page.write([number], { x, y }, NOTE);
    });
  }
}

/** The whole file. `createdAt`: ISO 8601, of the report. */
export async function pdfFile(report: ReportDocument, createdAt: string): Promise<Buffer> {
  const { default: PDFDocument } = await import("pdfkit");
  const { language, title, subtitle, figures, sections, footer } = report;
  const page = new PdfPage(PDFDocument, {
    size: "A4",
    margin: MARGIN,
    pdfVersion: "1.7",
    tagged: true,
    lang: language,
    displayTitle: true,
    info: {
      Title: title,
      Subject: subtitle,
      Creator: "PRA",
      Producer: "PRA",
      CreationDate: new Date(createdAt),
    },
  });
  const parts: Buffer[] = [];
  page.pdf.on("data", (part: Buffer) => void parts.push(part));
  const written = Promise.withResolvers<void>();
  page.pdf.on("end", written.resolve);
  page.pdf.on("error", written.reject);
  page.paragraph(page.root, "H1", title, TITLE);
  page.paragraph(page.root, "P", subtitle, SUBTITLE);
  writeVerdict(page, report);
  writeFigures(page, figures);
  for (const section of sections) {
    writeSection(page, section, colonOf(language));
  }
  page.y += 14;
  for (const line of footer) {
    page.paragraph(page.root, "P", line, NOTE);
  }
  page.root.end();
  writeFeet(page, title);
  page.pdf.end();
  await written.promise;
  return Buffer.concat(parts);
}
