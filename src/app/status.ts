/**
 * `pra status`: whether this site is protected now, judged from what lies in the repository and from what answers; no daemon is asked,
 * because none need run. Light enough for every five minutes: nothing is written, and no index of WAL beyond the newest is read.
 */
import {
  statusBackupAgeNoteMs,
  statusBackupAgeBadMs,
  statusExposureBadSeconds,
} from "../core/limits.ts";
import { placeOf } from "../postgres/connection-settings.ts";
import { withPasswordFile } from "../postgres/password-file.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import type { IncarnationPlace } from "../repository/object-names.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { listRoots } from "./backup-roots.ts";
import { type CheckReport, type Finding, failed, found, looked } from "../core/finding/finding.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { judgeRecoveryKey } from "./recovery-key-finding.ts";
import { judgeProofs } from "./judge-proof.ts";
import { openRepository } from "./repository-access.ts";
import { checkApplication } from "./site/application-check.ts";
import { checkProgramFiles } from "./site/program-files.ts";
import { type WalState, readWalState } from "./wal-status.ts";

type Call = { readonly signal: AbortSignal };

/** R25: age of the newest backup that counts, and roots that cannot be read. */
async function judgeBackups(
  sealed: SealedStore,
  place: IncarnationPlace | undefined,
  options: Call & { readonly nowMs: number },
): Promise<readonly Finding[]> {
  const damaged: Finding[] = [];
  for await (const listed of place === undefined ? [] : listRoots(sealed, place, options)) {
    if (listed.state === "damaged") {
      damaged.push(failed("newest-backup", listed.error));
      continue;
    }
    const { id, finishedAt } = listed.root;
    const ageMs = Math.max(0, options.nowMs - Date.parse(finishedAt));
    const values = { id, ageMs };
    const figure = { value: Math.round(ageMs / 1000), unit: "s" };
    const state =
      ageMs > statusBackupAgeBadMs ? "bad" : ageMs > statusBackupAgeNoteMs ? "note" : "good";
    const fact = state === "good" ? "backup-recent" : "backup-old";
    return [found("newest-backup", state, fact, values, figure), ...damaged];
  }
  return [found("newest-backup", "bad", "backup-none"), ...damaged];
}

function judgeExposure({ exposureSeconds }: WalState): Finding {
  if (exposureSeconds === undefined) {
    return found("exposure", "bad", "exposure-unknown");
  }
  const values = { exposureMs: exposureSeconds * 1000 };
  const figure = { value: Math.round(exposureSeconds), unit: "s" };
  return exposureSeconds >= statusExposureBadSeconds
    ? found("exposure", "bad", "exposure-high", values, figure)
    : exposureSeconds === 0
      ? found("exposure", "good", "exposure-none", {}, figure)
      : found("exposure", "good", "exposure-low", values, figure);
}

function judgeReceiver({ receiver, slot, server }: WalState): Finding[] {
  const retained = server?.slotRetainedBytes;
  const values = receiver === undefined ? {} : { host: receiver.host, pid: receiver.pid };
  return [
    receiver === undefined
      ? found("receiver", "note", "receiver-none")
      : receiver.liveness === "dead"
        ? found("receiver", "bad", "receiver-dead", values)
        : found("receiver", "good", "receiver-there", values),
    ...(retained === undefined
      ? []
      : [found("slots", "good", "slot-present", { slot, retainedBytes: retained })]),
  ];
}

function judgeServer({ serverError }: WalState, environment: Environment): Finding {
  return serverError === undefined
    ? found("server", "good", "server-reached", { where: placeOf(environment.connection) })
    : failed("server", serverError);
}

async function judgeSpace(
  sealed: SealedStore,
  environment: Environment,
  call: Call,
): Promise<readonly Finding[]> {
  const { freeBytes } = await sealed.store.capabilities(call);
  const minBytes = environment.freeBytesMin;
  if (freeBytes === undefined) {
    return [];
  }
  const values = { freeBytes, minBytes };
  const figure = { value: freeBytes, unit: "bytes" };
  return [
    freeBytes < minBytes
      ? found("space", "bad", "space-below-min", values, figure)
      : found("space", "good", "space-free", values, figure),
  ];
}

async function judgeRepository(
  adapters: Adapters,
  environment: Environment,
  call: Call,
): Promise<readonly Finding[]> {
  const { sealed, location, keyFile } = await openRepository(adapters, environment, call);
  const nowMs = adapters.clock.now();
  const { cluster } = environment;
  const wal = await readWalState(adapters, environment, call);
  return [
    judgeServer(wal, environment),
    found("repository", "good", "repository-opens", { location }),
    keyFile === undefined
      ? found("key", "note", "key-published")
      : found("key", "good", "key-good", { path: keyFile }),
    ...(keyFile === undefined
      ? []
      : await looked("recovery-key", call, () =>
          judgeRecoveryKey(sealed, { ...call, nowMs, unproved: "bad" }),
        )),
    ...(await looked("newest-backup", call, () =>
      judgeBackups(sealed, wal.place, { ...call, nowMs }),
    )),
    judgeExposure(wal),
    wal.openGaps.length === 0
      ? found("gaps", "good", "gaps-none")
      : found(
          "gaps",
          "bad",
          "gaps-open",
          { count: wal.openGaps.length },
          {
            value: wal.openGaps.length,
          },
        ),
    ...judgeReceiver(wal),
    ...(await looked("proof", call, () =>
      judgeProofs(sealed, { place: wal.place, cluster, nowMs }, call),
    )),
    ...(await looked("space", call, () => judgeSpace(sealed, environment, call))),
  ];
}

/** The server alone, where no repository could be opened to compare it with. */
async function lookAtServer(environment: Environment, call: Call): Promise<readonly Finding[]> {
  return await looked("server", call, async () => {
    const connection = await withPasswordFile(environment.connection, call);
    await using session = await SqlSession.open(connection, {
      ...call,
      applicationName: environment.slotName,
    });
    await session.query("SELECT 1", call);
    return [found("server", "good", "server-reached", { where: placeOf(connection) })];
  });
}

/** Looks at everything. @throws DrError only what no check stands for; the signal's reason when aborted. */
export async function readStatus(
  adapters: Adapters,
  environment: Environment,
  options: Call & { readonly onWait?: (attempts: number) => void },
): Promise<CheckReport> {
  const { signal } = options;
  const { clock } = adapters;
  const seen = await looked("repository", { signal }, () =>
    judgeRepository(adapters, environment, { signal }),
  );
  const findings = [
    ...(seen.some(({ id }) => id === "server") ? [] : await lookAtServer(environment, { signal })),
    ...seen,
    ...(await checkProgramFiles(environment, { fix: false, signal })).filter(
      ({ id, state }) => state === "bad" || id === "env-mode" || id === "backup-folder",
    ),
    ...(await checkApplication(environment.application, { ...options, clock })),
  ];
  return { ok: findings.every(({ state }) => state !== "bad"), findings };
}

/** For monitoring plug-ins: 2 when something is red, 1 when something deserves a look. */
export function nagiosLevel({ findings }: CheckReport): 0 | 1 | 2 {
  const states = new Set(findings.map(({ state }) => state));
  return states.has("bad") ? 2 : states.has("note") ? 1 : 0;
}
