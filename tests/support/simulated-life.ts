/**
 * Days of a cluster that never was: looks, backups, proofs, alerts, incidents and misses from a seed, first as plain facts, then as the events that
 * the ledger would hold of them. A test counts from the facts and compares with what the product makes of the events.
 */
import { SeededRandom } from "../../src/core/random.ts";
import type { EventContent } from "../../src/ledger/event-kinds.ts";
import type { PeriodEvent } from "../../src/queries/period/period-event.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const INCARNATION = `${"0".repeat(16)}-${"0".repeat(32)}`;

/** One look. `exposure` null: it could not tell. */
export type RawLook = {
  readonly atMs: number;
  readonly host: string;
  readonly exposure: number | null;
  readonly rpo: number;
  readonly rto: number;
};
/** One backup. */
export type RawBackup = {
  readonly atMs: number;
  readonly ok: boolean;
  readonly full: boolean;
  readonly stored: number;
  readonly tookMs: number;
};
/** One proof. */
export type RawProof = {
  readonly atMs: number;
  readonly verdict: "proven" | "failed" | "unfit";
  readonly rpo: number | null;
  readonly rto: number | null;
};
/** One alert. */
export type RawAlert = {
  readonly id: string;
  readonly rule: string;
  readonly critical: boolean;
  readonly openMs: number;
  readonly takenMs: number | null;
  readonly endMs: number | null;
};
/** Anything else, as its event. */
export type RawOther = {
  readonly atMs: number;
  readonly actor: string;
  readonly content: EventContent;
};

/** All of it. */
export type RawLife = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly looks: readonly RawLook[];
  readonly backups: readonly RawBackup[];
  readonly proofs: readonly RawProof[];
  readonly alerts: readonly RawAlert[];
  readonly others: readonly RawOther[];
};

/** What the look at an instant sees; undefined: nobody looks. */
function exposureAt(day: number, chance: number): number | null | undefined {
  const part = day % 30;
  if (part >= 20 && part < 20.03) {
    return undefined;
  }
  if (part >= 24.5 && part < 24.53) {
    return null;
  }
  if (part >= 10.125 && part < 10.3) {
    return Math.round((part - 10.125) * 86_400);
  }
  return part >= 17 && part < 17.01 ? 3900 : Math.round(20 + 250 * chance);
}

function promised(day: number): { readonly rpo: number; readonly rto: number } {
  return day % 90 < 45.5 ? { rpo: 3600, rto: 1800 } : { rpo: 2700, rto: 900 };
}

function hex(seed: number): string {
  return seed.toString(16).padStart(32, "0");
}

/** The looks, backups and proofs of one minute. */
class Life {
  readonly looks: RawLook[] = [];
  readonly backups: RawBackup[] = [];
  readonly proofs: RawProof[] = [];
  readonly alerts: RawAlert[] = [];
  readonly others: RawOther[] = [];
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  minute(atMs: number, minute: number): void {
    const day = minute / 1440;
    const chance = this.#random.fraction();
    if (minute % 5 === 0) {
      this.#look(atMs, day, chance);
    }
    if (minute % 60 === 5 && Math.floor(day) % 90 !== 33) {
      const full = minute % (7 * 1440) === 5;
      const stored = Math.round((full ? 4e9 : 3e7) * (0.8 + 0.4 * chance));
      this.backups.push({
        atMs,
        ok: chance > 0.002,
        full,
        stored,
        tookMs: 20_000 + Math.round(90_000 * chance),
      });
    }
    if (minute % 1440 === 330 && Math.floor(day) % 90 !== 51) {
      this.#proof(atMs, chance);
    }
    if (minute % 1440 === 700) {
      this.#other(atMs, Math.floor(day), chance);
    }
  }

