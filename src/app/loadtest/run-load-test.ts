/**
 * `pra loadtest`: a throw-away server is loaded, backed up, killed and restored, and each promise is tested with numbers. Production's server is
 * never spoken to: of the configuration it uses the objectives, the place for reports, and the repository for its ledger and the size of the
 * newest backup. Nothing stays but the report, however it ends.
 */
import { rm } from "node:fs/promises";
import { type DrError, isDrError } from "../../core/errors.ts";
import { ledgerRecordTimeoutMs } from "../../core/limits.ts";
import { SeededRandom } from "../../core/random.ts";
import { serverAccount } from "../../postgres/server-account.ts";
import { type ServerBinaries, findServerBinaries } from "../../postgres/server-binaries.ts";
import type { LoadTestEnding, LoadTestFacts } from "../../queries/load-test-facts.ts";
import { loadTestReport } from "../../render/load-test-report.ts";
import { clusterNameOf } from "../../repository/object-names.ts";
import type { SealedStore } from "../../repository/sealed-store.ts";
import { archiveReport, hashOfText } from "../archive-report.ts";
import { listRoots } from "../backup-roots.ts";
import type { Adapters } from "../compose.ts";
import { createRepository } from "../create-repository.ts";
import { demoEnvironment, writeDemoEnvironment } from "../demo/demo-environment.ts";
import { type DemoFolder, makeDemoFolder, roomFor } from "../demo/demo-folder.ts";
import type { Environment } from "../environment.ts";
import { LedgerRecorder } from "../ledger-recorder.ts";
import { newestRestorable } from "../newest-incarnation.ts";
import { measurementsOf } from "../predict-restore.ts";
import { type RenderedReport, textsOf, writeReportFiles } from "../report-files.ts";
import { openRepository } from "../repository-access.ts";
import { type ApplicationWish, applicationWish } from "./application-step.ts";
import { loadAndCrash } from "./load-and-crash.ts";
import { type LoadTestEvent, type LoadTestNotes, emptyNotes } from "./load-test-notes.ts";
import { type LoadTestAbout, loadTestEvent, loadTestFacts } from "./load-test-records.ts";
import { recoverLoaded } from "./recover-loaded.ts";
import { type ReportSummary, summariseReport } from "./summarise-report.ts";

/** Newest first: one of these is found where nobody asks for another. */
const MAJORS = [18, 17, 16, 15, 14];
/**
 * What a second of load may add to the disk: two MiB of WAL a second were measured at full speed, which lie in `pg_wal` and, sealed, in the
 * repository; the rest is for the tables' growth.
 */
const LOAD_BYTES_PER_SECOND = 5 * 2 ** 20;
/** The configured repository is asked for production's size; it has so long to answer. */
const PRODUCTION_WITHIN_MS = 4000;

/** How to run it. */
export type LoadTestRequest = {
  readonly loadMs: number;
  readonly clients: number;
  readonly dataBytes: number;
  readonly seed: number;
  readonly major: number | undefined;
  /** Undefined: `PRA_PG_BIN_DIR`, else whatever is found, the newest major first. */
  readonly programs: "embedded" | "distribution" | undefined;
  /** Whether the configured application, if there is one, is asked on the restored server. */
  readonly application: boolean;
  readonly folder: string | undefined;
  readonly onEvent: (event: LoadTestEvent) => void;
  readonly signal: AbortSignal;
};

/** What became of it. */
export type LoadTestOutcome = {
  readonly facts: LoadTestFacts;
  /** In the configured language. */
  readonly summary: ReportSummary;
  /** Without an ending. Undefined: `reportFailure` says why not. */
  readonly reportPath: string | undefined;
  readonly reportFailure: DrError | undefined;
  /** Whether the event is in the ledger of the configured repository; `none`: there is no such repository. */
  readonly ledger: "recorded" | "none" | "failed";
  readonly ledgerFailure: DrError | undefined;
  /** Why it could not be brought to its end. */
  readonly failure: unknown;
};

/** Which places are looked in. */
const ORIGINS = {
  embedded: ["embedded"],
  distribution: ["distribution", "pg_config"],
  any: ["embedded", "distribution", "pg_config"],
} as const;

async function findPrograms(
  { signal, major, programs }: LoadTestRequest,
  environment: Environment,
  folder: { readonly programs: string },
): Promise<ServerBinaries> {
  const search = {
    account: await serverAccount(),
    signal,
    cacheDirectories: [folder.programs],
    origins: ORIGINS[programs ?? "any"],
    binDirectory: programs === undefined ? environment.postgresBinDirectory : undefined,
  };
  let failure: unknown;
  for (const each of major === undefined ? MAJORS : [major]) {
    try {
      return await findServerBinaries(each, search);
    } catch (error) {
      if (!isDrError(error)) {
        throw error;
      }
      failure ??= error;
    }
  }
  throw failure;
}

/** What one run is made of. */
type Run = {
  readonly adapters: Adapters;
  readonly environment: Environment;
  readonly request: LoadTestRequest;
  readonly application: ApplicationWish | undefined;
  readonly notes: LoadTestNotes;
};

