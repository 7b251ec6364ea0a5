/**
 * The WAL that a backup needs, taken by the backup itself where no receiver runs. It is opened before the backup starts, with a
 * slot that goes with its connection, so that the server cannot remove a byte of it meanwhile. When the connection
 * breaks the slot is gone and with it the promise: then the capture fails and so does the backup, rather than hoping.
 */
import { DrError } from "../core/errors.ts";
import { type Lsn, addToLsn, formatLsn } from "../core/lsn.ts";
import { segmentStartAt, type TimelineId } from "../core/wal-name.ts";
import { present } from "../core/assert.ts";
import { WalReceiver, type WalReceiverOptions } from "./receiver.ts";

/** As for a receiver; the slot is made here. */
export type CaptureOptions = Omit<WalReceiverOptions, "slot"> & {
  /** A name of its own: `pra_<cluster>_<something random>`. */
  readonly slotName: string;
};

/** WAL that was captured. `wholeSegments`: the segment with the last byte is published; else it lies in parts. */
export type CapturedWal = {
  readonly timeline: TimelineId;
  readonly fromLsn: Lsn;
  readonly toLsn: Lsn;
  readonly wholeSegments: boolean;
};

type Started = { fromLsn: Lsn | undefined; timeline: TimelineId | undefined };

/** A running capture. `await using` ends it, and its slot. */
export class WalCapture implements AsyncDisposable {
  readonly #receiver: WalReceiver;
  readonly #options: CaptureOptions;
  readonly #abort: AbortController;
  readonly #started: Started;

  private constructor(options: CaptureOptions) {
    this.#options = options;
    this.#abort = new AbortController();
    const started: Started = { fromLsn: undefined, timeline: undefined };
    this.#started = started;
    this.#receiver = WalReceiver.start({
      ...options,
      slot: { name: options.slotName, temporary: true, expected: false },
      events: (event) => {
        if (event.kind === "disconnected") {
          this.#abort.abort(event.cause);
        }
        if (event.kind === "streaming" && started.fromLsn === undefined) {
          started.fromLsn = event.fromLsn;
          started.timeline = event.timeline;
        }
        return options.events(event);
      },
      signal: AbortSignal.any([options.signal, this.#abort.signal]),
    });
  }

  /**
   * Resolves when the slot holds WAL and streaming was asked for: only now may the backup start.
   * @throws DrError as `WalReceiver.done`.
   */
  static async open(options: CaptureOptions): Promise<WalCapture> {
    const capture = new WalCapture(options);
    const { clock, signal } = options;
    while (capture.#started.fromLsn === undefined && capture.#receiver.state !== "failed") {
      await clock.sleep(5, { signal });
    }
    if (capture.#receiver.state === "failed") {
      await capture.#receiver.done;
    }
    return capture;
  }

  /** The repository holds everything from the beginning up to here. */
  get durableLsn(): Lsn | undefined {
    return this.#receiver.durableLsn;
  }

  /**
   * Waits until the repository holds all WAL up to `stopLsn`, then for at most `segmentTimeoutMs` until the segment that holds it
   * is whole: the end of a backup switches segments on a primary, not on a standby. Then ends the capture.
   * @throws DrError why the capture failed; what the store throws.
   */
  async finishAt(
    stopLsn: Lsn,
    options: { readonly segmentTimeoutMs: number; readonly signal: AbortSignal },
  ): Promise<CapturedWal> {
    const { signal, segmentTimeoutMs } = options;
    const receiver = this.#receiver;
    await receiver.untilDurable(stopLsn, { signal });
    const timeline = present(this.#started.timeline, "a capture that stored WAL has a timeline");
    const fromLsn = present(this.#started.fromLsn, "a capture that stored WAL began somewhere");
    if (receiver.timeline !== timeline) {
      const [from, to] = [formatLsn(fromLsn), formatLsn(stopLsn)];
      throw new DrError("WAL_MISSING", { from, to, timeline });
    }
    const size = receiver.walSegmentBytes;
    const start = segmentStartAt(stopLsn, size);
    const end = stopLsn === start ? start : addToLsn(start, size);
    const { clock } = this.#options;
    const until = clock.monotonic() + segmentTimeoutMs;
    while ((receiver.durableLsn ?? 0n) < end && clock.monotonic() < until) {
      await clock.sleep(10, { signal });
    }
    const wholeSegments = (receiver.durableLsn ?? 0n) >= end;
    await receiver.stop();
    return { timeline, fromLsn, toLsn: stopLsn, wholeSegments };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#receiver[Symbol.asyncDispose]();
  }
}
