/**
 * `pra action`: what is to be put right, who does it and by when (R30). The word of a person counts when the ledger has it, and not before. Looking first opens
 * what failed and has no action yet, so that the list is never behind.
 */
import { dateIn } from "../../core/calendar.ts";
import { DrError, isDrError } from "../../core/errors.ts";
import { actionDueMs } from "../../core/ledger-limits.ts";
import type { EventContent } from "../../ledger/event-kinds.ts";
import type { CorrectiveAction } from "../../sla/corrective-actions.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { readClusterFacts, sayInLedger } from "../look/agenda.ts";
import { parseMoment } from "../period.ts";
import { reportZone } from "../report-zone.ts";
import { personLine } from "../watch/person-line.ts";
import { openDueActions } from "./open-due.ts";

type Call = { readonly signal: AbortSignal };

/** How one stands. */
export type ActionState = "untaken" | "open" | "overdue" | "closed";

/** How it stands at an instant. */
export function actionState(
  { closed, dueAtMs, owner }: CorrectiveAction,
  nowMs: number,
): ActionState {
  if (closed !== undefined) {
    return "closed";
  }
  return dueAtMs < nowMs ? "overdue" : owner === "" ? "untaken" : "open";
}

/** All of this cluster's, by the time they were opened. */
export type ActionList = {
  readonly actions: readonly CorrectiveAction[];
  readonly nowMs: number;
  /** By whose clocks days are told. */
  readonly zone: string;
  /** What failed and could not be written into the ledger is not among them. */
  readonly failure: DrError | undefined;
};

/** @throws DrError what the store and the ledger throw when it cannot be read. */
export async function listActions(
  adapters: Adapters,
  environment: Environment,
  { signal }: Call,
): Promise<ActionList> {
  const nowMs = adapters.clock.now();
  const zone = reportZone(environment);
  const of = async (facts: ReturnType<typeof readClusterFacts>): Promise<ActionList["actions"]> =>
    (await facts)?.actions ?? [];
  try {
    const actions = await of(openDueActions(adapters, environment, { signal }));
    return { actions, nowMs, zone, failure: undefined };
  } catch (error) {
    signal.throwIfAborted();
    if (!isDrError(error)) {
      throw error;
    }
    const actions = await of(readClusterFacts(adapters, environment, { signal }));
    return { actions, nowMs, zone, failure: error };
  }
}

/** The day's last instant. @throws DrError `LEDGER_PERIOD`, `WATCH_ACTION_DUE`. */
function dueOf(
  typed: string | undefined,
  nowMs: number,
  otherwise: { readonly atMs: number; readonly zone: string },
): string {
  const { atMs, zone } = otherwise;
  const dueAtMs = typed === undefined ? atMs : parseMoment(typed, { end: true, zone }) - 1;
  if (typed !== undefined && dueAtMs < nowMs) {
    throw new DrError("WATCH_ACTION_DUE", { due: dateIn(zone, dueAtMs) });
  }
  return new Date(dueAtMs).toISOString();
}

function optional(text: string, option: string): string {
  return text === "" ? "" : personLine(text, option);
}

async function say(
  adapters: Adapters,
  environment: Environment,
  said: Call & { readonly event: EventContent; readonly id: string; readonly command: string },
): Promise<CorrectiveAction> {
  const { event, id, command: reason, signal } = said;
  await sayInLedger(adapters, environment, event, { signal, reason });
  const facts = await readClusterFacts(adapters, environment, { signal });
  const action = facts?.actions.find((one) => one.id === id);
  if (action === undefined) {
    throw new DrError("WATCH_ACTION_UNKNOWN", { action: id, matches: 0 });
  }
  return action;
}

