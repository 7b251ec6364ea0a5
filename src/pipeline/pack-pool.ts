/**
 * The worker pool that turns file content into packs. The main thread fills slots and hands them over;
 * workers fingerprint, compress and seal; finished packs are published while the next are written.
 *
 * States of a slot: free -> taken (being filled) -> in work -> free. A worker has its own slots, because the
 * block pass works on one memory; `takeSlot` prefers the worker with the most free ones.
 *
 * Bounded: slots limit what is in flight (workers x 4 MiB); when none is free `change` is waited for.
 * Aborting or failing ends the workers at once and leaves staged files that no listing shows.
 */
import type { Worker } from "node:worker_threads";
import { assert, present, unreachable } from "../core/assert.ts";
import { receiveError } from "../core/error-transfer.ts";
import { slotsPerWorker } from "../core/limits.ts";
import type { FingerprintKey } from "./fingerprint-key.ts";
import type { FinishedObject } from "./framed-file-writer.ts";
import type { PackWorkerAnswer, PackWorkerData, PackWorkerRequest } from "./pack-messages.ts";
import type { ObjectTicket } from "./sealing/object-header.ts";
import type { SlotPlacement } from "./slot-packer.ts";
import { Slot, allocateSlots } from "./slot.ts";
import { WorkerGroup } from "./worker-group.ts";

/** A pack that may be written: its ticket, and the staged file it goes to. */
export type PackPlace = { readonly ticket: ObjectTicket; readonly path: string };

/** What the pool needs from its owner. */
export type PackPoolOptions = {
  readonly workers: number;
  readonly blockBytes: number;
  readonly fingerprintKey: FingerprintKey;
  readonly zstdLevel: number;
  /** Starts a worker thread that runs `servePacks`. */
  readonly startWorker: (workerData: PackWorkerData) => Worker;
  /** Prepares the next pack. */
  readonly place: () => Promise<PackPlace>;
  /** Publishes a finished pack; durable when it resolves. `signal`: the pool failed or ended. */
  readonly publish: (pack: FinishedObject, call: { readonly signal: AbortSignal }) => Promise<void>;
  readonly signal: AbortSignal;
};

type Lane = {
  readonly worker: Worker;
  readonly slots: readonly Slot[];
  readonly free: Slot[];
  ticketsAhead: number;
  finished: boolean;
};

type OnWorked = (slot: Slot, placement: SlotPlacement) => void;

/** See the file's comment. Use with `await using`: disposal ends the workers. */
export class PackPool implements AsyncDisposable {
  readonly #options: PackPoolOptions;
  readonly #group: WorkerGroup;
  readonly #lanes: Lane[] = [];
  readonly #laneOf = new Map<Slot, Lane>();
  readonly #waiting = new Map<Slot, OnWorked>();
  readonly #publishing = new Set<Promise<void>>();

  private constructor(options: PackPoolOptions) {
    this.#options = options;
    this.#group = new WorkerGroup(options);
  }

  /** Starts the workers and gives each two packs to write. */
  static async open(options: PackPoolOptions): Promise<PackPool> {
    const pool = new PackPool(options);
    try {
      for (let n = 0; n < options.workers; n++) {
        pool.#startLane();
      }
      await Promise.all(pool.#lanes.flatMap((lane) => [pool.#supply(lane), pool.#supply(lane)]));
      pool.#group.check();
      return pool;
    } catch (error) {
      await pool[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A slot to fill, cleared; undefined when all are in use: wait for `change` then. */
  takeSlot(): Slot | undefined {
    const lane = this.#lanes.reduce<Lane | undefined>((best, candidate) => {
      const usable = candidate.free.length > 0 && candidate.ticketsAhead > 0;
      return usable && candidate.free.length > (best?.free.length ?? 0) ? candidate : best;
    }, undefined);
    const slot = lane?.free.pop();
    slot?.clear();
    return slot;
  }

  /** Waits until a slot came free or a pack was supplied. @throws the pool's failure. */
  async change(): Promise<void> {
    await this.#group.change();
  }

  /** Hands a filled slot over. `onWorked` runs when its results are in; the slot is free after it. @throws the pool's failure. */
  submit(slot: Slot, onWorked: OnWorked): void {
    this.#group.check();
    this.#waiting.set(slot, onWorked);
    this.#post(present(this.#laneOf.get(slot), "the slot is the pool's"), {
      kind: "slot",
      index: slot.index,
    });
  }

  /** Waits until every submitted slot is worked. @throws the pool's failure. */
  async drain(): Promise<void> {
    while (this.#waiting.size > 0) {
      await this.change();
    }
    this.#group.check();
  }

  /** Finishes all packs; every one is published and durable when it resolves. @throws the pool's failure. */
  async finish(): Promise<void> {
    await this.drain();
    this.#lanes.forEach((lane) => this.#post(lane, { kind: "finish" }));
    while (this.#lanes.some((lane) => !lane.finished) || this.#publishing.size > 0) {
      await this.change();
    }
    this.#group.check();
  }

  /** Ends the workers and waits for what is being published, which its signal aborts. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#group[Symbol.asyncDispose]();
    await Promise.allSettled(this.#publishing);
  }

  #startLane(): void {
    const { blockBytes, fingerprintKey, zstdLevel } = this.#options;
    const memory = allocateSlots(slotsPerWorker, blockBytes);
    const workerData: PackWorkerData = { memory, fingerprintKey, zstdLevel };
    const worker = this.#options.startWorker(workerData);
    const slots = Array.from({ length: slotsPerWorker }, (_, index) => new Slot(memory, index));
    const lane: Lane = { worker, slots, free: [...slots], ticketsAhead: 0, finished: false };
    slots.forEach((slot) => this.#laneOf.set(slot, lane));
    this.#group.add(worker, (answer) => this.#onAnswer(lane, answer as PackWorkerAnswer));
    this.#lanes.push(lane);
  }

  #post(lane: Lane, request: PackWorkerRequest): void {
    lane.worker.postMessage(request);
  }

  async #supply(lane: Lane): Promise<void> {
    const place = await this.#options.place();
    this.#post(lane, { kind: "ticket", ...place });
    lane.ticketsAhead += 1;
    this.#group.changed();
  }

  #onAnswer(lane: Lane, answer: PackWorkerAnswer): void {
    switch (answer.kind) {
      case "slot": {
        const slot = present(lane.slots[answer.index], "the slot is the lane's");
        const onWorked = this.#waiting.get(slot);
        assert(onWorked !== undefined, "a worked slot was submitted");
        this.#waiting.delete(slot);
        onWorked(slot, answer.placement);
        lane.free.push(slot);
        break;
      }
      case "opened":
        lane.ticketsAhead -= 1;
        this.#supply(lane).catch((error: Error) => this.#group.fail(error));
        break;
      case "pack":
        this.#publish(answer.pack);
        break;
      case "finished":
        lane.finished = true;
        break;
      case "failed":
        this.#group.fail(receiveError(answer.error));
        break;
      default:
        unreachable(answer);
    }
  }

  #publish(pack: FinishedObject): void {
    const published = this.#options
      .publish(pack, { signal: this.#group.signal })
      .catch((error: Error) => this.#group.fail(error))
      .finally(() => {
        this.#publishing.delete(published);
        this.#group.changed();
      });
    this.#publishing.add(published);
  }
}
