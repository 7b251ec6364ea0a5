/**
 * `pra report daily|weekly|monthly`: a period told from the ledger, archived like every report. What the reports are made of is computed in
 * `queries/period`; here the ledger is read, and what the configuration says is put beside it.
 */
import {
  type CalendarKind,
  type CalendarPeriod,
  calendarPeriod,
  periodAround,
  periodBefore,
} from "../core/calendar.ts";
import { DrError } from "../core/errors.ts";
import type { Language } from "../core/language.ts";
import { type ReportedPeriod, withEvidence } from "../queries/period/evidence-facts.ts";
import { type PolicyFacts, periodFacts } from "../queries/period/period-facts.ts";
import { periodReport } from "../render/period/period-report.ts";
import { type ReportDocument, type Tone, signOf } from "../render/report-document.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { verdictOf } from "../watch/rule-verdicts.ts";
import { type ArchivedAs, archiveReport } from "./archive-report.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import {
  type RenderedReport,
  type ReportFiles,
  filesOf,
  writeReportFiles,
} from "./report-files.ts";
import { reportZone } from "./report-zone.ts";
import { type OpenRepository, openRepository } from "./repository-access.ts";
import { readInstalled } from "./schedule/schedule-files.ts";
import { collectPeriod } from "./sla-memory.ts";

/** What is asked for. `period` undefined: the last one that is over. */
export type PeriodRequest = StoreCall & {
  readonly kind: CalendarKind;
  readonly period: string | undefined;
  /** Where its files go; undefined: beside the state. */
  readonly output: string | undefined;
  readonly fresh: boolean;
};

/** A report that was made. */
export type PeriodOutcome = {
  readonly facts: ReportedPeriod;
  readonly report: RenderedReport;
  readonly files: ReportFiles;
  readonly archived: ArchivedAs;
  /** Without an ending. */
  readonly path: string;
  readonly ledgerFailure: DrError | undefined;
};

const EXAMPLES: Readonly<Record<CalendarKind, string>> = {
  daily: "2026-10-25",
  weekly: "2026-W43",
  monthly: "2026-10",
};

/** The period that was asked for. @throws DrError `LEDGER_REPORT_PERIOD`. */
export function requestedPeriod(
  { kind, period }: Pick<PeriodRequest, "kind" | "period">,
  now: { readonly nowMs: number; readonly zone: string },
): CalendarPeriod {
  const { nowMs, zone } = now;
  if (period === undefined) {
    return periodBefore(periodAround(kind, nowMs, zone));
  }
  const found = calendarPeriod(kind, period, zone);
  if (found === undefined || found.fromMs >= nowMs) {
    const value = JSON.stringify(period.slice(0, 60));
    throw new DrError("LEDGER_REPORT_PERIOD", { value, example: EXAMPLES[kind] });
  }
  return found;
}

/** What the configuration and this host's schedule say. */
export async function policyOf(
  environment: Environment,
  { encryption }: OpenRepository,
  call: StoreCall,
): Promise<PolicyFacts> {
  const { objectives, retention } = environment;
  const installed = await readInstalled(environment, call);
  return {
    rpoSeconds: objectives.rpoSeconds,
    rtoSeconds: objectives.rtoSeconds,
    share: objectives.share,
    retentionDays: retention.days,
    encrypted: encryption === "on",
    schedule: (installed?.jobs ?? []).map(({ id, pattern }) => ({ job: id, pattern })),
  };
}

/** How an alert is called. */
function ruleName(rule: string, subject: string, language: Language): string {
  return verdictOf({ rule, subject, blind: false }, language);
}

function documentIn(facts: ReportedPeriod, language: Language): ReportDocument {
  return periodReport(facts, { language, program: "PRA", ruleName });
}

/** As it is archived. */
export function renderPeriod(facts: ReportedPeriod): RenderedReport {
  const { cluster, kind, version: model, now: startedAt, name: subject, verdict } = facts;
  const documents = { en: documentIn(facts, "en"), fr: documentIn(facts, "fr") };
  const fileName = `${kind}-${subject}`;
  return { cluster, kind, model, startedAt, subject, fileName, verdict, documents, data: facts };
}

/** Computes, archives and writes one. @throws DrError `LEDGER_REPORT_PERIOD`, `RESTORE_FILE_IO`; `CONFIG_*`, `KEY_*`, `STORE_*`, `REPO_*`. */
export async function makePeriodReport(
  adapters: Adapters,
  environment: Environment,
  request: PeriodRequest,
): Promise<PeriodOutcome> {
  const { kind, signal, fresh, output } = request;
  const nowMs = adapters.clock.now();
  const calendar = requestedPeriod(request, { nowMs, zone: reportZone(environment) });
  const repository = await openRepository(adapters, environment, { signal });
  const { cluster } = environment;
  const span = { fromMs: calendar.fromMs, toMs: Math.min(calendar.toMs, nowMs) };
  const read = { signal, nowMs, fresh, cluster, span };
  const { facts: known, events } = await collectPeriod(environment, repository, read);
  const policy = await policyOf(environment, repository, { signal });
  const { host } = adapters.observer.self;
  const told = { cluster, host, calendar, nowMs, facts: known, events, policy };
  const facts = withEvidence(periodFacts(told));
  const report = renderPeriod(facts);
  const reason = `pra report ${kind}`;
  const ledger = new LedgerRecorder(adapters, repository.sealed, { environment, reason });
  const files = await filesOf(report);
  const path = await writeReportFiles(environment, report, { files, output });
  const archived = await archiveReport(repository.sealed, ledger, report, files);
  return { facts, report, files, archived, path, ledgerFailure: ledger.failure };
}

/** The sign that goes with a tone, for a terminal. */
export function toneSign(tone: Tone): string {
  return signOf(tone);
}
