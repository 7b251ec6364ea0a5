/**
 * Keeping something alive that ends unless it is renewed: a lease, a pin. One task renews, another watches the clock, because
 * a renewal may hang; both end together. It must never let its owner believe in something whose time is
 * over: the time counts from before a renewal was sent, not from when its answer came.
 */
import type { Clock } from "../core/clock.ts";
import { isDrError } from "../core/errors.ts";
import { leaseRetryDelayMs } from "../core/limits.ts";
import { renewalIntervalMs } from "./lease-rules.ts";

/** What is kept alive. */
export type RenewalSubject = {
  readonly clock: Clock;
  readonly ttlSeconds: number;
  /** The monotonic clock before the first object was sent. */
  readonly beganMs: number;
  /** Writes one renewal. A `DrError` is tried again until the time is over. */
  readonly renew: (signal: AbortSignal) => Promise<void>;
  /** Called when the time is over or `renew` failed for good. */
  readonly lose: (reason: string) => void;
  /** Ends the task when it fires. */
  readonly lost: AbortSignal;
};

/** The two tasks. `start` once; `stop` waits until both have ended. */
export class RenewalTask {
  readonly #subject: RenewalSubject;
  readonly #ended = new AbortController();
  #deadlineMs: number;
  #tasks: Promise<unknown> = Promise.resolve();

  constructor(subject: RenewalSubject) {
    this.#subject = subject;
    this.#deadlineMs = subject.beganMs + subject.ttlSeconds * 1000;
  }

  /** Renews until `signal` fires, the subject is lost, or `stop`. */
  start(signal: AbortSignal): void {
    const until = AbortSignal.any([signal, this.#ended.signal, this.#subject.lost]);
    this.#tasks = Promise.all([this.#renewUntil(until), this.#watchUntil(until)]);
  }

  /** No renewal begins after this, and none is under way. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#tasks;
  }

  /** A renewal that was sent at this instant has been written. */
  renewed(sentMs: number): void {
    this.#deadlineMs = Math.max(this.#deadlineMs, sentMs + this.#subject.ttlSeconds * 1000);
  }

  /** Loses the subject if its time is over. */
  checkDeadline(): void {
    const { clock, ttlSeconds } = this.#subject;
    if (clock.monotonic() >= this.#deadlineMs) {
      this.#subject.lose(`no renewal could be written for ${ttlSeconds} s`);
    }
  }

  async #renewUntil(until: AbortSignal): Promise<void> {
    const intervalMs = renewalIntervalMs(this.#subject.ttlSeconds);
    let waitMs = intervalMs;
    while (await this.#sleeps(waitMs, until)) {
      try {
        await this.#subject.renew(until);
        waitMs = intervalMs;
      } catch (error) {
        if (!isDrError(error) && !until.aborted) {
          this.#subject.lose(`renewing failed: ${String(error)}`);
        }
        waitMs = Math.min(leaseRetryDelayMs, intervalMs / 4);
      }
    }
  }

  async #watchUntil(until: AbortSignal): Promise<void> {
    const { clock } = this.#subject;
    while (await this.#sleeps(Math.max(1, this.#deadlineMs - clock.monotonic()), until)) {
      this.checkDeadline();
    }
  }

  /** True after the wait, false when it is over for good. */
  async #sleeps(waitMs: number, until: AbortSignal): Promise<boolean> {
    try {
      await this.#subject.clock.sleep(waitMs, { signal: until });
      return !until.aborted;
    } catch (error) {
      if (until.aborted) {
        return false;
      }
      throw error;
    }
  }
}
