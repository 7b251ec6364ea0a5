/** What the tests of the plan, written one by one, have in common. */
import assert from "node:assert/strict";
import { type DrError, errorText } from "../../src/core/errors.ts";
import { lsnOf } from "../../src/core/lsn.ts";
import { type ObjectId, parseObjectId } from "../../src/core/object-id.ts";
import { type TimelineId, timelineOf } from "../../src/core/wal-name.ts";
import type { BackupSummary } from "../../src/restore/plan-backup.ts";
import type { RestorePlan, Unreachable } from "../../src/restore/plan-result.ts";
import { type PlanCatalogue, planRestore } from "../../src/restore/plan.ts";
import type { ProofDoubts } from "../../src/restore/proof-doubt.ts";
import type { TargetPoint, TargetTimeline } from "../../src/restore/target.ts";
import type { ModelWriter } from "./model-wal.ts";

const signal = new AbortController().signal;
/** Where the histories begin. */
export const START = lsnOf(0x3000n);
/** Timelines. */
export const one = timelineOf(1);
export const two = timelineOf(2);

/** The id of a backup by its number. */
export function idOf(number: number): ObjectId {
  return parseObjectId(number.toString(16).padStart(32, "0"));
}

/** A backup of 200 bytes of WAL, with a transaction inside it when a time is given. */
export function backupIn(
  writer: ModelWriter,
  number: number,
  options: {
    readonly timeline?: TimelineId;
    readonly inside?: bigint;
    readonly standby?: boolean;
  } = {},
): BackupSummary {
  const startLsn = writer.at;
  writer.add({ kind: "other" }, 104);
  if (options.inside !== undefined) {
    writer.commit(900 + number, options.inside);
  }
  const { endLsn: stopLsn } = writer.add({ kind: "backup-end", startLsn });
  return {
    id: idOf(number),
    kind: "full",
    timeline: options.timeline ?? one,
    startLsn,
    stopLsn,
    walFrom: startLsn,
    finishedMicros: 0n,
    standby: options.standby ?? false,
    clusterBytes: 1000 * number,
  };
}

/** A plan or a refusal. */
export async function plan(
  catalogue: PlanCatalogue,
  point: TargetPoint,
  options: {
    readonly timeline?: TargetTimeline;
    readonly backup?: ObjectId;
    readonly doubts?: ProofDoubts;
  } = {},
): Promise<RestorePlan | Unreachable> {
  const { timeline = "latest", backup, doubts } = options;
  return planRestore(catalogue, { ...point, timeline }, { backup, doubts, signal });
}

/** The plan; fails when there is none. */
export async function planned(...given: Parameters<typeof plan>): Promise<RestorePlan> {
  const result = await plan(...given);
  assert.ok(result.reachable, result.reachable ? "" : result.error.message);
  return result;
}

/** The refusal; fails when there is a plan. */
export async function refused(...given: Parameters<typeof plan>): Promise<Unreachable> {
  const result = await plan(...given);
  assert.ok(!result.reachable, "it was planned");
  return result;
}

/** Message and hint in both languages; no placeholder is left. */
export function texts(error: DrError): readonly string[] {
  const all = (["en", "fr"] as const).flatMap((language) =>
    Object.values(errorText(error, language)),
  );
  assert.ok(
    all.every((text) => !/\{\w+\}/.test(text)),
    all.join("\n"),
  );
  return all;
}

/** A time as a target. */
export function time(timeMicros: bigint): TargetPoint {
  return { kind: "time", timeMicros };
}
