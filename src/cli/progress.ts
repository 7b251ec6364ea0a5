/**
 * Progress on standard error. On a terminal two lines are redrawn in place: what is being done with a bar,
 * then rate and time left. Elsewhere (cron, a pipe, a log) one plain line appears every ten seconds, so a
 * log shows life without growing; of work that never ends one every ten minutes. Nothing at all with `--json`.
 */
import { styleText } from "node:util";

import type { Language } from "../core/language.ts";
import { cutToWidth } from "./display-width.ts";
import { formatBytes, formatDuration, formatNumber } from "../core/format.ts";

const REDRAW_EVERY_MS = 100;
const PLAIN_LINE_EVERY_MS = 10_000;
const PLAIN_LINE_WITHOUT_END_EVERY_MS = 600_000;
const BAR_COLUMNS = 24;
const UNKNOWN_COLUMNS = 80;

/** What a use case reports. `phase` is text for people, in their language. */
export type ProgressState = {
  readonly phase: string;
  readonly doneBytes?: number;
  readonly totalBytes?: number;
  /** From 0 to 1, where it is not bytes that count. */
  readonly fraction?: number;
  /** Said at the end of the second line: the file being read, say. */
  readonly detail?: string;
  /** It goes on until somebody stops it: thousands of lines a day would hide those that matter. */
  readonly isWithoutEnd?: boolean;
};

/** Where progress goes. */
export interface Progress {
  /** Cheap enough to call for every frame. A change of `phase` starts the clock of rate and rest anew. */
  update(state: ProgressState): void;
  /** Clears what stands on the terminal; to be called before other lines are written there. */
  clear(): void;
  /** Clears, and stops for good. */
  close(): void;
}

/** A destination for progress: standard error, or a test's own. */
export type ProgressStream = {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

/** Options of `openProgress`; `nowMs` is a clock that never goes back. */
export type ProgressOptions = {
  readonly stream: ProgressStream;
  readonly language: Language;
  readonly nowMs: () => number;
  readonly colour: boolean;
};

/** The progress that shows nothing. */
export const silentProgress: Progress = {
  update: () => undefined,
  clear: () => undefined,
  close: () => undefined,
};

function fractionOf(state: ProgressState): number | undefined {
  const { doneBytes, totalBytes } = state;
  if (state.fraction !== undefined) {
    return Math.min(1, Math.max(0, state.fraction));
  }
  return doneBytes === undefined || totalBytes === undefined || totalBytes <= 0
    ? undefined
    : Math.min(1, Math.max(0, doneBytes / totalBytes));
}

function barOf(fraction: number, colour: boolean): string {
  const full = Math.round(fraction * BAR_COLUMNS);
  const bar = "█".repeat(full) + "░".repeat(BAR_COLUMNS - full);
  return colour ? styleText("cyan", bar, { validateStream: false }) : bar;
}

function amountOf(state: ProgressState, language: Language): string {
  if (state.doneBytes === undefined) {
    return "";
  }
  const done = formatBytes(state.doneBytes, language);
  return state.totalBytes === undefined
    ? done
    : `${done} / ${formatBytes(state.totalBytes, language)}`;
}

function paceOf(state: ProgressState, elapsedMs: number, language: Language): string[] {
  const done = state.doneBytes ?? 0;
  if (done <= 0 || elapsedMs < 500) {
    return [];
  }
  const perMs = done / elapsedMs;
  const parts = [`${formatBytes(perMs * 1000, language)}/s`];
  if (state.totalBytes !== undefined && state.totalBytes > done) {
    const rest = formatDuration((state.totalBytes - done) / perMs, language);
    parts.push(language === "fr" ? `reste ${rest}` : `${rest} left`);
  }
  return parts;
}

/** The two lines of a state, also used (joined) for the plain line. */
function linesOf(
  state: ProgressState,
  elapsedMs: number,
  options: ProgressOptions,
  withBar: boolean,
): readonly [string, string] {
  const fraction = fractionOf(state);
  const percent =
    fraction === undefined ? [] : [`${formatNumber(fraction * 100, options.language)} %`];
  const bar = fraction === undefined || !withBar ? [] : [barOf(fraction, options.colour)];
  const amount = amountOf(state, options.language);
  return [
    [state.phase, ...bar, ...percent].join("  "),
    [
      ...(amount === "" ? [] : [amount]),
      ...paceOf(state, elapsedMs, options.language),
      ...(state.detail === undefined ? [] : [state.detail]),
    ].join(" · "),
  ];
}

function plainEveryMs({ isWithoutEnd = false }: ProgressState): number {
  return isWithoutEnd ? PLAIN_LINE_WITHOUT_END_EVERY_MS : PLAIN_LINE_EVERY_MS;
}

/** A terminal that does not know its width says zero. */
function widthOf({ columns = 0 }: ProgressStream): number {
  return columns === 0 ? UNKNOWN_COLUMNS : columns;
}

/** Starts showing progress. It holds no timer: nothing is drawn unless `update` is called. */
export function openProgress(options: ProgressOptions): Progress {
  const { stream, nowMs } = options;
  const terminal = stream.isTTY === true;
  let phase: string | undefined;
  let phaseStartMs = nowMs();
  let drawnAtMs = -Infinity;
  let drawn = false;
  let closed = false;

  const clear = (): void => {
    if (drawn) {
      stream.write("\x1b[1A\r\x1b[J");
      drawn = false;
    }
  };
  const draw = (state: ProgressState, elapsedMs: number): void => {
    const columns = Math.max(20, widthOf(stream)) - 1;
    const [first, second] = linesOf(state, elapsedMs, options, columns >= 60);
    // The first line is cut only when it must be: cutting drops the bar's colour.
    stream.write(
      `${drawn ? "\x1b[1A\r\x1b[J" : ""}${cutToWidth(first, columns)}\n${cutToWidth(second, columns)}`,
    );
    drawn = true;
  };
  return {
    update(state) {
      const now = nowMs();
      if (state.phase !== phase) {
        phase = state.phase;
        phaseStartMs = now;
        drawnAtMs = -Infinity;
      }
      if (closed || now - drawnAtMs < (terminal ? REDRAW_EVERY_MS : plainEveryMs(state))) {
        return;
      }
      drawnAtMs = now;
      if (terminal) {
        draw(state, now - phaseStartMs);
      } else {
        const parts = linesOf(state, now - phaseStartMs, options, false);
        stream.write(`${parts.filter((part) => part !== "").join(" · ")}\n`);
      }
    },
    clear,
    close() {
      clear();
      closed = true;
    },
  };
}
