/**
 * Corrective actions as the ledger tells them: opened once, assigned as often as need be, closed by a named person with a reason. Pure. Events of several hosts
 * come in no order, so they are put in order of time first; of two closings the first one counts.
 */
import type { actionControls } from "../ledger/action-kinds.ts";
import type { EventContent } from "../ledger/event-kinds.ts";

/** Which control failed; `other`: none, a person opened it. */
export type ActionControl = (typeof actionControls)[number];

/** What the ledger says of actions. */
export type ActionWord = { readonly atMs: number } & Extract<
  EventContent,
  { readonly kind: "actionOpened" | "actionAssigned" | "actionClosed" }
>;

/** One of them. */
export type CorrectiveAction = {
  readonly id: string;
  readonly control: ActionControl;
  readonly subject: string;
  /** The first failure that it is for. */
  readonly failedAtMs: number | undefined;
  readonly detail: string;
  readonly title: string;
  readonly openedAtMs: number;
  /** Null: the program itself. */
  readonly by: string | null;
  readonly why: string;
  /** Empty: nobody has it yet. */
  readonly owner: string;
  readonly dueAtMs: number;
  readonly closed: { readonly atMs: number; readonly by: string; readonly why: string } | undefined;
};

function opened({ atMs, data }: ActionWord & { readonly kind: "actionOpened" }): CorrectiveAction {
  const { action, control, subject, failedAt, detail, title, by, why, owner, dueAt } = data;
  return {
    id: action,
    control,
    subject,
    failedAtMs: failedAt === null ? undefined : Date.parse(failedAt),
    detail,
    title,
    openedAtMs: atMs,
    by,
    why,
    owner,
    dueAtMs: Date.parse(dueAt),
    closed: undefined,
  };
}

/** Openings first, then by time: a clock that is behind must not close what is not open yet. */
function inOrder(words: readonly ActionWord[]): readonly ActionWord[] {
  const byTime = words.toSorted((a, b) => a.atMs - b.atMs);
  return [
    ...byTime.filter(({ kind }) => kind === "actionOpened"),
    ...byTime.filter(({ kind }) => kind !== "actionOpened"),
  ];
}

/** All of them, by the time they were opened. What is said of an action that nobody opened says nothing. */
export function actionsOf(words: readonly ActionWord[]): readonly CorrectiveAction[] {
  const actions = new Map<string, CorrectiveAction>();
  for (const word of inOrder(words)) {
    const known = actions.get(word.data.action);
    if (word.kind === "actionOpened") {
      // Two hosts may have opened the same one at once.
      actions.set(word.data.action, known ?? opened(word));
    } else if (known?.closed === undefined && known !== undefined) {
      const { atMs, data } = word;
      const { by, why } = data;
      actions.set(
        known.id,
        word.kind === "actionClosed"
          ? { ...known, closed: { atMs, by, why } }
          : { ...known, owner: word.data.owner, dueAtMs: Date.parse(word.data.dueAt) },
      );
    }
  }
  return [...actions.values()].toSorted((a, b) => a.openedAtMs - b.openedAtMs);
}
