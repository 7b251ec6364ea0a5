/** What verify and its worker threads say to each other. */
import type { TransferredError } from "../../core/error-transfer.ts";
import type { FingerprintKey } from "../../pipeline/fingerprint-key.ts";
import type { CheckedFrames, FramesToCheck } from "./check-frames.ts";

/** What a worker is started with. */
export type VerifyWorkerData = {
  readonly blockBytes: number;
  readonly fingerprintKey: FingerprintKey;
};

/** An object to check. */
export type VerifyRequest = { readonly number: number; readonly object: FramesToCheck };

/** What was seen; errors in the form that travels. */
export type VerifyAnswer =
  | {
      readonly kind: "checked";
      readonly number: number;
      readonly checked: Omit<CheckedFrames, "faults">;
      readonly faults: readonly TransferredError[];
    }
  | { readonly kind: "failed"; readonly number: number; readonly error: TransferredError };
