/**
 * A drawing of lines, boxes and words, before it is an SVG or part of a PDF: both show the same. What a shape looks like is named, not
 * said; whoever renders has the colours.
 */
import { escapeHtml } from "../core/escape-html.ts";

/** `name`: what it is, for the colours: `line`, `line second`, `axis`, `mark bad`, `day good`. */
export type Shape =
  | { readonly kind: "path"; readonly name: string; readonly d: string }
  | {
      readonly kind: "rect";
      readonly name: string;
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly radius: number;
    }
  | {
      readonly kind: "text";
      readonly name: string;
      readonly x: number;
      /** Of its baseline. */
      readonly y: number;
      readonly text: string;
      readonly anchor: "start" | "middle" | "end";
    };

/** All of it; `spoken`: for who cannot see it. */
export type Drawing = {
  readonly width: number;
  readonly height: number;
  readonly spoken: string;
  readonly shapes: readonly Shape[];
};

function number(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function shapeSvg(shape: Shape): string {
  const name = shape.name === "" ? "" : ` class="${shape.name}"`;
  switch (shape.kind) {
    case "path":
      return `<path${name} d="${shape.d}"/>`;
    case "rect": {
      const { x, y, width, height, radius } = shape;
      const round = radius === 0 ? "" : ` rx="${radius}"`;
      return `<rect${name} x="${number(x)}" y="${number(y)}" width="${number(width)}" height="${number(height)}"${round}/>`;
    }
    case "text": {
      const { x, y, text, anchor } = shape;
      const where = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
      return `<text${name} x="${number(x)}" y="${number(y)}"${where}>${escapeHtml(text)}</text>`;
    }
  }
}

/** As an SVG inside a page. */
export function drawingSvg({ width, height, spoken, shapes }: Drawing): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(spoken)}">${shapes.map(shapeSvg).join("")}</svg>`;
}
