/** What the first act of a load test works with. */
import type { Random } from "../../core/random.ts";
import type { ShapedData } from "../../loadtest/shaped-data.ts";
import type { ServerAccount } from "../../postgres/server-account.ts";
import type { ServerBinaries } from "../../postgres/server-binaries.ts";
import type { Adapters } from "../compose.ts";
import type { DemoFolder } from "../demo/demo-folder.ts";
import type { ApplicationWish } from "./application-step.ts";
import type { LoadTestEvent, LoadTestNotes } from "./load-test-notes.ts";

/** The folder and the programs it was given, what it fills in, and whom it tells. */
export type LoadAct = {
  readonly adapters: Adapters;
  readonly random: Random;
  readonly folder: DemoFolder;
  readonly binaries: ServerBinaries;
  readonly account: ServerAccount;
  readonly dataBytes: number;
  /** Production's shape, in place of bytes of no shape. */
  readonly shaped: ShapedData | undefined;
  readonly loadMs: number;
  readonly clients: number;
  /** What shall answer on the restored server. */
  readonly application: ApplicationWish | undefined;
  readonly notes: LoadTestNotes;
  readonly tell: (event: LoadTestEvent) => void;
  readonly signal: AbortSignal;
};