  #look(atMs: number, day: number, chance: number): void {
    const exposure = exposureAt(day, chance);
    if (exposure === undefined) {
      return;
    }
    this.looks.push({ atMs, host: "a", exposure, ...promised(day) });
    // A second host sees worse things, now and then nothing.
    if (day % 90 >= 70 && day % 90 < 80) {
      const other = chance < 0.1 ? null : (exposure ?? 0) + Math.round(400 * chance);
      this.looks.push({ atMs: atMs + 20_000, host: "b", exposure: other, ...promised(day) });
    }
  }

  #proof(atMs: number, chance: number): void {
    const measured = chance > 0.05;
    const verdict = chance < 0.03 ? "unfit" : chance > 0.97 ? "failed" : "proven";
    const rto = Math.round(500 + 450 * this.#random.fraction());
    this.proofs.push({
      atMs,
      verdict,
      rpo: measured ? Math.round(60 * chance) : null,
      rto: measured ? rto : null,
    });
  }

  /** One thing a day that does not happen every hour. */
  #other(atMs: number, day: number, chance: number): void {
    const at = new Date(atMs).toISOString();
    const actor = chance < 0.5 ? "alice@db1" : "bob@db2";
    const place = { cluster: "main", incarnation: INCARNATION };
    const put = (content: EventContent): void => void this.others.push({ atMs, actor, content });
    put({
      kind: "accessed",
      data: {
        what: chance < 0.3 ? "restore" : "list",
        cluster: "main",
        object: null,
        repeats: Math.floor(10 * chance),
      },
    });
    if (day % 3 === 0) {
      const openMs = atMs + 3 * MINUTE;
      const isLast = day % 30 === 27;
      this.alerts.push({
        id: hex(day),
        rule: day % 2 === 0 ? "exposure" : "space",
        critical: day % 2 === 0,
        openMs,
        takenMs: chance < 0.6 ? openMs + 4 * MINUTE : null,
        // Some last into the next month, one never ends.
        endMs:
          day === 87 ? null : openMs + (isLast ? 6 * DAY : Math.round(chance * 5 * HOUR) + MINUTE),
      });
    }
    if (day % 7 === 6) {
      const damaged = day === 41 ? [{ key: "packs/aa/1", code: "REPO_FRAME_CORRUPT" }] : [];
      put({
        kind: "verifyFinished",
        data: {
          cluster: "main",
          depth: "sample",
          objects: 1000 + day,
          bytes: 1e9,
          damaged,
          durationMs: 60_000,
        },
      });
      put({
        kind: "expireFinished",
        data: {
          cluster: "main",
          epoch: 1,
          backups: [hex(1), hex(2)],
          deletedObjects: 40,
          deletedBytes: 5e8,
          sparedObjects: 3,
          durationMs: 900,
        },
      });
      put({ kind: "anchorMade", data: { writers: 3, events: 1000, digest: "0".repeat(64) } });
    }
    if (day % 30 === 10) {
      put({
        kind: "walGapOpened",
        data: {
          ...place,
          timeline: 1,
          fromLsn: "0/3000000",
          toLsn: null,
          cause: "receiverDown",
          detail: "",
        },
      });
      put({
        kind: "backupHeld",
        data: { ...place, backup: hex(9), number: 1, until: null, why: "audit" },
      });
    }
    if (day % 30 === 14) {
      put({ kind: "databaseRestored", data: restoreTest(chance) });
      put({
        kind: "routineDone",
        data: { cluster: "main", routine: "monthly-review", by: "Alice", note: "", at },
      });
    }
    if (day % 20 === 8) {
      const action = { cluster: "main", action: hex(day) };
      const dueAt = new Date(atMs + 7 * DAY).toISOString();
      const opened = {
        control: "proof",
        subject: "",
        failedAt: at,
        detail: "",
        title: "",
      } as const;
      put({
        kind: "actionOpened",
        data: { ...action, ...opened, owner: "", dueAt, by: null, why: "" },
      });
      // The first one is closed, late; the others are not.
      if (day === 28) {
        put({
          kind: "actionClosed",
          data: { ...action, action: hex(8), by: "Bob", why: "mended" },
        });
      }
    }
    if (day % 30 === 26) {
      put({ kind: "loadTestFinished", data: loadTest(atMs) });
    }
  }
}

function restoreTest(chance: number): Extract<EventContent, { kind: "databaseRestored" }>["data"] {
  return {
    cluster: "main",
    source: { kind: "backup", name: hex(7) },
    at: null,
    host: "db1",
    database: "akig_restore",
    ok: true,
    tables: 42,
    rows: 1_000_000,
    findings: [],
    application: { ok: true, answer: "200", attempts: 1 },
    phases: [{ name: "restore", durationMs: 400_000 }],
    durationMs: 400_000 + Math.round(100_000 * chance),
    report: null,
    dropped: true,
  };
}

/** A full load test that passed. */
export function loadTest(
  atMs: number,
): Extract<EventContent, { kind: "loadTestFinished" }>["data"] {
  return {
    cluster: "main",
    host: "db1",
    startedAt: new Date(atMs).toISOString(),
    durationMs: 2_700_000,
    ending: "finished",
    ok: true,
    seed: 1,
    clients: 32,
    databaseBytes: 1e9,
    acknowledged: 123_456,
    tests: [
      { name: "backup", outcome: "pass" },
      { name: "crash", outcome: "pass" },
    ],
    rpoSeconds: 0.4,
    rtoSeconds: 41,
    objectives: { rpoSeconds: 3600, rtoSeconds: 1800 },
    reports: [],
  };
}

/** Lives some days. Two of the same seed are the same. */
export function simulateLife(options: {
  readonly fromMs: number;
  readonly days: number;
  readonly seed: number;
}): RawLife {
  const { fromMs, days, seed } = options;
  const life = new Life(seed);
  for (let minute = 0; minute < days * 1440; minute += 1) {
    life.minute(fromMs + minute * MINUTE + 7000, minute);
  }
  const { looks, backups, proofs, alerts, others } = life;
  return { fromMs, toMs: fromMs + days * DAY, looks, backups, proofs, alerts, others };
}

