/**
 * Where the packs and maps of a backup or a dump are made: tickets and staged files, and the way from there into the store. What was staged
 * and not published goes when this is disposed of, so that a run that failed on a full disk does not keep it full; what a
 * killed process leaves, `pra expire` removes.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import type { FinishedObject } from "../pipeline/framed-file-writer.ts";
import type { PackPlace } from "../pipeline/pack-pool.ts";
import { sealTicket } from "../pipeline/sealing/object-header.ts";
import { type IncarnationPlace, incarnationIdBytes, objectKey } from "./object-names.ts";
import type { SealedStore } from "./sealed-store.ts";

/** Use with `await using`; everything that writes staged files must have ended before. */
export class ObjectStage implements AsyncDisposable {
  readonly #sealed: SealedStore;
  readonly #place: IncarnationPlace;
  readonly #epoch: number;
  readonly #clock: Clock;
  readonly #directory: string;
  readonly #staged = new Set<string>();

  constructor(options: {
    readonly sealed: SealedStore;
    readonly place: IncarnationPlace;
    readonly epoch: number;
    readonly clock: Clock;
    /** The store's staging directory. */
    readonly directory: string;
  }) {
    this.#sealed = options.sealed;
    this.#place = options.place;
    this.#epoch = options.epoch;
    this.#clock = options.clock;
    this.#directory = options.directory;
  }

  /** A ticket, and the name of the file its object is to be written to. */
  async place(kind: "pack" | "map"): Promise<PackPlace> {
    const objectId = this.#sealed.newId();
    const ticket = await sealTicket(this.#sealed.ring, {
      kind,
      objectId,
      createdAtMs: this.#clock.now(),
      incarnation: incarnationIdBytes(this.#place.incarnation),
      epoch: this.#epoch,
    });
    const path = join(this.#directory, `${kind}-${objectId}`);
    this.#staged.add(path);
    return { ticket, path };
  }

  /** Publishes a finished object; durable when it resolves. @throws DrError `STORE_*`. */
  async publish(
    type: "pack" | "map",
    object: FinishedObject,
    call: { readonly signal: AbortSignal },
  ): Promise<void> {
    const key = objectKey({ ...this.#place, type, id: object.id });
    await this.#sealed.store.putFile(object.path, key, call);
    this.#staged.delete(object.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#staged].map((path) => rm(path, { force: true })));
    this.#staged.clear();
  }
}
