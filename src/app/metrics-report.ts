/** `pra docs metrics`: the METRICS document of this installation, made anew from the ledger, archived like every report, and put where people look for it. */
import { join } from "node:path";
import { metricsHistoryDays } from "../core/ledger-limits.ts";
import type { DrError } from "../core/errors.ts";
import { createDirectories } from "../files/directories.ts";
import { type MetricsFacts, metricsFacts } from "../queries/period/metrics-facts.ts";
import { metricsDocument } from "../render/period/metrics-document.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { type ArchivedAs, archiveReport } from "./archive-report.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { policyOf } from "./period-report.ts";
import { replaceFile } from "./replace-file.ts";
import { type RenderedReport, filesOf, reportEndings } from "./report-files.ts";
import { reportZone } from "./report-zone.ts";
import { openRepository } from "./repository-access.ts";
import { collectPeriod } from "./sla-memory.ts";

/** A document that was made. */
export type MetricsOutcome = {
  readonly facts: MetricsFacts;
  readonly report: RenderedReport;
  readonly archived: ArchivedAs;
  readonly paths: readonly string[];
  readonly ledgerFailure: DrError | undefined;
};

const DAY_MS = 86_400_000;
/** The group that runs the web server may read it; it holds no secret. */
const MODE = 0o640;

function render(facts: MetricsFacts): RenderedReport {
  const { cluster, version: model, now: startedAt, verdict } = facts;
  const program = "PRA";
  const documents = {
    en: metricsDocument(facts, { language: "en", program }),
    fr: metricsDocument(facts, { language: "fr", program }),
  };
  const about = { cluster, kind: "metrics", model, startedAt, subject: startedAt.slice(0, 10) };
  return { ...about, verdict, documents, data: facts };
}

/** Makes it. `output`: the folder of METRICS.md and its kin; undefined: beside the state. @throws DrError `CONFIG_*`, `KEY_*`, `STORE_*`, `REPO_*`. */
export async function makeMetrics(
  adapters: Adapters,
  environment: Environment,
  options: StoreCall & { readonly output: string | undefined; readonly fresh: boolean },
): Promise<MetricsOutcome> {
  const { signal, fresh } = options;
  const nowMs = adapters.clock.now();
  const repository = await openRepository(adapters, environment, { signal });
  const { cluster, language } = environment;
  const span = { fromMs: nowMs - metricsHistoryDays * DAY_MS, toMs: nowMs };
  const read = { signal, nowMs, fresh, cluster, span };
  const { facts: known, events } = await collectPeriod(environment, repository, read);
  const policy = await policyOf(environment, repository, { signal });
  const { host } = adapters.observer.self;
  const zone = reportZone(environment);
  const facts = metricsFacts({ cluster, host, zone, nowMs, facts: known, events, policy });
  const report = render(facts);
  const files = await filesOf(report);
  const reason = "pra docs metrics";
  const ledger = new LedgerRecorder(adapters, repository.sealed, { environment, reason });
  const archived = await archiveReport(repository.sealed, ledger, report, files);
  const folder = options.output ?? join(environment.stateDirectory, "docs");
  await createDirectories(folder, { group: "STORE", signal });
  const paths: string[] = [];
  for (const ending of reportEndings) {
    const path = join(folder, `METRICS.${ending}`);
    const content = files.get(ending === "json" ? ending : `${ending}.${language}`) ?? Buffer.of();
    await replaceFile(path, content, { signal, mode: MODE });
    paths.push(path);
  }
  return { facts, report, archived, paths, ledgerFailure: ledger.failure };
}
