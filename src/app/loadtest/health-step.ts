/**
 * The application's own address (`APP_HEALTH_URL`) after a restore, as a restore test asks it: the time until it answers is part of the RTO. Where it
 * answers while the server is gone, before anything was restored, it speaks for another server: that is told, and nothing is made of it.
 */
import type { Clock } from "../../core/clock.ts";
import { type HealthAnswer, askHealth, awaitHealth } from "../../restore/application-health.ts";
import type { Environment } from "../environment.ts";
import { maskSetting } from "../setting-values.ts";

/** What is asked, how often, and how it is shown. */
export type HealthWish = {
  readonly url: string;
  readonly shown: string;
  readonly retries: number;
  readonly intervalMs: number;
};

/** What it said. `after`: null where it had answered before. */
export type HealthNote = {
  readonly url: string;
  readonly before: HealthAnswer["kind"];
  readonly after: {
    readonly kind: HealthAnswer["kind"];
    readonly attempts: number;
    readonly durationMs: number;
  } | null;
  /** From the crash until it answered; null: it did not, or had before. */
  readonly answeredMs: number | null;
};

type Call = { readonly clock: Clock; readonly signal: AbortSignal };

/** Undefined where none is configured. */
export function healthWish({ application }: Environment): HealthWish | undefined {
  const { healthUrl: url, healthRetries: retries, healthIntervalMs: intervalMs } = application;
  return url === undefined
    ? undefined
    : { url, shown: maskSetting("APP_HEALTH_URL", url), retries, intervalMs };
}

/** Asks once, beside the beginning of the restore: nobody waits for it. Never rejects. */
export async function askBefore(
  wish: HealthWish | undefined,
  call: Call,
): Promise<HealthAnswer["kind"] | undefined> {
  if (wish === undefined) {
    return undefined;
  }
  const { url, intervalMs: timeoutMs } = wish;
  // Aborted: whoever waits for the restore is told.
  return askHealth(url, { ...call, timeoutMs }).then(
    ({ kind }) => kind,
    () => undefined,
  );
}

/** Asks until it answers. `passedMs`: since the crash. */
export async function askAfter(
  wish: HealthWish,
  before: HealthAnswer["kind"],
  options: Call & { readonly passedMs: () => number },
): Promise<HealthNote> {
  const { url, shown, retries, intervalMs } = wish;
  if (before === "well") {
    return { url: shown, before, after: null, answeredMs: null };
  }
  const { clock, passedMs } = options;
  const beganMs = clock.monotonic();
  const { answer, attempts } = await awaitHealth(url, { ...options, retries, intervalMs });
  const durationMs = Math.round(clock.monotonic() - beganMs);
  const answeredMs = answer.kind === "well" ? Math.round(passedMs()) : null;
  return { url: shown, before, after: { kind: answer.kind, attempts, durationMs }, answeredMs };
}
