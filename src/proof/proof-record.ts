/** What a proof has found so far, and the verdict that follows from it. */
import type { Clock } from "../core/clock.ts";
import { proofFindingsMax } from "../core/limits.ts";
import type { ServerBinaries } from "../postgres/server-binaries.ts";
import type { RestoredBackup } from "../restore/restore-backup.ts";
import type { ApplicationResult } from "./application-command.ts";
import type { AssertionResult } from "./assertions.ts";
import type { FitnessFinding } from "./fitness.ts";
import type { HeartbeatReading } from "./heartbeat-reading.ts";
import type {
  Proof,
  ProofFinding,
  ProofLevel,
  ProofVerdict,
  ReachedPoint,
} from "./proof-result.ts";

/** One level's outcome: it holds when nothing was found. */
export function levelOf(
  number: ProofLevel["level"],
  durationMs: number,
  findings: readonly ProofFinding[],
  counts: ProofLevel["counts"] = {},
): ProofLevel {
  return {
    level: number,
    ok: findings.length === 0,
    durationMs: Math.round(durationMs),
    findings: findings.slice(0, proofFindingsMax),
    findingsTotal: findings.length,
    counts,
  };
}

/** The mutable record of a proof under way. */
export class ProofRecord {
  readonly #clock: Clock;
  readonly #began: number;
  readonly #wanted: readonly ProofLevel["level"][];
  readonly levels: ProofLevel[] = [];
  unfit: readonly FitnessFinding[] = [];
  environment: readonly FitnessFinding[] = [];
  assertions: readonly AssertionResult[] = [];
  heartbeat: HeartbeatReading | undefined;
  application: ApplicationResult | undefined;
  reached: ReachedPoint | undefined;
  restored: RestoredBackup | undefined;
  #answeredMs: number | undefined;

  /** `wanted`: levels that must hold; one that was not come to does not. */
  constructor(clock: Clock, wanted: readonly ProofLevel["level"][]) {
    this.#clock = clock;
    this.#began = clock.monotonic();
    this.#wanted = wanted;
  }

  /** The restored server lets clients in. */
  answered(): void {
    this.#answeredMs = Math.round(this.#clock.monotonic() - this.#began);
  }

  /** Until the server answered; where the application was asked, until it answered, the checks between them left out. */
  #rtoMs(): number | undefined {
    const { application } = this;
    return this.#answeredMs === undefined || application?.ok === false
      ? undefined
      : this.#answeredMs + (application?.durationMs ?? 0);
  }

  /**
   * Damage is damage on any host. What this host lacks excuses what the user's own checks found, which may need it, and leaves
   * nothing green.
   */
  #verdict(): ProofVerdict {
    const damaged = this.levels.some(({ level, ok }) => level <= 3 && !ok);
    if (damaged || this.unfit.length > 0) {
      return damaged ? "failed" : "unfit";
    }
    const holds = this.#wanted.every((number) =>
      this.levels.some(({ level, ok }) => level === number && ok),
    );
    return holds ? "proved" : "failed";
  }

  close(binaries: ServerBinaries): Proof {
    return {
      verdict: this.#verdict(),
      levels: this.levels,
      unfit: this.unfit,
      environment: this.environment,
      assertions: this.assertions,
      heartbeat: this.heartbeat,
      application: this.application,
      reached: this.reached,
      rtoMs: this.#rtoMs(),
      durationMs: Math.round(this.#clock.monotonic() - this.#began),
      phases: this.restored?.phases ?? [],
      restoredBytes: this.restored?.restoredBytes ?? 0,
      serverVersion: `${binaries.version.major}.${binaries.version.minor}`,
    };
  }
}
