/** Probes of the repository: the newest backup, exposure, gaps, free space. Judged from what lies in it. */
import { type Finding, failed, found } from "../../core/finding/finding.ts";
import { spaceBadBytes } from "../../core/look-limits.ts";
import type { Thresholds } from "../../core/first-week.ts";
import type { WalState } from "../wal-status.ts";
import type { NewestBackup } from "./sight.ts";

/** R25: age of the newest backup that counts, and roots that cannot be read. */
export function judgeNewestBackup(
  newest: NewestBackup,
  nowMs: number,
  { backupAgeNoteMs, backupAgeBadMs }: Thresholds,
): readonly Finding[] {
  const damaged = newest.damaged.map((error) => failed("newest-backup", error));
  if (newest.root === undefined) {
    return [found("newest-backup", "bad", "backup-none"), ...damaged];
  }
  const { id, finishedAt } = newest.root;
  const ageMs = Math.max(0, nowMs - Date.parse(finishedAt));
  const values = { id, ageMs };
  const figure = { value: Math.round(ageMs / 1000), unit: "s" };
  const state = ageMs > backupAgeBadMs ? "bad" : ageMs > backupAgeNoteMs ? "note" : "good";
  const fact = state === "good" ? "backup-recent" : "backup-old";
  return [found("newest-backup", state, fact, values, figure), ...damaged];
}

/** R25: what would be lost now, against the objective; in the first week (R24) against a part of it. */
export function judgeExposure(
  { exposureSeconds, lagBytes = 0, otherSystemId, systemId = "" }: WalState,
  rpoSeconds: number,
  { exposureShare }: Thresholds,
): Finding {
  if (otherSystemId !== undefined) {
    const seconds = Math.round(exposureSeconds ?? 0);
    const values = { found: otherSystemId, expected: systemId };
    return found("exposure", "bad", "exposure-other", values, { value: seconds, unit: "s" });
  }
  if (exposureSeconds === undefined) {
    return found("exposure", "bad", "exposure-unknown");
  }
  const objectiveMs = rpoSeconds * 1000;
  const values = { exposureMs: exposureSeconds * 1000, lagBytes, objectiveMs };
  const figure = { value: Math.round(exposureSeconds), unit: "s" };
  if (exposureSeconds >= rpoSeconds * exposureShare) {
    const fact = exposureSeconds >= rpoSeconds ? "exposure-high" : "exposure-close";
    return found("exposure", "bad", fact, values, figure);
  }
  return exposureSeconds === 0
    ? found("exposure", "good", "exposure-none", {}, figure)
    : found("exposure", "good", "exposure-low", values, figure);
}

/** Holes that no backup has closed. */
export function judgeGaps({ openGaps }: WalState): Finding {
  const count = openGaps.length;
  return count === 0
    ? found("gaps", "good", "gaps-none")
    : found("gaps", "bad", "gaps-open", { count }, { value: count });
}

/** R8: free space where the repository lies; `undefined` where a store does not tell. Next to nothing is too little, whatever was asked for. */
export function judgeSpace(freeBytes: number | undefined, minBytes: number): readonly Finding[] {
  if (freeBytes === undefined) {
    return [];
  }
  const values = { freeBytes, minBytes };
  const figure = { value: freeBytes, unit: "bytes" };
  if (freeBytes < spaceBadBytes) {
    return [found("space", "bad", "space-none", values, figure)];
  }
  return [
    freeBytes < minBytes
      ? found("space", "bad", "space-below-min", values, figure)
      : found("space", "good", "space-free", values, figure),
  ];
}
