/**
 * Handing messages over: each route by itself, its messages in order, one attempt after the other, so that a relay that hangs keeps nobody
 * else waiting. What came of an attempt is recorded before the next message is touched. When a channel begins or ceases to fail, that is
 * judged in the same step, so that the others are told at once.
 */
import type { Clock } from "../core/clock.ts";
import { failpoint } from "../core/failpoint.ts";
import { deliveryAttemptMs, routeGoneMs } from "../core/watch-limits.ts";
import { type Moment, passTime } from "./moment.ts";
import type { DeliveryOutcome, Notifier, OutgoingMessage } from "./notifier.ts";
import { type Settled, type Waiting, dueAt, outgoing, settle } from "./outbox.ts";
import { readAttachment } from "./read-attachment.ts";
import { type WatchSetup, takeLook, withEvents } from "./take-look.ts";
import type { WatchDocument } from "./watch-document.ts";
import type { WatchMemory } from "./watch-memory.ts";

/** What a pass works with. */
export type DeliveryContext = {
  readonly memory: WatchMemory;
  readonly setup: WatchSetup;
  /** By route. */
  readonly notifiers: ReadonlyMap<string, Notifier>;
  readonly moment: () => Moment;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** What a pass did. */
export type Pass = { readonly settled: readonly Settled[]; readonly attempts: number };

/** With the file that goes with it, where the channel takes files. */
async function messageOf(entry: Waiting, signal: AbortSignal): Promise<OutgoingMessage> {
  const message = outgoing(entry);
  const { attachment } = entry.message;
  if (attachment === undefined || entry.channel !== "email") {
    return message;
  }
  const file = await readAttachment(attachment, { signal });
  return file === undefined ? message : { ...message, attachments: [file] };
}

/** One attempt; its own time limit counts as `later`, the caller's abort passes through. */
async function attempt(
  entry: Waiting,
  notifier: Notifier,
  context: DeliveryContext,
): Promise<DeliveryOutcome> {
  const over = new AbortController();
  const late = new AbortController();
  const signal = AbortSignal.any([context.signal, late.signal]);
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => stopped.reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const timer = context.clock.sleep(deliveryAttemptMs, { signal: over.signal }).then(
    () => late.abort(new Error("no answer in time")),
    () => undefined,
  );
  try {
    failpoint("watch.deliver");
    // An adapter that does not heed its signal must not hold the others up.
    const outcome = await Promise.race([
      messageOf(entry, signal).then((message) => notifier.deliver(message, { signal })),
      stopped.promise,
    ]);
    failpoint("watch.accepted");
    return outcome;
  } catch (error) {
    context.signal.throwIfAborted();
    const said = error instanceof Error ? error.message : "failure";
    return { state: "later", said: late.signal.aborted ? said : "failure", afterMs: undefined };
  } finally {
    // A joined signal that has a listener is never collected.
    signal.removeEventListener("abort", stop);
    over.abort();
    await timer;
  }
}

/** Somebody may be editing the configuration: a message outlives its channel for a day. */
function withoutChannel(waitedMs: number): DeliveryOutcome {
  const said = "this channel is not configured any more";
  return waitedMs < routeGoneMs
    ? { state: "later", said, afterMs: undefined }
    : { state: "refused", said };
}

function deliveryEvent(
  settled: Settled,
  { cluster, actor }: WatchSetup,
): WatchDocument["events"][number] {
  const { id, kind, route, headline, at, settledAt, attempts, said, state } = settled;
  const facts = { cluster, message: id, what: kind, route, headline, decidedAt: at };
  return {
    kind: state === "accepted" ? "messageDelivered" : "messageRefused",
    actor,
    data: { ...facts, attempts, at: settledAt, said },
  };
}

/** The document after an outcome. */
function afterOutcome(
  document: WatchDocument,
  entry: Waiting,
  outcome: DeliveryOutcome,
  context: DeliveryContext,
): { readonly document: WatchDocument; readonly settled: Settled | undefined } {
  const { setup, moment } = context;
  const now = moment();
  const time = passTime(document.alerts.time, now);
  const at = { watchMs: time.watchMs, wallMs: now.wallMs, random: setup.random };
  const { route, message } = entry;
  const { outbox, settled } = settle(document.outbox, { id: message.id, route, outcome }, at);
  const { waiting, history, routes } = outbox;
  const changed: WatchDocument = {
    ...document,
    outbox: { waiting: [...waiting], history: [...history], routes: { ...routes } },
  };
  if (settled === undefined) {
    return { document: changed, settled };
  }
  const noted = withEvents(changed, [deliveryEvent(settled, setup)]);
  const wasFailing = (document.outbox.routes[route]?.fault ?? null) !== null;
  const isFailing = (routes[route]?.fault ?? null) !== null;
  return {
    document: wasFailing === isFailing ? noted : takeLook(noted, [], { setup, now }),
    settled,
  };
}

/** Tries what is due on one route until nothing is. */
async function deliverRoute(
  route: string,
  context: DeliveryContext,
): Promise<{ readonly settled: Settled[]; readonly attempts: number }> {
  const { memory, moment, notifiers, signal } = context;
  const settled: Settled[] = [];
  for (let attempts = 0; ; attempts += 1) {
    signal.throwIfAborted();
    const document = await memory.read({ signal });
    const { watchMs } = passTime(document.alerts.time, moment());
    const entry = dueAt(document.outbox, watchMs).find((each) => each.route === route);
    if (entry === undefined) {
      return { settled, attempts };
    }
    const notifier = notifiers.get(route);
    const outcome =
      notifier === undefined
        ? withoutChannel(watchMs - entry.queuedMs)
        : await attempt(entry, notifier, context);
    const done = await memory.update(
      (current) => {
        const { document: next, settled: result } = afterOutcome(current, entry, outcome, context);
        return { document: next, result };
      },
      { signal },
    );
    if (done !== undefined) {
      settled.push(done);
    }
  }
}

/** Tries everything that is due now, all routes side by side. Aborted: what is on its way is unknown, and tried again under the same id. */
export async function deliverPass(context: DeliveryContext): Promise<Pass> {
  const { memory, moment, signal } = context;
  const document = await memory.read({ signal });
  const { watchMs } = passTime(document.alerts.time, moment());
  const routes = dueAt(document.outbox, watchMs).map(({ route }) => route);
  const results = await Promise.allSettled(routes.map((route) => deliverRoute(route, context)));
  const failure = results.find((result) => result.status === "rejected");
  if (failure !== undefined) {
    throw failure.reason as Error;
  }
  const done = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  return {
    settled: done.flatMap(({ settled }) => settled),
    attempts: done.reduce((sum, { attempts }) => sum + attempts, 0),
  };
}
