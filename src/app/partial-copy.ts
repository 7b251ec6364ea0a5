/**
 * A part of a backup at an instant as a running server that goes away again: one database, or some tables of it. Which files that takes is
 * guessed from the backup's catalogues; the recovered server then says what the tables are made of at the instant, and where something
 * was missed, the copy is made again with it. A file that the backup does not have was made in the WAL, and is whole by replay.
 *
 * Nothing but the wished tables may be believed on it: the others look empty or damaged.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { partialCopyAttemptsMax } from "../core/limits.ts";
import type { Lsn } from "../core/lsn.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import {
  type WishedRelations,
  expandRelations,
  findMeaning,
  similarNames,
} from "../rescue/wished-relations.ts";
import type { BackupFiles } from "../restore/backup-files.ts";
import { type ChosenFiles, chooseFiles } from "../restore/choose-files.ts";
import type { RestorePlan } from "../restore/plan-result.ts";
import type { RelationWish } from "../restore/relation-wish.ts";
import type { TargetFlags } from "../restore/target.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import type { IncarnationView } from "./plan-catalogue.ts";
import { planOperation } from "./plan-operation.ts";
import type { OpenRepository } from "./repository-access.ts";
import { type Sighting, findSightings } from "./seen-in-backups.ts";
import { type ThrowawayCopy, openThrowawayCopy } from "./throwaway-copy.ts";

/** Under which name the copy sees us. */
const APPLICATION = "pra_rescue";

/** What to bring back. */
export type PartialCopyRequest = {
  readonly backup: string | undefined;
  readonly flags: TargetFlags;
  readonly database: string;
  readonly relations: RelationWish;
  readonly workers: number;
  readonly reason: string;
  /** "pra rescue", for messages. */
  readonly command: string;
  readonly onPlan: (plan: RestorePlan) => void;
  readonly onProgress: (progress: {
    readonly phase: string;
    readonly writtenBytes: number;
  }) => void;
  readonly signal: AbortSignal;
};

/** The nearest backups before and after the instant in which it was, for people; a dash where none was found; and the same for programs. */
type SeenDetails = Readonly<Record<"before" | "after", string>> &
  Readonly<Record<"looked" | "backups", number>> &
  Readonly<
    Partial<Record<"beforeBackup" | "beforeEndedAt" | "afterBackup" | "afterEndedAt", string>>
  >;

/** What it took, summed over attempts. */
export type CopyEffort = {
  readonly attempts: number;
  /** Sealed bytes of data files, and bytes of WAL, that were read from the repository. */
  readonly readBytes: number;
  readonly walBytes: number;
  readonly restoredBytes: number;
};

/** A copy that runs. Disposing of it stops it and removes everything. */
export interface PartialCopy extends AsyncDisposable {
  readonly copy: ThrowawayCopy;
  readonly wished: WishedRelations;
  readonly effort: CopyEffort;
  /** Why the ledger does not say that it was read. */
  readonly ledgerFailure: DrError | undefined;
}

type Attempt = { readonly also: ReadonlySet<number>; readonly everything: boolean };
type Made = { readonly copy: ThrowawayCopy; readonly chosen: ChosenFiles | undefined };

/** One backup for all attempts. "Latest" may move on between them; each attempt is whole by itself, and only the last one counts. */
type Fixed = {
  readonly flags: TargetFlags;
  readonly backup: string;
  /** From which it was planned, and where the plan arrives. */
  readonly view: IncarnationView;
  readonly lsn: Lsn;
};

class PartialCopies {
  readonly #parts: readonly [Adapters, Environment, OpenRepository];
  readonly #request: PartialCopyRequest;
  #effort: CopyEffort = { attempts: 0, readBytes: 0, walBytes: 0, restoredBytes: 0 };
  #ledgerFailure: DrError | undefined;

  constructor(
    parts: readonly [Adapters, Environment, OpenRepository],
    request: PartialCopyRequest,
  ) {
    this.#parts = parts;
    this.#request = request;
  }

