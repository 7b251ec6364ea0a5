/**
 * Judges a server's facts: what of it a backup and WAL streaming need. Pure; each rule names the setting or statement that
 * mends it through its text. Follows chapter 20.6 "Replication" of PostgreSQL's documentation.
 */
import { isDrError } from "../core/errors.ts";
import { requireSupportedMajor } from "../core/pg-version.ts";
import { quoteIdentifier } from "../postgres/replication-connection.ts";
import type { ServerFacts } from "../postgres/server-facts.ts";
import { type Finding, failed, found } from "../core/finding/finding.ts";

/** What `readServerFacts` does not tell. */
export type ServerExtras = {
  /** The slot's, and the connection's, name. */
  readonly slotName: string;
  /** Values of `synchronous_commit` set for a role or a database. */
  readonly synchronousCommits: readonly string[];
};

/** The stream of the backup and the one of its WAL. */
const SENDERS_NEEDED = 2;

function settingOf(facts: ServerFacts, name: string): string {
  const rows = facts.settings.visible ? facts.settings.value : [];
  return rows.find((row) => row["name"] === name)?.["setting"] ?? "";
}

function judgeVersion(facts: ServerFacts): Finding {
  try {
    requireSupportedMajor(facts.version.major);
    const version = facts.versionText.split(/,| on /)[0] ?? "";
    return found("version", "good", "version-known", { version });
  } catch (error) {
    if (isDrError(error)) {
      return failed("version", error);
    }
    throw error;
  }
}

function judgeRole(facts: ServerFacts): Finding[] {
  if (!facts.role.visible) {
    return [];
  }
  const row = facts.role.value;
  const role = row["rolname"] ?? "";
  const values = { role, quoted: quoteIdentifier(role) };
  const may = row["rolreplication"] === "t" || row["rolsuper"] === "t";
  return [
    may
      ? found("replication-right", "good", "replication-granted", { role })
      : found("replication-right", "bad", "replication-missing", values),
    facts.settingsComplete
      ? found("visible-settings", "good", "settings-visible", { role })
      : found("visible-settings", "note", "settings-hidden", values),
  ];
}

function judgeSenders(facts: ServerFacts, extras: ServerExtras): Finding[] {
  const senders = facts.walSenders.visible ? facts.walSenders.value : [];
  const slots = facts.slots.visible ? facts.slots.value : [];
  const ours = senders.some((row) => row["application_name"] === extras.slotName);
  const max = facts.maxWalSenders;
  const free = max - senders.length;
  const needed = ours ? SENDERS_NEEDED - 1 : SENDERS_NEEDED;
  const slotsMax = Number(settingOf(facts, "max_replication_slots"));
  const slotsFree = slotsMax - slots.length;
  const slot = extras.slotName;
  const mine = slots.find((row) => row["slot_name"] === slot);
  return [
    free >= needed
      ? found("senders", "good", "senders-free", { free, max }, { value: free })
      : found(
          "senders",
          "bad",
          "senders-few",
          { free, max, needed, wanted: max + needed },
          { value: free },
        ),
    mine !== undefined
      ? found("slots", "good", "slot-present", {
          slot,
          retainedBytes: Number(mine["retained_bytes"] ?? 0),
        })
      : slotsFree > 0
        ? found(
            "slots",
            "good",
            "slots-free",
            { free: slotsFree, max: slotsMax },
            { value: slotsFree },
          )
        : found("slots", "bad", "slots-full", { max: slotsMax, wanted: slotsMax + 2 }),
  ];
}

function judgeSlotLimit(facts: ServerFacts): Finding[] {
  const limit = settingOf(facts, "max_slot_wal_keep_size");
  if (limit === "") {
    return [];
  }
  // In MiB; -1 = no limit.
  return limit === "-1"
    ? [found("slot-limit", "note", "slot-limit-none")]
    : [found("slot-limit", "good", "slot-limit-set", { limitBytes: Number(limit) * 1024 * 1024 })];
}

function judgeArchiving(facts: ServerFacts): Finding {
  const seconds = facts.archiveTimeoutSeconds;
  if (facts.archiveMode === "off") {
    return found("archiving", "good", "archiving-off");
  }
  if (!facts.archiveCommand.visible && !facts.settingsComplete) {
    return found("archiving", "note", "archiving-hidden");
  }
  return seconds > 0
    ? found("archiving", "good", "archiving-timed", { seconds }, { value: seconds, unit: "s" })
    : found("archiving", "bad", "archiving-untimed");
}

/** Whether commits wait for us: a name of the list, or any (`*`). */
function waitsForUs(facts: ServerFacts, slotName: string): boolean {
  const names = facts.synchronousStandbyNames.split(/[\s,()]+/);
  return names.some((name) => name === "*" || name.replaceAll('"', "") === slotName);
}

function judgeSynchronous(facts: ServerFacts, extras: ServerExtras): Finding {
  const name = extras.slotName;
  if (!waitsForUs(facts, name)) {
    return found("synchronous", "note", "synchronous-none", { name });
  }
  const values = [settingOf(facts, "synchronous_commit"), ...extras.synchronousCommits];
  if (values.includes("remote_apply")) {
    return found("synchronous", "bad", "synchronous-remote-apply");
  }
  return values.includes("remote_write")
    ? found("synchronous", "note", "synchronous-remote-write")
    : found("synchronous", "good", "synchronous-ours", { name });
}

/** All that can be said of the server from its facts. */
export function judgeServer(facts: ServerFacts, extras: ServerExtras): readonly Finding[] {
  const { walLevel } = facts;
  return [
    judgeVersion(facts),
    walLevel === "minimal"
      ? found("wal-level", "bad", "wal-level-minimal")
      : found("wal-level", "good", "wal-level-fit", { walLevel }),
    ...judgeRole(facts),
    ...judgeSenders(facts, extras),
    ...judgeSlotLimit(facts),
    facts.dataChecksums
      ? found("checksums", "good", "checksums-on")
      : found("checksums", "note", "checksums-off"),
    judgeArchiving(facts),
    judgeSynchronous(facts, extras),
  ];
}
