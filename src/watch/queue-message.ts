/** A message for people who read, on its way into the outbox: on each route that is not full. Pure. */
import { outboxWaitingMax } from "../core/watch-limits.ts";
import { type Audience, type MessageContent, type Route, waitingFor } from "./compose-messages.ts";
import type { WatchDocument } from "./watch-document.ts";

/** Queues it; a memory that knows no time yet takes none. */
export function withMessage(
  document: WatchDocument,
  message: {
    readonly routes: readonly Route[];
    readonly contentFor: (route: Route) => MessageContent;
  },
  audience: Omit<Audience, "now">,
): WatchDocument {
  const { time } = document.alerts;
  const { waiting } = document.outbox;
  if (time === null) {
    return document;
  }
  const isFull = ({ id }: Route): boolean =>
    waiting.filter(({ route }) => route === id).length >= outboxWaitingMax;
  const more = message.routes
    .filter((route) => !isFull(route))
    .map((route) => waitingFor(route, message.contentFor(route), { ...audience, now: time }));
  return { ...document, outbox: { ...document.outbox, waiting: [...waiting, ...more] } };
}
