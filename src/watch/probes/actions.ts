/** Corrective actions that are late, that nobody has, and that are under way (R30). */
import { type FactValues, type Finding, found } from "../../core/finding/finding.ts";

/** One that is open. */
export type OpenAction = {
  readonly id: string;
  /** The failed control, or what a person called it. */
  readonly what: string;
  /** Somebody who decides must know until somebody has it. */
  readonly escalates: boolean;
  /** Empty: nobody. */
  readonly owner: string;
  readonly dueAtMs: number;
};

function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

function valuesOf({ id, what, owner, dueAtMs }: OpenAction): FactValues {
  return { what, owner: owner === "" ? "–" : owner, due: dayOf(dueAtMs), id: id.slice(0, 8) };
}

/** Of those that ask for nothing now one line tells how many, and names the first due. */
function summedUp(
  actions: readonly OpenAction[],
  fact: "action-untaken" | "action-open",
): readonly Finding[] {
  const [first] = actions;
  const count = actions.length;
  const figure = { value: count, unit: "actions" };
  return first === undefined
    ? []
    : [found("actions", "note", fact, { ...valuesOf(first), count }, figure)];
}

/** A line for each that is late, and for each escalation that nobody has; one for the others that are alike; none where none is open. */
export function judgeActions(open: readonly OpenAction[], nowMs: number): readonly Finding[] {
  const byDue = open.toSorted((a, b) => a.dueAtMs - b.dueAtMs);
  const isLate = ({ dueAtMs }: OpenAction): boolean => dueAtMs < nowMs;
  const inTime = byDue.filter((action) => !isLate(action));
  const untaken = inTime.filter(({ owner }) => owner === "");
  return [
    ...byDue
      .filter(isLate)
      .map((action) => found("actions", "bad", "action-overdue", valuesOf(action))),
    ...untaken
      .filter(({ escalates }) => escalates)
      .map((action) => found("actions", "bad", "action-escalated", valuesOf(action))),
    ...summedUp(
      untaken.filter(({ escalates }) => !escalates),
      "action-untaken",
    ),
    ...summedUp(
      inTime.filter(({ owner }) => owner !== ""),
      "action-open",
    ),
  ];
}
