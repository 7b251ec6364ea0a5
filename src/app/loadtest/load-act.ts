/** What the first act of a load test works with: on any server, and on one that is thrown away. */
import type { Random } from "../../core/random.ts";
import type { ShapedData } from "../../loadtest/shaped-data.ts";
import type { ServerAccount } from "../../postgres/server-account.ts";
import type { ServerBinaries } from "../../postgres/server-binaries.ts";
import type { Adapters } from "../compose.ts";
import type { DemoFolder } from "../demo/demo-folder.ts";
import type { ApplicationWish } from "./application-step.ts";
import type { LoadTestEvent, LoadTestNotes } from "./load-test-notes.ts";

/** How long and by how many, what is filled in, and who is told. */
export type LoadRun = {
  readonly adapters: Adapters;
  readonly random: Random;
  readonly loadMs: number;
  readonly clients: number;
  readonly notes: LoadTestNotes;
  readonly tell: (event: LoadTestEvent) => void;
  readonly signal: AbortSignal;
};

/** The folder and the programs that it was given. */
export type LoadAct = LoadRun & {
  readonly folder: DemoFolder;
  readonly binaries: ServerBinaries;
  readonly account: ServerAccount;
  readonly dataBytes: number;
  /** Production's shape, in place of bytes of no shape. */
  readonly shaped: ShapedData | undefined;
  /** What shall answer on the restored server. */
  readonly application: ApplicationWish | undefined;
};
