/** A day, a week or a month as a report: the verdict and six figures first, then each control, then what it rests on. */
import type { Language } from "../../core/language.ts";
import type { ReportedPeriod } from "../../queries/period/evidence-facts.ts";
import type { Control, PeriodFacts } from "../../queries/period/period-facts.ts";
import {
  type Figure,
  type ReportDocument,
  type Section,
  colonOf,
  semicolonOf,
} from "../report-document.ts";
import {
  actionSection,
  custodySection,
  incidentSection,
  policySection,
  routineSections,
  trendSection,
} from "./custody-sections.ts";
import {
  attainedSection,
  daySections,
  exposureChart,
  stretchSections,
} from "./exposure-sections.ts";
import { evidenceSections, signatureSection } from "./evidence-sections.ts";
import { type RuleName, Teller, plain, toneOf } from "./teller.ts";
import {
  alertSection,
  backupSections,
  proofSection,
  rtoSection,
  testSections,
} from "./work-sections.ts";

/** What it is called: a date, a week from its first to its last day, a month. */
export function periodTitle({ kind, name, days, from }: PeriodFacts, told: Teller): string {
  switch (kind) {
    case "daily":
      return told.date(name);
    case "weekly": {
      const first = days[0]?.date ?? from.slice(0, 10);
      const last = new Date(Date.parse(`${first}T00:00:00Z`) + 6 * 86_400_000)
        .toISOString()
        .slice(0, 10);
      return told.words.week(name, told.date(first), told.date(last));
    }
    case "monthly": {
      const format = new Intl.DateTimeFormat(told.language, {
        month: "long",
        year: "numeric",
        timeZone: "UTC",
      });
      return format.format(Date.parse(`${name}-01T00:00:00Z`));
    }
  }
}

function verdictDetail(facts: PeriodFacts, told: Teller): string {
  const { words } = told;
  const { controls, firstRecordAt, from } = facts;
  if (firstRecordAt === null) {
    return words.empty;
  }
  const named = (verdict: Control["verdict"]): string =>
    controls
      .filter((control) => control.verdict === verdict)
      .map(({ id }) => words.controls[id])
      .join(", ");
  const [missed, open] = [named("missed"), named("notDemonstrated")];
  return [
    ...(missed === "" ? [] : [words.missedControls(missed)]),
    ...(open === "" ? [] : [words.openControls(open)]),
    ...(missed === "" && open === "" ? [words.allMet] : []),
    ...(firstRecordAt > from ? [words.begins(told.at(firstRecordAt))] : []),
  ].join(" ");
}

function wholeOf({ exposure }: PeriodFacts): number {
  return exposure.withinSeconds + exposure.beyondSeconds + exposure.unknownSeconds;
}

function measuredText(
  { measured, missed }: { readonly measured: number; readonly missed: number },
  told: Teller,
): string {
  const { words } = told;
  return measured === 0
    ? words.notMeasured
    : words.measured(told.number(measured), told.number(missed));
}

function routinesText({ routines }: PeriodFacts, told: Teller): string {
  const { words } = told;
  const missed = routines.missed.length + routines.undone.length;
  return missed > 0
    ? words.missedRoutines(told.number(missed))
    : routines.verdict === "met"
      ? words.allDone
      : words.nothingDue;
}

/** What each control showed, in short. */
const results: Readonly<Record<Control["id"], (facts: PeriodFacts, told: Teller) => string>> = {
  exposure: (facts, told) => {
    const { withinSeconds, beyondSeconds, unknownSeconds } = facts.exposure;
    const share = (part: number): string => told.percent(part, wholeOf(facts));
    return told.words.shares(share(withinSeconds), share(beyondSeconds), share(unknownSeconds));
  },
  rpo: ({ rpo }, told) => measuredText(rpo, told),
  rto: ({ rto }, told) => measuredText(rto, told),
  backups: ({ work }, told) => told.rate(work.backups),
  dumps: ({ work }, told) => told.rate(work.dumps),
  proofs: ({ work }, told) => told.rate({ tried: work.proofs.tried, good: work.proofs.proven }),
  restoreTests: ({ work }, told) => told.rate(work.restoreTests),
  loadTests: ({ work }, told) => told.rate(work.loadTests),
  routines: routinesText,
  gaps: ({ gaps }, told) =>
    gaps === 0 ? told.words.nothing : told.words.gapsFound(told.number(gaps)),
  verification: ({ custody }, told) => {
    const { runs, damaged, objects } = custody.verifications;
    return runs === 0
      ? told.words.notVerified
      : told.words.damaged(told.number(damaged), told.number(objects));
  },
  actions: ({ actions }, told) =>
    told.words.openActions(told.number(actions.openAtEnd), told.number(actions.overdueAtEnd)),
  alerts: ({ alerts }, told) => told.words.openAlerts(told.number(alerts.openCriticalAtEnd)),
};

