/**
 * The day's digest from its hour to the outbox: what is done when neither a look nor a delivery waits for it. It goes out every day where
 * `PRA_DIGEST_AT` says so, and in the first week after a go-live in any case (R23, R24). Queued once for all who watch on this host, and by one of
 * several hosts that watch the same cluster: they settle in the repository whose it is. Handing it over is the outbox's work.
 */
import { createHash } from "node:crypto";
import { firstWeekDay } from "../../core/first-week.ts";
import { digestRoutes, judgeDigest, withDigest } from "../../watch/daily-digest.ts";
import type { Route } from "../../watch/compose-messages.ts";
import { passTime } from "../../watch/moment.ts";
import type { WatchDocument } from "../../watch/watch-document.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { openActionsBeside } from "../actions/open-due.ts";
import { readAgenda, renewAgenda } from "../look/agenda.ts";
import { loadOccurrences, systemZone } from "../schedule/occurrences.ts";
import { claimDay } from "../watch/leave-sign.ts";
import { type OpenWatch, type WatchOptions, openWatch } from "../watch/watch-setup.ts";

const USUAL_HOUR = "08:00";

/** When digests go out, by this machine's clock. */
export function digestHour({ settings }: Environment): string {
  return settings.get("PRA_DIGEST_AT")?.value ?? USUAL_HOUR;
}

/** Whom they reach; empty: nobody. @throws DrError `STORE_IO`. */
export async function reachedByDigests(
  adapters: Adapters,
  environment: Environment,
  options: WatchOptions,
): Promise<readonly string[]> {
  const { setup } = await openWatch(adapters, environment, options);
  return digestRoutes(setup.routes).map(({ id }) => id);
}

/** The newest time that this machine's clock showed the hour. */
async function lastDueMs(environment: Environment, nowMs: number): Promise<number> {
  const [hour = "", minute = ""] = digestHour(environment).split(":");
  const occurrences = (await loadOccurrences())(
    `${Number(minute)} ${Number(hour)} * * *`,
    systemZone(),
  );
  return occurrences.lastAtOrBefore(nowMs) ?? nowMs;
}

/** The day by the calendar of this machine's zone: the hosts of one cluster may be in several. */
function dayOf(dueMs: number): string {
  return new Intl.DateTimeFormat("sv", { timeZone: systemZone() }).format(dueMs);
}

/** How a way to readers is called among hosts; who is behind it stays here. */
function claimNameOf({ id }: Route): string {
  return createHash("sha256").update(id).digest("hex").slice(0, 16);
}

/** Whether a digest goes out at all these days. */
async function isOn(
  environment: Environment,
  watch: OpenWatch,
  options: WatchOptions,
): Promise<boolean> {
  if (digestRoutes(watch.setup.routes).length === 0) {
    return false;
  }
  const live = (await readAgenda(environment, options))?.live;
  const isFirstWeek = firstWeekDay(live?.atMs, watch.moment().wallMs) !== undefined;
  return isFirstWeek || environment.settings.has("PRA_DIGEST_AT");
}

/** Notes from when on digests are due, or that none is any more. */
async function begin(
  watch: OpenWatch,
  mark: WatchDocument["digest"],
  { signal }: WatchOptions,
): Promise<void> {
  await watch.memory.update(
    (document) => ({ document: { ...document, digest: mark }, result: undefined }),
    { signal },
  );
}

/**
 * Queues what is due; true when a message waits now. @throws DrError `STORE_*` of the state directory, `WATCH_MEMORY_BUSY`; the signal's reason when aborted.
 */
export async function queueDigest(
  adapters: Adapters,
  environment: Environment,
  options: WatchOptions,
): Promise<boolean> {
  if (await renewAgenda(adapters, environment, options)) {
    await openActionsBeside(adapters, environment, options);
  }
  const watch = await openWatch(adapters, environment, options);
  const { memory, setup, moment } = watch;
  const { digest: mark } = await memory.read(options);
  if (!(await isOn(environment, watch, options))) {
    if (mark !== undefined) {
      await begin(watch, undefined, options);
    }
    return false;
  }
  const nowMs = moment().wallMs;
  const dueMs = await lastDueMs(environment, nowMs);
  const judged = judgeDigest(mark, { nowMs, lastDueMs: dueMs });
  if (judged.kind !== "due") {
    if (judged.kind === "begin") {
      await begin(watch, { dueMs, toMs: nowMs }, options);
    }
    return false;
  }
  const { gatherDigest } = await import("./digest-facts.ts");
  const { digestContent } = await import("./digest-message.ts");
  const { digest } = judged;
  const facts = await gatherDigest(adapters, environment, { ...options, digest, nowMs });
  const routes = digestRoutes(setup.routes);
  // Last, so that next to nothing can happen between the claim and what it is for.
  const claimed = await claimDay(adapters, environment, {
    ...options,
    day: dayOf(dueMs),
    routes: routes.map(claimNameOf),
  });
  const own = routes.filter((route) => claimed.has(claimNameOf(route)));
  return await memory.update((found) => {
    // Somebody else may have queued it meanwhile.
    if (judgeDigest(found.digest, { nowMs, lastDueMs: dueMs }).kind !== "due") {
      return { document: undefined, result: false };
    }
    const time = passTime(found.alerts.time, moment());
    const document = { ...found, alerts: { ...found.alerts, time } };
    const queued = withDigest(
      document,
      { mark: { dueMs, toMs: nowMs }, contentFor: (route) => digestContent(facts, route) },
      { ...setup, routes: own },
    );
    return { document: queued, result: own.length > 0 };
  }, options);
}
