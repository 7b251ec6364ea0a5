/**
 * One round of watching without a daemon, as `pra status` makes it: look, take what was seen into account, and let another process hand over
 * what there is to tell. A look that did not get every answer in its two seconds decides nothing: on a machine that is merely busy it would
 * wake people for nothing, so the other process looks again with patience, and that look counts.
 */
import { type DrError, isDrError } from "../../core/errors.ts";
import { type Finding, failed, found } from "../../core/finding/finding.ts";
import { lookPatientTimeoutMs } from "../../core/look-limits.ts";
import { signEveryUnderCronMs } from "../../core/watch-limits.ts";
import { readMoment } from "../../watch/moment.ts";
import { pingDeadMan } from "../channels/ping-dead-man.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { observationsOf } from "../look/observations.ts";
import { type Look, isLate, runLook } from "../look/run-look.ts";
import { listAlerts } from "./alert-commands.ts";
import { type DeliveryReport, deliverDue, startDelivery } from "./deliver.ts";
import { isSignDue, leaveSign } from "./leave-sign.ts";
import { type LookRecord, recordLook } from "./record-look.ts";
import type { WatchOptions } from "./watch-setup.ts";

function isDeadManSet(environment: Environment): boolean {
  return environment.settings.has("PRA_DEAD_MAN_URL");
}

/** What remembering itself has met: a configuration that cannot be used, a memory that could not be read. */
function findingsOf({ problems, damaged }: LookRecord): readonly Finding[] {
  return [
    ...problems.map((problem) => failed("channels", problem)),
    ...(damaged === undefined
      ? []
      : [found("channels", "note", "memory-renewed", { path: damaged })]),
  ];
}

/** A look, and how alerts stand after it. */
export type Watched = Look & {
  /** Undefined: the look decided nothing, or alerts cannot be remembered. */
  readonly alerts: Pick<LookRecord, "open" | "waiting"> | undefined;
};

/** Values that do not fit, and are not used until they do. */
function passedOverIn({ passedOver }: Environment): readonly Finding[] {
  return passedOver.map((error) => failed("settings", error));
}

function withFindings(watched: Watched, more: readonly Finding[]): Watched {
  const ok = watched.ok && more.every(({ state }) => state !== "bad");
  return { ...watched, ok, findings: [...watched.findings, ...more] };
}

/**
 * Looks, and lets what follows happen beside this process, which it does not wait for. That alerts cannot be remembered anywhere is a
 * finding of its own. @throws the signal's reason when aborted.
 */
export async function watchOnce(
  adapters: Adapters,
  environment: Environment,
  options: WatchOptions,
): Promise<Watched> {
  const begun = readMoment(adapters.clock);
  const look = await runLook(adapters, environment, options);
  const own = passedOverIn(environment);
  const report: Watched = withFindings({ ...look, alerts: undefined }, own);
  if (isLate(look)) {
    startDelivery(environment, { look: true, sign: true });
    return report;
  }
  try {
    const observations = observationsOf(look.findings);
    const record = await recordLook(adapters, environment, observations, { ...options, begun });
    const sign = await isSignDue(adapters, environment, {
      ...options,
      everyMs: signEveryUnderCronMs,
    });
    if (record.due || sign || isDeadManSet(environment)) {
      startDelivery(environment, { sign });
    }
    return withFindings({ ...look, alerts: record }, [...own, ...findingsOf(record)]);
  } catch (error) {
    if (!isDrError(error)) {
      throw error;
    }
    return withFindings(report, [failed("channels", error)]);
  }
}

/** What came of handing over: also why the dead-man's switch could not be told. */
export type HandOver = DeliveryReport & { readonly deadManFailure: DrError | undefined };

async function tellDeadMan(
  adapters: Adapters,
  environment: Environment,
  options: WatchOptions & { readonly ok: boolean },
): Promise<DrError | undefined> {
  const { ok, signal } = options;
  const text = ok ? "no critical alert is open" : "a critical alert is open";
  try {
    await pingDeadMan(adapters, environment, { ok, text, signal });
    return undefined;
  } catch (error) {
    if (isDrError(error)) {
      return error;
    }
    throw error;
  }
}

/**
 * The other process: with `look` it looks again first, patiently. Then it tells the dead-man's switch that this host watches, with `sign` also
 * whoever watches it elsewhere, hands over what is due, and with `sign` makes the day's digest when its hour has come. @throws DrError as `recordLook` and `deliverDue`.
 */
export async function handOver(
  adapters: Adapters,
  environment: Environment,
  options: WatchOptions & { readonly look: boolean; readonly sign: boolean },
): Promise<HandOver> {
  const { look, sign, ...watching } = options;
  const begun = readMoment(adapters.clock);
  if (look) {
    const limitMs = lookPatientTimeoutMs;
    const { findings } = await runLook(adapters, environment, { ...watching, limitMs });
    await recordLook(adapters, environment, observationsOf(findings), { ...watching, begun });
  }
  const { open } = await listAlerts(adapters, environment, watching);
  const ok = open.every(({ track }) => track.severity !== "critical");
  const deadManFailure = await tellDeadMan(adapters, environment, { ...watching, ok });
  if (sign) {
    // That it cannot be left is what the other watcher sees.
    await leaveSign(adapters, environment, { ...watching, everyMs: signEveryUnderCronMs });
  }
  const report = await deliverDue(adapters, environment, watching);
  // Last, because it takes its time; and only the first watcher's, who alone leaves signs.
  const { queueDigest } = await import("../digest/send-digest.ts");
  const queued = sign && (await queueDigest(adapters, environment, watching));
  const more = queued ? await deliverDue(adapters, environment, watching) : report;
  return { ...more, settled: [...report.settled, ...(queued ? more.settled : [])], deadManFailure };
}