function controlSection(facts: PeriodFacts, told: Teller): Section {
  const { words } = told;
  const rows = facts.controls.map(({ id, verdict }) => [
    plain(words.controls[id]),
    plain(results[id](facts, told)),
    told.verdict(verdict),
    plain(words.sources[id]),
  ]);
  return told.table(
    { title: words.judged, head: [words.control, words.result, words.verdict, words.source] },
    rows,
  );
}

type RateOf = { readonly good: number; readonly tried: number };

function toneOfControl({ controls }: PeriodFacts, id: Control["id"]): Figure["tone"] {
  return toneOf(controls.find((control) => control.id === id)?.verdict ?? "notDemonstrated");
}

function exposureFigures(facts: PeriodFacts, told: Teller): readonly Figure[] {
  const { words } = told;
  const { exposure, policy, objectives } = facts;
  const { worstSeconds, worstAt, unknownSeconds, withinSeconds, beyondSeconds } = exposure;
  const all = wholeOf(facts);
  const rpo = told.duration((objectives.at(-1) ?? policy).rpoSeconds);
  const promised = words.objectiveShare(told.percent(policy.share, 1), rpo);
  const unknown = unknownSeconds === 0 ? [] : [words.unknownToo(told.percent(unknownSeconds, all))];
  return [
    {
      label: words.figures.within,
      value: worstSeconds === null ? "–" : told.percent(withinSeconds, all),
      tone: toneOf(exposure.verdict),
      note: [promised, ...unknown].join(semicolonOf(told.language)),
    },
    {
      label: words.figures.worst,
      value: told.duration(worstSeconds),
      tone: worstSeconds === null ? "unknown" : beyondSeconds > 0 ? "bad" : "good",
      note: worstAt === null ? words.nobodyLooked : words.on(told.at(worstAt), rpo),
    },
  ];
}

function rateFigure(of: RateOf, about: Pick<Figure, "label" | "tone">, told: Teller): Figure {
  const { good, tried } = of;
  const value = tried === 0 ? "–" : told.percent(good, tried);
  return { ...about, value, note: told.rate(of) };
}

/** Six figures that stand large at the top. */
export function periodFigures(facts: PeriodFacts, told: Teller): readonly Figure[] {
  const { figures, noProof, rtoNote, alertNote } = told.words;
  const { rto, work, alerts, policy, objectives } = facts;
  const objective = told.duration((objectives.at(-1) ?? policy).rtoSeconds);
  const { proven: good, tried } = work.proofs;
  const backups = { label: figures.backups, tone: toneOfControl(facts, "backups") };
  const proofs = { label: figures.proofs, tone: toneOfControl(facts, "proofs") };
  return [
    ...exposureFigures(facts, told),
    {
      label: figures.rto,
      value: told.duration(rto.worstSeconds),
      tone: toneOf(rto.verdict),
      note: rto.measured === 0 ? noProof : rtoNote(told.number(rto.measured), objective),
    },
    rateFigure(work.backups, backups, told),
    rateFigure({ good, tried }, proofs, told),
    {
      label: figures.alerts,
      value: told.number(alerts.opened),
      tone: toneOfControl(facts, "alerts"),
      note: alertNote(told.number(alerts.openedCritical), told.number(alerts.openAtEnd)),
    },
  ];
}

/** The report in a language. `program`: who made it; `ruleName`: how alerts are called. */
export function periodReport(
  facts: ReportedPeriod,
  options: {
    readonly language: Language;
    readonly program: string;
    readonly ruleName: RuleName;
  },
): ReportDocument {
  const { language, program, ruleName } = options;
  const told = new Teller(language, facts.zone);
  const { words } = told;
  const { kind, cluster, now, goesOn, zone, host, verdict } = facts;
  return {
    language,
    title: `${words.titles[kind]} · ${cluster}`,
    subtitle: [
      periodTitle(facts, told),
      ...(goesOn ? [words.soFar(told.at(now))] : []),
      words.zone(zone),
    ].join(" · "),
    verdict: {
      tone: toneOf(verdict),
      text: words.verdicts[verdict],
      detail: verdictDetail(facts, told),
    },
    figures: periodFigures(facts, told),
    sections: [
      controlSection(facts, told),
      exposureChart(facts, told),
      attainedSection(facts, told),
      ...stretchSections(facts, told),
      ...daySections(facts, told),
      rtoSection(facts, told),
      ...backupSections(facts, told),
      proofSection(facts, told),
      ...testSections(facts, told),
      alertSection(facts, told, ruleName),
      incidentSection(facts, told),
      ...routineSections(facts, told),
      actionSection(facts, told),
      custodySection(facts, told),
      trendSection(facts, told),
      policySection(facts, told),
      ...(facts.evidence === null ? [] : evidenceSections(facts.evidence, told)),
      { kind: "text", title: words.method, paragraphs: words.methods },
      ...(facts.evidence === null ? [] : [signatureSection(told)]),
    ],
    footer: [
      words.footer(program, host, told.at(now)),
      `${words.verdict}${colonOf(language)}${words.words[verdict]}`,
    ],
  };
}
