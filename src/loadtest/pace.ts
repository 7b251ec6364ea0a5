/**
 * How fast a load may go: each acknowledged commit is kept until it is judged, so a long load at full speed would be more than can be kept. One
 * half of what can be is for the windows in which the cost of protection is measured: these are never paced, because a client that
 * pauses hides how much longer its commits take. The other half is spread over all of the load's time.
 */
import { assert } from "../core/assert.ts";

/** Of what can be kept, this much is used. */
const KEPT_SHARE = 0.8;

/** The pace of one load. */
export class Pace {
  /** Commits a second outside measured windows, at most and on the average. */
  readonly perSecond: number;
  readonly #each: number;
  readonly #clients: number;
  #measuring = false;
  #measured = 0;
  #others = 0;
  #paused = false;

  constructor(load: {
    readonly clients: number;
    readonly loadMs: number;
    readonly commitsMax: number;
  }) {
    assert(load.loadMs > 0, "a load takes time");
    this.#clients = load.clients;
    this.#each = (load.commitsMax * KEPT_SHARE) / 2;
    this.perSecond = (this.#each * 1000) / load.loadMs;
  }

  /** Whether a window can be measured at full speed. */
  get mayMeasure(): boolean {
    return this.#measured < this.#each;
  }

  /** Whether anybody had to pause so far. */
  get paused(): boolean {
    return this.#paused;
  }

  /** A measured window begins or ends. */
  measure(measuring: boolean): void {
    this.#measuring = measuring;
  }

  /** Counts a commit; answers how long its client pauses, `passedMs` after the load began. */
  afterCommit(passedMs: number): number {
    if (this.#measuring && this.mayMeasure) {
      this.#measured += 1;
      return 0;
    }
    this.#others += 1;
    if (this.#others <= (this.perSecond * passedMs) / 1000) {
      return 0;
    }
    this.#paused = true;
    return (this.#clients * 1000) / this.perSecond;
  }
}