/** Hours of looks, one event for each host, hour and promise. */
function lookEvents(looks: readonly RawLook[]): readonly PeriodEvent[] {
  const hours = Map.groupBy(
    looks,
    ({ atMs, host, rpo }) => `${Math.floor(atMs / HOUR)} ${host} ${rpo}`,
  );
  return Array.from(hours.values(), (hour): PeriodEvent => {
    const [first] = hour;
    const fromMs = Math.floor((first?.atMs ?? 0) / HOUR) * HOUR;
    const slots = Array.from({ length: 12 }, (_none, index) => {
      const inside = hour.filter(
        ({ atMs }) => Math.floor((atMs - fromMs) / (5 * MINUTE)) === index,
      );
      const told = inside.flatMap(({ exposure }) => exposure ?? []);
      return inside.length === 0
        ? null
        : {
            exposureSeconds: told.length === 0 ? null : Math.max(...told),
            backupAgeSeconds: 1,
            proofAgeSeconds: null,
            state: "good" as const,
          };
    });
    const objectives = { rpoSeconds: first?.rpo ?? 0, rtoSeconds: first?.rto ?? 0 };
    const from = new Date(fromMs).toISOString();
    const data = {
      cluster: "main",
      host: first?.host ?? "",
      from,
      objectives,
      looks: hour.length,
      slots,
    };
    return { atMs: fromMs + HOUR, actor: "pra@db1", content: { kind: "looksSampled", data } };
  });
}

function backupEvent({ atMs, ok, full, stored, tookMs }: RawBackup): PeriodEvent {
  const place = { cluster: "main", incarnation: INCARNATION };
  const startedAt = new Date(atMs - tookMs).toISOString();
  const finishedAt = new Date(atMs).toISOString();
  const actor = "pra@db1";
  if (!ok) {
    const why = { code: "PG_CONNECT", message: "the server does not answer" };
    return {
      atMs,
      actor,
      content: { kind: "backupFailed", data: { ...place, backup: null, startedAt, ...why } },
    };
  }
  const sizes = {
    clusterBytes: 5e10,
    readBytes: 5e8,
    storedBytes: stored,
    newBlocks: 1,
    totalBlocks: 1,
  };
  const range = { timeline: 1, startLsn: "0/1", stopLsn: "0/2", corruptPages: 0 };
  const facts = { ...place, backup: hex(atMs), parent: null, label: "", startedAt, finishedAt };
  const kind = full ? "full" : "incremental";
  return {
    atMs,
    actor,
    content: { kind: "backupFinished", data: { ...facts, kind, ...sizes, ...range } },
  };
}

function proofEvent({ atMs, verdict, rpo, rto }: RawProof): PeriodEvent {
  const ok = verdict === "proven";
  const findings =
    verdict === "failed" ? ["amcheck: index orders_pkey: item order invariant violated"] : [];
  const data = {
    cluster: "main",
    incarnation: INCARNATION,
    backup: hex(atMs),
    target: { kind: "latest", value: null, timeline: null } as const,
    verdict,
    reached: null,
    levels: [
      { level: 1, ok: true, durationMs: 1, findings: [] },
      { level: 2, ok: true, durationMs: 1, findings: [] },
      { level: 3, ok, durationMs: 1, findings },
    ],
    serverVersion: null,
    rpoSeconds: rpo,
    rtoSeconds: rto,
    predictedMs: null,
  };
  return { atMs, actor: "pra@db1", content: { kind: "proofFinished", data } };
}

function alertEvents({
  id,
  rule,
  critical,
  openMs,
  takenMs,
  endMs,
}: RawAlert): readonly PeriodEvent[] {
  const about = { cluster: "main", alert: id, rule, subject: "" };
  const iso = (ms: number): string => new Date(ms).toISOString();
  const actor = "pra@db1";
  const severity = critical ? "critical" : "warning";
  return [
    {
      // Told when it has lasted.
      atMs: openMs + 2 * MINUTE,
      actor,
      content: { kind: "alertOpened", data: { ...about, severity, at: iso(openMs), summary: "" } },
    },
    ...(takenMs === null
      ? []
      : [
          {
            atMs: takenMs,
            actor,
            content: {
              kind: "alertAcknowledged" as const,
              data: { ...about, by: "Alice", why: "", at: iso(takenMs) },
            },
          },
        ]),
    ...(endMs === null
      ? []
      : [
          {
            atMs: endMs,
            actor,
            content: {
              kind: "alertResolved" as const,
              data: {
                ...about,
                how: "well" as const,
                at: iso(endMs),
                lastedSeconds: (endMs - openMs) / 1000,
                exposedSeconds: null,
                proof: "exposure 40 s",
              },
            },
          },
        ]),
  ];
}

/** What the ledger would hold of it, in order of time, up to an instant. */
export function eventsOfLife(life: RawLife, untilMs = life.toMs): readonly PeriodEvent[] {
  return [
    ...lookEvents(life.looks),
    ...life.backups.map(backupEvent),
    ...life.proofs.map(proofEvent),
    ...life.alerts.flatMap(alertEvents),
    ...life.others,
  ]
    .filter(({ atMs }) => atMs <= untilMs)
    .toSorted((a, b) => a.atMs - b.atMs);
}
