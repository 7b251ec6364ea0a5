/** What the main thread and a pack worker say to each other. */
import type { TransferredError } from "../core/error-transfer.ts";
import type { FingerprintKey } from "./fingerprint-key.ts";
import type { FinishedObject } from "./framed-file-writer.ts";
import type { ObjectTicket } from "./sealing/object-header.ts";
import type { SlotPlacement } from "./slot-packer.ts";
import type { SlotMemory } from "./slot.ts";

/** What a worker is started with. */
export type PackWorkerData = {
  readonly memory: SlotMemory;
  readonly fingerprintKey: FingerprintKey;
  readonly zstdLevel: number;
};

/** To the worker: a pack it may open next, a filled slot, or the end. */
export type PackWorkerRequest =
  | { readonly kind: "ticket"; readonly ticket: ObjectTicket; readonly path: string }
  | { readonly kind: "slot"; readonly index: number }
  | { readonly kind: "finish" };

/** From the worker: a worked slot, a pack opened (a ticket is used up), a finished pack, the end, a failure. */
export type PackWorkerAnswer =
  | { readonly kind: "slot"; readonly index: number; readonly placement: SlotPlacement }
  | { readonly kind: "opened" }
  | { readonly kind: "pack"; readonly pack: FinishedObject }
  | { readonly kind: "finished" }
  | { readonly kind: "failed"; readonly error: TransferredError };
