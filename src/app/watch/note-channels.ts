/**
 * A channel that took a message which a person sent by hand works again: the alert about it ends now, and what waits for it is tried now
 * instead of after its pause.
 */
import { routeIdOf } from "../../watch/compose-messages.ts";
import { passTime } from "../../watch/moment.ts";
import type { ChannelName } from "../../watch/notifier.ts";
import { emptyRouteState } from "../../watch/outbox.ts";
import { takeLook } from "../../watch/take-look.ts";
import type { WatchDocument } from "../../watch/watch-document.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { type WatchOptions, openWatch } from "./watch-setup.ts";

/** The channels as working, and their messages due. */
function withWorking(
  document: WatchDocument,
  ids: ReadonlySet<string>,
  nowMs: number,
): WatchDocument {
  const { outbox } = document;
  const routes = Object.fromEntries(
    Object.entries(outbox.routes).map(([id, state]) => [
      id,
      ids.has(id) ? { ...emptyRouteState, ...state, fault: null } : state,
    ]),
  );
  const waiting = outbox.waiting.map((entry) =>
    ids.has(entry.route) ? { ...entry, dueMs: Math.min(entry.dueMs, nowMs) } : entry,
  );
  return { ...document, outbox: { ...outbox, routes, waiting } };
}

/** True when something waits to be handed over now. @throws DrError `STORE_*`. */
export async function noteChannelsWork(
  adapters: Adapters,
  environment: Environment,
  channels: readonly { readonly channel: ChannelName; readonly recipient: string }[],
  options: WatchOptions,
): Promise<boolean> {
  const { memory, setup, moment } = await openWatch(adapters, environment, options);
  const ids = new Set(channels.map(routeIdOf));
  return await memory.update((document) => {
    const isFaulty = [...ids].some((id) => (document.outbox.routes[id]?.fault ?? null) !== null);
    const isAwaited = document.outbox.waiting.some(({ route }) => ids.has(route));
    if (!isFaulty && !isAwaited) {
      return { document: undefined, result: false };
    }
    const now = moment();
    const { watchMs } = passTime(document.alerts.time, now);
    const next = takeLook(withWorking(document, ids, watchMs), [], { setup, now });
    return { document: next, result: next.outbox.waiting.length > 0 };
  }, options);
}
