/** What the main thread and a dump worker say to each other. A worker has one stream at a time. */
import type { TransferredError } from "../core/error-transfer.ts";
import type { FinishedObject } from "../pipeline/framed-file-writer.ts";
import type { ObjectTicket } from "../pipeline/sealing/object-header.ts";

/** A program whose output is a stream. */
export type StreamProgram = {
  readonly path: string;
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
};

/** What a worker is started with. */
export type DumpWorkerData = { readonly zstdLevel: number };

/** To the worker. `cancel`: end the program. */
export type DumpWorkerRequest =
  | { readonly kind: "ticket"; readonly ticket: ObjectTicket; readonly path: string }
  | { readonly kind: "run"; readonly program: StreamProgram }
  | { readonly kind: "cancel" };

/** How a program ended. */
export type ProgramEnd = {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last of what it complained of. */
  readonly text: string;
};

/** What a stream was. */
export type StreamFacts = { readonly bytes: number; readonly sha256: string };

/** From the worker. Every pack of a stream comes before its end. */
export type DumpWorkerAnswer =
  | { readonly kind: "pack"; readonly pack: FinishedObject }
  | { readonly kind: "progress"; readonly bytes: number }
  | { readonly kind: "ended"; readonly end: ProgramEnd; readonly facts: StreamFacts }
  | { readonly kind: "failed"; readonly error: TransferredError };
