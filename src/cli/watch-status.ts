/**
 * `pra status --watch`: looks every so often until it is interrupted. On a terminal one page is drawn again; when it is too high for it, what is
 * good is only counted, and what is cut is said. Elsewhere one block follows the other, each with its time; with `--json` one object a line.
 */
import type { Clock } from "../core/clock.ts";
import type { CheckReport } from "../core/finding/finding.ts";
import { formatDuration } from "../core/format.ts";
import { groupedLines, reportToJson } from "./finding-lines.ts";
import { fitLines } from "./fit-lines.ts";
import type { Frame } from "./frame.ts";
import { LiveScreen, type LiveTerminal } from "./live-screen.ts";
import { statusText } from "./text/status-text.ts";

/** A report with the instant it is of. */
export type TimedReport = CheckReport & { readonly atMs: number; readonly durationMs: number };

type Watching = {
  readonly frame: Frame;
  readonly clock: Clock;
  readonly everyMs: number;
  /** What is watched, for the first line. */
  readonly cluster: string;
  readonly look: () => Promise<TimedReport>;
  readonly lastLine: (report: CheckReport) => string;
};

/** How often the age of a look is drawn anew. */
const TICK_MS = 1000;

/**
 * A page of at most `rows` lines: all of it, or what is not good and how much is, or as much of that as there is room for.
 */
export function fitPage(
  report: CheckReport,
  page: {
    readonly rows: number;
    readonly head: readonly string[];
    readonly foot: readonly string[];
    readonly frame: Frame;
    readonly linesOf: (report: CheckReport) => readonly string[];
  },
): readonly string[] {
  const { rows, head, foot, frame, linesOf } = page;
  const text = statusText[frame.language];
  const room = Math.max(1, rows - head.length - foot.length);
  const whole = linesOf(report);
  if (whole.length <= room) {
    return [...head, ...whole, ...foot];
  }
  const findings = report.findings.filter(({ state }) => state !== "good");
  const good = report.findings.length - findings.length;
  const body = [...linesOf({ ...report, findings }), text.goodOnes(good)];
  if (body.length <= room) {
    return [...head, ...body, ...foot];
  }
  const shown = body.slice(0, room - 1);
  return [...head, ...shown, text.linesLeftOut(body.length - shown.length), ...foot];
}

function timeOf(atMs: number, language: Frame["language"]): string {
  return new Intl.DateTimeFormat(language === "fr" ? "fr-FR" : "en-GB", {
    timeStyle: "medium",
  }).format(atMs);
}

async function pause(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(Math.max(0, durationMs), { signal });
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  }
}

/** Aborted when nobody reads standard output any more, which no property of it says. */
function readerGone(): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const gone = (): void => {
    controller.abort();
  };
  process.stdout.on("error", gone);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      process.stdout.off("error", gone);
    },
  };
}

/** One look after the other; each is given to `seen`. Ends when interrupted, or when nobody reads any more. */
async function lookOn(watching: Watching, seen: (report: TimedReport) => void): Promise<void> {
  const { clock, everyMs, frame, look } = watching;
  using reader = readerGone();
  const signal = AbortSignal.any([frame.signal, reader.signal]);
  while (!signal.aborted) {
    const beganMs = clock.monotonic();
    try {
      seen(await look());
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
    await pause(clock, everyMs - (clock.monotonic() - beganMs), signal);
  }
}

async function watchOnTerminal(watching: Watching, terminal: LiveTerminal): Promise<void> {
  const { frame, clock, cluster, everyMs, lastLine } = watching;
  const text = statusText[frame.language];
  let newest: { readonly report: TimedReport; readonly seenMs: number } | undefined;
  using screen = new LiveScreen(terminal, ({ columns, rows }) => {
    const every = formatDuration(everyMs, frame.language);
    if (newest === undefined) {
      return [text.watchFirst(cluster, every)];
    }
    const { report, seenMs } = newest;
    const seconds = Math.floor((clock.monotonic() - seenMs) / 1000);
    const age = seconds === 0 ? undefined : formatDuration(seconds * 1000, frame.language);
    const at = timeOf(report.atMs, frame.language);
    const fitted = (lines: readonly string[]): readonly string[] =>
      lines.length === 0 ? [] : fitLines(lines.join("\n"), columns).split("\n");
    return fitPage(report, {
      rows,
      frame,
      head: [...fitted([text.watchHead(cluster, at, { age, every })]), ""],
      foot: ["", ...fitted([lastLine(report)])],
      linesOf: (one) => fitted(groupedLines(one, frame)),
    });
  });
  const timer = setInterval(screen.draw, TICK_MS);
  // Before anything else ends: a second interruption kills at once.
  const restore = (): void => {
    screen[Symbol.dispose]();
  };
  frame.signal.addEventListener("abort", restore, { once: true });
  try {
    screen.draw();
    await lookOn(watching, (report) => {
      newest = { report, seenMs: clock.monotonic() };
      screen.draw();
    });
  } finally {
    clearInterval(timer);
    frame.signal.removeEventListener("abort", restore);
  }
}

async function watchInBlocks(watching: Watching): Promise<void> {
  const { frame, lastLine } = watching;
  const text = statusText[frame.language];
  await lookOn(watching, (report) => {
    const at = new Date(report.atMs).toISOString();
    const took = formatDuration(report.durationMs, frame.language);
    const { language } = frame;
    frame.item(
      { at, durationMs: Math.round(report.durationMs), ...reportToJson(report, language) },
      () =>
        [text.watchBlock(at, took), ...groupedLines(report, frame), lastLine(report), ""].join(
          "\n",
        ),
    );
  });
}

/** Watches until interrupted; exit code 130 then. */
export async function watchStatus(watching: Watching): Promise<void> {
  const { frame } = watching;
  const terminal = process.stdout;
  await (terminal.isTTY && !frame.json
    ? watchOnTerminal(watching, terminal)
    : watchInBlocks(watching));
  if (frame.signal.aborted) {
    frame.conclude({ kind: "interrupted" });
  }
}
