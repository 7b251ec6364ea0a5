/** What the receiver and its publishing thread say to each other. */
import type { TransferredError } from "../core/error-transfer.ts";
import type { FinishedObject } from "../pipeline/framed-file-writer.ts";
import type { ObjectTicket } from "../pipeline/sealing/object-header.ts";
import type { SegmentPlace } from "./segment-memory.ts";

/** What the thread is started with. */
export type PublishWorkerData = {
  readonly metadataKey: Uint8Array;
  readonly repositoryId: Uint8Array;
  readonly systemId: bigint;
  readonly zstdLevel: number;
};

/** A segment's frames that were compressed already, by their number. */
export type CompressedFrames = ReadonlyMap<number, SharedArrayBuffer>;

/** Where a segment's bytes are. */
export type SegmentBytes = { readonly place: SegmentPlace; readonly shared: SharedArrayBuffer };

/** To the thread. Every request but `read-ahead` is answered once, in order. */
export type PublishRequest =
  /** WAL before the first segment, to see the record that reaches into it. */
  | { readonly kind: "read-ahead"; readonly place: SegmentPlace; readonly bytes: Uint8Array }
  /** Digest and index of a whole segment. */
  | ({ readonly kind: "examine" } & SegmentBytes)
  /** Write the staged file of an object. */
  | ({
      readonly kind: "seal";
      readonly ticket: ObjectTicket;
      readonly path: string;
      readonly knownAt: bigint;
      readonly compressed: CompressedFrames;
    } & SegmentBytes)
  /** Read a published object back, from a file or as bytes, and compare it with the segment. */
  | ({
      readonly kind: "verify";
      readonly ticket: ObjectTicket;
      readonly object: string | Uint8Array;
    } & SegmentBytes);

/** From the thread. `index` is encoded; without it the records could not be read, for the stated reason. */
export type PublishAnswer =
  | {
      readonly kind: "examined";
      readonly contentDigest: Uint8Array;
      readonly index: Uint8Array | undefined;
      readonly indexError: TransferredError | undefined;
    }
  | { readonly kind: "sealed"; readonly object: FinishedObject }
  /** Undefined: it is what was sealed. */
  | { readonly kind: "verified"; readonly difference: string | undefined }
  | { readonly kind: "failed"; readonly error: TransferredError };
