/**
 * WAL back out of the repository, byte for byte: from the published segment, or put together from parts. Needs the
 * private key. Where two parts hold the same positions they must hold the same bytes; else two servers wrote this WAL,
 * and which one was right is not for a program to guess.
 *
 * Memory: one segment, and one part sealed and opened.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { type Lsn, addToLsn, formatLsn, lsnDistanceBytes } from "../core/lsn.ts";
import { type TimelineId, segmentAt } from "../core/wal-name.ts";
import { FrameReader } from "../pipeline/sealing/frame-codec.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import { objectKey } from "../repository/object-names.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { KnownPart, WalCatalogue } from "./wal-catalogue.ts";

type Call = { readonly signal: AbortSignal };

/** A stretch of offsets in a segment. */
type Stretch = { readonly from: number; readonly to: number };

/** A segment as far as the repository holds it. */
export type SegmentRead = {
  readonly startLsn: Lsn;
  /** The whole segment's size; zeros where nothing is held. */
  readonly bytes: Buffer;
  /** Everything from the segment's start to here is held. */
  readonly endLsn: Lsn;
  readonly published: boolean;
};

/** Collects frames that may overlap. */
class Assembly {
  readonly bytes: Buffer;
  readonly #startLsn: Lsn;
  readonly #name: string;
  #held: Stretch[] = [];

  constructor(segment: {
    readonly name: string;
    readonly startLsn: Lsn;
    readonly walSegmentBytes: number;
  }) {
    this.bytes = Buffer.alloc(segment.walSegmentBytes);
    this.#startLsn = segment.startLsn;
    this.#name = segment.name;
  }

  add(lsn: Lsn, wal: Uint8Array): void {
    const from = lsnDistanceBytes(this.#startLsn, lsn);
    const to = from + wal.length;
    if (from < 0 || to > this.bytes.length) {
      throw this.#disagree(lsn);
    }
    for (const held of this.#held) {
      const start = Math.max(from, held.from);
      const end = Math.min(to, held.to);
      if (start >= end || !guard("L9-parts-agree")) {
        continue;
      }
      const here = this.bytes.subarray(start, end);
      const there = wal.subarray(start - from, end - from);
      if (here.compare(there) !== 0) {
        const differs = here.findIndex((byte, at) => byte !== there[at]);
        throw this.#disagree(addToLsn(this.#startLsn, start + differs));
      }
    }
    this.bytes.set(wal, from);
    this.#hold({ from, to });
  }

  #disagree(lsn: Lsn): DrError {
    return new DrError("WAL_PARTS_DISAGREE", { segment: this.#name, lsn: formatLsn(lsn) });
  }

  #hold(added: Stretch): void {
    const touching = this.#held.filter(({ from, to }) => from <= added.to && to >= added.from);
    const apart = this.#held.filter((held) => !touching.includes(held));
    const all = [...touching, added];
    this.#held = [
      ...apart,
      {
        from: Math.min(...all.map(({ from }) => from)),
        to: Math.max(...all.map(({ to }) => to)),
      },
    ];
  }

  /** End of what is held from the start on. */
  get endOffset(): number {
    return this.#held.find(({ from }) => from === 0)?.to ?? 0;
  }
}

/** Reads one incarnation's WAL. */
export class WalReader {
  readonly #sealed: SealedStore;
  readonly #catalogue: WalCatalogue;
  readonly #codec = new ZstdCodec();

  constructor(sealed: SealedStore, catalogue: WalCatalogue) {
    this.#sealed = sealed;
    this.#catalogue = catalogue;
  }

  get catalogue(): WalCatalogue {
    return this.#catalogue;
  }

  /**
   * One segment; `startLsn` is a segment's start. @throws DrError `WAL_PARTS_DISAGREE`, `KEY_PRIVATE_MISSING`, and those of
   * authenticity and of the store.
   */
  async segment(timeline: TimelineId, startLsn: Lsn, call: Call): Promise<SegmentRead> {
    const wal = this.#catalogue.timeline(timeline);
    if (wal === undefined) {
      const at = formatLsn(startLsn);
      throw new DrError("WAL_MISSING", { from: at, to: at, timeline });
    }
    const { walSegmentBytes, published, parts } = wal;
    const name = segmentAt(timeline, startLsn, walSegmentBytes);
    const assembly = new Assembly({ name, startLsn, walSegmentBytes });
    const isPublished = published.some((run) => startLsn >= run.fromLsn && startLsn < run.toLsn);
    if (isPublished) {
      await this.#addPublished(assembly, timeline, startLsn, call);
    } else {
      const own = parts.filter((part) => part.name.segment === name);
      for (const part of own.toSorted((a, b) => b.epoch - a.epoch)) {
        await this.#addPart(assembly, part, call);
      }
    }
    const endLsn = addToLsn(startLsn, assembly.endOffset);
    if (isPublished && assembly.endOffset !== walSegmentBytes) {
      const object = objectKey({ ...this.#catalogue.place, type: "walSegment", segment: name });
      throw new DrError("REPO_OBJECT_DAMAGED", { object, reason: "it is not a whole segment" });
    }
    return { startLsn, bytes: assembly.bytes, endLsn, published: isPublished };
  }

  async #addPublished(
    assembly: Assembly,
    timeline: TimelineId,
    startLsn: Lsn,
    call: Call,
  ): Promise<void> {
    const { place } = this.#catalogue;
    const walSegmentBytes = assembly.bytes.length;
    const segment = segmentAt(timeline, startLsn, walSegmentBytes);
    const name = { ...place, type: "walSegment", segment } as const;
    const { ticket, directory, frameRange } = await this.#sealed.openFramed(name, call);
    const reader = new FrameReader(ticket, this.#codec);
    let due = startLsn;
    for (const index of directory.keys()) {
      const range = frameRange(index);
      const frame = await this.#sealed.store.get(objectKey(name), { ...call, range });
      const { plain, position } = reader.read(frame, index);
      if (position?.startLsn !== due || position.endLsn !== addToLsn(due, plain.length)) {
        const object = objectKey(name);
        throw new DrError("REPO_OBJECT_DAMAGED", { object, reason: "its WAL has a hole" });
      }
      assembly.add(due, plain);
      due = position.endLsn;
    }
  }

  async #addPart(assembly: Assembly, part: KnownPart, call: Call): Promise<void> {
    try {
      const { frames } = await this.#sealed.readPart(part.name, call);
      for (const { startLsn, wal } of frames) {
        assembly.add(startLsn, wal);
      }
    } catch (error) {
      // Published and deleted since the catalogue was read: the caller finds WAL missing and looks again.
      if (!isDrError(error, "STORE_MISSING")) {
        throw error;
      }
    }
  }
}
