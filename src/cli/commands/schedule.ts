/** `pra schedule`: what runs by itself. `install` and `remove` change the crontab or systemd, `show` and `missed` look, `run` is what the lines start. */
import { type Command, Option } from "commander";

import type { FullForecast } from "../../app/schedule/full-forecast.ts";
import type { InstallResult } from "../../app/schedule/install-schedule.ts";
import type { InstallNote, ScheduleKind } from "../../app/schedule/plan-schedule.ts";
import { DrError, errorText } from "../../core/errors.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { defineCommand, defineGroup } from "../program.ts";
import { formatBytes, formatMinute } from "../../core/format.ts";
import {
  describePattern,
  missedJson,
  missedLines,
  routineJson,
  routineLines,
  scheduleJson,
  scheduleLines,
} from "../schedule-lines.ts";
import { formatTable } from "../table.ts";
import { factLines } from "../fact-lines.ts";
import { scheduleText } from "../text/schedule-text.ts";
import { registerScheduleRun } from "./schedule-run.ts";

type InstallOptions = {
  readonly cron?: true;
  readonly systemd?: true;
  readonly daemon?: true;
  readonly user?: true;
  readonly dryRun?: true;
  readonly fullEveryHour?: true;
  readonly secondWatcher?: true;
  readonly loadTest?: boolean;
};

function kindOf(options: InstallOptions): {
  readonly kind: ScheduleKind;
  readonly service: "systemd" | "systemd-user" | undefined;
} {
  const { systemd, user, daemon } = options;
  if (systemd !== true && user === true) {
    throw new DrError("USAGE_MISSING_OPTION", {
      option: "--systemd",
      command: "pra schedule install --user",
    });
  }
  const manager = systemd !== true ? undefined : user === true ? "systemd-user" : "systemd";
  return daemon === true
    ? { kind: "daemon", service: manager }
    : { kind: manager ?? "cron", service: undefined };
}

function forecastLine(forecast: FullForecast, frame: Frame): string {
  const { language } = frame;
  const text = scheduleText[language];
  const bytes = (count: number): string => formatBytes(count, language);
  switch (forecast.kind) {
    case "fills":
      return text.fullFills(
        forecast.at.slice(0, 10),
        bytes(forecast.storedBytes),
        bytes(forecast.freeBytes),
      );
    case "fits":
      return text.fullFits(
        bytes(forecast.keptBytes),
        bytes(forecast.storedBytes),
        bytes(forecast.freeBytes),
      );
    case "unknown":
      return text.fullUnknown(
        forecast.error === undefined ? undefined : errorText(forecast.error, language).message,
      );
  }
}

function noteLine(note: InstallNote, frame: Frame): string {
  const text = scheduleText[frame.language];
  switch (note.id) {
    case "rotation-absent":
      return text.rotationAbsent;
    case "rotation-refused":
      return text.rotationRefused(note.reason);
    case "cron-absent":
      return text.cronAbsent;
    case "replaced":
      return text.replaced(note.directory);
    case "foreign":
      return text.foreign(note.line.line);
    case "full":
      return forecastLine(note.forecast, frame);
    case "systemd-absent":
      return text.systemdAbsent(note.units.join(" "));
    case "daemon-absent":
      return text.daemonAbsent;
    case "linger":
      return text.linger(note.account);
  }
}

function noteJson(note: InstallNote, frame: Frame): JsonValue {
  const told = { id: note.id, text: noteLine(note, frame) };
  if (note.id !== "full" || note.forecast.kind === "unknown") {
    return told;
  }
  const { kind: _kind, ...figures } = note.forecast;
  return { ...told, ...figures };
}

async function renderInstalled(
  result: InstallResult,
  dryRun: boolean,
  frame: Frame,
): Promise<readonly string[]> {
  const text = scheduleText[frame.language];
  const place = text.places[result.kind](result.account);
  const head = dryRun
    ? (result.changed ? text.wouldChange : text.wouldNot)(place)
    : (result.changed ? text.installed : text.unchanged)(place);
  const rows: string[][] = [];
  for (const job of result.jobs) {
    rows.push([`  ${text.jobs[job.id]}`, await describePattern(job.pattern, frame.language)]);
  }
  const [rotation] = result.files.slice(-1);
  return [
    head,
    "",
    ...(dryRun && result.files.length > 1
      ? result.files.flatMap(({ path, text: content }) => [`=== ${path}`, content])
      : dryRun && result.kind === "cron"
        ? result.lines
        : formatTable([{ heading: "" }, { heading: "" }], rows)
            .split("\n")
            .slice(1)),
    "",
    ...factLines([
      [text.logs, result.logDirectory],
      [text.rotation, rotation?.path ?? "–"],
    ]),
    ...(result.notes.length === 0 ? [] : [""]),
    ...result.notes.map((note) => noteLine(note, frame)),
  ];
}

/** After these something is still to be done. */
const WARNINGS: ReadonlySet<InstallNote["id"]> = new Set([
  "systemd-absent",
  "full",
  "rotation-refused",
]);