  async #fix(): Promise<Fixed> {
    const [adapters, environment] = this.#parts;
    const { flags, backup, command, signal } = this.#request;
    const { plan, view } = await planOperation(
      adapters,
      environment,
      { flags, backup, command },
      { signal },
    );
    if (!plan.reachable) {
      throw plan.error;
    }
    this.#request.onPlan(plan);
    return { flags, backup: plan.backup.id, view, lsn: plan.reached.lsn };
  }

  async #make({ flags, backup }: Fixed, { also, everything }: Attempt): Promise<Made> {
    const { database, relations, workers, reason, command, onProgress, signal } = this.#request;
    let chosen: ChosenFiles | undefined;
    const choose = async (files: BackupFiles): Promise<ChosenFiles["selection"]> => {
      if (everything) {
        return undefined;
      }
      chosen = await chooseFiles(files, { database, relations, also });
      return chosen.selection;
    };
    const copy = await openThrowawayCopy(...this.#parts, {
      flags,
      backup,
      workers,
      reason,
      command,
      part: { database, choose },
      onPlan: () => undefined,
      onProgress,
      signal,
    });
    this.#ledgerFailure ??= copy.restored.ledgerFailure;
    const { readBytes, restoredBytes, walBytes } = copy.restored.restored;
    this.#effort = {
      attempts: this.#effort.attempts + 1,
      readBytes: this.#effort.readBytes + readBytes,
      walBytes: this.#effort.walBytes + walBytes,
      restoredBytes: this.#effort.restoredBytes + restoredBytes,
    };
    return { copy, chosen };
  }

  /** Where it was seen, for a message that says where to go. */
  async #seen({ view, lsn }: Fixed, relations: RelationWish): Promise<SeenDetails> {
    const { database, signal } = this.#request;
    const wanted = { database, relations };
    const [, , { sealed }] = this.#parts;
    const { before, after, looked } = await findSightings(sealed, view, { wanted, lsn, signal });
    const told = (seen: Sighting | undefined): string =>
      seen === undefined ? "–" : `${seen.backup} (${seen.endedAt})`;
    return {
      before: told(before),
      after: told(after),
      ...(before === undefined
        ? {}
        : { beforeBackup: before.backup, beforeEndedAt: before.endedAt }),
      ...(after === undefined ? {} : { afterBackup: after.backup, afterEndedAt: after.endedAt }),
      looked,
      backups: view.catalogue.backups.length,
    };
  }

  async #wished({ copy }: Made, fixed: Fixed): Promise<WishedRelations> {
    const { database, relations, signal } = this.#request;
    await using session = await SqlSession.open(copy.settings, {
      applicationName: APPLICATION,
      signal,
    });
    const meaning = await findMeaning(session, relations, { signal });
    switch (meaning.kind) {
      case "found":
        return await expandRelations(session, meaning.relations, { signal });
      case "several": {
        const names = meaning.found.map(({ schema, name }) => `${schema}.${name}`).join(", ");
        throw new DrError("RESTORE_RESCUE_WHICH", { table: meaning.typed, names });
      }
      case "absent": {
        const similar = await similarNames(session, meaning.typed, { signal });
        const at = copy.restored.reached.time ?? "–";
        const backup = copy.restored.plan.backup.id;
        const names = similar.length === 0 ? "–" : similar.join(", ");
        const { typed: table } = meaning;
        const seen = await this.#seen(fixed, wishOf(relations, table));
        throw new DrError("RESTORE_RESCUE_ABSENT", { table, database, at, backup, names, ...seen });
      }
    }
  }

  /** Files that the tables need and the copy does not have. */
  #missing({ chosen }: Made, { filenodes }: WishedRelations): readonly number[] {
    const has = chosen?.selection?.filenodes;
    if (has === undefined || chosen === undefined || !guard("R3-files-looked-up-again")) {
      return [];
    }
    return [...filenodes].filter((each) => chosen.inBackup.has(each) && !has.has(each));
  }

  async open(): Promise<PartialCopy> {
    const fixed = await this.#fix();
    let attempt: Attempt = { also: new Set(), everything: false };
    for (let made = 1; ; made += 1) {
      await using parts = new AsyncDisposableStack();
      try {
        const each = await this.#make(fixed, attempt);
        parts.use(each.copy);
        const wished = await this.#wished(each, fixed);
        const missing = this.#missing(each, wished);
        if (missing.length === 0) {
          const kept = parts.move();
          const { copy } = each;
          const effort = this.#effort;
          const ledgerFailure = this.#ledgerFailure;
          const dispose = (): Promise<void> => kept.disposeAsync();
          return { copy, wished, effort, ledgerFailure, [Symbol.asyncDispose]: dispose };
        }
        const everything = made + 1 >= partialCopyAttemptsMax;
        attempt = { also: new Set([...attempt.also, ...missing]), everything };
      } catch (error) {
        if (isDrError(error, "PG_DATABASE_MISSING")) {
          const { database } = this.#request;
          const at = this.#request.flags.at ?? "–";
          const seen = await this.#seen(fixed, { kind: "all" });
          const details = { database, at, ...seen };
          throw new DrError("RESTORE_RESCUE_NO_DATABASE", details, { cause: error });
        }
        if (attempt.everything || !isUnusable(error)) {
          throw error;
        }
        // Its catalogues lie where nobody guessed, or the database took its name since: with everything there is nothing to guess.
        attempt = { also: attempt.also, everything: true };
      }
    }
  }
}

/** The part of a wish that was typed so. */
function wishOf(relations: RelationWish, typed: string): RelationWish {
  return relations.kind === "tables"
    ? { kind: "tables", tables: relations.tables.filter((table) => table.typed === typed) }
    : relations;
}

/** What a server says whose catalogues are holes. */
function isUnusable(error: unknown): boolean {
  return isDrError(error, "PG_COMMAND_FAILED") || isDrError(error, "PG_CONNECTION_LOST");
}

/**
 * Restores what is wished for, and starts it. @throws DrError `RESTORE_RESCUE_ABSENT`, `RESTORE_RESCUE_WHICH`; `PLAN_*`, `RESTORE_*`, `PG_*`,
 * `REPO_*`, `STORE_*`; nothing stays behind.
 */
export async function openPartialCopy(
  adapters: Adapters,
  environment: Environment,
  repository: OpenRepository,
  request: PartialCopyRequest,
): Promise<PartialCopy> {
  return await new PartialCopies([adapters, environment, repository], request).open();
}
