/** Until when a major version is maintained, as https://www.postgresql.org/support/versioning/ says of each. */
import { type Finding, found } from "../../core/finding/finding.ts";
import { versionEndNoteMs } from "../../core/look-limits.ts";

const FINAL_RELEASE: Readonly<Record<number, string>> = {
  14: "2026-11-12",
  15: "2027-11-11",
  16: "2028-11-09",
  17: "2029-11-08",
  18: "2030-11-14",
};

/** Undefined for a major whose end is not known here. */
export function judgeVersionEnd(major: number, nowMs: number): Finding | undefined {
  const until = FINAL_RELEASE[major];
  if (until === undefined) {
    return undefined;
  }
  const leftMs = Date.parse(until) - nowMs;
  const figure = { value: Math.floor(leftMs / 86_400_000), unit: "days" };
  const state = leftMs < versionEndNoteMs ? "note" : "good";
  const fact =
    leftMs < 0 ? "version-ended" : leftMs < versionEndNoteMs ? "version-ending" : "version-alive";
  return found("version-end", state, fact, { major, until }, figure);
}
