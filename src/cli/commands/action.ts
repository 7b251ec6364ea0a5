/** `pra action`: list, open, assign and close. `list` ends with 4 when one is overdue, with 5 when one is open. */
import { type Command, Option } from "commander";

import type { ActionList, ActionState } from "../../app/actions/action-commands.ts";
import { dateIn } from "../../core/calendar.ts";
import { errorText } from "../../core/errors.ts";
import { formatMinute } from "../../core/format.ts";
import type { CorrectiveAction } from "../../sla/corrective-actions.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { defineCommand, defineGroup } from "../program.ts";
import { formatTable } from "../table.ts";
import { actionText } from "../text/action-text.ts";

type StateOf = (action: CorrectiveAction, nowMs: number) => ActionState;
type ListOptions = { readonly all?: true };
type OpenOptions = {
  readonly owner: string;
  readonly due?: string;
  readonly by: string;
  readonly why?: string;
};
type AssignOptions = {
  readonly owner?: string;
  readonly due?: string;
  readonly by: string;
  readonly why?: string;
};
type CloseOptions = { readonly by: string; readonly why: string };

/** Digits of an id that are shown: of a hundred actions two are alike once in a hundred thousand lists. */
const ID_DIGITS = 8;

function shortId({ id }: CorrectiveAction): string {
  return id.slice(0, ID_DIGITS);
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}

function whatOf(
  { control, subject, detail, title }: CorrectiveAction,
  { language }: Frame,
): string {
  const { failures } = actionText[language];
  return control === "other" ? title : failures[control]({ subject, detail });
}

function actionJson(action: CorrectiveAction, state: ActionState): JsonValue {
  const { failedAtMs, openedAtMs, dueAtMs, closed, ...rest } = action;
  return {
    ...rest,
    state,
    failedAt: failedAtMs === undefined ? null : iso(failedAtMs),
    openedAt: iso(openedAtMs),
    dueAt: iso(dueAtMs),
    closedAt: closed === undefined ? null : iso(closed.atMs),
    closedBy: closed?.by ?? null,
    closedWhy: closed?.why ?? null,
  };
}

function tableOf(
  shown: readonly CorrectiveAction[],
  list: ActionList,
  of: StateOf,
  frame: Frame,
): string {
  const { columns, states, nobody } = actionText[frame.language];
  const headings = [
    columns.id,
    columns.opened(list.zone),
    columns.what,
    columns.owner,
    columns.due,
    columns.state,
  ];
  return formatTable(
    headings.map((heading) => ({ heading })),
    shown.map((action) => [
      shortId(action),
      formatMinute(action.openedAtMs, list.zone),
      whatOf(action, frame),
      action.owner === "" ? nobody : action.owner,
      dateIn(list.zone, action.dueAtMs),
      states[of(action, list.nowMs)],
    ]),
  );
}

function renderList(list: ActionList, of: StateOf, all: boolean, frame: Frame): string {
  const text = actionText[frame.language];
  const { actions } = list;
  const shown = actions.filter(({ closed }) => all || closed === undefined);
  const hidden = actions.length - shown.length;
  if (shown.length === 0) {
    return hidden === 0 ? text.nothing : text.nothingOpen(hidden);
  }
  return [
    tableOf(shown, list, of, frame),
    ...(hidden === 0 ? [] : [text.closedHidden(hidden)]),
    ...shown.flatMap((action) =>
      action.closed === undefined
        ? []
        : [
            text.closedBy(
              shortId(action),
              formatMinute(action.closed.atMs, list.zone),
              action.closed.by,
              action.closed.why,
            ),
          ],
    ),
  ].join("\n");
}

