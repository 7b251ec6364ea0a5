/** Where a load test's result is kept: its event and its report in the configured repository, its files beside the state. Also what that repository knows of production. */
import { type DrError, isDrError } from "../../core/errors.ts";
import { ledgerRecordTimeoutMs } from "../../core/limits.ts";
import type { LoadTestFacts } from "../../queries/load-test-facts.ts";
import { loadTestReport } from "../../render/load-test-report.ts";
import { clusterNameOf } from "../../repository/object-names.ts";
import type { SealedStore } from "../../repository/sealed-store.ts";
import { archiveReport, hashOf } from "../archive-report.ts";
import { listRoots } from "../backup-roots.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { LedgerRecorder } from "../ledger-recorder.ts";
import { newestRestorable } from "../newest-incarnation.ts";
import { measurementsOf } from "../predict-restore.ts";
import {
  type MadeReport,
  type RenderedReport,
  type ReportFiles,
  filesOf,
  writeReportFiles,
} from "../report-files.ts";
import { openRepository } from "../repository-access.ts";
import { type LoadTestAbout, loadTestEvent } from "./load-test-records.ts";

/** The configured repository is asked for production's size; it has so long to answer. */
const PRODUCTION_WITHIN_MS = 4000;

/** The configured repository, for the ledger and for production's size. */
export type Site = {
  readonly sealed: SealedStore | undefined;
  readonly failure: DrError | undefined;
};

/** @throws what is no `DrError`. */
export async function openSite(adapters: Adapters, environment: Environment): Promise<Site> {
  if (environment.backupDirectory === undefined) {
    return { sealed: undefined, failure: undefined };
  }
  try {
    const signal = AbortSignal.timeout(ledgerRecordTimeoutMs);
    const { sealed } = await openRepository(adapters, environment, { signal });
    return { sealed, failure: undefined };
  } catch (error) {
    if (isDrError(error)) {
      return { sealed: undefined, failure: error };
    }
    throw error;
  }
}

/** Production's newest backup and restores; what cannot be read is not there, and no reason to end without a report. */
export async function productionOf(
  { sealed }: Site,
  environment: Environment,
): Promise<LoadTestAbout["production"]> {
  if (sealed === undefined) {
    return undefined;
  }
  const signal = AbortSignal.timeout(PRODUCTION_WITHIN_MS);
  try {
    const place = await newestRestorable(sealed, clusterNameOf(environment.cluster), { signal });
    if (place !== undefined) {
      for await (const listed of listRoots(sealed, place, { signal })) {
        if (listed.state === "readable") {
          const restores = await measurementsOf(sealed, environment.cluster, signal);
          return { newest: listed.root, restores };
        }
      }
    }
  } catch (error) {
    if (!isDrError(error) && !signal.aborted) {
      throw error;
    }
  }
  return undefined;
}

/** The report in both languages. */
export function renderLoadTest(facts: LoadTestFacts): RenderedReport {
  const program = "PRA";
  return {
    cluster: facts.cluster,
    kind: "loadtest",
    model: facts.version,
    startedAt: facts.startedAt,
    subject: `PostgreSQL ${facts.serverVersion}`,
    verdict: facts.ok ? "pass" : facts.ending === "finished" ? "fail" : facts.ending,
    documents: {
      en: loadTestReport(facts, { language: "en", program }),
      fr: loadTestReport(facts, { language: "fr", program }),
    },
    data: facts,
  };
}

/** Where the result was put. */
export type Kept = {
  /** Without an ending. Undefined: `reportFailure` says why not. */
  readonly reportPath: string | undefined;
  readonly reportFailure: DrError | undefined;
  /** Whether the event is in the ledger of the configured repository; `none`: there is no such repository. */
  readonly ledger: "recorded" | "none" | "failed";
  readonly ledgerFailure: DrError | undefined;
  readonly made: MadeReport;
};

type Report = {
  readonly facts: LoadTestFacts;
  readonly rendered: RenderedReport;
  readonly files: ReportFiles;
};

/** Event and report into the configured repository, if there is one. What fails is told beside the result. */
async function recordIn(
  site: Site,
  about: { readonly adapters: Adapters; readonly environment: Environment },
  report: Report,
): Promise<Omit<Kept, "reportPath">> {
  const { adapters, environment } = about;
  const { facts, rendered, files } = report;
  if (site.sealed === undefined) {
    const ledger = site.failure === undefined ? "none" : "failed";
    const made = { report: rendered, files, reportId: undefined };
    return { ledger, ledgerFailure: site.failure, reportFailure: undefined, made };
  }
  const ledger = new LedgerRecorder(adapters, site.sealed, { environment, reason: "pra loadtest" });
  const reports = Array.from(files, ([file, bytes]) => {
    return { file, sha256: hashOf(bytes) };
  });
  await ledger.record({ kind: "loadTestFinished", data: loadTestEvent(facts, reports) });
  const archived = await archiveReport(site.sealed, ledger, rendered, files);
  const { failure: ledgerFailure } = ledger;
  return {
    ledger: ledgerFailure === undefined ? "recorded" : "failed",
    ledgerFailure,
    reportFailure: archived.failure,
    made: { report: rendered, files, reportId: archived.id },
  };
}

/** Into the repository and its ledger, and beside the state. What fails is told beside the result. */
export async function keepReport(
  site: Site,
  about: { readonly adapters: Adapters; readonly environment: Environment },
  report: { readonly facts: LoadTestFacts; readonly rendered: RenderedReport },
): Promise<Kept> {
  const { environment } = about;
  const { rendered } = report;
  const files = await filesOf(rendered);
  const recorded = await recordIn(site, about, { ...report, files });
  try {
    return { ...recorded, reportPath: await writeReportFiles(environment, rendered, { files }) };
  } catch (error) {
    if (isDrError(error)) {
      return { ...recorded, reportPath: undefined, reportFailure: error };
    }
    throw error;
  }
}