async function install(options: InstallOptions, frame: Frame): Promise<void> {
  const { kind, service } = kindOf(options);
  const { compose } = await import("../../app/compose.ts");
  const { installSchedule } = await import("../../app/schedule/install-schedule.ts");
  const dryRun = options.dryRun === true;
  const result = await installSchedule(compose(), frame.environment(), {
    kind,
    service,
    dryRun,
    fullEveryHour: options.fullEveryHour === true,
    loadTest: options.loadTest,
    second: options.secondWatcher === true,
    signal: frame.signal,
  });
  const lines = await renderInstalled(result, dryRun, frame);
  frame.result(
    {
      kind,
      service: service ?? null,
      account: result.account,
      dryRun,
      changed: result.changed,
      logDirectory: result.logDirectory,
      jobs: result.jobs.map((job) => ({ ...job })),
      lines: result.lines,
      files: result.files.map((file) => ({ ...file })),
      notes: result.notes.map((note) => noteJson(note, frame)),
    },
    () => lines.join("\n"),
  );
  if (result.notes.some(({ id }) => WARNINGS.has(id))) {
    frame.conclude({ kind: "warnings" });
  }
}

async function show(frame: Frame): Promise<void> {
  const { readSchedule } = await import("../../app/schedule/read-schedule.ts");
  const { signal } = frame;
  const environment = frame.environment({}, { strict: false });
  const shown = await readSchedule(environment, { nowMs: Date.now(), signal });
  const lines = await scheduleLines(shown, frame);
  frame.result(await scheduleJson(shown, frame), () => lines.join("\n"));
  const absent = shown.problems.some(({ id }) => id === "absent");
  const undone = shown.routines.some(({ state }) => state === "missed");
  if (absent || undone || shown.jobs.some((job) => job.missed !== undefined)) {
    frame.conclude({ kind: "problems" });
  }
}

async function missed(frame: Frame): Promise<void> {
  const { missedRuns } = await import("../../app/schedule/read-missed.ts");
  const { readRoutines } = await import("../../app/schedule/read-routines.ts");
  const { systemZone } = await import("../../app/schedule/occurrences.ts");
  const { signal } = frame;
  const environment = frame.environment({}, { strict: false });
  const now = { nowMs: Date.now(), signal };
  const found = await missedRuns(environment, now);
  const routines = (await readRoutines(environment, now)).filter(({ state }) => state === "missed");
  const text = scheduleText[frame.language];
  const ok = found.length === 0 && routines.length === 0;
  const zone = systemZone();
  const value = { ok, missed: missedJson(found), routines: routines.map(routineJson) };
  frame.result(value, () =>
    [
      ...(ok ? [text.missedNone] : []),
      ...missedLines(found, zone, frame),
      ...routineLines(routines, zone, frame),
      ...(found.length === 0 ? [] : ["", text.missedHint]),
    ].join("\n"),
  );
  if (!ok) {
    frame.conclude({ kind: "problems" });
  }
}

async function remove(frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { removeSchedule } = await import("../../app/schedule/install-schedule.ts");
  const text = scheduleText[frame.language];
  const { changed } = await removeSchedule(
    compose(),
    frame.environment({}, { strict: false }),
    frame,
  );
  frame.result({ removed: changed }, () => (changed ? text.removed : text.nothingToRemove));
}

type DoneOptions = { readonly by: string; readonly note?: string };

async function done(routine: string, options: DoneOptions, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { sayRoutineDone } = await import("../../app/schedule/read-routines.ts");
  const { systemZone } = await import("../../app/schedule/occurrences.ts");
  const { signal } = frame;
  const { by, note = "" } = options;
  const request = { routine, by, note, signal };
  const said = await sayRoutineDone(compose(), frame.environment(), request);
  const text = scheduleText[frame.language];
  const nextAtMs = said.routine?.nextAtMs;
  const name = said.routine === undefined ? routine : text.routines[said.routine.id];
  const shown = said.routine === undefined ? null : routineJson(said.routine);
  frame.result({ ok: true, name: routine, by: said.by, routine: shown }, () =>
    [
      text.routineDone(name, said.by),
      ...(said.routine === undefined ? [text.routineElsewhere] : []),
      ...(nextAtMs === undefined ? [] : [text.routineNext(formatMinute(nextAtMs, systemZone()))]),
    ].join("\n"),
  );
}

/** Registers the group. */
export function registerSchedule(program: Command, frame: Frame): void {
  const { language } = frame;
  const text = scheduleText[language];
  const group = defineGroup(program, language, "schedule", text.groupSummary);
  defineCommand(group, language, "install", text.install)
    .addOption(new Option("--cron", text.optionCron).conflicts(["systemd", "daemon"]))
    .addOption(new Option("--systemd", text.optionSystemd))
    .addOption(new Option("--daemon", text.optionDaemon))
    .addOption(new Option("--user", text.optionUser))
    .addOption(new Option("--full-every-hour", text.optionFull))
    .addOption(new Option("--load-test", text.optionLoadTest))
    .addOption(new Option("--no-load-test", text.optionNoLoadTest))
    .addOption(
      new Option("--second-watcher", text.optionSecond).conflicts([
        "daemon",
        "fullEveryHour",
        "loadTest",
      ]),
    )
    .addOption(new Option("--dry-run", text.optionDryRun))
    .action((options: InstallOptions) => install(options, frame));
  defineCommand(group, language, "show", text.show).action(() => show(frame));
  defineCommand(group, language, "missed", text.missed).action(() => missed(frame));
  defineCommand(group, language, "done", text.done)
    .argument("<routine>", text.argumentRoutine)
    .addOption(new Option("--by <name>", text.optionBy).makeOptionMandatory())
    .addOption(new Option("--note <text>", text.optionNote))
    .action((routine: string, options: DoneOptions) => done(routine, options, frame));
  defineCommand(group, language, "remove", text.remove).action(() => remove(frame));
  registerScheduleRun(group, frame);
}
