/** What was done in a period and how it ended: backups, dumps, proofs, restores, restore tests, load tests. Each count is of events of the ledger. Pure. */
import type { EventContent } from "../../ledger/event-kinds.ts";
import {
  type Listed,
  type PeriodEvent,
  eventsOf,
  isoTime,
  listed,
  medianOf,
} from "./period-event.ts";

/** One that came to no good end. */
export type FailureRow = { readonly at: string; readonly code: string; readonly message: string };

/** Of many runs: how many, and each that failed. */
export type RunFacts = {
  readonly tried: number;
  readonly good: number;
  readonly failures: Listed<FailureRow>;
};

/** Backups. Sizes and times are of those that succeeded. */
export type BackupFacts = RunFacts & {
  readonly full: number;
  readonly incremental: number;
  readonly storedBytes: number;
  readonly readBytes: number;
  readonly corruptPages: number;
  readonly medianSeconds: number | null;
  readonly longestSeconds: number | null;
  readonly newest: {
    readonly id: string;
    readonly at: string;
    readonly clusterBytes: number;
  } | null;
};

/** One proof. `rtoObjectiveSeconds`: what was promised then; null: nothing is recorded. */
export type ProofRow = {
  readonly at: string;
  readonly backup: string;
  readonly target: string;
  readonly verdict: "proven" | "failed" | "unfit";
  readonly levels: readonly { readonly level: number; readonly ok: boolean }[];
  readonly rpoSeconds: number | null;
  readonly rtoSeconds: number | null;
  readonly finding: string | null;
};

/** Proofs. */
export type ProofsFacts = {
  readonly tried: number;
  readonly proven: number;
  readonly failed: number;
  readonly unfit: number;
  readonly list: Listed<ProofRow>;
};

/** A database made anew and compared with its source. `answered` null: no application was asked. */
export type RestoreTestRow = {
  readonly at: string;
  readonly database: string;
  readonly source: string;
  readonly ok: boolean;
  readonly seconds: number | null;
  readonly tables: number | null;
  readonly rows: number | null;
  readonly answered: boolean | null;
  readonly dropped: boolean;
  readonly finding: string | null;
};

/** A load test. */
export type LoadTestRow = {
  readonly at: string;
  readonly ok: boolean;
  readonly ending: string;
  readonly seconds: number;
  readonly acknowledged: number;
  readonly passed: number;
  readonly tests: number;
  readonly rpoSeconds: number | null;
  readonly rtoSeconds: number | null;
  readonly rpoObjectiveSeconds: number;
  readonly rtoObjectiveSeconds: number;
};

/** Data that was restored for its own sake, not to prove something. */
export type RestoreRow = {
  readonly at: string;
  readonly by: string;
  readonly backup: string;
  readonly ok: boolean;
  readonly host: string;
  readonly seconds: number;
  readonly detail: string | null;
};

/** All of it. */
export type WorkFacts = {
  readonly backups: BackupFacts;
  readonly dumps: RunFacts;
  readonly proofs: ProofsFacts;
  readonly restoreTests: {
    readonly tried: number;
    readonly good: number;
    /** Databases that were restored and left there. */
    readonly kept: number;
    readonly list: Listed<RestoreTestRow>;
  };
  readonly loadTests: {
    readonly tried: number;
    readonly good: number;
    readonly list: Listed<LoadTestRow>;
  };
  readonly restores: Listed<RestoreRow>;
};

type Failed = Extract<EventContent, { readonly kind: "backupFailed" | "dumpFailed" }>;

function failureRow(atMs: number, { data }: Failed): FailureRow {
  return { at: isoTime(atMs), code: data.code, message: data.message };
}

function runFacts(
  events: readonly PeriodEvent[],
  good: number,
  kind: "backupFailed" | "dumpFailed",
): RunFacts {
  const failed = eventsOf(events, kind).map(({ atMs, content }) => failureRow(atMs, content));
  return { tried: good + failed.length, good, failures: listed(failed) };
}

function backupFacts(events: readonly PeriodEvent[]): BackupFacts {
  const done = eventsOf(events, "backupFinished").map(({ atMs, content }) => ({
    atMs,
    ...content.data,
    seconds: (Date.parse(content.data.finishedAt) - Date.parse(content.data.startedAt)) / 1000,
  }));
  const seconds = done.map((one) => one.seconds);
  const sum = (of: (one: (typeof done)[number]) => number): number =>
    done.reduce((total, one) => total + of(one), 0);
  const newest = done.at(-1);
  return {
    ...runFacts(events, done.length, "backupFailed"),
    full: done.filter(({ kind }) => kind === "full").length,
    incremental: done.filter(({ kind }) => kind === "incremental").length,
    storedBytes: sum(({ storedBytes }) => storedBytes),
    readBytes: sum(({ readBytes }) => readBytes),
    corruptPages: sum(({ corruptPages }) => corruptPages),
    medianSeconds: medianOf(seconds),
    longestSeconds: seconds.length === 0 ? null : Math.max(...seconds),
    newest:
      newest === undefined
        ? null
        : { id: newest.backup, at: isoTime(newest.atMs), clusterBytes: newest.clusterBytes },
  };
}

