/**
 * What the ledger says of one cluster, as the judgement needs it. Built event by event, so that a year is never held as events. Looks of
 * several hosts of the same five minutes become the worst that any of them saw; objectives are those that the looks themselves bear.
 */
import { lookSlotMs } from "../core/ledger-limits.ts";
import type { LedgerEvent } from "../ledger/event.ts";
import type { EventContent, EventData } from "../ledger/event-kinds.ts";
import { type SlotDay, SlotSeries } from "./slot-series.ts";

/** What was promised, from an instant on. */
export type ObjectiveFact = {
  readonly fromMs: number;
  readonly rpoSeconds: number;
  readonly rtoSeconds: number;
};

/** A backup or a dump that was tried. */
export type AttemptFact = { readonly atMs: number; readonly ok: boolean };

/** A proof. Seconds are null where nothing was measured. */
export type ProofFact = {
  readonly atMs: number;
  readonly proven: boolean;
  readonly rpoSeconds: number | null;
  readonly rtoSeconds: number | null;
};

/** An alert that opened or ended. */
export type AlertFact = {
  readonly atMs: number;
  readonly alert: string;
  readonly rule: string;
  readonly subject: string;
  /** Null: it ended. */
  readonly severity: "critical" | "warning" | null;
};

/** That something was done, by whom; null: by the program itself. */
export type DeedFact = { readonly atMs: number; readonly by: string | null };

/** All of one cluster. Lists in order of time. */
export type SlaFacts = {
  readonly cluster: string;
  readonly slots: SlotSeries;
  readonly objectives: readonly ObjectiveFact[];
  readonly backups: readonly AttemptFact[];
  readonly dumps: readonly AttemptFact[];
  readonly proofs: readonly ProofFact[];
  /** When somebody was told that planned runs were missed. */
  readonly missedRuns: readonly number[];
  readonly alerts: readonly AlertFact[];
  /** When it went into production, the last time that somebody said so; undefined: nobody has. */
  readonly live: DeedFact | undefined;
  /** By the routine's name: the last time. */
  readonly routines: ReadonlyMap<string, DeedFact>;
};

type Growing = {
  readonly slots: SlotSeries;
  /** By the hour: an hour that was recorded twice says it once. */
  readonly objectives: Map<number, ObjectiveFact>;
  readonly backups: AttemptFact[];
  readonly dumps: AttemptFact[];
  readonly proofs: ProofFact[];
  readonly missedRuns: number[];
  readonly alerts: AlertFact[];
  live: DeedFact | undefined;
  readonly routines: Map<string, DeedFact>;
};

function byTime<T extends { readonly atMs: number }>(facts: readonly T[]): readonly T[] {
  return facts.toSorted((a, b) => a.atMs - b.atMs);
}

/** Without those that say what the one before them says. */
function changes(objectives: Iterable<ObjectiveFact>): readonly ObjectiveFact[] {
  const kept: ObjectiveFact[] = [];
  for (const fact of [...objectives].toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = kept.at(-1);
    if (last?.rpoSeconds !== fact.rpoSeconds || last.rtoSeconds !== fact.rtoSeconds) {
      kept.push(fact);
    }
  }
  return kept;
}

/** Collects what matters. Memory: what it answers, 105,120 slots a year and cluster. */
export class SlaCollector {
  readonly #clusters = new Map<string, Growing>();
  /** When the repository was verified last: it is one for all. */
  #verifiedMs = -Infinity;

