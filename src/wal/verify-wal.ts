/**
 * Verifies an incarnation's WAL. Quick: every published segment begins with an authentic header and has its index, and each
 * backup's WAL lies there without a hole. Deep: every frame of every segment and part is authentic and in its place, every
 * index can be read. WAL between backups may rightly be missing (a backup taken without a receiver brings its own): holes are
 * told, and are damage only where a backup needs what is missing.
 *
 * A part's torn end is no damage: its writer died, and the next one streamed that WAL again. When it did not, there is a hole.
 * A frame that is not authentic although more follows is damage, unless the segment was published: then the part is about to go.
 * Memory: one segment's frame, one part, 100 bytes a segment.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { type Lsn, addToLsn, formatLsn } from "../core/lsn.ts";
import type { ObjectId } from "../core/object-id.ts";
import { type TimelineId, type WalSegmentName, formatTimeline } from "../core/wal-name.ts";
import { FrameReader } from "../pipeline/sealing/frame-codec.ts";
import { FRAME_HEADER_BYTES, readFrameHeader } from "../pipeline/sealing/frame-layout.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import {
  type IncarnationPlace,
  type ObjectName,
  incarnationPrefix,
  objectKey,
} from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { DamageLog } from "../repository/verify/damage.ts";
import { decodeSegmentIndex } from "./segment-index-codec.ts";
import { WalCatalogue, type WalHole } from "./wal-catalogue.ts";

/** A backup's WAL. */
export type NeededWal = {
  readonly id: ObjectId;
  readonly timeline: TimelineId;
  readonly walFrom: Lsn;
  readonly walTo: Lsn;
};

/** What was looked at. */
export type VerifiedWal = {
  readonly segments: number;
  readonly parts: number;
  /** Parts whose end their writer did not complete. */
  readonly tornParts: number;
  readonly holes: readonly WalHole[];
  /** Keys of second contents of a segment: two servers wrote under one name. */
  readonly conflicts: readonly string[];
  /** Indexes without their segment: of a publication that was broken off. */
  readonly looseIndexes: number;
  readonly readBytes: number;
};

/** How to verify. */
export type VerifyWalOptions = StoreCall & {
  readonly deep: boolean;
  readonly log: DamageLog;
  readonly backups: readonly NeededWal[];
};

type NameOf<T extends ObjectName["type"]> = Extract<ObjectName, { readonly type: T }>;

class WalCheck {
  readonly #sealed: SealedStore;
  readonly #place: IncarnationPlace;
  readonly #options: VerifyWalOptions;
  readonly #codec = new ZstdCodec();
  readonly #segments = new Set<WalSegmentName>();
  readonly #conflicts: string[] = [];
  #parts = 0;
  #tornParts = 0;
  #readBytes = 0;

  constructor(sealed: SealedStore, place: IncarnationPlace, options: VerifyWalOptions) {
    this.#sealed = sealed;
    this.#place = place;
    this.#options = options;
  }

  async run(): Promise<VerifiedWal> {
    const { signal, log } = this.#options;
    const prefix = `${incarnationPrefix(this.#place)}wal/`;
    const indexed = new Set<WalSegmentName>();
    for await (const { key, name } of this.#sealed.listNames(prefix, { signal })) {
      signal.throwIfAborted();
      if (name?.type === "walSegment") {
        this.#segments.add(name.segment);
        await this.#checkSegment(key, name);
      } else if (name?.type === "walPart") {
        await this.#checkPart(key, name);
      } else if (name?.type === "walIndex") {
        indexed.add(name.segment);
        await this.#checkIndex(key, name);
      }
    }
    const conflicts = `${incarnationPrefix(this.#place)}conflicts/`;
    for await (const { key } of this.#sealed.listNames(conflicts, { signal })) {
      this.#conflicts.push(key);
    }
    for (const segment of this.#segments) {
      if (!indexed.has(segment)) {
        const key = objectKey({ ...this.#place, type: "walIndex", segment });
        const { location } = this.#sealed.store;
        log.add(key, new DrError("STORE_MISSING", { key, location }), []);
      }
    }
    this.#codec.close();
    return {
      segments: this.#segments.size,
      parts: this.#parts,
      tornParts: this.#tornParts,
      holes: (await this.#checkCoverage()) ?? [],
      conflicts: this.#conflicts,
      looseIndexes: [...indexed].filter((segment) => !this.#segments.has(segment)).length,
      readBytes: this.#readBytes,
    };
  }

  /** Backups whose WAL overlaps `from` to `to`. */
  #neededBy(timeline: TimelineId, from: Lsn, to: Lsn): readonly ObjectId[] {
    return this.#options.backups
      .filter((need) => need.timeline === timeline && need.walFrom < to && need.walTo > from)
      .map(({ id }) => id);
  }

  async #checkSegment(key: string, name: NameOf<"walSegment">): Promise<void> {
    const { log, deep, signal } = this.#options;
    const facts = await log.watch(key, [], () => this.#sealed.segmentFacts(name, { signal }));
    if (facts === undefined || !deep) {
      return;
    }
    const { timeline, startLsn, walSegmentBytes } = facts;
    const endLsn = addToLsn(startLsn, walSegmentBytes);
    await log.watch(key, this.#neededBy(timeline, startLsn, endLsn), async () => {
      const { ticket, directory, frameRange } = await this.#sealed.openFramed(name, { signal });
      const reader = new FrameReader(ticket, this.#codec);
      let due = startLsn;
      for (const index of directory.keys()) {
        const range = frameRange(index);
        const frame = await this.#sealed.store.get(key, { signal, range });
        this.#readBytes += frame.length;
        const { plain, position } = reader.read(frame, index);
        if (position?.startLsn !== due || position.endLsn !== addToLsn(due, plain.length)) {
          throw new DrError("REPO_OBJECT_DAMAGED", { object: key, reason: "its WAL has a hole" });
        }
        due = position.endLsn;
      }
      if (due !== endLsn) {
        const reason = "it is not a whole segment";
        throw new DrError("REPO_OBJECT_DAMAGED", { object: key, reason });
      }
    });
  }

  /** A part may be gone since it was listed, and may end before its header: a writer died there. */
  async #checkPart(key: string, name: NameOf<"walPart">): Promise<void> {
    this.#parts += 1;
    await this.#options.log.watch(key, [], async () => {
      try {
        await this.#readPart(key, name);
      } catch (error) {
        if (isDrError(error, "REPO_HEADER_INVALID") || isDrError(error, "REPO_NOT_AN_OBJECT")) {
          this.#tornParts += 1;
        } else if (!isDrError(error, "STORE_MISSING")) {
          throw error;
        }
      }
    });
  }

