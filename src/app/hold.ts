/**
 * `pra hold` and `pra release`: a backup or a dump is kept whatever retention says, or no longer. Written under a pin, so that an expiry which is
 * about to delete it is noticed here, or notices the hold; and recorded in the ledger with who said it and why.
 */
import { DrError } from "../core/errors.ts";
import { holdTextMax, leaseTtlSeconds } from "../core/limits.ts";
import type { EventContent } from "../ledger/event-kinds.ts";
import {
  type HoldDocument,
  type HoldWord,
  activeHold,
  putHold,
  readHold,
} from "../repository/holds.ts";
import type { IncarnationPlace } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { holdPin } from "../repository/pins.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { type FoundRecord, findBackupOrDump } from "./find-backup.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { openRepository } from "./repository-access.ts";
import { checkHistory } from "./rollback.ts";

/** What was asked for. `until`: a day or an instant as typed. */
export type HoldRequest = StoreCall & {
  readonly backup: string;
  readonly reason: string;
  readonly acceptRollback: boolean;
} & (
    { readonly state: "held"; readonly until: string | undefined } | { readonly state: "released" }
  );

/** The word that now counts, and of what. */
export type HoldResult = {
  readonly place: IncarnationPlace;
  readonly kind: FoundRecord["kind"];
  readonly hold: HoldDocument;
};

/** A day lasts until its end, in UTC. @throws DrError `USAGE_HOLD_UNTIL` for what is none, or is over. */
export function holdEnd(text: string, nowMs: number): string {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const instant =
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/.test(text);
  const ms = day ? Date.parse(`${text}T23:59:59.999Z`) : instant ? Date.parse(text) : NaN;
  const exists = !day || new Date(ms).toISOString().startsWith(text);
  if (Number.isNaN(ms) || !exists || ms <= nowMs) {
    throw new DrError("USAGE_HOLD_UNTIL", { value: JSON.stringify(text) });
  }
  return new Date(ms).toISOString();
}

function checkedReason(text: string): string {
  const reason = text.trim();
  if (reason === "" || reason.length > holdTextMax || /\p{Cc}/u.test(reason)) {
    throw new DrError("USAGE_HOLD_REASON", { max: holdTextMax });
  }
  return reason;
}

function holdEvent({ place, kind, hold }: HoldResult): EventContent {
  const { backup: id, state, number, until, reason: why } = hold;
  const facts = { ...place, number, why };
  if (kind === "dump") {
    return state === "held"
      ? { kind: "dumpHeld", data: { ...facts, dump: id, until } }
      : { kind: "dumpReleased", data: { ...facts, dump: id } };
  }
  return state === "held"
    ? { kind: "backupHeld", data: { ...facts, backup: id, until } }
    : { kind: "backupReleased", data: { ...facts, backup: id } };
}

/**
 * Writes the word. @throws DrError `USAGE_HOLD_*`, `REPO_BACKUP_UNKNOWN`, `REPO_NOT_HELD`, `REPO_CONDEMNED` when an expiry is about to
 * delete it, `REPO_ROLLED_BACK`; what the store throws.
 */
export async function sayHold(
  adapters: Adapters,
  environment: Environment,
  request: HoldRequest,
): Promise<HoldResult> {
  const { clock, observer } = adapters;
  const { signal, state, acceptRollback: accept } = request;
  const reason = checkedReason(request.reason);
  const typed = request.state === "held" ? request.until : undefined;
  const until = typed === undefined ? null : holdEnd(typed, clock.now());
  const { sealed } = await openRepository(adapters, environment, { signal });
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason });
  await checkHistory({ adapters, environment, sealed, ledger, accept }, { signal });
  const { place, kind, id: backup } = await findBackupOrDump(sealed, request.backup, { signal });
  const about = { cluster: place.cluster, backup };
  if (state === "released" && activeHold(await readHold(sealed, about, { signal })) === undefined) {
    throw new DrError("REPO_NOT_HELD", { backup });
  }
  const word: HoldWord = {
    state,
    reason,
    until,
    actor: `${adapters.account}@${observer.self.host}`,
  };
  await using pin = await holdPin(sealed, {
    purpose: "hold",
    protects: [{ kind: "backups", ...place, ids: [backup] }],
    ttlSeconds: leaseTtlSeconds,
    clock,
    observer,
    signal,
  });
  const of = { ...place, backup, atMs: clock.now() };
  const hold = await putHold(sealed, of, word, { signal: AbortSignal.any([signal, pin.lost]) });
  await ledger.record(holdEvent({ place, kind, hold }));
  return { place, kind, hold };
}
