/** `pra golive`: start and show. Exit 3 when it is in production already. */
import { type Command, Option } from "commander";

import {
  type ThresholdRow,
  firstWeekDay,
  firstWeekDays,
  firstWeekEndMs,
  firstWeekTable,
} from "../../core/first-week.ts";
import { formatDuration, formatNumber } from "../../core/format.ts";
import { localMinute } from "../alert-lines.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { defineCommand, defineGroup } from "../program.ts";
import { formatTable } from "../table.ts";
import { goliveText } from "../text/golive-text.ts";

type StartOptions = { readonly by: string; readonly note?: string; readonly again?: true };

const rows: readonly (readonly [string, ThresholdRow])[] = Object.entries(firstWeekTable);

function thresholdsJson(): JsonValue {
  return rows.map(([id, { unit, usual, firstWeek }]) => ({ id, unit, usual, firstWeek }));
}

function figure(value: number, { unit }: ThresholdRow, { language }: Frame): string {
  return unit === "ms" ? formatDuration(value, language) : formatNumber(value, language, 2);
}

function tableOf(frame: Frame): string {
  const text = goliveText[frame.language];
  const headings = [text.threshold, text.usual, text.firstWeek, text.why];
  return formatTable(
    headings.map((heading) => ({ heading })),
    rows.map(([, row]) => [
      row.what[frame.language],
      figure(row.usual, row, frame),
      figure(row.firstWeek, row, frame),
      row.why[frame.language],
    ]),
  );
}

async function start(options: StartOptions, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { startLive } = await import("../../app/go-live.ts");
  const { digestHour, reachedByDigests } = await import("../../app/digest/send-digest.ts");
  const { signal } = frame;
  const environment = frame.environment();
  const { by, note = "", again = false } = options;
  const adapters = compose();
  const live = await startLive(adapters, environment, { by, note, again, signal });
  const routes = await reachedByDigests(adapters, environment, { signal });
  const text = goliveText[frame.language];
  const liveAt = new Date(live.atMs).toISOString();
  frame.result(
    { liveAt, by: live.by, firstWeekDays, digestAt: digestHour(environment), routes: [...routes] },
    () =>
      [
        text.started(localMinute(live.atMs), live.by),
        ...(routes.length === 0
          ? [text.digestsNobody]
          : [text.digests(digestHour(environment)), ...routes.map((route) => `  ${route}`)]),
      ].join("\n"),
  );
  if (routes.length === 0) {
    frame.conclude({ kind: "warnings" });
  }
}

async function show(frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { readGoneLive } = await import("../../app/go-live.ts");
  const { signal } = frame;
  const live = await readGoneLive(compose(), frame.environment(), { signal });
  const text = goliveText[frame.language];
  if (live === undefined) {
    const nothing = { liveAt: null, by: null, day: null, thresholds: thresholdsJson() };
    frame.result(nothing, () => [text.notLive, `→ ${text.notLiveHint}`].join("\n"));
    return;
  }
  const day = firstWeekDay(live.atMs, Date.now());
  const until = localMinute(firstWeekEndMs(live.atMs));
  const value = { liveAt: new Date(live.atMs).toISOString(), by: live.by, day: day ?? null };
  frame.result({ ...value, thresholds: thresholdsJson() }, () =>
    [
      text.since(localMinute(live.atMs), live.by),
      ...(day === undefined
        ? [text.over(until)]
        : [text.day(day, firstWeekDays, until), "", tableOf(frame)]),
    ].join("\n"),
  );
}

/** Registers the group. */
export function registerGolive(program: Command, frame: Frame): void {
  const { language } = frame;
  const text = goliveText[language];
  const group = defineGroup(program, language, "golive", text.groupSummary);
  defineCommand(group, language, "start", text.start)
    .addOption(new Option("--by <name>", text.optionBy).makeOptionMandatory())
    .addOption(new Option("--note <text>", text.optionNote))
    .addOption(new Option("--again", text.optionAgain))
    .action((options: StartOptions) => start(options, frame));
  defineCommand(group, language, "show", text.show).action(() => show(frame));
}
