/** Runs that should have happened and did not (R19, R23). */
import { type Finding, found } from "../../core/finding/finding.ts";

/** A job that is overdue. */
export type OverdueJob = { readonly job: string; readonly dueAt: string };

/** Judges what is overdue of an installed schedule. */
export function judgeSchedule(overdue: readonly OverdueJob[], nowMs: number): readonly Finding[] {
  if (overdue.length === 0) {
    return [found("schedule", "good", "schedule-fired")];
  }
  return overdue.map(({ job, dueAt }) => {
    const ageMs = Math.max(0, nowMs - Date.parse(dueAt));
    const figure = { value: Math.round(ageMs / 1000), unit: "s" };
    return found("schedule", "bad", "schedule-missed", { job, ageMs }, figure);
  });
}
