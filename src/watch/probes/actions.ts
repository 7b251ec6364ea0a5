/** Corrective actions that are late, that nobody has, and that are under way (R30). */
import { type Finding, found } from "../../core/finding/finding.ts";

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

/** One line for what is alike, which names the first due; no finding where none is open. */
export function judgeActions(open: readonly OpenAction[], nowMs: number): readonly Finding[] {
  const byDue = open.toSorted((a, b) => a.dueAtMs - b.dueAtMs);
  const overdue = byDue.filter(({ dueAtMs }) => dueAtMs < nowMs);
  const inTime = byDue.filter(({ dueAtMs }) => dueAtMs >= nowMs);
  const untaken = inTime.filter(({ owner }) => owner === "");
  const taken = inTime.filter(({ owner }) => owner !== "");
  const told = (
    actions: readonly OpenAction[],
    fact: "action-overdue" | "action-untaken" | "action-open",
    state: Finding["state"],
  ): readonly Finding[] => {
    const [first] = actions;
    if (first === undefined) {
      return [];
    }
    const { id, what, owner, dueAtMs } = first;
    const count = actions.length;
    const values = {
      count,
      what,
      owner: owner === "" ? "–" : owner,
      due: dayOf(dueAtMs),
      id: id.slice(0, 8),
    };
    return [found("actions", state, fact, values, { value: count, unit: "actions" })];
  };
  const escalates = untaken.some((action) => action.escalates);
  return [
    ...told(overdue, "action-overdue", "bad"),
    ...told(
      untaken.toSorted((a, b) => Number(b.escalates) - Number(a.escalates)),
      "action-untaken",
      escalates ? "bad" : "note",
    ),
    ...told(taken, "action-open", "note"),
  ];
}
