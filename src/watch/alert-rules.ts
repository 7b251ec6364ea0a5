/**
 * The register of rules: for each check how long it must be ill before somebody is told, how long well before that is taken back, what
 * explains it, and which proof of health ends it. Data only. Rule ids are those of checks, and of what only a watch looks at.
 *
 * Under cron a look is made every five minutes, so a rule that must be told within five minutes opens at the first look.
 */
import type { CheckId } from "../core/finding/finding.ts";

/** Rules beyond the checks. */
export const watchRuleIds = ["daemon", "channel", "memory", "configuration"] as const;

/** One of them. */
export type WatchRuleId = (typeof watchRuleIds)[number];

/** Every rule that has words of its own. */
export type KnownRuleId = CheckId | WatchRuleId;

/** How one rule is handled. All durations count on the watch's time. */
export type AlertRule = {
  readonly id: string;
  readonly severity: "critical" | "warning";
  /** Ill for so long, without being well in between; 0: at the first look. */
  readonly openAfterMs: number;
  /** Well for so long. */
  readonly resolveAfterMs: number;
  /** Not to be judged for so long: an alert of its own. */
  readonly unknownAfterMs: number;
  /** Told again every so often, until somebody takes it. */
  readonly remindEveryMs: number;
  /** Rules that explain it: while one of them is ill, nothing is said of this one. */
  readonly needs: readonly string[];
  /** What must be known to be well, beside the rule itself, before it counts as over. */
  readonly provedBy: readonly string[];
  /** While it is ill work may not reach the repository, or not stay there: what would be lost is its consequence. Of others it says nothing. */
  readonly endangersWork: boolean;
};

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** What a rule differs in from its severity's default. */
type Difference = Partial<Omit<AlertRule, "id" | "severity">>;

const defaults = {
  critical: {
    openAfterMs: 2 * MINUTE,
    resolveAfterMs: MINUTE,
    unknownAfterMs: 15 * MINUTE,
    remindEveryMs: 4 * HOUR,
    needs: [],
    provedBy: [],
    endangersWork: false,
  },
  warning: {
    openAfterMs: 10 * MINUTE,
    resolveAfterMs: 5 * MINUTE,
    unknownAfterMs: HOUR,
    remindEveryMs: 24 * HOUR,
    needs: [],
    provedBy: [],
    endangersWork: false,
  },
} as const satisfies Readonly<Record<string, Omit<AlertRule, "id" | "severity">>>;

function rule(id: string, severity: AlertRule["severity"], difference: Difference = {}): AlertRule {
  return { id, severity, ...defaults[severity], ...difference };
}

const AT_ONCE = { openAfterMs: 0 } as const;
const ENDANGERS = { endangersWork: true } as const;

const register: readonly AlertRule[] = [
  // The server's return is itself the proof; a server that comes and goes is held open as flapping.
  rule("server", "critical", { ...ENDANGERS, ...AT_ONCE, resolveAfterMs: 0, remindEveryMs: HOUR }),
  rule("repository", "critical", { ...ENDANGERS, ...AT_ONCE }),
  rule("key", "critical", { ...ENDANGERS, ...AT_ONCE, needs: ["repository"] }),
  rule("newest-backup", "critical", { ...ENDANGERS, needs: ["repository"], resolveAfterMs: 0 }),
  rule("exposure", "critical", { ...ENDANGERS, needs: ["repository", "server"] }),
  rule("gaps", "critical", { ...ENDANGERS, ...AT_ONCE, needs: ["repository"], resolveAfterMs: 0 }),
  rule("receiver", "critical", {
    ...ENDANGERS,
    needs: ["repository", "server"],
    provedBy: ["exposure"],
  }),
  rule("slots", "critical", {
    ...ENDANGERS,
    ...AT_ONCE,
    needs: ["repository", "server"],
    provedBy: ["gaps"],
  }),
  rule("archiver", "critical", { ...ENDANGERS, needs: ["server"], provedBy: ["exposure"] }),
  rule("wal-space", "critical", { ...ENDANGERS, needs: ["server"] }),
  // A commit on its way waits, too: one look does not tell.
  rule("writes", "critical", { needs: ["server"], openAfterMs: 20 * SECOND }),
  rule("space", "critical", { ...ENDANGERS, ...AT_ONCE, needs: ["repository"] }),
  rule("forecast", "warning", { needs: ["repository"] }),
  rule("proof", "warning", { needs: ["repository"], resolveAfterMs: 0 }),
  rule("recovery-key", "warning", { needs: ["repository"], resolveAfterMs: 0 }),
  rule("corruption", "critical", { ...AT_ONCE, needs: ["repository"] }),
  rule("application", "critical", { needs: ["server"] }),
  rule("jobs", "critical", { ...ENDANGERS, ...AT_ONCE, resolveAfterMs: 0 }),
  rule("schedule", "critical", { ...AT_ONCE, resolveAfterMs: 0 }),
  // What failed for a reason that is told already needs no word of its own.
  rule("runs", "warning", {
    ...AT_ONCE,
    resolveAfterMs: 0,
    needs: ["server", "repository", "jobs", "proof"],
  }),
  // A week late by then: at the first look, and each day until somebody has done it.
  rule("routines", "warning", { ...AT_ONCE, resolveAfterMs: 0 }),
  // An escalation: told until somebody has it, and again when it is late.
  rule("actions", "warning", { ...AT_ONCE, resolveAfterMs: 0 }),
  rule("daemon", "critical", { ...ENDANGERS, ...AT_ONCE }),
  rule("channel", "critical", { ...AT_ONCE, resolveAfterMs: 0 }),
  rule("memory", "critical", { ...AT_ONCE, resolveAfterMs: 0 }),
  // With it all commands end, the hourly backup too.
  rule("configuration", "critical", { ...AT_ONCE, resolveAfterMs: 0 }),
  // Of the second watcher: it has waited for several signs before it calls the first one silent, and the next sign is the proof.
  rule("watcher", "critical", {
    ...ENDANGERS,
    ...AT_ONCE,
    resolveAfterMs: 0,
    needs: ["repository"],
  }),
  rule("dead-man", "warning", { needs: ["watcher"] }),
  rule("ledger", "warning", { needs: ["repository", "watcher"], resolveAfterMs: 0 }),
  rule("reachability", "warning"),
  rule("clock", "warning"),
  rule("certificate", "warning", { resolveAfterMs: 0 }),
  rule("version-end", "warning", { remindEveryMs: 7 * 24 * HOUR }),
  rule("settings-copy", "warning", { needs: ["repository"] }),
  rule("replication-connection", "critical", { ...ENDANGERS, needs: ["server"] }),
  rule("replication-right", "critical", { ...ENDANGERS, needs: ["server"] }),
  rule("wal-level", "critical", { ...ENDANGERS, needs: ["server"] }),
];

const byId: ReadonlyMap<string, AlertRule> = new Map(register.map((entry) => [entry.id, entry]));

/** Ids that have an entry of their own, in the order of the register. */
export const registeredRuleIds: readonly string[] = register.map(({ id }) => id);

/** The rule of an id; one without an entry is a warning with nothing that explains it. */
export function alertRuleOf(id: string): AlertRule {
  return byId.get(id) ?? rule(id, "warning");
}
