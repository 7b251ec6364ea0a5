/** A server under load that acknowledges nothing for so long is lost to everybody who uses it, whether its processes live or not. */
import type { Clock } from "../core/clock.ts";

const LOOK_EVERY_MS = 250;

/** Resolves when `count` has not moved for so long. Rejects with the signal's reason. */
export async function untilSilent(options: {
  readonly count: () => number;
  readonly silenceMaxMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { count, silenceMaxMs, clock, signal } = options;
  let seen = count();
  let sinceMs = clock.monotonic();
  while (clock.monotonic() - sinceMs < silenceMaxMs) {
    await clock.sleep(LOOK_EVERY_MS, { signal });
    if (count() !== seen) {
      seen = count();
      sinceMs = clock.monotonic();
    }
  }
}
