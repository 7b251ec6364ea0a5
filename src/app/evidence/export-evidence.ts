/**
 * `pra evidence export`: one archive with which an auditor judges a period without this program: the ledger's segment, the signed heads that it must end with,
 * every population as a list, the archived reports, and a verifier in Python's standard library. A ledger that is not whole is refused, as for an anchor; a
 * report that is missing or was changed is named in the bundle, which says so wherever it is checked.
 *
 * Memory: the whole bundle, at most `evidenceBytesMax` of events and as much of reports.
 */
import { createHash } from "node:crypto";
import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import { dateIn } from "../../core/calendar.ts";
import { DrError } from "../../core/errors.ts";
import { evidenceBytesMax } from "../../core/ledger-limits.ts";
import { errnoOf } from "../../files/file-error.ts";
import { type ArchivedFile, tarArchive } from "../../files/tar-archive.ts";
import { writeDurably } from "../../files/write-durably.ts";
import { type EventEnvelope, understood } from "../../ledger/event.ts";
import type { LedgerHead } from "../../ledger/ledger-writer.ts";
import { LedgerSegment } from "../../ledger/segment.ts";
import { verifyLedger } from "../../ledger/verify-ledger.ts";
import { fingerprintOf } from "../../pipeline/sealing/recipient-key.ts";
import type { StoreCall } from "../../repository/object-store.ts";
import type { SealedStore } from "../../repository/sealed-store.ts";
import { SlaCollector } from "../../sla/sla-facts.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { foldUntil, signAnchor } from "../ledger-anchor.ts";
import { LedgerRecorder } from "../ledger-recorder.ts";
import { programVersion } from "../program-version.ts";
import { reportZone } from "../report-zone.ts";
import { openRepository } from "../repository-access.ts";
import { rememberedHeads } from "../seen-heads.ts";
import { type TypedPeriod, periodOf } from "../sla.ts";
import { bundleReadme } from "./bundle-texts.ts";
import {
  type PeriodRead,
  type PeriodRun,
  manifestOf,
  periodFiles,
  sealedFiles,
  textFile,
} from "./evidence-files.ts";
import { type EvidenceProblem, collectReports } from "./evidence-reports.ts";

/** What was made. */
export type MadeEvidence = {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly from: string;
  readonly to: string;
  /** By whose clocks its days and weeks are counted. */
  readonly zone: string;
  /** The period is not over, or was not an hour ago: the ledger goes up to now. */
  readonly goesOn: boolean;
  readonly events: number;
  readonly writers: number;
  readonly lists: Readonly<Record<string, number>>;
  readonly reports: number;
  readonly problems: readonly EvidenceProblem[];
  /** Fingerprint of the root key that an auditor is to compare. */
  readonly root: string;
  readonly verifierSha256: string;
  readonly ledgerFailure: DrError | undefined;
};

/** What is asked for. `output`: a file that does not exist yet. */
export type EvidenceRequest = StoreCall & {
  readonly typed: TypedPeriod;
  readonly output: string;
  readonly onEvents: (events: number) => void;
};

/** The verifier, as it lies beside the program. */
const VERIFIER = "verify_evidence.py";

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function runOf(
  sealed: SealedStore,
  typed: TypedPeriod,
  now: { readonly nowMs: number; readonly zone: string },
): PeriodRun {
  const { nowMs, zone } = now;
  const period = periodOf(typed, now);
  if (period.fromMs >= nowMs) {
    throw new DrError("LEDGER_EVIDENCE_FUTURE", { from: iso(period.fromMs) });
  }
  // Events are recorded a little after they were made: what ended within the hour is not settled.
  const fold = foldUntil(nowMs);
  const goesOn = iso(period.toMs) > fold;
  return { sealed, period, zone, goesOn, until: goesOn ? fold : iso(period.toMs - 1) };
}

/** Reads and verifies the whole ledger, and keeps the period. @throws DrError the first problem of a ledger that is not whole. */
async function readPeriod(
  { sealed, period, until, goesOn }: PeriodRun,
  call: StoreCall & {
    readonly remembered: readonly LedgerHead[];
    readonly onEvents: (events: number) => void;
  },
): Promise<PeriodRead> {
  const { signal, remembered, onEvents } = call;
  const bounds = { from: iso(period.fromMs), until: goesOn ? null : until };
  const segment = new LedgerSegment(bounds, { bytesMax: evidenceBytesMax });
  const collector = new SlaCollector();
  let read = 0;
  const visit = (event: EventEnvelope): void => {
    if (segment.visit(event)) {
      collector.add(understood(event));
    }
    read += 1;
    onEvents(read);
  };
  const verdict = await verifyLedger(sealed, { signal, remembered, settledUntil: until, visit });
  const [problem] = verdict.problems;
  if (problem !== undefined) {
    throw problem;
  }
  return { verdict, segment, collector };
}

