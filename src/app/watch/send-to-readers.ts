/**
 * A message to those who read mail and Slack: on the routes that the daily digest takes, through the outbox, so that a relay that is down gets it
 * later, once; a first attempt is made at once.
 */
import type { Language } from "../../core/language.ts";
import type { MessageContent, Route } from "../../watch/compose-messages.ts";
import { digestRoutes } from "../../watch/daily-digest.ts";
import { passTime } from "../../watch/moment.ts";
import type { MessageKind } from "../../watch/notifier.ts";
import { withMessage } from "../../watch/queue-message.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { deliverDue } from "./deliver.ts";
import { type WatchOptions, openWatch } from "./watch-setup.ts";

/** What became of it on one route so far. `waiting`: it is tried again. */
export type SentMessage = {
  readonly route: string;
  readonly state: "accepted" | "refused" | "waiting";
  readonly said: string;
};

/** What each route is told. */
export type ContentFor = (route: Route) => MessageContent;

/** Queues it and tries once. Empty: nobody reads mail or Slack here. @throws DrError `STORE_*` of the state directory, `WATCH_MEMORY_BUSY`; what `compose` throws. */
export async function sendToReaders(
  adapters: Adapters,
  environment: Environment,
  options: WatchOptions & {
    readonly kind: MessageKind;
    /** Asked once, when somebody reads. */
    readonly compose: (languages: ReadonlySet<Language>) => Promise<ContentFor>;
  },
): Promise<readonly SentMessage[]> {
  const { kind, compose, ...watching } = options;
  const { memory, setup, moment } = await openWatch(adapters, environment, watching);
  const routes = digestRoutes(setup.routes);
  if (routes.length === 0) {
    return [];
  }
  const contentFor = await compose(new Set(routes.map(({ language }) => language)));
  await memory.update((found) => {
    const time = passTime(found.alerts.time, moment());
    const document = { ...found, alerts: { ...found.alerts, time } };
    return { document: withMessage(document, { routes, contentFor }, setup), result: undefined };
  }, watching);
  const { settled } = await deliverDue(adapters, environment, { ...watching, lifeMs: 0 });
  const { outbox } = await memory.read(watching);
  return routes.map(({ id: route }): SentMessage => {
    const waits = outbox.waiting.find((one) => one.route === route && one.message.kind === kind);
    const last = settled.findLast((one) => one.route === route && one.kind === kind);
    return waits !== undefined || last === undefined
      ? { route, state: "waiting", said: waits?.said ?? "" }
      : { route, state: last.state, said: last.said };
  });
}
