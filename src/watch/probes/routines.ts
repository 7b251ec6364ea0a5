/** Routines that are due, and those that were missed (R23). */
import { type Finding, found } from "../../core/finding/finding.ts";

/** One that is planned here. `step`: what shows that it was done. */
export type PlannedRoutine = {
  readonly id: string;
  readonly state: "planned" | "done" | "due" | "missed";
  readonly dueAtMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly step: string;
};

function dayOf(atMs = 0): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** Judges them; no finding where none is planned. */
export function judgeRoutineFindings(
  routines: readonly PlannedRoutine[],
  nowMs: number,
): readonly Finding[] {
  const open = routines.flatMap(({ id: routine, state, dueAtMs, untilMs, step }): Finding[] => {
    const ageMs = Math.max(0, nowMs - (dueAtMs ?? nowMs));
    const figure = { value: Math.round(ageMs / 1000), unit: "s" };
    return state === "missed"
      ? [found("routines", "bad", "routine-missed", { routine, due: dayOf(dueAtMs), step }, figure)]
      : state === "due"
        ? [
            found(
              "routines",
              "note",
              "routine-due",
              { routine, until: dayOf(untilMs), step },
              figure,
            ),
          ]
        : [];
  });
  return routines.length > 0 && open.length === 0
    ? [found("routines", "good", "routines-kept")]
    : open;
}
