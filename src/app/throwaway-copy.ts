/**
 * A backup at an instant as a running server that goes away again: restored by the same code as for people, isolated, on a socket of its own
 * that lets nobody in but this machine's accounts who may pass its private directory.
 */
import { chown, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DrError, isDrError } from "../core/errors.ts";
import { restoreReplayMsMax } from "../core/limits.ts";
import { type ConnectionSettings } from "../postgres/connection-settings.ts";
import { findServerBinaries } from "../postgres/server-binaries.ts";
import { accountOfDirectory } from "../postgres/server-account.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import { type ThrowawayServer, startServer } from "../postgres/throwaway-server.ts";
import { superuserCandidates } from "../proof/superuser.ts";
import { decodeRoot } from "../repository/root.ts";
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
}

/** What to restore. */
export type CopyRequest = {
  readonly backup: string | undefined;
  readonly flags: TargetFlags;
  readonly workers: number;
  readonly reason: string;
  readonly onProgress: RestoreRequest["onProgress"];
  readonly signal: AbortSignal;
};

/** A connection under the first name that the copy knows. */
async function knownAs(
  server: ThrowawayServer,
  names: readonly string[],
  of: { readonly base: ConnectionSettings; readonly signal: AbortSignal },
): Promise<ConnectionSettings> {
  const { base, signal } = of;
  const { socketDirectory: host, port } = server;
  let refusal: unknown;
  for (const user of names) {
    const own = { host, port, user, password: undefined, passwordFile: undefined };
    const settings = { ...base, ...own, database: "postgres", sslMode: "disable" } as const;
    try {
      await using _session = await SqlSession.open(settings, {
        applicationName: "pra_restore_db",
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

/** Restores and starts. @throws DrError `PLAN_*`, `RESTORE_*`, `PG_*`, `REPO_*`, `STORE_*`; nothing stays behind. */
export async function openThrowawayCopy(
  adapters: Adapters,
  environment: Environment,
  repository: OpenRepository,
  request: CopyRequest,
): Promise<ThrowawayCopy> {
  const { clock, random } = adapters;
  const { signal, backup, flags, workers, reason, onProgress } = request;
  await using parts = new AsyncDisposableStack();
  const directory = parts.use(await openProofDirectory(environment, { clock, random, signal }));
  const restored = await runRestore(adapters, environment, {
    flags,
    backup,
    command: "pra restore-db",
    to: directory.workDirectory,
    start: undefined,
    tablespaces: new Map(),
    owner: undefined,
    workers,
    acceptRollback: false,
    reason,
    onPlan: () => undefined,
    onProgress,
    signal,
  });
  const { place, id } = await findBackup(repository.sealed, restored.plan.backup.id, { signal });
  const name = { ...place, type: "root", id } as const;
  const root = decodeRoot((await repository.sealed.getWhole(name, { signal })).content);
  const { major } = root.server;
  const { dataDirectory } = restored;
  const account = await accountOfDirectory(dataDirectory);
  const rules = join(dataDirectory, "pra_hba.conf");
  try {
    await writeFile(rules, "local all all trust\n", { mode: 0o600 });
    if (account.switched) {
      await chown(rules, account.uid, account.gid);
    }
  } catch (cause) {
    const reasonOf = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const details = { operation: "write", path: rules, reason: reasonOf };
    throw new DrError("RESTORE_FILE_IO", details, { cause });
  }
  const binDirectory = environment.postgresBinDirectory;
  const server = parts.use(
    await startServer({
      dataDirectory,
      binaries: await findServerBinaries(major, { account, binDirectory, signal }),
      port: COPY_PORT,
      account,
      settings: { hba_file: rules, autovacuum: "off" },
      goal: "recovered",
      startTimeoutMs: restoreReplayMsMax,
      signal,
    }),
  );
  const base = environment.connection;
  const settings = await knownAs(server, superuserCandidates(root.server), { base, signal });
  const kept = parts.move();
  return { settings, major, restored, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