type Bundle = Pick<MadeEvidence, "events" | "writers" | "lists" | "reports" | "problems"> & {
  readonly files: readonly ArchivedFile[];
  readonly anchorSha256: string;
  readonly verifierSha256: string;
};

type About = { readonly environment: Environment; readonly actor: string; readonly share: number };

function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Everything that goes into the archive. */
async function bundleOf(
  run: PeriodRun,
  read: PeriodRead,
  { environment, actor, share, signal }: About & StoreCall,
): Promise<Bundle> {
  const { sealed, period, goesOn } = run;
  const { segment, verdict } = read;
  const reports = await collectReports(
    sealed,
    segment.events.flatMap(({ event: { content } }) =>
      content?.kind === "reportArchived" ? [content.data] : [],
    ),
    { signal },
  );
  const parts = periodFiles(read, run, share);
  const heads = { ...verdict, heads: goesOn ? verdict.heads : [] };
  const anchor = signAnchor(sealed, heads, { actor, nowMs: period.nowMs });
  const verifier = await readFile(join(environment.programDirectory, "evidence", VERIFIER));
  const version = await programVersion(environment.programDirectory);
  const { problems } = reports;
  const { manifest, facts } = manifestOf(run, { ...read, ...parts, problems, version, actor });
  return {
    files: sealedFiles(sealed, [
      textFile("README.md", bundleReadme(facts)),
      { path: VERIFIER, content: verifier },
      manifest,
      textFile("anchor.txt", anchor.text),
      ...parts.files,
      ...reports.files,
    ]),
    events: facts.events,
    writers: facts.writers,
    lists: parts.lists,
    reports: new Set(reports.files.map(({ path }) => path.split("/")[1])).size,
    problems,
    anchorSha256: sha256(anchor.text),
    verifierSha256: sha256(verifier),
  };
}

/** Told before minutes of reading; writing looks again. */
async function requireAbsent(path: string): Promise<void> {
  try {
    await lstat(path);
  } catch (error) {
    if (errnoOf(error) === undefined) {
      throw error;
    }
    return;
  }
  throw new DrError("LEDGER_REPORT_FILE", { path });
}

/** Writes the archive. */
async function writeArchive(
  output: string,
  files: readonly ArchivedFile[],
  about: StoreCall & { readonly folder: string; readonly nowMs: number },
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const { folder, nowMs, signal } = about;
  const parts = tarArchive(
    files.map(({ path, content }) => ({ path: `${folder}/${path}`, content })),
    { modifiedAtSeconds: Math.floor(nowMs / 1000) },
  );
  const written = await writeDurably({ finalPath: output, parts, group: "RESTORE", signal });
  if (written === "conflict") {
    throw new DrError("LEDGER_REPORT_FILE", { path: output });
  }
  const digest = createHash("sha256");
  parts.forEach((part) => digest.update(part));
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  return { bytes, sha256: digest.digest("hex") };
}

/**
 * Makes it. @throws DrError `LEDGER_PERIOD`, `LEDGER_EVIDENCE_*`, `LEDGER_REPORT_FILE`; the first problem of a ledger that is not whole; `CONFIG_*`, `KEY_*`,
 * `STORE_*`, `RESTORE_FILE_IO`.
 */
export async function exportEvidence(
  adapters: Adapters,
  environment: Environment,
  { typed, output, onEvents, signal }: EvidenceRequest,
): Promise<MadeEvidence> {
  await requireAbsent(output);
  const { sealed } = await openRepository(adapters, environment, { signal });
  const zone = reportZone(environment);
  const run = runOf(sealed, typed, { nowMs: adapters.clock.now(), zone });
  const { fromMs, toMs, nowMs } = run.period;
  const [from, to] = [iso(fromMs), iso(Math.min(toMs, nowMs))];
  const ledger = new LedgerRecorder(adapters, sealed, {
    environment,
    reason: "pra evidence export",
  });
  const access = { what: "evidence export", cluster: null, object: `${from} ${to}`, repeats: 0 };
  await ledger.record({ kind: "accessed", data: access });
  const remembered = await rememberedHeads({ adapters, environment }, sealed, { signal });
  const read = await readPeriod(run, { signal, remembered, onEvents });
  const actor = `${adapters.account}@${adapters.observer.self.host}`;
  const { share } = environment.objectives;
  const bundle = await bundleOf(run, read, { environment, actor, share, signal });
  const { files, anchorSha256: digest, ...made } = bundle;
  const folder = `evidence-${dateIn(zone, fromMs)}-${dateIn(zone, Math.min(toMs, nowMs))}`;
  const written = await writeArchive(output, files, { folder, nowMs, signal });
  const { writers, events } = read.verdict;
  await ledger.record({ kind: "anchorMade", data: { writers, events, digest } });
  const root = fingerprintOf(sealed.ring.rootPublicKey);
  const { goesOn } = run;
  const { failure: ledgerFailure } = ledger;
  return { path: output, ...written, from, to, zone, goesOn, ...made, root, ledgerFailure };
}
