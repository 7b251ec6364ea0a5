/** Every kind of report that is written, and of mail that is sent, in both languages, good and bad: to be looked at by tests and by people. */
import { renderPeriod } from "../../src/app/period-report.ts";
import { renderReport } from "../../src/app/restore-db-report.ts";
import { mailHtml } from "../../src/channels/mail-page.ts";
import { type CalendarKind, calendarPeriod } from "../../src/core/calendar.ts";
import type { Language } from "../../src/core/language.ts";
import type { LoadTestFacts } from "../../src/queries/load-test-facts.ts";
import { withEvidence } from "../../src/queries/period/evidence-facts.ts";
import { metricsFacts } from "../../src/queries/period/metrics-facts.ts";
import { periodFacts } from "../../src/queries/period/period-facts.ts";
import type { ProofFacts } from "../../src/queries/proof-facts.ts";
import { loadTestReport } from "../../src/render/load-test-report.ts";
import { metricsDocument } from "../../src/render/period/metrics-document.ts";
import { proofReport } from "../../src/render/proof-report.ts";
import type { ReportDocument } from "../../src/render/report-document.ts";
import { SlaCollector } from "../../src/sla/sla-facts.ts";
import { sampleMessage, sampleResolution, sampleTest } from "./sample-messages.ts";
import { sampleLoadTest, sampleProof, sampleRestoreTest } from "./sample-reports.ts";
import { type RawLife, eventsOfLife, simulateLife } from "./simulated-life.ts";

const DAY = 86_400_000;
const START = Date.UTC(2026, 7, 1);
const ZONE = "Europe/Paris";
const program = "PRA";
const policy = {
  rpoSeconds: 3600,
  rtoSeconds: 1800,
  share: 0.99,
  retentionDays: 30,
  encrypted: true,
  schedule: [
    { job: "backup", pattern: "17 * * * *" },
    { job: "restore-test", pattern: "0 9 * * 1" },
  ],
};

/** One report in one language. */
export type SampleReport = { readonly name: string; readonly document: ReportDocument };

function sourceOf(life: RawLife) {
  const events = eventsOfLife(life);
  const collector = new SlaCollector();
  for (const { atMs, content } of events) {
    collector.add({ time: new Date(atMs).toISOString(), content });
  }
  const [facts] = collector.facts();
  const nowMs = life.toMs;
  return { cluster: "main", host: "db1", nowMs, facts, events, policy };
}

type PeriodKind = CalendarKind | "metrics";

const PERIODS = { daily: "2026-10-25", weekly: "2026-W43", monthly: "2026-10" } as const;

function periods(
  of: { readonly life: RawLife; readonly name: string; readonly kinds: readonly PeriodKind[] },
  language: Language,
): readonly SampleReport[] {
  const { life, name, kinds } = of;
  const source = sourceOf(life);
  const told = source.events.filter(({ content }) => content.kind !== "looksSampled");
  return kinds.map((kind) => {
    if (kind === "metrics") {
      const facts = metricsFacts({ ...source, zone: ZONE });
      return { name: `${kind}${name}`, document: metricsDocument(facts, { language, program }) };
    }
    const calendar = calendarPeriod(kind, PERIODS[kind], ZONE);
    if (calendar === undefined) {
      throw new Error(PERIODS[kind]);
    }
    const facts = withEvidence(periodFacts({ ...source, events: told, calendar }));
    return { name: `${kind}${name}`, document: renderPeriod(facts).documents[language] };
  });
}

const failedProof: ProofFacts = {
  ...sampleProof,
  verdict: "failed",
  rto: { ...sampleProof.rto, seconds: 4000, met: false },
  levels: [
    ...sampleProof.levels.slice(0, 2),
    {
      level: 3,
      ok: false,
      durationMs: 5000,
      findings: [{ kind: "amcheck", text: `index public.${"orders_".repeat(12)}idx: item order` }],
      findingsTotal: 77,
      counts: { pages: 1 },
    },
  ],
};

const lostLoadTest: LoadTestFacts = {
  ...sampleLoadTest,
  ok: false,
  ending: "serverLost",
  tests: [
    { name: "nothingLost", outcome: "fail", figures: { lost: 3, acknowledged: 12_345 } },
    { name: "nothingLost", outcome: "notReached", figures: {} },
  ],
  rto: { seconds: 2000, objectiveSeconds: 1800, met: false },
};

const life = simulateLife({ fromMs: START, days: 90, seed: 42 });
const nobody: RawLife = { ...life, looks: [], backups: [], proofs: [], alerts: [], others: [] };
/** Every hour a proof: more than a report lists. */
const busy: RawLife = {
  ...life,
  proofs: Array.from({ length: 90 * 24 }, (_, hour) => {
    return { atMs: START + (hour * DAY) / 24, verdict: "proven", rpo: 9, rto: 300 + (hour % 200) };
  }),
};

/** Reports of every kind. */
export function sampleReports(language: Language): readonly SampleReport[] {
  const options = { language, program };
  return [
    { name: "proof", document: proofReport(sampleProof, options) },
    { name: "proof-failed", document: proofReport(failedProof, options) },
    { name: "loadtest", document: loadTestReport(sampleLoadTest, options) },
    { name: "loadtest-lost", document: loadTestReport(lostLoadTest, options) },
    { name: "restore-db", document: renderReport(sampleRestoreTest).documents[language] },
    ...periods({ life, name: "", kinds: ["daily", "weekly", "monthly", "metrics"] }, language),
    ...periods({ life: nobody, name: "-empty", kinds: ["monthly", "metrics"] }, language),
    ...periods({ life: busy, name: "-busy", kinds: ["monthly"] }, language),
  ];
}

/** Pages of mail. */
export function samplePages(
  language: Language,
): readonly { readonly name: string; readonly html: string }[] {
  const section = {
    title: language === "fr" ? "En chiffres" : "In figures",
    lines: ["1 < 2", "3"],
  };
  const daily = { kind: "daily", severity: "info", alerts: [], sections: [section] } as const;
  return [
    { name: "mail-alert", html: mailHtml(sampleMessage(language)) },
    { name: "mail-resolved", html: mailHtml(sampleResolution(language)) },
    { name: "mail-test", html: mailHtml(sampleTest(language)) },
    { name: "mail-digest", html: mailHtml(sampleMessage(language, daily)) },
  ];
}
