/** Values over time as an SVG inside a page: lines, stretches that are set off, an axis each way; its words are said to who cannot see it. */
import { escapeHtml } from "./escape-html.ts";
import type { ChartSection } from "./report-document.ts";

const WIDTH = 740;
const HEIGHT = 230;
const LEFT = 64;
const RIGHT = 16;
const TOP = 30;
const BOTTOM = 26;
const LABEL_GAP = 26;

/** Consecutive points with a value, as one path each: a gap stays a gap. */
function pathOf(
  points: readonly (readonly [number, number | null])[],
  place: { readonly x: (value: number) => string; readonly y: (value: number) => string },
): string {
  let drawing = false;
  return points
    .map(([x, y]) => {
      if (y === null) {
        drawing = false;
        return "";
      }
      const verb = drawing ? "L" : "M";
      drawing = true;
      return `${verb}${place.x(x)} ${place.y(y)}`;
    })
    .join("");
}

/** Which line is which, above the drawing. */
function legend(lines: ChartSection["lines"]): string {
  let x = LEFT;
  return lines
    .map(({ label }, index) => {
      const from = x;
      x += LABEL_GAP + 12 + label.length * 7.5;
      const second = index > 0 ? " second" : "";
      return `<path class="line${second}" d="M${from} 12H${from + 20}"/><text x="${from + LABEL_GAP}" y="16">${escapeHtml(label)}</text>`;
    })
    .join("");
}

/** The drawing. */
export function chartSvg(chart: ChartSection): string {
  const [right, bottom] = [WIDTH - RIGHT, HEIGHT - BOTTOM];
  const yMax = chart.yMax === 0 ? 1 : chart.yMax;
  const scaleX = (right - LEFT) / (chart.xMax === 0 ? 1 : chart.xMax);
  const scaleY = (bottom - TOP) / yMax;
  const x = (value: number): string => (LEFT + value * scaleX).toFixed(1);
  const y = (value: number): string => (bottom - Math.min(value, yMax) * scaleY).toFixed(1);
  const marks = chart.marks.map(({ from, to, tone }) =>
    from === to
      ? `<path class="instant" d="M${x(from)} ${TOP}V${bottom}"/>`
      : `<rect class="mark ${tone}" x="${x(from)}" y="${TOP}" width="${Math.max(1, (to - from) * scaleX).toFixed(1)}" height="${bottom - TOP}"/>`,
  );
  const xAxis = chart.xTicks.map(
    ({ at, text }) =>
      `<text class="soft" x="${x(at)}" y="${HEIGHT - 8}" text-anchor="middle">${escapeHtml(text)}</text>`,
  );
  const yAxis = chart.yTicks.map(
    ({ at, text }) =>
      `<path class="axis" d="M${LEFT} ${y(at)}H${right}"/><text class="soft" x="${LEFT - 8}" y="${y(at)}" dy="4" text-anchor="end">${escapeHtml(text)}</text>`,
  );
  const lines = chart.lines.map(
    ({ points }, index) =>
      `<path class="line${index > 0 ? " second" : ""}" d="${pathOf(points, { x, y })}"/>`,
  );
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(chart.spoken)}">${[...yAxis, ...marks, ...lines, ...xAxis].join("")}${legend(chart.lines)}</svg>`;
}
