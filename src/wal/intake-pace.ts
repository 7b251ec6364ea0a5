/**
 * When received WAL is stored. While a commit waits for it (synchronous replication): at once, each time the socket delivers. While
 * none does: WAL gathers, because a sync a commit, and a wake-up a commit, are taken from the very processor and disk that
 * production works on. Then the socket rests for an instant after each storing, and what has come meanwhile is stored as one.
 *
 * States: `open` (the next WAL is stored at once, so a lone commit is durable without delay) → `resting` (what comes meanwhile gathers; the
 * socket is held, unless the server has more than it sent: holding it would make us lag) → `gathering` (what comes within a moment after
 * a rest belongs together) → `open`. Whole frames of what gathers are stored as they fill (`wal-intake.ts`).
 *
 * Measured with eight clients of pgbench on two cores: a sync and a wake-up each time the socket delivers cost 15 % of the commits, this a few.
 */
import type { Clock } from "../core/clock.ts";
import { walGatherMs, walRestMs } from "../core/wal-limits.ts";

/** See the file's comment. Pure but for the timer of a rest. */
export class IntakePace {
  readonly #clock: Clock;
  readonly #isWaitedFor: () => boolean;
  #gatherUntilMs = Number.NEGATIVE_INFINITY;
  #storedAtMs = Number.NEGATIVE_INFINITY;

  /** `isWaitedFor`: whether commits of the server wait for a standby; asked each time. */
  constructor(options: { readonly clock: Clock; readonly isWaitedFor: () => boolean }) {
    this.#clock = options.clock;
    this.#isWaitedFor = options.isWaitedFor;
  }

  /** How long what is pending may wait for more, in milliseconds; undefined: it is to be stored now. `replyDue`: the server asked for an answer. */
  gatherMs({ replyDue }: { readonly replyDue: boolean }): number | undefined {
    if (replyDue || this.#isWaitedFor()) {
      return undefined;
    }
    const untilMs = Math.max(this.#gatherUntilMs, this.#storedAtMs + walRestMs);
    const leftMs = untilMs - this.#clock.monotonic();
    return leftMs > 0 ? leftMs : undefined;
  }

  /** To be called after storing. */
  stored(): void {
    this.#storedAtMs = this.#clock.monotonic();
  }

  /** When the socket is to be read again; undefined: now. `caughtUp`: everything the server had when it sent the newest message has come. */
  rest({ caughtUp }: { readonly caughtUp: boolean }): Promise<void> | undefined {
    const leftMs = this.#storedAtMs + walRestMs - this.#clock.monotonic();
    if (!caughtUp || leftMs <= 0 || this.#isWaitedFor()) {
      return undefined;
    }
    return new Promise((resolve) => {
      setTimeout(() => {
        this.#gatherUntilMs = this.#clock.monotonic() + walGatherMs;
        resolve();
      }, leftMs);
    });
  }
}
