/** What the sections of a report that are seen at a glance look like: values over time, phases of a run, a square a day. */
import type { Drawing, Shape } from "./drawing.ts";
import { type ChartSection, type DaysSection, type Section, signOf } from "./report-document.ts";

const WIDTH = 740;
const HEIGHT = 230;
const LEFT = 64;
const RIGHT = 16;
const TOP = 30;
const BOTTOM = 26;
const LABEL_GAP = 26;

type Place = { readonly x: (value: number) => number; readonly y: (value: number) => number };

/** Consecutive points with a value, as one path each: a gap stays a gap, and a point alone is a dot. */
function pathOf(points: readonly (readonly [number, number | null])[], place: Place): string {
  let drawing = false;
  return points
    .map(([x, y], index) => {
      if (y === null) {
        drawing = false;
        return "";
      }
      const at = `${place.x(x).toFixed(1)} ${place.y(y).toFixed(1)}`;
      const isAlone = !drawing && (points[index + 1]?.[1] ?? null) === null;
      const verb = drawing ? "L" : "M";
      drawing = true;
      return isAlone ? `M${at}h1.5` : `${verb}${at}`;
    })
    .join("");
}

/** Which line is which, above the drawing. */
function legend(lines: ChartSection["lines"]): readonly Shape[] {
  let x = LEFT;
  return lines.flatMap(({ label }, index): readonly Shape[] => {
    const from = x;
    x += LABEL_GAP + 12 + label.length * 7.5;
    const name = index > 0 ? "line second" : "line";
    return [
      { kind: "path", name, d: `M${from} 12H${from + 20}` },
      { kind: "text", name: "", x: from + LABEL_GAP, y: 16, text: label, anchor: "start" },
    ];
  });
}

function markShape({ from, to, tone }: ChartSection["marks"][number], { x }: Place): Shape {
  const bottom = HEIGHT - BOTTOM;
  const width = Math.max(1, x(to) - x(from));
  const box = { x: x(from), y: TOP, width, height: bottom - TOP, radius: 0 };
  return from === to
    ? { kind: "path", name: "instant", d: `M${x(from).toFixed(1)} ${TOP}V${bottom}` }
    : { kind: "rect", name: `mark ${tone}`, ...box };
}

/** Lines, stretches that are set off, an axis each way. */
export function chartDrawing(chart: ChartSection): Drawing {
  const [right, bottom] = [WIDTH - RIGHT, HEIGHT - BOTTOM];
  const yMax = chart.yMax === 0 ? 1 : chart.yMax;
  const scaleX = (right - LEFT) / (chart.xMax === 0 ? 1 : chart.xMax);
  const scaleY = (bottom - TOP) / yMax;
  const place: Place = {
    x: (value) => LEFT + value * scaleX,
    y: (value) => bottom - Math.min(value, yMax) * scaleY,
  };
  const yAxis = chart.yTicks.flatMap(({ at, text }): readonly Shape[] => [
    { kind: "path", name: "axis", d: `M${LEFT} ${place.y(at).toFixed(1)}H${right}` },
    { kind: "text", name: "soft", x: LEFT - 8, y: place.y(at) + 4, text, anchor: "end" },
  ]);
  const xAxis = chart.xTicks.map(({ at, text }): Shape => {
    return { kind: "text", name: "soft", x: place.x(at), y: HEIGHT - 8, text, anchor: "middle" };
  });
  const lines = chart.lines.map(({ points }, index): Shape => {
    return { kind: "path", name: index > 0 ? "line second" : "line", d: pathOf(points, place) };
  });
  const marks = chart.marks.map((mark) => markShape(mark, place));
  const shapes = [...yAxis, ...marks, ...lines, ...xAxis, ...legend(chart.lines)];
  return { width: WIDTH, height: HEIGHT, spoken: chart.spoken, shapes };
}

const ROW_HEIGHT = 26;
const LABEL_WIDTH = 190;
const BARS_WIDTH = 440;
const TEXT_WIDTH = 110;

/** Bars one below the other; each begins where the one before it ended, as the phases of a run do. */
export function barsDrawing(
  section: Extract<Section, { readonly kind: "bars" }>,
  colon: string,
): Drawing {
  const total = section.bars.reduce((sum, { value }) => sum + value, 0);
  const scale = total === 0 ? 0 : BARS_WIDTH / total;
  let at = 0;
  const shapes = section.bars.flatMap(({ label, value, text }, index): readonly Shape[] => {
    const top = index * ROW_HEIGHT;
    const x = LABEL_WIDTH + at * scale;
    at += value;
    const y = top + ROW_HEIGHT * 0.68;
    const box = { x, y: top + 6, width: Math.max(value * scale, 1.5), height: ROW_HEIGHT - 12 };
    const end = LABEL_WIDTH + BARS_WIDTH + 10;
    return [
      { kind: "text", name: "", x: 0, y, text: label, anchor: "start" },
      { kind: "rect", name: "", ...box, radius: 2 },
      { kind: "text", name: "soft", x: end, y, text, anchor: "start" },
    ];
  });
  return {
    width: LABEL_WIDTH + BARS_WIDTH + TEXT_WIDTH,
    height: section.bars.length * ROW_HEIGHT,
    spoken: section.bars.map(({ label, text }) => `${label}${colon}${text}`).join("; "),
    shapes,
  };
}

const SQUARE = 46;
const ACROSS = 16;

/** Squares from left to right; each with its sign, so that nothing is said by colour alone. */
export function daysDrawing({ days, spoken }: DaysSection): Drawing {
  const shapes = days.flatMap(({ label, tone }, index): readonly Shape[] => {
    const x = (index % ACROSS) * SQUARE;
    const y = Math.floor(index / ACROSS) * SQUARE;
    const size = SQUARE - 6;
    const sign = { x: x + SQUARE - 14, y: y + SQUARE - 11, text: signOf(tone) };
    return [
      {
        kind: "rect",
        name: `day ${tone}`,
        x: x + 2,
        y: y + 2,
        width: size,
        height: size,
        radius: 4,
      },
      { kind: "text", name: "soft", x: x + 7, y: y + 16, text: label, anchor: "start" },
      { kind: "text", name: `day ${tone}`, ...sign, anchor: "middle" },
    ];
  });
  return {
    width: ACROSS * SQUARE,
    height: Math.ceil(days.length / ACROSS) * SQUARE,
    spoken,
    shapes,
  };
}
