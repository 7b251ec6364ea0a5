/** `pra sla`: objectives held against what was measured. Exit 4 unless all was met. */
import { type Command, Option } from "commander";

import type { SlaReport } from "../../app/sla.ts";
import { dateIn } from "../../core/calendar.ts";
import {
  formatBytes,
  formatDuration,
  formatMinute,
  formatNumber,
  formatShare,
} from "../../core/format.ts";
import type { Language } from "../../core/language.ts";
import type { SlaJudgement } from "../../sla/judge-sla.ts";
import { factLines } from "../fact-lines.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { recordedLook } from "../recorded-look.ts";
import { scheduleText } from "../text/schedule-text.ts";
import { slaText } from "../text/sla-text.ts";

/** Missed days and weeks named on a terminal; `--json` names all. */
const ROUTINES_SHOWN = 5;
/** Objects of the ledger from which on reading takes long enough to say so. */
const PROGRESS_FROM = 200;

type Options = {
  readonly from?: string;
  readonly to?: string;
  readonly month?: string;
  readonly fresh?: boolean;
};
type Objective = SlaJudgement["objectives"][number];
type Told = { readonly language: Language; readonly zone: string };

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function secondsText(seconds: number | null, language: Language): string {
  return seconds === null ? "–" : formatDuration(seconds * 1000, language);
}

function objectiveLines(
  objectives: readonly Objective[],
  { language, zone }: Told,
): readonly string[] {
  const text = slaText[language];
  const told = objectives.map(({ rpoSeconds, rtoSeconds }) =>
    text.objective(secondsText(rpoSeconds, language), secondsText(rtoSeconds, language)),
  );
  const [first, ...later] = told;
  return first === undefined
    ? [text.noObjective]
    : [
        first,
        ...later.map((objective, index) =>
          text.since(formatMinute(objectives[index + 1]?.fromMs ?? 0, zone), objective),
        ),
      ];
}

function exposureLines({ exposure }: SlaJudgement, language: Language): readonly string[] {
  const text = slaText[language];
  const { elapsedMs, withinMs, beyondMs, unknownMs, worstSeconds, medianSeconds } = exposure;
  if (worstSeconds === null) {
    return [text.nobodyLooked];
  }
  const share = (ms: number): string => formatShare(ms, elapsedMs, language);
  return [
    text.exposureShares(share(withinMs), share(beyondMs), share(unknownMs)),
    text.exposureWorst(secondsText(worstSeconds, language), secondsText(medianSeconds, language)),
  ];
}

function budgetLine({ exposure }: SlaJudgement, language: Language): string {
  const text = slaText[language];
  const { allowedMs, usedMs, leftMs } = exposure.budget;
  const [used, allowed] = [usedMs, allowedMs].map((ms) => formatDuration(ms, language));
  const rest = formatDuration(Math.abs(leftMs), language);
  return leftMs < 0
    ? text.budgetOver(used ?? "", allowed ?? "", rest)
    : text.budgetFacts(used ?? "", allowed ?? "", rest);
}

function measuredLine(of: SlaJudgement["rto"], language: Language): string {
  const text = slaText[language];
  const { measured, missed, worstSeconds, lastSeconds } = of;
  return measured === 0
    ? text.notMeasured
    : text.measured(
        measured,
        missed,
        secondsText(worstSeconds, language),
        secondsText(lastSeconds, language),
      );
}

function predictionLines({ prediction }: SlaJudgement, language: Language): readonly string[] {
  const text = slaText[language];
  if (prediction === null) {
    return [text.tooFew];
  }
  const { seconds, fromSeconds, toSeconds, proofs, checked, within } = prediction;
  const { restoreBytes, walBytes } = prediction;
  const show = (value: number): string => secondsText(value, language);
  const told = [show(seconds), show(fromSeconds), show(toSeconds)] as const;
  return [
    ...(restoreBytes === null || walBytes === null
      ? [text.foretold(...told, proofs)]
      : [
          text.foretoldByRates(...told, proofs),
          text.foretoldFor(formatBytes(restoreBytes, language), formatBytes(walBytes, language)),
        ]),
    ...(checked === 0 ? [] : [text.checked(within, checked)]),
  ];
}

function rateLine({ tried, good }: SlaJudgement["backups"], language: Language): string {
  const text = slaText[language];
  return tried === 0 ? text.none : text.rate(good, tried, formatShare(good, tried, language));
}