async function openOne(
  adapters: Adapters,
  environment: Environment,
  { typed, signal }: Call & { readonly typed: string },
): Promise<CorrectiveAction> {
  const facts = await readClusterFacts(adapters, environment, { signal });
  const start = typed.trim().toLowerCase();
  const matches = (facts?.actions ?? []).filter(
    ({ id }) => /^[0-9a-f]{4,32}$/.test(start) && id.startsWith(start),
  );
  const [action] = matches;
  if (action === undefined || matches.length > 1) {
    const shown = typed.slice(0, 40);
    throw new DrError("WATCH_ACTION_UNKNOWN", { action: shown, matches: matches.length });
  }
  if (action.closed !== undefined) {
    const { atMs, by } = action.closed;
    const at = new Date(atMs).toISOString();
    throw new DrError("WATCH_ACTION_CLOSED", { action: action.id.slice(0, 8), at, by });
  }
  return action;
}

/** What a person opens. */
export type NewAction = {
  readonly title: string;
  readonly owner: string;
  readonly due: string | undefined;
  readonly by: string;
  readonly why: string;
};

/** Opens one. @throws DrError `WATCH_REASON`, `WATCH_ACTION_DUE`, `LEDGER_PERIOD`; what the ledger throws. */
export async function openAction(
  adapters: Adapters,
  environment: Environment,
  { signal, ...asked }: Call & NewAction,
): Promise<CorrectiveAction> {
  const nowMs = adapters.clock.now();
  const zone = reportZone(environment);
  const id = Buffer.from(adapters.random.bytes(16)).toString("hex");
  const data = {
    cluster: environment.cluster,
    action: id,
    control: "other" as const,
    subject: "",
    failedAt: null,
    detail: "",
    title: personLine(asked.title, "TITLE"),
    owner: personLine(asked.owner, "--owner"),
    dueAt: dueOf(asked.due, nowMs, { atMs: nowMs + actionDueMs, zone }),
    by: personLine(asked.by, "--by"),
    why: optional(asked.why, "--why"),
  };
  const event = { kind: "actionOpened" as const, data };
  return await say(adapters, environment, { event, id, command: "pra action open", signal });
}

/**
 * Says who does it and by when; what is not given stays. @throws DrError `WATCH_ACTION_UNKNOWN`, `WATCH_ACTION_CLOSED`, `WATCH_ACTION_DUE`, `LEDGER_PERIOD`,
 * `WATCH_REASON`; what the ledger throws.
 */
export async function assignAction(
  adapters: Adapters,
  environment: Environment,
  asked: Call & {
    readonly typed: string;
    readonly owner: string | undefined;
    readonly due: string | undefined;
    readonly by: string;
    readonly why: string;
  },
): Promise<CorrectiveAction> {
  const { signal } = asked;
  const by = personLine(asked.by, "--by");
  const why = optional(asked.why, "--why");
  const owner = asked.owner === undefined ? undefined : personLine(asked.owner, "--owner");
  const { id, ...known } = await openOne(adapters, environment, asked);
  const zone = reportZone(environment);
  const dueAt = dueOf(asked.due, adapters.clock.now(), { atMs: known.dueAtMs, zone });
  const { cluster } = environment;
  const data = { cluster, action: id, owner: owner ?? known.owner, dueAt, by, why };
  const event = { kind: "actionAssigned" as const, data };
  return await say(adapters, environment, { event, id, command: "pra action assign", signal });
}

/** Closes one. @throws DrError `WATCH_ACTION_UNKNOWN`, `WATCH_ACTION_CLOSED`, `WATCH_REASON`; what the ledger throws. */
export async function closeAction(
  adapters: Adapters,
  environment: Environment,
  asked: Call & { readonly typed: string; readonly by: string; readonly why: string },
): Promise<CorrectiveAction> {
  const { signal } = asked;
  const by = personLine(asked.by, "--by");
  const why = personLine(asked.why, "--why");
  const { id } = await openOne(adapters, environment, asked);
  const data = { cluster: environment.cluster, action: id, by, why };
  const event = { kind: "actionClosed" as const, data };
  return await say(adapters, environment, { event, id, command: "pra action close", signal });
}
