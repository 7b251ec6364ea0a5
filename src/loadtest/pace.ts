/**
 * How fast a load may go: each acknowledged commit is kept until it is judged, so a long load at full speed would be more than can be kept. One
 * half of what can be is for the windows in which the cost of protection is measured: these are never paced, because a client that
 * pauses hides how much longer its commits take. The other half is spread over all of the load's time.
 *
 * On a server that others work on, clients work for a share of their time only: the longer a commit takes, the longer the pause after it. So
 * the load gives way to a server that slows, and a slowdown shows in its rate as it would at full speed. A pause has a maximum: clients who all
 * pause look like a server that is lost.
 */
import { assert } from "../core/assert.ts";
import { loadPauseMaxMs } from "../core/load-limits.ts";

/** Of what can be kept, this much is used. */
const KEPT_SHARE = 0.8;

/** How many commits a load makes at most, however long it is. */
export function mostCommits(commitsMax: number): number {
  return commitsMax * KEPT_SHARE;
}

/** The pace of one load. */
export class Pace {
  /** Commits a second outside measured windows, at most and on the average. */
  readonly perSecond: number;
  readonly #each: number;
  readonly #clients: number;
  readonly #share: number;
  #measuring = false;
  #measured = 0;
  #others = 0;
  #paused = false;

  constructor(load: {
    readonly clients: number;
    readonly loadMs: number;
    readonly commitsMax: number;
    /** Of each client's time that it works; all of it by default. */
    readonly share?: number;
  }) {
    const { share = 1 } = load;
    assert(load.loadMs > 0, "a load takes time");
    assert(share > 0 && share <= 1, "a client works for a part of its time, or for all of it");
    this.#share = share;
    this.#clients = load.clients;
    this.#each = mostCommits(load.commitsMax) / 2;
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

  /** Counts a commit that took so long; answers how long its client pauses, `passedMs` after the load began. */
  afterCommit(passedMs: number, latencyMs: number): number {
    const restMs = Math.min(loadPauseMaxMs, (latencyMs * (1 - this.#share)) / this.#share);
    if (this.#measuring && this.mayMeasure) {
      this.#measured += 1;
      return restMs;
    }
    this.#others += 1;
    if (this.#others <= (this.perSecond * passedMs) / 1000) {
      return restMs;
    }
    this.#paused = true;
    return Math.max(restMs, (this.#clients * 1000) / this.perSecond);
  }
}
