/**
 * Random histories of a cluster and its backups for property tests of the plan, and a model of the server that recovers: it goes
 * through records one by one, as PerformWalRecovery in src/backend/access/transam/xlogrecovery.c does.
 */
import fc from "fast-check";
import { type Lsn, lsnOf } from "../../src/core/lsn.ts";
import { parseObjectId } from "../../src/core/object-id.ts";
import { msOf } from "../../src/core/units.ts";
import { timelineOf } from "../../src/core/wal-name.ts";
import type { BackupSummary } from "../../src/restore/plan-backup.ts";
import type { PlanCatalogue } from "../../src/restore/plan.ts";
import type { RecoveryStop } from "../../src/restore/recovery-settings.ts";
import { parseInstant } from "../../src/restore/target-time.ts";
import { type ModelRecord, type ModelTimeline, ModelWriter, knowledgeOf } from "./model-wal.ts";

/** Where every history begins. */
export const START = 0x3000n;

type Step =
  | { readonly kind: "commit" | "abort"; readonly later: number; readonly part: boolean }
  | { readonly kind: "point"; readonly name: string }
  | { readonly kind: "other"; readonly bytes: number }
  | { readonly kind: "minimal" }
  | { readonly kind: "backup"; readonly inside: boolean };

/** A history to build. */
export type World = {
  readonly steps: readonly Step[];
  readonly branch: readonly Step[];
  /** After which record of the first timeline the second begins, in parts of a thousand. */
  readonly leftAt: number;
  readonly hole: readonly [number, number] | undefined;
  readonly cut: number;
  readonly claim: boolean;
};

function stepOf(backwards: boolean): fc.Arbitrary<Step> {
  const later = fc.integer({ min: backwards ? -4 : 0, max: 5 });
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant("commit" as const), later, part: fc.boolean() }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("abort" as const), later, part: fc.boolean() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("point" as const),
        name: fc.constantFrom("a", "b"),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("other" as const),
        bytes: fc.integer({ min: 24, max: 2600 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("backup" as const), inside: fc.boolean() }),
    },
  );
}

/** Any world; `backwards`: with clocks that are set back. */
export function worldOf(backwards: boolean): fc.Arbitrary<World> {
  const minimal = fc.constant<Step>({ kind: "minimal" });
  const step = fc.oneof(
    { weight: 40, arbitrary: stepOf(backwards) },
    { weight: 1, arbitrary: minimal },
  );
  const part = fc.integer({ min: 0, max: 1000 });
  return fc.record({
    steps: fc
      .array(step, { minLength: 1, maxLength: 40 })
      .map(
        (steps) =>
          [
            { kind: "commit", later: 1, part: false },
            { kind: "backup", inside: false },
            ...steps,
          ] satisfies Step[],
      ),
    branch: fc.oneof(fc.constant([]), fc.array(stepOf(backwards), { maxLength: 15 })),
    leftAt: part,
    hole: fc.option(fc.tuple(part, part), { nil: undefined, freq: 2 }),
    cut: fc.integer({ min: 700, max: 1000 }),
    claim: fc.boolean(),
  });
}

/** A history that was built. */
export type Built = {
  readonly timelines: readonly ModelTimeline[];
  readonly backups: readonly BackupSummary[];
  readonly catalogue: PlanCatalogue;
};

class Builder {
  readonly backups: BackupSummary[] = [];
  #xid = 700;
  #time = 1000n;

  run(writer: ModelWriter, steps: readonly Step[], timeline: number): void {
    for (const step of steps) {
      this.#step(writer, step, timeline);
    }
  }