  #of(cluster: string): Growing {
    const known = this.#clusters.get(cluster);
    if (known !== undefined) {
      return known;
    }
    const fresh: Growing = {
      slots: new SlotSeries(),
      objectives: new Map(),
      backups: [],
      dumps: [],
      proofs: [],
      missedRuns: [],
      alerts: [],
      live: undefined,
      routines: new Map(),
    };
    this.#clusters.set(cluster, fresh);
    return fresh;
  }

  /** A day of looks as it was kept. */
  putDay(cluster: string, dayMs: number, day: SlotDay): void {
    this.#of(cluster).slots.put(dayMs, day);
  }

  /** An objective as it was kept. */
  putObjective(cluster: string, fact: ObjectiveFact): void {
    this.#of(cluster).objectives.set(fact.fromMs, fact);
  }

  /** What is kept of a cluster's looks. */
  kept(cluster: string): Pick<Growing, "slots" | "objectives"> {
    return this.#of(cluster);
  }

  /** Takes an event into account; those that say nothing of it are passed over. */
  add({ content, time }: Pick<LedgerEvent, "content" | "time">): void {
    const atMs = Date.parse(time);
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- of fifty kinds eleven matter here
    switch (content?.kind) {
      case "looksSampled":
        this.#addLooks(content.data);
        break;
      case "backupFinished":
      case "backupFailed":
        this.#of(content.data.cluster).backups.push({
          atMs,
          ok: content.kind === "backupFinished",
        });
        break;
      case "dumpFinished":
      case "dumpFailed":
        this.#of(content.data.cluster).dumps.push({ atMs, ok: content.kind === "dumpFinished" });
        break;
      case "proofFinished":
        this.#addProof(atMs, content.data);
        break;
      case "alertOpened":
        this.#addAlert(atMs, content.data);
        break;
      case "alertResolved": {
        const { cluster, alert, rule, subject } = content.data;
        this.#of(cluster).alerts.push({ atMs, alert, rule, subject, severity: null });
        break;
      }
      case "verifyFinished":
        this.#verifiedMs = Math.max(this.#verifiedMs, atMs);
        break;
      case "routineDone":
      case "wentLive":
        this.#addWord(content);
        break;
      default:
        break;
    }
  }

  #addProof(atMs: number, data: EventData<"proofFinished">): void {
    const { cluster, verdict, rpoSeconds, rtoSeconds, target } = data;
    const proven = verdict === "proven";
    // One of a random instant is the nightly proof, and one that could not be made tested nothing.
    if (target.kind !== "time" && verdict !== "unfit") {
      this.#addDeed(cluster, "restore-test", { atMs, by: null });
    }
    this.#of(cluster).proofs.push({ atMs, proven, rpoSeconds, rtoSeconds });
  }

  #addDeed(cluster: string, routine: string, deed: DeedFact): void {
    const { routines } = this.#of(cluster);
    if ((routines.get(routine)?.atMs ?? -Infinity) < deed.atMs) {
      routines.set(routine, deed);
    }
  }

  /** What a person has said. */
  #addWord(content: EventContent & { readonly kind: "routineDone" | "wentLive" }): void {
    const { cluster, by, at } = content.data;
    const deed = { atMs: Date.parse(at), by };
    if (content.kind === "routineDone") {
      this.#addDeed(cluster, content.data.routine, deed);
    } else if ((this.#of(cluster).live?.atMs ?? -Infinity) < deed.atMs) {
      this.#of(cluster).live = deed;
    }
  }

  #addAlert(
    atMs: number,
    { cluster, alert, rule, subject, severity }: EventData<"alertOpened">,
  ): void {
    this.#of(cluster).alerts.push({ atMs, alert, rule, subject, severity });
    if (rule === "schedule") {
      this.#of(cluster).missedRuns.push(atMs);
    }
  }

  #addLooks(data: EventData<"looksSampled">): void {
    const { slots, objectives } = this.#of(data.cluster);
    const hourMs = Date.parse(data.from);
    const { rpoSeconds, rtoSeconds } = data.objectives;
    let firstMs: number | undefined;
    data.slots.forEach((slot, index) => {
      if (slot !== null) {
        const atMs = hourMs + index * lookSlotMs;
        firstMs ??= atMs;
        const { exposureSeconds } = slot;
        slots.add(atMs, { exposureSeconds, rpoSeconds });
      }
    });
    if (firstMs !== undefined) {
      objectives.set(firstMs, { fromMs: firstMs, rpoSeconds, rtoSeconds });
    }
  }

  #withVerify(routines: ReadonlyMap<string, DeedFact>): ReadonlyMap<string, DeedFact> {
    const verified = { atMs: this.#verifiedMs, by: null };
    return this.#verifiedMs < 0 ? routines : new Map([...routines, ["verify", verified]]);
  }

  /** Of every cluster that was met, by name. */
  facts(): readonly SlaFacts[] {
    return [...this.#clusters]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([cluster, growing]) => ({
        cluster,
        slots: growing.slots,
        objectives: changes(growing.objectives.values()),
        backups: byTime(growing.backups),
        dumps: byTime(growing.dumps),
        proofs: byTime(growing.proofs),
        missedRuns: growing.missedRuns.toSorted((a, b) => a - b),
        alerts: byTime(growing.alerts),
        live: growing.live,
        routines: this.#withVerify(growing.routines),
      }));
  }
}