async function runActs(run: Run, made: Omit<DemoFolder, "binDirectory">): Promise<void> {
  const { adapters, environment, request, application, notes } = run;
  const { signal, onEvent: tell, seed, loadMs, clients, dataBytes } = request;
  const account = await serverAccount();
  const binaries = await findPrograms(request, environment, made);
  const folder: DemoFolder = { ...made, binDirectory: binaries.binDirectory };
  await createRepository(adapters, demoEnvironment(folder), {
    encryption: "on",
    recoveryKey: "write",
    signal,
  });
  await writeDemoEnvironment(folder);
  const common = { adapters, folder, binaries, account, application, notes, tell, signal };
  const random = new SeededRandom(seed);
  await loadAndCrash({ ...common, random, dataBytes, loadMs, clients });
  // A server that was lost before its first backup has nothing to come back from.
  if (notes.backups.some(({ state }) => state === "finished")) {
    await recoverLoaded(common);
  }
}

/** The configured repository, for the ledger and for production's size. */
type Site = { readonly sealed: SealedStore | undefined; readonly failure: DrError | undefined };

async function openSite(adapters: Adapters, environment: Environment): Promise<Site> {
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
async function productionOf(
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

function renderLoadTest(facts: LoadTestFacts): RenderedReport {
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

type Kept = Pick<LoadTestOutcome, "reportPath" | "reportFailure" | "ledger" | "ledgerFailure">;

/** Event and report into the configured repository, if there is one. What fails is told beside the result. */
async function recordIn(
  site: Site,
  about: { readonly adapters: Adapters; readonly environment: Environment },
  report: { readonly facts: LoadTestFacts; readonly rendered: RenderedReport },
): Promise<Omit<Kept, "reportPath">> {
  const { adapters, environment } = about;
  const { facts, rendered } = report;
  if (site.sealed === undefined) {
    const ledger = site.failure === undefined ? "none" : "failed";
    return { ledger, ledgerFailure: site.failure, reportFailure: undefined };
  }
  const ledger = new LedgerRecorder(adapters, site.sealed, { environment, reason: "pra loadtest" });
  const reports = Array.from(textsOf(rendered), ([file, text]) => {
    return { file, sha256: hashOfText(text) };
  });
  await ledger.record({ kind: "loadTestFinished", data: loadTestEvent(facts, reports) });
  const { failure: reportFailure } = await archiveReport(site.sealed, ledger, rendered);
  const { failure: ledgerFailure } = ledger;
  return {
    ledger: ledgerFailure === undefined ? "recorded" : "failed",
    ledgerFailure,
    reportFailure,
  };
}

async function keepReport(
  site: Site,
  about: { readonly adapters: Adapters; readonly environment: Environment },
  report: { readonly facts: LoadTestFacts; readonly rendered: RenderedReport },
): Promise<Kept> {
  const recorded = await recordIn(site, about, report);
  try {
    return { ...recorded, reportPath: await writeReportFiles(about.environment, report.rendered) };
  } catch (error) {
    if (isDrError(error)) {
      return { ...recorded, reportPath: undefined, reportFailure: error };
    }
    throw error;
  }
}

type Ended = {
  readonly ending: LoadTestEnding;
  readonly failure: unknown;
};

/** Runs both acts in a folder that is gone afterwards. @throws what came before the load: then there is nothing to report. */
async function runAway(run: Run): Promise<Ended> {
  const { adapters, request, notes } = run;
  const { signal, dataBytes, loadMs, seed, onEvent } = request;
  const account = await serverAccount();
  const made = await makeDemoFolder({
    purpose: "loadtest",
    wished: request.folder,
    account,
    neededBytes: roomFor(dataBytes) + Math.ceil(loadMs / 1000) * LOAD_BYTES_PER_SECOND,
    nowMs: adapters.clock.now(),
    signal,
  });
  try {
    onEvent({ kind: "begun", folder: made.root, seed });
    await runActs(run, made);
    const ending = notes.crash?.cause === "planned" ? "finished" : "serverLost";
    return { ending, failure: undefined };
  } catch (error) {
    if (notes.load === undefined) {
      throw error;
    }
    return signal.aborted
      ? { ending: "interrupted", failure: undefined }
      : { ending: "failed", failure: error };
  } finally {
    // A program that was killed may have had a child that still writes.
    await rm(made.root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    onEvent({ kind: "folderRemoved", folder: made.root });
  }
}

/**
 * Runs it. Interrupted or failed under load, it reports what was measured. @throws DrError `CONFIG_*`, `PG_*`: nothing was begun;
 * the signal's reason before the load.
 */
export async function runLoadTest(
  adapters: Adapters,
  environment: Environment,
  request: LoadTestRequest,
): Promise<LoadTestOutcome> {
  const { clock, observer } = adapters;
  const { loadMs, seed, clients } = request;
  const [beganMs, startedAt] = [clock.monotonic(), new Date(clock.now()).toISOString()];
  const notes = emptyNotes();
  const application = request.application ? await applicationWish(environment) : undefined;
  notes.applicationWanted = application !== undefined;
  const ended = await runAway({ adapters, environment, request, application, notes });
  const overMs = clock.monotonic() - (notes.load?.beganMs ?? beganMs);
  const site = await openSite(adapters, environment);
  const facts = loadTestFacts(notes, {
    environment,
    host: observer.self.host,
    startedAt,
    durationMs: Math.round(clock.monotonic() - beganMs),
    loadMs,
    seed,
    clients,
    ...ended,
    production: await productionOf(site, environment),
    overMs,
  });
  const rendered = renderLoadTest(facts);
  const kept = await keepReport(site, { adapters, environment }, { facts, rendered });
  const summary = summariseReport(rendered.documents[environment.language]);
  return { facts, summary, ...kept, failure: ended.failure };
}