/** Each proof, in order of time. */
export function proofRows(events: readonly PeriodEvent[]): readonly ProofRow[] {
  return eventsOf(events, "proofFinished").map(({ atMs, content }): ProofRow => {
    const { backup, target, verdict, levels, rpoSeconds, rtoSeconds } = content.data;
    const finding = levels.flatMap(({ findings }) => findings)[0] ?? null;
    return {
      at: isoTime(atMs),
      backup,
      target: target.kind,
      verdict,
      levels: levels.map(({ level, ok }) => ({ level, ok })),
      rpoSeconds,
      rtoSeconds,
      finding,
    };
  });
}

function proofsFacts(rows: readonly ProofRow[]): ProofsFacts {
  const count = (wanted: ProofRow["verdict"]): number =>
    rows.filter(({ verdict }) => verdict === wanted).length;
  return {
    tried: rows.length,
    proven: count("proven"),
    failed: count("failed"),
    unfit: count("unfit"),
    list: listed(rows, ({ verdict }) => verdict === "failed"),
  };
}

/** Each restore test, in order of time. */
export function restoreTestRows(events: readonly PeriodEvent[]): readonly RestoreTestRow[] {
  return eventsOf(events, "databaseRestored", "databaseRestoreFailed").map(
    ({ atMs, content }): RestoreTestRow => {
      const at = isoTime(atMs);
      const { database } = content.data;
      if (content.kind === "databaseRestoreFailed") {
        const { source, code } = content.data;
        const nothing = { seconds: null, tables: null, rows: null, answered: null };
        return {
          at,
          database,
          source: source ?? "",
          ok: false,
          ...nothing,
          dropped: false,
          finding: code,
        };
      }
      const {
        source,
        ok,
        durationMs,
        tables,
        rows: count,
        application,
        dropped,
        findings,
      } = content.data;
      return {
        at,
        database,
        source: source.name,
        ok,
        seconds: durationMs / 1000,
        tables,
        rows: count,
        answered: application?.ok ?? null,
        dropped,
        finding: findings[0] ?? null,
      };
    },
  );
}

/** Each load test, in order of time. */
export function loadTestRows(events: readonly PeriodEvent[]): readonly LoadTestRow[] {
  return eventsOf(events, "loadTestFinished").map(({ atMs, content }): LoadTestRow => {
    const { ok, ending, durationMs, acknowledged, tests, objectives } = content.data;
    return {
      at: isoTime(atMs),
      ok,
      ending,
      seconds: durationMs / 1000,
      acknowledged,
      passed: tests.filter(({ outcome }) => outcome === "pass").length,
      tests: tests.length,
      rpoSeconds: content.data.rpoSeconds,
      rtoSeconds: content.data.rtoSeconds,
      rpoObjectiveSeconds: objectives.rpoSeconds,
      rtoObjectiveSeconds: objectives.rtoSeconds,
    };
  });
}

/** How many, how many good, and the rows. */
function rated<T extends { readonly ok: boolean }>(
  rows: readonly T[],
): { readonly tried: number; readonly good: number; readonly list: Listed<T> } {
  const good = rows.filter(({ ok }) => ok).length;
  return { tried: rows.length, good, list: listed(rows, ({ ok }) => !ok) };
}

function restores(events: readonly PeriodEvent[]): Listed<RestoreRow> {
  const rows = eventsOf(events, "restoreFinished", "restoreFailed").flatMap(
    ({ atMs, actor, content }): readonly RestoreRow[] => {
      const { backup, host, durationMs, purpose } = content.data;
      const ok = content.kind === "restoreFinished";
      const detail = content.kind === "restoreFailed" ? content.data.code : null;
      const row = {
        at: isoTime(atMs),
        by: actor,
        backup,
        ok,
        host,
        seconds: durationMs / 1000,
        detail,
      };
      return purpose === "restore" ? [row] : [];
    },
  );
  return listed(rows, ({ ok }) => !ok);
}

/** `events`: those of the period alone, in order of time. */
export function workFacts(events: readonly PeriodEvent[]): WorkFacts {
  const tests = restoreTestRows(events);
  const kept = tests.filter(({ ok, dropped }) => ok && !dropped).length;
  return {
    backups: backupFacts(events),
    dumps: runFacts(events, eventsOf(events, "dumpFinished").length, "dumpFailed"),
    proofs: proofsFacts(proofRows(events)),
    restoreTests: { ...rated(tests), kept },
    loadTests: rated(loadTestRows(events)),
    restores: restores(events),
  };
}
