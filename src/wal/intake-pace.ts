/**
 * When received WAL is stored. While a commit waits for it (synchronous replication): at once, each time the socket delivers. While
 * none does: WAL gathers, because a sync a commit, and a wake-up a commit, are taken from the very processor and disk that
 * production works on. Then the socket rests for an instant after each storing, and what has come meanwhile is stored as one.
 *
 * States: `resting` (the socket is held) → `gathering` (what comes within a moment belongs together) → `open` (the next WAL is stored
 * at once, so a lone commit is durable without delay) → `resting`. Whoever lags behind the server does not rest, for a held socket
 * would make it lag more: WAL gathers until it is a frame's worth, or has waited as long as a rest.
 *
 * Measured with eight clients of pgbench on two cores: a sync and a wake-up each time the socket delivers cost 15 % of the commits, this a few.
 */
import type { Clock } from "../core/clock.ts";
import { walFrameBytes } from "../core/limits.ts";
import { walGatherMs, walRestMs } from "../core/wal-limits.ts";

/** What an instant's decision depends on. */
export type IntakeState = {
  readonly pendingBytes: number;
  /** The server asked for an answer. */
  readonly replyDue: boolean;
  /** Everything the server had when it sent the newest message has come. */
  readonly caughtUp: boolean;
};

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

  /** How long what is pending may wait for more, in milliseconds; undefined: it is to be stored now. */
  gatherMs({ pendingBytes, replyDue, caughtUp }: IntakeState): number | undefined {
    if (replyDue || pendingBytes >= walFrameBytes || this.#isWaitedFor()) {
      return undefined;
    }
    const untilMs = caughtUp ? this.#gatherUntilMs : this.#storedAtMs + walRestMs;
    const leftMs = untilMs - this.#clock.monotonic();
    return leftMs > 0 ? leftMs : undefined;
  }

  /** To be called after storing. */
  stored(): void {
    this.#storedAtMs = this.#clock.monotonic();
  }

  /** To be called after storing: when the socket is to be read again. Undefined: now. */
  rest({ caughtUp }: Pick<IntakeState, "caughtUp">): Promise<void> | undefined {
    if (!caughtUp || this.#isWaitedFor()) {
      return undefined;
    }
    return new Promise((resolve) => {
      setTimeout(() => {
        this.#gatherUntilMs = this.#clock.monotonic() + walGatherMs;
        resolve();
      }, walRestMs);
    });
  }
}
