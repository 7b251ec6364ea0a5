/** What a proof is given, and the steps that it tells of. */
import type { Clock } from "../core/clock.ts";
import type { Lsn } from "../core/lsn.ts";
import type { Random } from "../core/random.ts";
import type { TimelineId } from "../core/wal-name.ts";
import type { ServerAccount } from "../postgres/server-account.ts";
import type { ServerBinaries } from "../postgres/server-binaries.ts";
import type { ThrowawayServer } from "../postgres/throwaway-server.ts";
import type { IncarnationPlace } from "../repository/object-names.ts";
import type { BackupRoot } from "../repository/root.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { RecoveryStop } from "../restore/recovery-settings.ts";
import type { ApplicationCheck } from "./application-command.ts";
import type { Assertion } from "./assertions.ts";
import type { HeartbeatTarget } from "./heartbeat-reading.ts";

/** What a proof is doing. */
export type ProofPhase =
  "fitness" | "restore" | "recovery" | "checks" | "assertions" | "application" | "pages";

/** What is proved, where and with what. */
export type ProveOptions = {
  readonly sealed: SealedStore;
  readonly place: IncarnationPlace;
  readonly root: BackupRoot;
  readonly stop: RecoveryStop;
  readonly timeline: TimelineId;
  /** The target is reached when recovery ended at or behind this. */
  readonly reachLsn: Lsn;
  readonly layWal: (directory: string) => Promise<number>;
  /** A directory for the throw-away server: must not exist; removed at the end. */
  readonly workDirectory: string;
  readonly binaries: ServerBinaries;
  readonly account: ServerAccount;
  readonly port: number;
  readonly workers: number;
  /** Level 4; none where there are none. */
  readonly assertions: readonly Assertion[];
  /** ISO 8601: the instant that is restored to, which assertions may ask for. */
  readonly instant: string;
  readonly heartbeat: HeartbeatTarget | undefined;
  /** Level 5. `directory`: where the command works. */
  readonly application:
    { readonly check: ApplicationCheck; readonly directory: string } | undefined;
  /** Hides secrets in what the server and the application say. */
  readonly mask: (text: string) => string;
  readonly clock: Clock;
  readonly random: Random;
  /** Told when the throw-away server runs. */
  readonly onServer?: (server: ThrowawayServer) => Promise<void>;
  readonly onPhase?: (phase: ProofPhase) => void;
  readonly signal: AbortSignal;
};