async function list({ all = false }: { readonly all?: boolean }, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { actionState, listActions } = await import("../../app/actions/action-commands.ts");
  const { language, signal } = frame;
  const found = await listActions(compose(), frame.environment({}, { strict: false }), { signal });
  const { actions, nowMs, failure } = found;
  const states = actions.map((action) => actionState(action, nowMs));
  const value = {
    ok: states.every((state) => state === "closed"),
    actions: actions.map((action) => actionJson(action, actionState(action, nowMs))),
  };
  frame.result(value, () => renderList(found, actionState, all, frame));
  if (failure !== undefined) {
    frame.note(actionText[language].notRecorded(errorText(failure, language).message));
  }
  if (states.includes("overdue")) {
    frame.conclude({ kind: "problems" });
  } else if (!value.ok || failure !== undefined) {
    frame.conclude({ kind: "warnings" });
  }
}

async function told(
  frame: Frame,
  action: CorrectiveAction,
  render: (action: CorrectiveAction, due: string) => string,
): Promise<void> {
  const { actionState } = await import("../../app/actions/action-commands.ts");
  const { reportZone } = await import("../../app/report-zone.ts");
  const value = actionJson(action, actionState(action, Date.now()));
  const due = dateIn(reportZone(frame.environment()), action.dueAtMs);
  frame.result({ action: value }, () => render(action, due));
}

async function open(title: string, options: OpenOptions, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { openAction } = await import("../../app/actions/action-commands.ts");
  const { owner, due, by, why = "" } = options;
  const { signal } = frame;
  const asked = { title, owner, due, by, why, signal };
  const action = await openAction(compose(), frame.environment(), asked);
  const text = actionText[frame.language];
  await told(frame, action, (one, until) => text.opened(shortId(one), until, one.owner));
}

async function assign(typed: string, options: AssignOptions, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { assignAction } = await import("../../app/actions/action-commands.ts");
  const { owner, due, by, why = "" } = options;
  const { signal } = frame;
  const asked = { typed, owner, due, by, why, signal };
  const action = await assignAction(compose(), frame.environment(), asked);
  const text = actionText[frame.language];
  await told(frame, action, (one, until) =>
    text.assigned(shortId(one), one.owner === "" ? text.nobody : one.owner, until),
  );
}

async function close(typed: string, { by, why }: CloseOptions, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { closeAction } = await import("../../app/actions/action-commands.ts");
  const { signal } = frame;
  const action = await closeAction(compose(), frame.environment(), { typed, by, why, signal });
  await told(frame, action, (one) =>
    actionText[frame.language].closed(shortId(one), one.closed?.by ?? by),
  );
}

/** Registers the group. */
export function registerAction(program: Command, frame: Frame): void {
  const { language } = frame;
  const text = actionText[language];
  const by = (): Option => new Option("--by <name>", text.optionBy).makeOptionMandatory();
  const group = defineGroup(program, language, "action", text.groupSummary);
  defineCommand(group, language, "list", text.list)
    .addOption(new Option("--all", text.optionAll))
    .action((options: ListOptions) => list(options, frame));
  defineCommand(group, language, "open", text.open)
    .argument("<title>", text.argumentTitle)
    .addOption(new Option("--owner <name>", text.optionOwner).makeOptionMandatory())
    .addOption(new Option("--due <day>", text.optionDue))
    .addOption(by())
    .addOption(new Option("--why <text>", text.optionWhy))
    .action((title: string, options: OpenOptions) => open(title, options, frame));
  defineCommand(group, language, "assign", text.assign)
    .argument("<id>", text.argumentId)
    .addOption(new Option("--owner <name>", text.optionOwner))
    .addOption(new Option("--due <day>", text.optionDue))
    .addOption(by())
    .addOption(new Option("--why <text>", text.optionWhy))
    .action((id: string, options: AssignOptions) => assign(id, options, frame));
  defineCommand(group, language, "close", text.close)
    .argument("<id>", text.argumentId)
    .addOption(by())
    .addOption(new Option("--why <text>", text.optionWhyClosed).makeOptionMandatory())
    .action((id: string, options: CloseOptions) => close(id, options, frame));
}
