/**
 * Leaving a sign of life in the repository, for a watcher elsewhere (`pra watch --from-repository`): that this host looks, which alerts are open
 * here, what is kept quiet, and whether what is told gets out. So the other one tells what this one cannot, and nothing twice. When the last was
 * left lies on this host, so that looks by cron and a daemon keep the measure together. It never fails for the repository's sake: that it cannot be
 * written is what the other watcher sees.
 */
import * as z from "zod/mini";
import { cutText } from "../../core/cut-text.ts";
import { DrError, isDrError } from "../../core/errors.ts";
import { failpoint, failpointAsync } from "../../core/failpoint.ts";
import {
  signEveryUnderCronMs,
  signPutMs,
  signQuietsMax,
  signRulesMax,
  signTextMax,
} from "../../core/watch-limits.ts";
import { clusterNameOf } from "../../repository/object-names.ts";
import {
  type SaidInSign,
  type WatchSign,
  claimDigests,
  putSign,
} from "../../repository/watch-signs.ts";
import { openTracks } from "../../watch/alert-state.ts";
import { passTime } from "../../watch/moment.ts";
import { holds } from "../../watch/policy.ts";
import type { WatchDocument } from "../../watch/watch-document.ts";
import { lastDeadManCall } from "../channels/ping-dead-man.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { LocalNote } from "../look/local-note.ts";
import { openRepository } from "../repository-access.ts";
import { type OpenWatch, type WatchOptions, openWatch } from "./watch-setup.ts";

const schema = z.object({ version: z.literal(1), atMs: z.number() });

/** A look may be some seconds early: a sign that is due then is not put off by a whole look. */
const EARLY_MS = 10_000;

function signNote(environment: Environment): LocalNote<z.infer<typeof schema>> {
  return new LocalNote(environment, "sign", schema);
}

/** Whether it is time. A last one in the future is of another clock. @throws DrError `STORE_IO`. */
export async function isSignDue(
  adapters: Adapters,
  environment: Environment,
  options: { readonly everyMs: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const last = await signNote(environment).read(options);
  const agoMs = adapters.clock.now() - (last?.atMs ?? -Infinity);
  return agoMs < 0 || agoMs >= options.everyMs - EARLY_MS;
}

/** What is kept quiet now. */
function quietsOf(document: WatchDocument, watch: OpenWatch): WatchSign["quiets"] {
  const now = watch.moment();
  const time = passTime(document.alerts.time, now);
  const ends = [
    ...document.quiets
      .filter((quiet) => holds(quiet, time))
      .map(({ rule, untilWallMs }) => ({ rule, untilWallMs })),
    ...watch.setup.planned.flatMap(({ rules, untilWallMs }) =>
      rules.map((rule) => ({ rule, untilWallMs })),
    ),
  ];
  return ends
    .map(({ rule, untilWallMs }) => {
      return { rule, leftSeconds: Math.max(0, (untilWallMs - now.wallMs) / 1000) };
    })
    .slice(0, signQuietsMax);
}

/** The best way counts: what one channel does not take is told by the others. */
function mutedSecondsOf(document: WatchDocument, watch: OpenWatch): number | null {
  const { watchMs } = passTime(document.alerts.time, watch.moment());
  const waits = watch.setup.routes.map(({ id }) => {
    const first = document.outbox.waiting.find(({ route }) => route === id);
    return first === undefined ? 0 : Math.max(0, watchMs - first.queuedMs);
  });
  return waits.length === 0 ? null : Math.min(...waits) / 1000;
}

async function signOf(
  adapters: Adapters,
  environment: Environment,
  options: WatchOptions & { readonly everyMs: number },
): Promise<SaidInSign> {
  const { clock, observer } = adapters;
  const watch = await openWatch(adapters, environment, options);
  const document = await watch.memory.read(options);
  const call = await lastDeadManCall(environment, options);
  const nowMs = clock.now();
  return {
    watcher: document.watcher,
    host: cutText(observer.self.host, signTextMax),
    at: new Date(nowMs).toISOString(),
    everySeconds: options.everyMs / 1000,
    open: [...new Set(openTracks(document.alerts).map(({ rule }) => rule))].slice(0, signRulesMax),
    quiets: quietsOf(document, watch),
    mutedSeconds: mutedSecondsOf(document, watch),
    deadManSeconds: call === undefined ? null : Math.max(0, (nowMs - call.atMs) / 1000),
  };
}

/** @throws what is neither the store's nor its slowness. */
function failureOf(error: unknown, { signal }: { readonly signal: AbortSignal }): DrError {
  if (isDrError(error)) {
    return error;
  }
  if (!signal.aborted) {
    throw error;
  }
  const about = { operation: "put", key: "signs", reason: "TimeoutError" };
  return new DrError("STORE_UNAVAILABLE", about, { cause: error });
}

/**
 * Leaves one when it is time. Its own time limit: a store that hangs holds nothing up. Answers why it could not.
 * @throws DrError `STORE_IO` of the state directory; the signal's reason when aborted.
 */
export async function leaveSign(
  adapters: Adapters,
  environment: Environment,
  options: WatchOptions & { readonly everyMs: number },
): Promise<DrError | undefined> {
  if (!(await isSignDue(adapters, environment, options))) {
    return undefined;
  }
  const sign = await signOf(adapters, environment, options);
  const call = { signal: AbortSignal.any([options.signal, AbortSignal.timeout(signPutMs)]) };
  try {
    const { sealed } = await openRepository(adapters, environment, call);
    await failpointAsync("watch.sign", call);
    await putSign(sealed, clusterNameOf(environment.cluster), sign, call);
  } catch (error) {
    options.signal.throwIfAborted();
    // Another watcher of this cluster has left one at this moment: that is as good.
    if (!isDrError(error, "STORE_CONFLICT")) {
      return failureOf(error, call);
    }
  }
  await signNote(environment).write({ version: 1, atMs: adapters.clock.now() }, options);
  return undefined;
}

/**
 * On which of some ways this host is to send the digest of a day, where several watch the same cluster: a sign of life that claims them. All of
 * them where the repository does not answer, because a digest that comes twice is worth more than none. @throws DrError `STORE_IO` of the state
 * directory; the signal's reason when aborted.
 */
export async function claimDay(
  adapters: Adapters,
  environment: Environment,
  options: WatchOptions & { readonly day: string; readonly routes: readonly string[] },
): Promise<ReadonlySet<string>> {
  const { day, routes, ...watching } = options;
  const everyMs = signEveryUnderCronMs;
  const sign = await signOf(adapters, environment, { ...watching, everyMs });
  const call = { signal: AbortSignal.any([options.signal, AbortSignal.timeout(signPutMs)]) };
  try {
    const { sealed } = await openRepository(adapters, environment, call);
    const cluster = clusterNameOf(environment.cluster);
    const claimed = await claimDigests(sealed, { cluster, day, routes, sign }, call);
    failpoint("watch.digest-claimed");
    return claimed;
  } catch (error) {
    options.signal.throwIfAborted();
    failureOf(error, call);
    return new Set(routes);
  }
}
