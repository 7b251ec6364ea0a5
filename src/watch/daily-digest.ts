/**
 * When the day's digest is due, and its way into the outbox. Pure. What was queued last stands in the watch's memory, beside the messages
 * themselves, so that whoever watches (looks by cron, a daemon, both) queues each day's once and loses none. A digest that was due while nobody
 * watched goes out late and covers what was left out; a clock that was set back sends none twice.
 */
import { digestDaysMax, digestLateMs } from "../core/watch-limits.ts";
import type { Audience, MessageContent, Route } from "./compose-messages.ts";
import type { ChannelName } from "./notifier.ts";
import { withMessage } from "./queue-message.ts";
import type { WatchDocument } from "./watch-document.ts";

/** Ways on which a page can be read; nobody is woken by a digest. */
const CHANNELS: ReadonlySet<ChannelName> = new Set(["email", "slack"]);

/** What was queued last. */
export type DigestMark = NonNullable<WatchDocument["digest"]>;

/** A digest that is to be made now. */
export type DueDigest = {
  readonly dueMs: number;
  readonly fromMs: number;
  /** It leaves so long after it was due; 0: in time. */
  readonly lateMs: number;
};

const DAY_MS = 86_400_000;

/** Those routes that get one. */
export function digestRoutes(routes: readonly Route[]): readonly Route[] {
  return routes.filter(({ channel }) => CHANNELS.has(channel));
}

/**
 * What is to be done now. `lastDueMs`: the newest instant of the daily hour, at or before now. The first one is due at the next hour after the
 * digests began, and tells of the day before it.
 */
export function judgeDigest(
  mark: DigestMark | undefined,
  now: { readonly nowMs: number; readonly lastDueMs: number },
): { readonly kind: "begin" | "wait" } | { readonly kind: "due"; readonly digest: DueDigest } {
  const { nowMs, lastDueMs } = now;
  // One that was due in the future was queued under a clock that has been set back since: it begins anew.
  if (mark === undefined || mark.dueMs > nowMs + DAY_MS) {
    return { kind: "begin" };
  }
  if (mark.dueMs >= lastDueMs) {
    return { kind: "wait" };
  }
  const agoMs = nowMs - lastDueMs;
  const fromMs = Math.max(nowMs - digestDaysMax * DAY_MS, Math.min(mark.toMs, nowMs - DAY_MS));
  const lateMs = agoMs > digestLateMs ? agoMs : 0;
  return { kind: "due", digest: { dueMs: lastDueMs, fromMs, lateMs } };
}

/** Queues it on each route that gets one and is not full. */
export function withDigest(
  document: WatchDocument,
  digest: {
    readonly mark: DigestMark;
    readonly contentFor: (route: Route) => MessageContent;
  },
  audience: Omit<Audience, "now">,
): WatchDocument {
  if (document.alerts.time === null) {
    return document;
  }
  const { contentFor, mark } = digest;
  const message = { routes: digestRoutes(audience.routes), contentFor };
  return { ...withMessage(document, message, audience), digest: mark };
}
