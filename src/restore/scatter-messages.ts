/** What the main thread and a scatter worker say to each other. */
import type { TransferredError } from "../core/error-transfer.ts";
import type { FingerprintKey } from "../pipeline/fingerprint-key.ts";
import type { ObjectTicket } from "../pipeline/sealing/object-header.ts";
import type { AssemblyColumns } from "./assembly-plan.ts";
import type { RunColumns } from "./scatter-plan.ts";

/** A file to be restored. Paths are absolute and have been checked. */
export type TargetFile = {
  /** Its number within the restore; runs name files by it. */
  readonly number: number;
  readonly path: string;
  readonly sizeBytes: number;
  readonly mode: number;
};

/** Who the files shall belong to; undefined = whoever runs this. */
export type Owner = { readonly uid: number; readonly gid: number };

/** What a worker must know before its first unit. */
export type ScatterWorkerData = {
  readonly blockBytes: number;
  readonly fingerprintKey: FingerprintKey;
  readonly owner: Owner | undefined;
  /** Target files that this worker may keep open. */
  readonly openFilesMax: number;
};

/** Frames of one pack and what of them goes where. */
export type ScatterUnit = {
  readonly kind: "unit";
  readonly number: number;
  /** The pack as a local file. */
  readonly packPath: string;
  readonly ticket: ObjectTicket;
  /** Per frame of the unit: index, where it begins in the file, its bytes. */
  readonly frames: {
    readonly index: Uint32Array;
    readonly offset: Float64Array;
    readonly bytes: Uint32Array;
  };
  readonly runs: RunColumns;
  /** The files that the runs name: with the unit, because a worker could not hold those of a whole cluster. */
  readonly files: readonly TargetFile[];
};

/** A pack as a local file. */
export type SourcePack = { readonly path: string; readonly ticket: ObjectTicket };

/** Windows of one file, and the frames of several packs that they are put together from. */
export type AssemblyUnit = {
  readonly kind: "assembly";
  readonly number: number;
  readonly file: TargetFile;
  /** Where the unit begins in the file. */
  readonly fileOffset: number;
  readonly packs: readonly SourcePack[];
  /** Per frame: place of its pack in `packs`, its index there, where it begins, its bytes sealed and plain. */
  readonly frames: {
    readonly pack: Uint32Array;
    readonly index: Uint32Array;
    readonly offset: Float64Array;
    readonly bytes: Uint32Array;
    readonly plainBytes: Uint32Array;
  };
  readonly runs: AssemblyColumns;
};

/** Blocks of a file that is there already, end to end, to be held against what they shall be. */
export type ComparisonUnit = {
  readonly kind: "comparison";
  readonly number: number;
  readonly file: TargetFile;
  /** Where the first of them begins in the file. */
  readonly fileOffset: number;
  /** Bytes of the last block when it is shorter than a block; 0 = it is whole. */
  readonly tailBytes: number;
  /** What each shall have, as maps hold it: `ZEROS_FINGERPRINT` for one of zeros. */
  readonly fingerprints: BigUint64Array;
};

/** The first thing that a worker is told. It answers nothing to it. */
export type ScatterBeginning = { readonly kind: "begin"; readonly data: ScatterWorkerData };

/**
 * To the worker, after its beginning: frames to scatter, windows to assemble, files that are there to compare, or files that are complete
 * and shall be made durable.
 */
export type ScatterRequest =
  | ScatterUnit
  | AssemblyUnit
  | ComparisonUnit
  | { readonly kind: "finish"; readonly number: number; readonly files: readonly TargetFile[] };

/** From the worker. */
export type ScatterAnswer =
  | {
      readonly kind: "done";
      readonly number: number;
      readonly writtenBytes: number;
      readonly readBytes: number;
      /** Of a comparison: blocks that must be written, as pairs of the first and the one behind the last. */
      readonly differing?: Uint32Array;
    }
  | { readonly kind: "failed"; readonly error: TransferredError };