function routineLines({ routines }: SlaJudgement, { language, zone }: Told): readonly string[] {
  const text = slaText[language];
  const names: Readonly<Record<string, string>> = scheduleText[language].routines;
  const { missed, undone, verdict } = routines;
  const told = missed
    .slice(0, ROUTINES_SHOWN)
    .map(({ routine, fromMs }) => `${text.routineNames[routine]} (${dateIn(zone, fromMs)})`);
  const more = missed.length > told.length ? ["…"] : [];
  const due = undone
    .slice(0, ROUTINES_SHOWN)
    .map(({ routine, dueMs }) => `${names[routine] ?? routine} (${dateIn(zone, dueMs)})`);
  const moreDue = undone.length > due.length ? ["…"] : [];
  const lines = [
    ...(missed.length === 0
      ? []
      : [text.missedRoutines(missed.length, [...told, ...more].join(", "))]),
    ...(undone.length === 0 ? [] : [text.undone(undone.length, [...due, ...moreDue].join(", "))]),
  ];
  return lines.length > 0 ? lines : [verdict === "met" ? text.allDone : text.nothingDue];
}

function clusterLines(judged: SlaJudgement, told: Told): readonly string[] {
  const { language } = told;
  const text = slaText[language];
  const word = (verdict: SlaJudgement["verdict"]): string => `[${text.verdicts[verdict]}]`;
  const several = (
    name: string,
    lines: readonly string[],
  ): readonly (readonly [string, string])[] =>
    lines.map((line, index) => [index === 0 ? name : "", line]);
  const { exposure, rpo, rto, backups, dumps, proofs, routines, missedRunAlerts } = judged;
  const [shares = "", ...worst] = exposureLines(judged, language);
  const [firstRoutine = "", ...otherRoutines] = routineLines(judged, told);
  return [
    `${text.cluster(judged.cluster)}  ${word(judged.verdict)}`,
    ...factLines([
      ...several(text.objectives, objectiveLines(judged.objectives, told)),
      ...several(text.exposure, [`${shares}  ${word(exposure.verdict)}`, ...worst]),
      [text.budget, budgetLine(judged, language)],
      [text.rpo, `${measuredLine(rpo, language)}  ${word(rpo.verdict)}`],
      [text.rto, `${measuredLine(rto, language)}  ${word(rto.verdict)}`],
      ...several(text.prediction, predictionLines(judged, language)),
      [text.backups, `${rateLine(backups, language)}  ${word(backups.verdict)}`],
      ...(dumps === null
        ? []
        : [[text.dumps, `${rateLine(dumps, language)}  ${word(dumps.verdict)}`] as const]),
      [text.proofs, `${rateLine(proofs, language)}  ${word(proofs.verdict)}`],
      ...several(text.routines, [`${firstRoutine}  ${word(routines.verdict)}`, ...otherRoutines]),
      ...(missedRunAlerts === 0 ? [] : [[text.missedRuns, text.alerts(missedRunAlerts)] as const]),
    ]),
  ];
}

function render({ period, zone, clusters, verdict }: SlaReport, language: Language): string {
  const text = slaText[language];
  const minute = (ms: number): string => formatMinute(ms, zone);
  const { fromMs, toMs, nowMs } = period;
  const goesOn = nowMs < toMs ? [text.goesOn] : [];
  return [
    [text.period(minute(fromMs), minute(Math.min(toMs, nowMs)), zone), ...goesOn].join(" "),
    "",
    ...(clusters.length === 0
      ? [`${text.nothing}  [${text.verdicts[verdict]}]`]
      : clusters.flatMap((judged, index) => [
          ...(index === 0 ? [] : [""]),
          ...clusterLines(judged, { language, zone }),
        ])),
  ].join("\n");
}

/** Registers the command. */
export function registerSla(program: Command, frame: Frame): void {
  const { language, signal } = frame;
  const text = slaText[language];
  defineCommand(program, language, "sla", text.sla)
    .addOption(new Option("--from <day>", text.optionFrom).conflicts("month"))
    .addOption(new Option("--to <day>", text.optionTo).conflicts("month"))
    .addOption(new Option("--month <month>", text.optionMonth))
    .addOption(new Option("--fresh", text.optionFresh))
    .action(async ({ from, to, month, fresh = false }: Options) => {
      const { clusterValue, readSla } = await import("../../app/sla.ts");
      const typed = { from, to, month };
      const onRead = (objects: number): void => {
        if (objects >= PROGRESS_FROM) {
          const detail = text.readObjects(formatNumber(objects, language));
          frame.progress.update({ phase: text.reading, detail });
        }
      };
      const lenient = frame.environment({}, { strict: false });
      const report = await recordedLook(frame, "sla", lenient, (adapters, environment) =>
        readSla(adapters, environment, { typed, fresh, onRead, signal }),
      );
      const { period, zone, verdict, share, clusters } = report;
      const value = {
        ok: verdict === "met",
        verdict,
        from: iso(period.fromMs),
        to: iso(period.toMs),
        now: iso(period.nowMs),
        zone,
        share,
        clusters: clusters.map(clusterValue),
      };
      frame.result(value, () => render(report, language));
      if (verdict !== "met") {
        frame.conclude({ kind: "problems" });
      }
    });
}