  #step(writer: ModelWriter, step: Step, timeline: number): void {
    switch (step.kind) {
      case "commit":
      case "abort":
        this.#time += BigInt(step.later);
        this.#xid += 2;
        writer.add({
          kind: step.kind,
          xid: this.#xid,
          timeMicros: this.#time,
          subXids: step.part ? [this.#xid + 1] : [],
        });
        break;
      case "point":
        writer.add({ kind: "restore-point", name: step.name, timeMicros: this.#time });
        break;
      case "other":
        writer.add({ kind: "other" }, step.bytes);
        break;
      case "minimal":
        writer.add({ kind: "wal-level", walLevel: "minimal", maxConnections: 10 });
        break;
      case "backup":
        this.#backup(writer, step.inside, timeline);
        break;
    }
  }

  #backup(writer: ModelWriter, inside: boolean, timeline: number): void {
    const startLsn = writer.at;
    writer.add({ kind: "other" }, 120);
    if (inside) {
      this.#step(writer, { kind: "commit", later: 1, part: false }, timeline);
    }
    const { endLsn: stopLsn } = writer.add({ kind: "backup-end", startLsn });
    const number = this.backups.length + 1;
    this.backups.push({
      id: parseObjectId(number.toString(16).padStart(32, "0")),
      kind: "full",
      timeline: timelineOf(timeline),
      startLsn,
      stopLsn,
      walFrom: startLsn,
      finishedMicros: this.#time,
      standby: false,
      clusterBytes: 1,
    });
  }
}

function share(from: Lsn, to: Lsn, part: number): Lsn {
  return lsnOf(from + ((to - from) * BigInt(part)) / 1000n);
}

/** Spans that begin and end anywhere, with one hole at most. */
function spansOf(
  records: readonly ModelRecord[],
  fromLsn: Lsn,
  world: World,
  last: boolean,
): ModelTimeline["spans"] {
  const end = records.at(-1)?.endLsn ?? fromLsn;
  const toLsn = last ? share(fromLsn, end, world.cut) : end;
  // A claim is true: whatever came behind it bears a later time, also where a clock went back.
  const time = records
    .flatMap((record) =>
      "timeMicros" in record && record.endLsn > toLsn ? [record.timeMicros - 1n] : [],
    )
    .reduce((least, micros) => (micros < least ? micros : least), 1_000_000n);
  const known = world.claim && last ? { endLsn: toLsn, atMicros: time } : undefined;
  const [a, b] = (world.hole ?? [0, 0]).toSorted((x, y) => x - y);
  const holeFrom = share(fromLsn, toLsn, a ?? 0);
  const holeTo = share(fromLsn, toLsn, b ?? 0);
  // A hole begins anywhere, and ends where a segment begins: there a receiver starts again.
  const back = lsnOf(((holeTo + 1023n) / 1024n) * 1024n);
  if (world.hole === undefined || back >= toLsn || holeFrom <= fromLsn || back <= holeFrom) {
    return [{ fromLsn, toLsn, known }];
  }
  return [
    { fromLsn, toLsn: holeFrom, known: undefined },
    { fromLsn: back, toLsn, known },
  ];
}

/** Builds a history, its backups and what the repository knows of it. */
export function build(world: World): Built {
  const builder = new Builder();
  const trunk = new ModelWriter(lsnOf(START));
  builder.run(trunk, world.steps, 1);
  const branched = world.branch.length > 0;
  const leftAfter = trunk.records[Math.floor((world.leftAt * (trunk.records.length - 1)) / 1000)];
  const switchLsn = leftAfter?.endLsn ?? trunk.at;
  const timelines: ModelTimeline[] = [
    {
      timeline: timelineOf(1),
      parent: undefined,
      records: trunk.records,
      spans: spansOf(trunk.records, lsnOf(START), world, !branched),
    },
  ];
  if (branched) {
    const writer = new ModelWriter(switchLsn);
    writer.add({ kind: "other" });
    builder.run(writer, world.branch, 2);
    const fromLsn = lsnOf(switchLsn - (switchLsn % 1024n));
    timelines.push({
      timeline: timelineOf(2),
      parent: { timeline: timelineOf(1), switchLsn },
      records: writer.records,
      spans: spansOf(writer.records, fromLsn, world, true),
    });
  }
  const { backups } = builder;
  return { timelines, backups, catalogue: { backups, wal: knowledgeOf(timelines) } };
}

/** What became of the server. */
export type Outcome =
  | { readonly kind: "fatal"; readonly reason: string }
  | {
      readonly kind: "running";
      readonly commits: readonly number[];
      readonly lastCommit: number | undefined;
    };

/** The transaction's end that a record is. */
export function endOf(
  record: ModelRecord,
): { readonly xid: number; readonly timeMicros: bigint } | undefined {
  return record.kind === "commit" || record.kind === "abort" ? record : undefined;
}

function endsLater(record: ModelRecord, time: string): boolean {
  const limit = parseInstant(time, { now: msOf(0), localZone: "UTC" });
  return (endOf(record)?.timeMicros ?? limit) > limit;
}

/** Does this record stop a server, before or after it is replayed? As in xlogrecovery.c. */
function stops(
  stop: RecoveryStop,
  record: ModelRecord,
  consistent: boolean,
): "before" | "after" | undefined {
  switch (stop.kind) {
    case "end":
      return undefined;
    case "immediate":
      return consistent ? "before" : undefined;
    case "time":
      return endsLater(record, stop.time) ? "before" : undefined;
    case "lsn":
      return record.lsn >= stop.lsn ? "after" : undefined;
    case "xid":
      return endOf(record)?.xid === Number(stop.xid) ? "after" : undefined;
    case "name":
      return record.kind === "restore-point" && record.name === stop.name ? "after" : undefined;
  }
}

/** Recovers from a backup over these records, the first of which starts where the backup does. */
export function server(
  records: readonly ModelRecord[],
  backup: BackupSummary,
  stop: RecoveryStop,
): Outcome {
  const commits: number[] = [];
  let consistent = false;
  let reached = false;
  for (const record of records) {
    const how = stops(stop, record, consistent);
    if (how === "before") {
      reached = true;
      break;
    }
    if (record.kind === "wal-level" && record.walLevel === "minimal") {
      return { kind: "fatal", reason: "wal_level" };
    }
    if (record.kind === "commit") {
      commits.push(record.xid);
    }
    consistent ||= record.endLsn >= backup.stopLsn;
    if (how === "after") {
      reached = true;
      break;
    }
  }
  if (!consistent) {
    return { kind: "fatal", reason: "before consistent point" };
  }
  return !reached && stop.kind !== "end"
    ? { kind: "fatal", reason: "ended before the target" }
    : { kind: "running", commits, lastCommit: commits.at(-1) };
}
