/**
 * What a check found, without words: people read it through `finding-words.ts` in their language, where a fact without a
 * text does not compile. A check that could not be made carries the error that says why.
 */
import { type DrError, isDrError } from "../errors.ts";

/** What is checked around the program: configuration, files, databases, application. */
export type SiteCheckId =
  | "env-file"
  | "env-mode"
  | "gitignore"
  | "git-history"
  | "scripts"
  | "backup-folder"
  | "settings"
  | "settings-copy"
  | "unknown-settings"
  | "password"
  | "database-url"
  | "reading"
  | "restore-place"
  | "application";

/** Every fact about those. */
export type SiteFactId =
  | "env-found"
  | "env-none"
  | "env-examples"
  | "mode-right"
  | "mode-mended"
  | "mode-wrong"
  | "mode-unmended"
  | "ignored"
  | "not-ignored"
  | "ignore-mended"
  | "ignore-unmended"
  | "git-unknown"
  | "git-none"
  | "history-clean"
  | "history-holds"
  | "env-tracked"
  | "scripts-right"
  | "scripts-wrong"
  | "scripts-absent"
  | "scripts-mended"
  | "settings-set"
  | "settings-missing"
  | "copy-kept"
  | "copy-old"
  | "hosts-differ"
  | "setting-unknown"
  | "setting-misspelt"
  | "password-none"
  | "password-strong"
  | "password-short"
  | "password-known"
  | "password-names"
  | "url-answers"
  | "reads-all"
  | "reads-not-all"
  | "rows-hidden"
  | "restore-ready"
  | "restore-present"
  | "restore-production"
  | "restore-uncreatable"
  | "restore-foreign"
  | "application-well"
  | "application-status"
  | "application-redirect"
  | "application-silent"
  | "application-certificate"
  | "application-unreachable";

/** What `pra status` looks at besides. */
export type StatusCheckId =
  "newest-backup" | "exposure" | "gaps" | "receiver" | "proof" | "recovery-key";

/** Every fact about those. */
export type StatusFactId =
  | "repository-opens"
  | "space-free"
  | "backup-recent"
  | "backup-old"
  | "backup-none"
  | "exposure-none"
  | "exposure-low"
  | "exposure-close"
  | "exposure-high"
  | "exposure-unknown"
  | "exposure-other"
  | "gaps-none"
  | "gaps-open"
  | "receiver-none"
  | "receiver-there"
  | "receiver-dead"
  | "receiver-stopped"
  | "receiver-idle"
  | "proof-none"
  | "proof-recent"
  | "proof-old"
  | "proof-failed"
  | "proof-missing"
  | "recovery-unproved"
  | "recovery-old"
  | "recovery-proved";

/** What is watched besides: the server from within, and what will fail on a day that can be named. */
export type WatchCheckId =
  | "writes"
  | "archiver"
  | "wal-space"
  | "corruption"
  | "jobs"
  | "clock"
  | "certificate"
  | "reachability"
  | "version-end"
  | "forecast"
  | "channels"
  | "watcher"
  | "dead-man"
  | "ledger";

/** What people have to do. */
export type DutyCheckId = "first-week" | "routines" | "actions";

/** Every fact about that. */
export type DutyFactId =
  | "first-week"
  | "routines-kept"
  | "routine-due"
  | "routine-missed"
  | "action-open"
  | "action-untaken"
  | "action-escalated"
  | "action-overdue";

/** Every fact about those. */
export type WatchFactId =
  | "watcher-alive"
  | "watcher-silent"
  | "watcher-mute"
  | "watcher-alone"
  | "watcher-never"
  | "dead-man-called"
  | "dead-man-silent"
  | "clock-agrees"
  | "clock-hosts"
  | "receiver-silent"
  | "ledger-grows"
  | "ledger-silent"
  | "ledger-empty"
  | "channels-none"
  | "channel-untested"
  | "channel-accepted"
  | "channel-received"
  | "channel-waiting"
  | "channel-refused"
  | "channel-unready"
  | "relay-local"
  | "writes-taken"
  | "writes-standby"
  | "writes-read-only"
  | "writes-wait"
  | "slot-held"
  | "slot-held-much"
  | "slot-ending"
  | "slot-lost"
  | "slot-absent"
  | "slot-foreign"
  | "archiver-off"
  | "archiver-streamed"
  | "archiver-ended"
  | "archiver-idle"
  | "archiver-well"
  | "archiver-failing"
  | "archiver-stuck"
  | "archiver-hidden"
  | "wal-space-free"
  | "wal-space-filling"
  | "wal-space-low"
  | "wal-space-unknown"
  | "wal-limit-nearing"
  | "wal-limit-far"
  | "pages-sound"
  | "pages-counted"
  | "pages-stored"
  | "jobs-good"
  | "jobs-failed"
  | "jobs-stuck"
  | "jobs-dead"
  | "clock-right"
  | "clock-off"
  | "certificate-valid"
  | "certificate-ending"
  | "certificate-ended"
  | "reach-as-planned"
  | "reach-closed"
  | "reach-open"
  | "version-alive"
  | "version-ending"
  | "version-ended"
  | "space-fills"
  | "space-lasts"
  | "forecast-unknown"
  | "memory-renewed"
  | "memory-unwritable";

