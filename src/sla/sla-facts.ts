/**
 * What the ledger says of one cluster, as the judgement needs it. Built event by event, so that a year is never held as events. Looks of
 * several hosts of the same five minutes become the worst that any of them saw; objectives are those that the looks themselves bear.
 */
import { loadTestFullMs, lookSlotMs } from "../core/ledger-limits.ts";
import type { RestoreMeasurement } from "../core/restore-prediction.ts";
import type { LedgerEvent } from "../ledger/event.ts";
import type { EventContent, EventData } from "../ledger/event-kinds.ts";
import { type ActionWord, type CorrectiveAction, actionsOf } from "./corrective-actions.ts";
import { type SlotDay, SlotSeries } from "./slot-series.ts";

/** What was promised, from an instant on. */
export type ObjectiveFact = {
  readonly fromMs: number;
  readonly rpoSeconds: number;
  readonly rtoSeconds: number;
};

/** A backup, a dump or a load test that was tried. `detail`: of one that failed, its error's code or its tests. */
export type AttemptFact = { readonly atMs: number; readonly ok: boolean; readonly detail: string };

/** `isFull`: brought to its end, and as long as the month's. */
export type LoadTestFact = AttemptFact & { readonly isFull: boolean };

/** A proof. Seconds are null where nothing was measured. */
export type ProofFact = {
  readonly atMs: number;
  readonly proven: boolean;
  /** It could not be made on that host: nothing was tested. */
  readonly unfit: boolean;
  /** The backup. */
  readonly detail: string;
  readonly rpoSeconds: number | null;
  readonly rtoSeconds: number | null;
};

/** A whole restore into an empty directory: what it took, by its bytes. */
export type RestoreFact = RestoreMeasurement & { readonly atMs: number };

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
  readonly restores: readonly RestoreFact[];
  readonly loadTests: readonly LoadTestFact[];
  /** When somebody was told that planned runs were missed. */
  readonly missedRuns: readonly number[];
  readonly alerts: readonly AlertFact[];
  /** When it went into production, the last time that somebody said so; undefined: nobody has. */
  readonly live: DeedFact | undefined;
  /** By the routine's name: the last time. */
  readonly routines: ReadonlyMap<string, DeedFact>;
  /** Open and closed, by the time they were opened. */
  readonly actions: readonly CorrectiveAction[];
};

type Attempt = Extract<
  EventContent,
  {
    readonly kind:
      "backupFinished" | "backupFailed" | "dumpFinished" | "dumpFailed" | "loadTestFinished";
  }
>;

type Growing = {
  readonly slots: SlotSeries;
  /** By the hour: an hour that was recorded twice says it once. */
  readonly objectives: Map<number, ObjectiveFact>;
  readonly backups: AttemptFact[];
  readonly dumps: AttemptFact[];
  readonly proofs: ProofFact[];
  readonly restores: RestoreFact[];
  readonly loadTests: LoadTestFact[];
  readonly missedRuns: number[];
  readonly alerts: AlertFact[];
  live: DeedFact | undefined;
  readonly routines: Map<string, DeedFact>;
  readonly actions: ActionWord[];
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
      restores: [],
      loadTests: [],
      missedRuns: [],
      alerts: [],
      live: undefined,
      routines: new Map(),
      actions: [],
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
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- of sixty kinds sixteen matter here
    switch (content?.kind) {
      case "looksSampled":
        this.#addLooks(content.data);
        break;
      case "backupFinished":
      case "dumpFinished":
      case "backupFailed":
      case "dumpFailed":
      case "loadTestFinished":
        this.#addAttempt(atMs, content);
        break;
      case "proofFinished":
        this.#addProof(atMs, content.data);
        break;
      case "alertOpened":
        this.#addAlert(atMs, content.data);
        break;
      case "alertResolved":
        this.#addAlert(atMs, { ...content.data, severity: null });
        break;
      case "verifyFinished":
        this.#verifiedMs = Math.max(this.#verifiedMs, atMs);
        break;
      default:
        this.#addWord(atMs, content);
    }
  }

  #addAttempt(atMs: number, content: Attempt): void {
    const { backups, dumps, loadTests } = this.#of(content.data.cluster);
    switch (content.kind) {
      case "backupFinished":
        return void backups.push({ atMs, ok: true, detail: "" });
      case "backupFailed":
        return void backups.push({ atMs, ok: false, detail: content.data.code });
      case "dumpFinished":
        return void dumps.push({ atMs, ok: true, detail: "" });
      case "dumpFailed":
        return void dumps.push({ atMs, ok: false, detail: content.data.code });
      case "loadTestFinished": {
        // One that was ended early has kept no promise, and broken none but by what did fail.
        const failed = content.data.tests.filter(({ outcome }) => outcome === "fail");
        const detail = failed.map(({ name }) => name).join(", ");
        const isFull = this.#addLoadTest(atMs, content.data);
        return void loadTests.push({ atMs, ok: failed.length === 0, detail, isFull });
      }
    }
  }

  #addProof(atMs: number, data: EventData<"proofFinished">): void {
    const { cluster, verdict, rpoSeconds, rtoSeconds, target } = data;
    const proven = verdict === "proven";
    // One of a random instant is the nightly proof, and one that could not be made tested nothing.
    if (target.kind !== "time" && verdict !== "unfit") {
      this.#addDeed(cluster, "restore-test", { atMs, by: null });
    }
    this.#of(cluster).proofs.push({
      atMs,
      proven,
      unfit: verdict === "unfit",
      detail: data.backup,
      rpoSeconds,
      rtoSeconds,
    });
  }

  /** One that was interrupted, or a short one, has not tested what a month's does; what it found in the end is told by its report. */
  #addLoadTest(atMs: number, data: EventData<"loadTestFinished">): boolean {
    const { cluster, ending, durationMs } = data;
    const isFull = ending === "finished" && durationMs >= loadTestFullMs;
    if (isFull) {
      this.#addDeed(cluster, "load-test", { atMs, by: null });
    }
    return isFull;
  }

  #addDeed(cluster: string, routine: string, deed: DeedFact): void {
    const { routines } = this.#of(cluster);
    if ((routines.get(routine)?.atMs ?? -Infinity) < deed.atMs) {
      routines.set(routine, deed);
    }
  }

  /** What restores took, and what is said of duties, by people above all. */
  #addWord(atMs: number, content: EventContent | undefined): void {
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others are taken above, or say nothing
    switch (content?.kind) {
      case "routineDone":
      case "wentLive":
        this.#addDone(content);
        break;
      case "restoreMeasured":
        this.#of(content.data.cluster).restores.push({ ...content.data, atMs });
        break;
      case "actionOpened":
      case "actionAssigned":
      case "actionClosed":
        this.#of(content.data.cluster).actions.push({ ...content, atMs });
        break;
      default:
        break;
    }
  }

  #addDone(content: EventContent & { readonly kind: "routineDone" | "wentLive" }): void {
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
    { cluster, ...alert }: Omit<AlertFact, "atMs"> & { readonly cluster: string },
  ): void {
    const { alert: id, rule, subject, severity } = alert;
    this.#of(cluster).alerts.push({ atMs, alert: id, rule, subject, severity });
    if (rule === "schedule" && severity !== null) {
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
        restores: byTime(growing.restores),
        loadTests: byTime(growing.loadTests),
        missedRuns: growing.missedRuns.toSorted((a, b) => a - b),
        alerts: byTime(growing.alerts),
        live: growing.live,
        routines: this.#withVerify(growing.routines),
        actions: actionsOf(growing.actions),
      }));
  }
}