  /** Its writer may be at it: what does not hold is damage only when it is still so at the next look. */
  async #readPart(key: string, name: NameOf<"walPart">): Promise<void> {
    const { deep, signal } = this.#options;
    let stoppedAt: number | undefined;
    for (;;) {
      const { stop, endLsn, facts } = deep
        ? await this.#sealed.readPart(name, { signal })
        : await this.#sealed.readPartPositions(name, { signal });
      const suspect = stop.reason === "corrupt" && !this.#segments.has(name.segment);
      if (!suspect || !(await this.#goesOnBehind(key, stop.offset))) {
        this.#tornParts += stop.reason === "torn" ? 1 : 0;
        this.#readBytes += deep ? Number(endLsn - facts.startLsn) : 0;
        return;
      }
      if (stop.offset === stoppedAt) {
        throw new DrError("REPO_OBJECT_DAMAGED", { object: key, reason: stop.detail });
      }
      stoppedAt = stop.offset;
    }
  }

  /**
   * True when bytes follow the frame at `offset`: then it was once complete. Else it is the end that a writer was about to write, into
   * room that it had reserved with zeros: that writer is at it, or died there.
   */
  async #goesOnBehind(key: string, offset: number): Promise<boolean> {
    const { signal } = this.#options;
    // Whole: by its size it might be asked for room that its writer gives back in between.
    const rest = (await this.#sealed.store.get(key, { signal })).subarray(offset);
    const header = readFrameHeader(rest, 0);
    const end = typeof header === "string" ? FRAME_HEADER_BYTES : header.frameBytes;
    return rest.subarray(end).some((byte) => byte !== 0);
  }

  async #checkIndex(key: string, name: NameOf<"walIndex">): Promise<void> {
    const { log, deep, signal } = this.#options;
    if (deep) {
      await log.watch(key, [], async () => {
        const { content } = await this.#sealed.getWhole(name, { signal });
        decodeSegmentIndex(content);
      });
    }
  }

  /** Every backup's WAL is there without a hole; answers all holes. */
  async #checkCoverage(): Promise<readonly WalHole[] | undefined> {
    const { log, signal, backups } = this.#options;
    const prefix = `${incarnationPrefix(this.#place)}wal/`;
    const catalogue = await log.watch(prefix, [], () =>
      WalCatalogue.load(this.#sealed, this.#place, { signal }),
    );
    for (const { id, timeline, walFrom, walTo } of backups) {
      await log.watch(`${prefix}${formatTimeline(timeline)} ${formatLsn(walFrom)}`, [id], () => {
        const end = catalogue?.reachableEnd(catalogue.lineage(timeline), walFrom);
        if (catalogue !== undefined && (end === undefined || end < walTo)) {
          const from = formatLsn(end ?? walFrom);
          throw new DrError("WAL_MISSING", { from, to: formatLsn(walTo), timeline });
        }
        return Promise.resolve();
      });
    }
    return catalogue?.timelines.flatMap((wal) => catalogue.holes(wal.timeline));
  }
}

/** Verifies. Damage goes to `options.log`. @throws DrError what is no damage: `KEY_*`, a store that does not answer. */
export function verifyWal(
  sealed: SealedStore,
  place: IncarnationPlace,
  options: VerifyWalOptions,
): Promise<VerifiedWal> {
  return new WalCheck(sealed, place, options).run();
}