/** What runs by a plan. */
export type PlanCheckId = "schedule" | "runs";

/** Every fact about those. */
export type PlanFactId =
  | "schedule-fired"
  | "schedule-missed"
  | "runs-well"
  | "run-failed"
  | "run-died"
  | "run-unstartable"
  | "run-long";

/** What is checked, in the order of the page. */
export type CheckId =
  SiteCheckId | ReadinessCheckId | StatusCheckId | WatchCheckId | PlanCheckId | DutyCheckId;

/** What a backup itself needs. */
export type ReadinessCheckId =
  | "server"
  | "version"
  | "wal-level"
  | "replication-right"
  | "replication-connection"
  | "visible-settings"
  | "senders"
  | "slots"
  | "slot-limit"
  | "checksums"
  | "archiving"
  | "synchronous"
  | "repository"
  | "space"
  | "place"
  | "leases"
  | "key";

/** Every fact that can be told. */
export type FactId =
  SiteFactId | ReadinessFactId | StatusFactId | WatchFactId | PlanFactId | DutyFactId;

/** Every fact about what a backup itself needs. */
export type ReadinessFactId =
  | "server-reached"
  | "version-known"
  | "wal-level-fit"
  | "wal-level-minimal"
  | "replication-granted"
  | "replication-missing"
  | "replication-connected"
  | "replication-streams"
  | "settings-visible"
  | "settings-hidden"
  | "senders-free"
  | "senders-few"
  | "slots-free"
  | "slot-present"
  | "slots-full"
  | "slot-limit-set"
  | "slot-limit-none"
  | "checksums-on"
  | "checksums-off"
  | "archiving-off"
  | "archiving-timed"
  | "archiving-untimed"
  | "archiving-hidden"
  | "synchronous-none"
  | "synchronous-ours"
  | "synchronous-remote-write"
  | "synchronous-remote-apply"
  | "repository-good"
  | "repository-faulty"
  | "space-enough"
  | "space-tight"
  | "space-low"
  | "space-below-min"
  | "space-none"
  | "space-unknown"
  | "place-same-disk"
  | "place-same-host"
  | "leases-allowed"
  | "leases-refused"
  | "key-good"
  | "key-published";

/** Values that a text shows; those whose name ends with `Bytes` are shown as sizes, with `Ms` as durations. */
export type FactValues = Readonly<Record<string, string | number>>;

/** `note`: nothing is wrong, and a person should know. */
export type Finding = {
  readonly id: CheckId;
  readonly state: "good" | "note" | "bad";
  /** The figure behind it, for machines. */
  readonly value?: number | string;
  readonly unit?: string;
} & (
  | { readonly fact: FactId; readonly values: FactValues }
  | { readonly fact: "failed"; readonly error: DrError }
);

/** A fact that was found. */
export function found(
  id: CheckId,
  state: Finding["state"],
  fact: FactId,
  values: FactValues = {},
  figure: { readonly value?: number | string; readonly unit?: string } = {},
): Finding {
  return { id, state, fact, values, ...figure };
}

/** A check that failed with an error; its message and hint are what people read. */
export function failed(id: CheckId, error: DrError): Finding {
  return { id, state: "bad", fact: "failed", error };
}

/** All findings; `ok`: none is bad. */
export type CheckReport = { readonly ok: boolean; readonly findings: readonly Finding[] };

/** One look; an error is its finding, an abort is not. */
export async function looked(
  id: CheckId,
  call: { readonly signal: AbortSignal },
  action: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await action();
  } catch (error) {
    call.signal.throwIfAborted();
    if (isDrError(error)) {
      return [failed(id, error)];
    }
    throw error;
  }
}
