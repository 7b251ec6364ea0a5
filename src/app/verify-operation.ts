/**
 * `pra verify`: is what the repository promises there? Composes the backups' part with the WAL's and the ledger's, under a pin, so that
 * expire on another host takes nothing away meanwhile, and records the outcome. It repairs nothing and deletes nothing.
 */
import type { DrError } from "../core/errors.ts";
import { leaseTtlSeconds } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { verifyLedger } from "../ledger/verify-ledger.ts";
import { listClusters } from "../repository/catalogue.ts";
import type { IncarnationPlace } from "../repository/object-names.ts";
import { type Pin, holdPin } from "../repository/pins.ts";
import { listIncarnations } from "../repository/read-lease.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { type CheckedDocuments, checkDocuments } from "../repository/verify/check-documents.ts";
import { type Damage, DamageLog } from "../repository/verify/damage.ts";
import {
  type VerifiedIncarnation,
  verifyIncarnation,
} from "../repository/verify/verify-incarnation.ts";
import { type VerifiedWal, verifyWal } from "../wal/verify-wal.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { type FoundRecord, findBackupOrDump } from "./find-backup.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { openRepository } from "./repository-access.ts";

/** What is being looked at. */
export type VerifyStep = "documents" | "backups" | "wal" | "ledger";

/** What was asked for. */
export type VerifyRequest = {
  readonly deep: boolean;
  /** An id or its beginning: this backup and the WAL it needs, or this dump, and nothing else. */
  readonly backup?: string | undefined;
  readonly workers: number;
  readonly onProgress: (step: VerifyStep, done: number, all: number) => void;
  readonly signal: AbortSignal;
};

/** Everything of one incarnation. */
export type VerifyIncarnationReport = VerifiedIncarnation & { readonly wal: VerifiedWal };

/** The outcome. */
export type VerifyReport = {
  readonly ok: boolean;
  readonly deep: boolean;
  readonly location: string;
  readonly incarnations: readonly VerifyIncarnationReport[];
  readonly documents: CheckedDocuments | undefined;
  readonly ledgerEvents: number;
  readonly damage: readonly Damage[];
  /** Damaged objects, those beyond the list included. */
  readonly damagedObjects: number;
  readonly backupsDown: ReadonlySet<ObjectId>;
  readonly durationMs: number;
  readonly ledgerFailure: DrError | undefined;
};

async function placesOf(
  sealed: SealedStore,
  request: VerifyRequest,
  found: FoundRecord | undefined,
): Promise<readonly IncarnationPlace[]> {
  if (found !== undefined) {
    return [found.place];
  }
  const places: IncarnationPlace[] = [];
  for (const cluster of await listClusters(sealed, request)) {
    for await (const place of listIncarnations(sealed, cluster, request)) {
      places.push(place);
    }
  }
  return places;
}

/** A dump needs none. */
const NO_WAL: VerifiedWal = {
  segments: 0,
  parts: 0,
  tornParts: 0,
  holes: [],
  conflicts: [],
  looseIndexes: 0,
  readBytes: 0,
};

async function verifyPlace(
  sealed: SealedStore,
  place: IncarnationPlace,
  options: VerifyRequest & { readonly log: DamageLog; readonly only: FoundRecord | undefined },
): Promise<VerifyIncarnationReport> {
  const verified = await verifyIncarnation(sealed, place, {
    ...options,
    onProgress: (done, all) => options.onProgress("backups", done, all),
  });
  if (options.only?.kind === "dump") {
    return { ...verified, wal: NO_WAL };
  }
  options.onProgress("wal", 0, 0);
  const wal = await verifyWal(sealed, place, { ...options, backups: verified.backups });
  return { ...verified, wal };
}

/** The pins themselves may be damaged: that is noted, and what can be looked at is looked at without one. */
function pinAll(
  adapters: Adapters,
  sealed: SealedStore,
  log: DamageLog,
  signal: AbortSignal,
): Promise<Pin | undefined> {
  const { clock, observer } = adapters;
  const protects = [{ kind: "everything" }] as const;
  const options = { purpose: "verify", protects, ttlSeconds: leaseTtlSeconds, clock, observer };
  return log.watch("pins/", [], () => holdPin(sealed, { ...options, signal }));
}

async function checkLedger(
  sealed: SealedStore,
  log: DamageLog,
  request: VerifyRequest,
): Promise<number> {
  if (!request.deep) {
    return 0;
  }
  request.onProgress("ledger", 0, 0);
  const verdict = await verifyLedger(sealed, { signal: request.signal });
  for (const problem of verdict.problems) {
    const { object, writer } = problem.details;
    log.add(String(object ?? `ledger/${String(writer ?? "")}`), problem, []);
  }
  return verdict.events;
}

type Verifying = {
  readonly adapters: Adapters;
  readonly environment: Environment;
  readonly sealed: SealedStore;
};

async function recordOutcome(
  { adapters, environment, sealed }: Verifying,
  report: Omit<VerifyReport, "ledgerFailure">,
): Promise<DrError | undefined> {
  const reason = report.deep ? "pra verify --deep" : "pra verify";
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason });
  await ledger.record({
    kind: "verifyFinished",
    data: {
      cluster: null,
      depth: report.deep ? "deep" : "headers",
      objects: report.documents?.objects ?? 0,
      bytes: report.documents?.bytes ?? 0,
      damaged: report.damage.map(({ object, error }) => ({ key: object, code: error.code })),
      durationMs: report.durationMs,
    },
  });
  return ledger.failure;
}

/**
 * Verifies the whole repository, or one backup or dump. Peak memory: see `verifyIncarnation`. @throws DrError `CONFIG_*`, `KEY_*`,
 * `STORE_*` when the store does not answer, `REPO_BACKUP_UNKNOWN`, `REPO_PIN_LOST`.
 */
export async function runVerify(
  adapters: Adapters,
  environment: Environment,
  request: VerifyRequest,
): Promise<VerifyReport> {
  const { deep, signal } = request;
  const began = adapters.clock.monotonic();
  const { sealed, location } = await openRepository(adapters, environment, { signal });
  const log = new DamageLog();
  const found =
    request.backup === undefined
      ? undefined
      : await findBackupOrDump(sealed, request.backup, { signal });
  await using pin = await pinAll(adapters, sealed, log, signal);
  const guarded = pin === undefined ? signal : AbortSignal.any([signal, pin.lost]);
  const work = { ...request, signal: guarded };
  request.onProgress("documents", 0, 0);
  const documents =
    found === undefined ? await checkDocuments(sealed, { signal: guarded, log, deep }) : undefined;
  const incarnations: VerifyIncarnationReport[] = [];
  for (const place of await placesOf(sealed, work, found)) {
    incarnations.push(await verifyPlace(sealed, place, { ...work, log, only: found }));
  }
  const ledgerEvents = found === undefined ? await checkLedger(sealed, log, work) : 0;
  const { damage, objects, backupsDown } = log;
  const durationMs = Math.round(adapters.clock.monotonic() - began);
  const report = {
    ok: objects === 0,
    deep,
    location,
    incarnations,
    documents,
    ledgerEvents,
    damage,
    damagedObjects: objects,
    backupsDown,
    durationMs,
  };
  return {
    ...report,
    ledgerFailure: await recordOutcome({ adapters, environment, sealed }, report),
  };
}
