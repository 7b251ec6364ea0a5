/** Corrective actions of a period: those that were opened or closed in it, and those that were open when it ended. Owner and date are the newest that are known. Pure. */
import type { CalendarSpan } from "../../core/calendar.ts";
import type { ActionControl, CorrectiveAction } from "../../sla/corrective-actions.ts";
import { type Listed, isoTime, listed } from "./period-event.ts";

/** One action. */
export type ActionRow = {
  readonly id: string;
  readonly control: ActionControl;
  readonly subject: string;
  /** What is to be done, or of the failure: an error's code, a backup. */
  readonly title: string;
  readonly openedAt: string;
  /** Empty: nobody has it. */
  readonly owner: string;
  readonly dueAt: string;
  /** Null: it was open at the period's end. */
  readonly closedAt: string | null;
  readonly closedBy: string | null;
  readonly why: string;
  readonly isOverdue: boolean;
};

/** All of them. */
export type ActionFacts = {
  readonly opened: number;
  readonly closed: number;
  readonly openAtEnd: number;
  readonly overdueAtEnd: number;
  readonly list: Listed<ActionRow>;
};

function rowOf(action: CorrectiveAction, endMs: number): ActionRow {
  const { closed, dueAtMs, openedAtMs } = action;
  const done = closed !== undefined && closed.atMs < endMs ? closed : undefined;
  return {
    id: action.id,
    control: action.control,
    subject: action.subject,
    title: action.title === "" ? action.detail : action.title,
    openedAt: isoTime(openedAtMs),
    owner: action.owner,
    dueAt: isoTime(dueAtMs),
    closedAt: done === undefined ? null : isoTime(done.atMs),
    closedBy: done?.by ?? null,
    why: done?.why ?? action.why,
    isOverdue: done === undefined && dueAtMs < endMs,
  };
}

/** `span`: up to now where it goes on. */
export function actionFacts(
  actions: readonly CorrectiveAction[],
  { fromMs, toMs }: CalendarSpan,
): ActionFacts {
  const rows = actions
    .filter(({ openedAtMs, closed }) => openedAtMs < toMs && (closed?.atMs ?? Infinity) >= fromMs)
    .map((action) => rowOf(action, toMs));
  const from = isoTime(fromMs);
  const open = rows.filter(({ closedAt }) => closedAt === null);
  return {
    opened: rows.filter(({ openedAt }) => openedAt >= from).length,
    closed: rows.length - open.length,
    openAtEnd: open.length,
    overdueAtEnd: open.filter(({ isOverdue }) => isOverdue).length,
    list: listed(rows, ({ closedAt }) => closedAt === null),
  };
}
