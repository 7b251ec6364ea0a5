/**
 * What one look reads, each thing once however many probes ask for it: the server's health, the repository, the state of its WAL, its
 * newest backup. Nothing is read before a probe asks.
 */
import { type DrError, isDrError } from "../../core/errors.ts";
import { lookServerShare } from "../../core/look-limits.ts";
import { withPasswordFile } from "../../postgres/password-file.ts";
import { type ServerHealth, readServerHealth } from "../../postgres/server-health.ts";
import { SqlSession } from "../../postgres/sql-session.ts";
import { clusterNameOf } from "../../repository/object-names.ts";
import type { BackupRoot } from "../../repository/root.ts";
import { listRoots } from "../backup-roots.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { newestIncarnation } from "../newest-incarnation.ts";
import { type OpenRepository, openRepository } from "../repository-access.ts";
import { timeLimit } from "./time-limit.ts";
import { type ServerAnswer, type WalState, walStateOf } from "../wal-status.ts";

type Call = { readonly signal: AbortSignal };

/** The newest backup that counts, and roots above it that cannot be read. */
export type NewestBackup = {
  readonly root: BackupRoot | undefined;
  readonly damaged: readonly DrError[];
};

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= read());
}

/** Undefined when `work` fails with an error that another finding tells. */
export async function unlessFailed<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isDrError(error)) {
      return undefined;
    }
    throw error;
  }
}

/** One look's eyes. Its signal ends every reading. */
export class Sight {
  readonly adapters: Adapters;
  readonly environment: Environment;
  readonly nowMs: number;
  /** How long the server and the application are waited for: one that hangs must not keep the repository's half from being told. */
  readonly serverLimitMs: number;
  readonly #call: Call;

  constructor(
    adapters: Adapters,
    environment: Environment,
    call: Call & { readonly limitMs: number },
  ) {
    this.adapters = adapters;
    this.environment = environment;
    this.nowMs = adapters.clock.now();
    this.serverLimitMs = Math.round(call.limitMs * lookServerShare);
    this.#call = call;
  }

  /** @throws DrError `PG_*`, `CONFIG_*`. */
  readonly server = once(async (): Promise<ServerHealth> => {
    const { environment, adapters } = this;
    using limit = timeLimit(this.#call.signal, this.serverLimitMs);
    const call = { signal: limit.signal };
    const connection = await withPasswordFile(environment.connection, call);
    const applicationName = environment.slotName;
    await using session = await SqlSession.open(connection, { ...call, applicationName });
    return await readServerHealth(session, { ...call, clock: adapters.clock });
  });

  /** @throws DrError `CONFIG_*`, `KEY_*`, `REPO_*`, `STORE_*`. */
  readonly repository = once((): Promise<OpenRepository> =>
    openRepository(this.adapters, this.environment, this.#call),
  );

  /** The server's half where it answers. @throws DrError as `repository`. */
  readonly wal = once(async (): Promise<WalState> => {
    const { sealed } = await this.repository();
    const server = await this.#serverAnswer();
    return await walStateOf({ sealed, server }, this.adapters, this.environment, this.#call);
  });

  /** @throws DrError as `repository`. */
  readonly newestBackup = once(async (): Promise<NewestBackup> => {
    const { sealed } = await this.repository();
    const cluster = clusterNameOf(this.environment.cluster);
    const place = await newestIncarnation(sealed, cluster, this.#call);
    const damaged: DrError[] = [];
    for await (const listed of place === undefined ? [] : listRoots(sealed, place, this.#call)) {
      if (listed.state === "readable") {
        return { root: listed.root, damaged };
      }
      damaged.push(listed.error);
    }
    return { root: undefined, damaged };
  });

  async #serverAnswer(): Promise<ServerAnswer> {
    try {
      const { flushLsn, nowMs, slots } = await this.server();
      const own = slots.find(({ name }) => name === this.environment.slotName);
      return flushLsn === undefined
        ? {}
        : { position: { flushLsn, nowMs, slotRetainedBytes: own?.retainedBytes } };
    } catch (error) {
      if (isDrError(error)) {
        return { error };
      }
      throw error;
    }
  }
}
