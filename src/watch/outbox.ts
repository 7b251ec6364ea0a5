/**
 * What waits to be handed to channels, as it lies on disk, and the pure steps of delivery. Each route has its own order: a message is
 * tried when all before it on the same route are settled. A message leaves only with its outcome: accepted, or refused, which is kept
 * and told elsewhere. So a message can be sent twice only when the process died, or the answer was lost, between the channel's
 * acceptance and its record, and then under the same id.
 *
 *     waiting ──accepted──▶ history        waiting ──later──▶ waiting, after a pause        waiting ──refused──▶ history
 */
import * as z from "zod/mini";
import {
  deliveryRetryMs,
  deliveryRetryMsMax,
  outboxHistoryMax,
  watchTextMax,
} from "../core/watch-limits.ts";
import { cutText } from "../core/cut-text.ts";
import type { Random } from "../core/random.ts";
import { type DeliveryOutcome, type OutgoingMessage, channelNames } from "./notifier.ts";

const text = z.string().check(z.maxLength(watchTextMax));
const severity = z.enum(["critical", "warning", "info"]);

/** One alert of a message. */
export const messageAlertSchema = z.object({
  alertId: text,
  rule: text,
  subject: text,
  severity,
  summary: text,
  consequence: text,
  nextStep: text,
  openedAt: text,
  resolved: z.nullable(z.object({ at: text, lastedSeconds: z.number() })),
});

/** A file that goes with it, by its place and hash. */
const attachmentSchema = z.object({ name: text, type: text, path: text, sha256: text });

const messageSchema = z.object({
  id: text,
  inReplyTo: z.nullable(text),
  kind: z.enum([
    "opened",
    "raised",
    "reminder",
    "acknowledged",
    "resolved",
    "digest",
    "daily",
    "report",
    "anchor",
    "test",
  ]),
  severity,
  language: z.enum(["en", "fr"]),
  /** Messages of before have none. */
  zone: z._default(text, "UTC"),
  cluster: text,
  host: text,
  at: text,
  headline: text,
  alerts: z.array(messageAlertSchema),
  alertsLeftOut: z.number(),
  sections: z.optional(
    z.array(z.object({ title: text, lines: z.array(text), verbatim: z.optional(z.boolean()) })),
  ),
  attachment: z.optional(attachmentSchema),
});

/** A message that waits. */
export const waitingSchema = z.object({
  route: text,
  channel: z.enum(channelNames),
  recipient: text,
  message: messageSchema,
  queuedMs: z.number(),
  attempts: z.int(),
  /** Not before, on the watch's time. */
  dueMs: z.number(),
  /** What the other side answered last. */
  said: text,
});

/** One that is settled. */
export const settledSchema = z.object({
  id: text,
  route: text,
  channel: z.enum(channelNames),
  kind: text,
  headline: text,
  at: text,
  settledAt: text,
  attempts: z.int(),
  state: z.enum(["accepted", "refused"]),
  said: text,
});

/** How a route does. */
export const routeStateSchema = z.object({
  /** When messages were queued during the last hour. */
  recent: z.array(z.number()),
  /** Alerts to be summed up, each as it was last. */
  held: z.array(z.object({ alert: messageAlertSchema, told: z.boolean() })),
  heldLeftOut: z.number(),
  digestMs: z.nullable(z.number()),
  /** Why the channel does not take messages; null: it takes them, or was never tried. */
  fault: z.nullable(z.object({ said: text, sinceMs: z.number() })),
});

/** As stored. */
export type StoredMessage = z.infer<typeof messageSchema>;
/** As stored. */
export type StoredAttachment = z.infer<typeof attachmentSchema>;
/** As stored. */
export type StoredAlert = z.infer<typeof messageAlertSchema>;
/** As stored. */
export type Waiting = z.infer<typeof waitingSchema>;
/** As stored. */
export type Settled = z.infer<typeof settledSchema>;
/** As stored. */
export type RouteState = z.infer<typeof routeStateSchema>;

/** The outbox of one watcher. */
export type Outbox = {
  readonly waiting: readonly Waiting[];
  readonly history: readonly Settled[];
  readonly routes: Readonly<Record<string, RouteState>>;
};

/** A route that has seen nothing yet. */
export const emptyRouteState: RouteState = {
  recent: [],
  held: [],
  heldLeftOut: 0,
  digestMs: null,
  fault: null,
};

/** The message as channels get it, without the file that goes with it. */
export function outgoing({ message: { attachment: _file, ...message } }: Waiting): OutgoingMessage {
  return {
    ...message,
    inReplyTo: message.inReplyTo ?? undefined,
    alerts: message.alerts.map((alert) => ({ ...alert, resolved: alert.resolved ?? undefined })),
    code: undefined,
  };
}

/** The first of each route. */
export function headsOf(outbox: Outbox): readonly Waiting[] {
  const seen = new Set<string>();
  return outbox.waiting.filter(({ route }) => {
    const isFirst = !seen.has(route);
    seen.add(route);
    return isFirst;
  });
}

/** The first of each route, where it may be tried now. */
export function dueAt(outbox: Outbox, nowMs: number): readonly Waiting[] {
  return headsOf(outbox).filter(({ dueMs }) => dueMs <= nowMs);
}

/** When the next attempt is due, on the watch's time; undefined when nothing waits. */
export function nextDueMs(outbox: Outbox): number | undefined {
  const times = headsOf(outbox).map(({ dueMs }) => dueMs);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** The pause after so many attempts: doubled each time, half of it by chance, so that hosts do not come back together. */
export function retryPauseMs(attempts: number, random: Random): number {
  const full = Math.min(deliveryRetryMsMax, deliveryRetryMs * 2 ** Math.min(attempts - 1, 20));
  return full / 2 + (full / 2) * random.fraction();
}

/** Takes an outcome into account; a message that is not there any more was settled by another process. */
export function settle(
  outbox: Outbox,
  attempt: { readonly id: string; readonly route: string; readonly outcome: DeliveryOutcome },
  at: { readonly watchMs: number; readonly wallMs: number; readonly random: Random },
): { readonly outbox: Outbox; readonly settled: Settled | undefined } {
  const { id, route, outcome } = attempt;
  const index = outbox.waiting.findIndex((each) => each.message.id === id && each.route === route);
  const entry = outbox.waiting[index];
  if (entry === undefined) {
    return { outbox, settled: undefined };
  }
  const said = cutText(outcome.said, watchTextMax);
  const attempts = entry.attempts + 1;
  const known = outbox.routes[route] ?? emptyRouteState;
  if (outcome.state === "later") {
    const pauseMs = Math.max(retryPauseMs(attempts, at.random), outcome.afterMs ?? 0);
    const waiting = outbox.waiting.with(index, {
      ...entry,
      attempts,
      said,
      dueMs: at.watchMs + pauseMs,
    });
    return { outbox: { ...outbox, waiting }, settled: undefined };
  }
  const { message, channel } = entry;
  const settled: Settled = {
    id,
    route,
    channel,
    kind: message.kind,
    headline: message.headline,
    at: message.at,
    settledAt: new Date(at.wallMs).toISOString(),
    attempts,
    state: outcome.state,
    said,
  };
  const fault =
    outcome.state === "accepted" ? null : (known.fault ?? { said, sinceMs: at.watchMs });
  return {
    outbox: {
      waiting: outbox.waiting.toSpliced(index, 1),
      history: [...outbox.history, settled].slice(-outboxHistoryMax),
      routes: { ...outbox.routes, [route]: { ...known, fault } },
    },
    settled,
  };
}
