/**
 * A backup at an instant as a running server that goes away again: restored by the same code as for people, isolated, on a socket of its own
 * that lets nobody in but this machine's accounts who may pass its private directory.
 */
import { chown, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DrError, isDrError } from "../core/errors.ts";
import { restoreReplayMsMax } from "../core/limits.ts";
import { type ConnectionSettings } from "../postgres/connection-settings.ts";
import { findServerBinaries } from "../postgres/server-binaries.ts";
import { type ServerAccount, accountOfDirectory } from "../postgres/server-account.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import { type ThrowawayServer, startServer } from "../postgres/throwaway-server.ts";
import { superuserCandidates } from "../proof/superuser.ts";
import { decodeRoot } from "../repository/root.ts";
import type { BackupFiles } from "../restore/backup-files.ts";
import type { FileSelection } from "../restore/file-selection.ts";
import type { RestorePlan } from "../restore/plan-result.ts";
import type { TargetFlags } from "../restore/target.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { findBackup } from "./find-backup.ts";
import { openProofDirectory } from "./proof-directory.ts";
import type { OpenRepository } from "./repository-access.ts";
import { type RestoreRequest, type RestoreResult, runRestore } from "./restore.ts";

/** The server has a socket directory of its own, so any port will do. */
const COPY_PORT = 5432;

/** A copy that runs. Disposing of it stops it and removes everything. */
export interface ThrowawayCopy extends AsyncDisposable {
  readonly settings: ConnectionSettings;
  readonly major: number;
  readonly restored: RestoreResult;
  /** A directory beside the copy that goes when it goes; only this process's account reads what it makes there. */
  readonly scratchDirectory: string;
}

/** What to restore. */
export type CopyRequest = {
  readonly backup: string | undefined;
  readonly flags: TargetFlags;
  readonly workers: number;
  readonly reason: string;
  /** "pra restore-db", for messages. */
  readonly command: string;
  /** As durable as the server that people would restore: its time is measured. */
  readonly durable?: boolean;
  /** A part of the backup: which files, and the database that can be connected to. */
  readonly part?: {
    readonly database: string;
    readonly choose: (files: BackupFiles) => Promise<FileSelection | undefined>;
  };
  readonly onPlan: (plan: RestorePlan) => void;
  readonly onProgress: RestoreRequest["onProgress"];
  readonly signal: AbortSignal;
};

/** Lean, and without care for a power cut; whatever the source's own machine was sized for. */
const COPY_SETTINGS = {
  autovacuum: "off",
  // Else old tables are vacuumed all the same, against wraparound.
  autovacuum_freeze_max_age: "2000000000",
  autovacuum_multixact_freeze_max_age: "2000000000",
  hot_standby: "off",
  fsync: "off",
  huge_pages: "off",
  shared_buffers: "128MB",
  lc_messages: "C",
} as const;

/** WAL speaks of pages whose content was not restored. Each would be a line in the log. */
const PART_SETTINGS = { ignore_invalid_pages: "on", log_min_messages: "error" } as const;

function settingsOf({ durable, part }: CopyRequest): Readonly<Record<string, string>> {
  return {
    ...COPY_SETTINGS,
    ...(durable === true ? { fsync: "on" } : {}),
    ...(part === undefined ? {} : PART_SETTINGS),
  };
}

/** A connection under the first name that the copy knows. */
async function knownAs(
  server: ThrowawayServer,
  names: readonly string[],
  of: {
    readonly base: ConnectionSettings;
    readonly database: string;
    readonly signal: AbortSignal;
  },
): Promise<ConnectionSettings> {
  const { base, database, signal } = of;
  const { socketDirectory: host, port } = server;
  let refusal: unknown;
  for (const user of names) {
    const own = { host, port, user, password: undefined, passwordFile: undefined };
    const settings = { ...base, ...own, database, sslMode: "disable" } as const;
    try {
      await using _session = await SqlSession.open(settings, {
        applicationName: "pra_copy",
        signal,
      });
      return settings;
    } catch (error) {
      if (!isDrError(error, "PG_ROLE_REFUSED")) {
        throw error;
      }
      refusal = error;
    }
  }
  throw refusal;
}

/** Lets in whoever reaches the socket. @throws DrError `RESTORE_FILE_IO`. */
async function writeRules(dataDirectory: string, account: ServerAccount): Promise<string> {
  const path = join(dataDirectory, "pra_hba.conf");
  try {
    await writeFile(path, "local all all trust\n", { mode: 0o600 });
    if (account.switched) {
      await chown(path, account.uid, account.gid);
    }
    return path;
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new DrError("RESTORE_FILE_IO", { operation: "write", path, reason }, { cause });
  }
}

/** Restores and starts. @throws DrError `PLAN_*`, `RESTORE_*`, `PG_*`, `REPO_*`, `STORE_*`; nothing stays behind. */
export async function openThrowawayCopy(
  adapters: Adapters,
  environment: Environment,
  repository: OpenRepository,
  request: CopyRequest,
): Promise<ThrowawayCopy> {
  const { clock, random } = adapters;
  const { signal, backup, flags, workers, reason, command, part, onPlan, onProgress } = request;
  await using parts = new AsyncDisposableStack();
  const directory = parts.use(await openProofDirectory(environment, { clock, random, signal }));
  const scratchDirectory = dirname(directory.workDirectory);
  const restored = await runRestore(adapters, environment, {
    flags,
    backup,
    command,
    to: directory.workDirectory,
    start: undefined,
    tablespaces: new Map(),
    throwAway: {
      spoolDirectory: dirname(scratchDirectory),
      tablespacesBelow: scratchDirectory,
      choose: part?.choose,
    },
    owner: undefined,
    workers,
    acceptRollback: false,
    reason,
    onPlan,
    onProgress,
    signal,
  });
  const { place, id } = await findBackup(repository.sealed, restored.plan.backup.id, { signal });
  const name = { ...place, type: "root", id } as const;
  const root = decodeRoot((await repository.sealed.getWhole(name, { signal })).content);
  const { major } = root.server;
  const { dataDirectory } = restored;
  const account = await accountOfDirectory(dataDirectory);
  const rules = await writeRules(dataDirectory, account);
  const binDirectory = environment.postgresBinDirectory;
  const server = parts.use(
    await startServer({
      dataDirectory,
      binaries: await findServerBinaries(major, { account, binDirectory, signal }),
      port: COPY_PORT,
      account,
      settings: {
        hba_file: rules,
        ...settingsOf(request),
      },
      goal: "recovered",
      startTimeoutMs: restoreReplayMsMax,
      signal,
    }),
  );
  const known = {
    base: environment.connection,
    database: part?.database ?? "postgres",
    signal,
  };
  const settings = await knownAs(server, superuserCandidates(root.server), known);
  const kept = parts.move();
  return {
    settings,
    major,
    restored,
    scratchDirectory,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
