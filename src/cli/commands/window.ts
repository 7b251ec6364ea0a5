/** `pra window`: the instants that can be restored, as bars on one common scale, and the gaps. Exit 4 when a gap is open. */
import type { Command } from "commander";

import { errorText } from "../../core/errors.ts";
import { formatLsn } from "../../core/lsn.ts";
import type { Windows } from "../../restore/window.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { recordedLook } from "../recorded-look.ts";
import { listText } from "../text/list-text.ts";

/** With its indent it fits a terminal of 50 columns. */
const BAR_COLUMNS = 46;

type Shown = Windows["windows"][number];

/** Bars from the earliest to the latest instant of all windows; "" where times are not known. */
function barsOf(windows: readonly Shown[]): readonly string[] {
  const times = windows.flatMap(({ from, to }) => [from.timeMicros, to.timeMicros]);
  const known = times.filter((time) => time !== undefined).map(Number);
  const first = Math.min(...known);
  const span = Math.max(1, Math.max(...known) - first);
  return windows.map(({ from, to }) => {
    if (from.timeMicros === undefined || to.timeMicros === undefined) {
      return "";
    }
    const column = (micros: bigint): number =>
      Math.round(((Number(micros) - first) / span) * (BAR_COLUMNS - 1));
    const start = column(from.timeMicros);
    const end = column(to.timeMicros);
    return `${"·".repeat(start)}${"█".repeat(end - start + 1)}${"·".repeat(BAR_COLUMNS - 1 - end)}`;
  });
}

/** Registers the command. */
export function registerWindow(program: Command, frame: Frame): void {
  const text = listText[frame.language];
  defineCommand(program, frame.language, "window", text.window).action(async () => {
    const { readWindows, showInstant, windowsToJson } = await import("../../app/list.ts");
    const { signal } = frame;
    const lenient = frame.environment({}, { strict: false });
    const found = await recordedLook(frame, "window", lenient, (adapters, environment) =>
      readWindows(adapters, environment, { signal }),
    );
    const clusters = found.map(({ cluster: name, systemId, windows }) => ({
      name,
      systemId,
      ...windowsToJson(windows),
    }));
    const render = (): string =>
      found
        .map(({ cluster, systemId, windows: { windows, gaps }, givenUp, windowsError }) => {
          const bars = barsOf(windows);
          const none =
            windowsError === undefined
              ? text.noWindow
              : text.windowsFailed(errorText(windowsError, frame.language).message);
          return [
            text.cluster(cluster, systemId),
            ...(windows.length === 0 ? [none] : []),
            ...windows.flatMap(({ timeline, from, to, backups }, index) => [
              `  ${bars[index] ?? ""}`,
              `  ${text.windowLine(timeline, showInstant(from), showInstant(to), backups)}`,
            ]),
            ...gaps.map(({ timeline, fromLsn, toLsn, cause }) =>
              text.gap(timeline, formatLsn(fromLsn), formatLsn(toLsn), cause),
            ),
            ...givenUp.map(({ timeline, fromLsn, toLsn }) =>
              text.givenUp(timeline, formatLsn(fromLsn), formatLsn(toLsn)),
            ),
          ].join("\n");
        })
        .join("\n\n");
    frame.result({ clusters }, () => (found.length === 0 ? text.empty : render()));
    const open = found.some(
      ({ windows, windowsError }) => windows.gaps.length > 0 || windowsError !== undefined,
    );
    if (open) {
      frame.conclude({ kind: "problems" });
    }
  });
}
