/** Drawings in a PDF: the shapes that the page's SVG has, in colours for paper. */
import type { Drawing, Shape } from "../drawing.ts";
import type { Tone } from "../report-document.ts";
import {
  MARGIN,
  type Pdf,
  type PdfPage,
  TEXT_WIDTH,
  type Tag,
  colours,
  toneColour,
} from "./pdf-page.ts";

/** Letters of a drawing that is as wide as the page's. */
const SIZE = 12.5;

const isTone = (word: string): word is Tone =>
  ["good", "bad", "warning", "unknown", "plain"].includes(word);

function toneOf(name: string): Tone | undefined {
  return name.split(" ").find(isTone);
}

function drawPath(pdf: Pdf, { name, d }: Extract<Shape, { readonly kind: "path" }>): void {
  const isSecond = name.includes("second");
  const colour =
    name === "axis"
      ? colours.line
      : name === "instant"
        ? toneColour("bad")
        : isSecond
          ? toneColour("warning")
          : colours.bar;
  const width = name === "axis" ? 0.8 : name === "instant" ? 2 : 1.5;
  pdf.path(d).lineWidth(width).strokeColor(colour);
  if (isSecond) {
    pdf.dash(5, { space: 3 }).stroke().undash();
  } else {
    pdf.stroke();
  }
}

function drawRect(pdf: Pdf, shape: Extract<Shape, { readonly kind: "rect" }>): void {
  const { name, x, y, width, height, radius } = shape;
  const tone = toneOf(name);
  if (name.startsWith("day")) {
    pdf
      .roundedRect(x, y, width, height, radius)
      .lineWidth(1.5)
      .fillAndStroke(colours.tint, toneColour(tone ?? "plain"));
  } else if (name.startsWith("mark")) {
    const colour = tone === "plain" || tone === undefined ? colours.bar : toneColour(tone);
    pdf
      .rect(x, y, width, height)
      .fillOpacity(tone === "unknown" ? 0.3 : 0.18)
      .fill(colour)
      .fillOpacity(1);
  } else {
    pdf.roundedRect(x, y, width, height, radius).fill(colours.bar);
  }
}

function drawText(page: PdfPage, shape: Extract<Shape, { readonly kind: "text" }>): void {
  const { name, x, y, text, anchor } = shape;
  const tone = toneOf(name);
  const colour =
    tone === undefined ? (name === "soft" ? colours.soft : colours.ink) : toneColour(tone);
  const style = { size: SIZE, colour, bold: name.startsWith("day") };
  const width = page.widthOf(text, style);
  const from = anchor === "start" ? x : anchor === "middle" ? x - width / 2 : x - width;
  page.write(page.lines(text, width + 1, style), { x: from, y: y - SIZE * 0.98 }, style);
}

/** As wide as the text; as one figure whose words stand for it. */
export function writeDrawing(
  page: PdfPage,
  parent: Tag,
  { width, height, spoken, shapes }: Drawing,
): void {
  const scale = TEXT_WIDTH / width;
  page.need(height * scale);
  const draw = (): void => {
    const { pdf } = page;
    pdf.save();
    pdf.translate(MARGIN, page.y).scale(scale);
    for (const shape of shapes) {
      if (shape.kind === "path") {
        drawPath(pdf, shape);
      } else if (shape.kind === "rect") {
        drawRect(pdf, shape);
      } else {
        drawText(page, shape);
      }
    }
    pdf.restore();
  };
  page.within(parent, "Figure", draw, { alt: spoken });
  page.y += height * scale + 4;
}
