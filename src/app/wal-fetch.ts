/**
 * `pra wal fetch`: what `restore_command` calls, and the line that calls it. A server takes exit codes 1 to 125 for "not in the
 * archive", which ends recovery there, so the line turns everything but a proven absence into 255, at which the server stops
 * (RestoreArchivedFile in src/backend/access/transam/xlogarchive.c).
 *
 * It records nothing in the ledger: a server calls it for every segment, so a recovery would write thousands of events, and each would hold
 * recovery up by as much as a segment takes. The restore before it is recorded; `accessed` in docs/ledger.md says so.
 */
import { join } from "node:path";
import { clusterNameOf } from "../repository/object-names.ts";
import { type FetchResult, fetchWal } from "../wal/wal-fetch.ts";
import { quoteSetting } from "../restore/isolation.ts";
import { callingServer, placeToFetch } from "./calling-server.ts";
import type { Adapters } from "./compose.ts";
import { type Environment, requireSetting } from "./environment.ts";
import { openRepository } from "./repository-access.ts";

/** What was asked for. */
export type FetchRequest = {
  readonly name: string;
  readonly path: string;
  /** The history to fetch from, where the data directory does not tell. */
  readonly incarnation: string | undefined;
  readonly signal: AbortSignal;
};

/** Fetches one file. @throws DrError `WAL_HISTORY_UNCLEAR`, those of `fetchWal` and of opening the repository. */
export async function runFetch(
  adapters: Adapters,
  environment: Environment,
  request: FetchRequest,
): Promise<FetchResult> {
  const { name, path, incarnation: wanted, signal } = request;
  const { sealed } = await openRepository(adapters, environment, { signal });
  const cluster = clusterNameOf(environment.cluster);
  const server = await callingServer(path, { clock: adapters.clock, signal });
  const place = await placeToFetch(sealed, { cluster, server, wanted }, { signal });
  return await fetchWal({ sealed, place, name, path, signal });
}

/** One word of a shell line; the percent signs of paths are doubled, since the server replaces %f and %p. */
function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''").replaceAll("%", "%%")}'`;
}

/** What a server needs to fetch: the shell line, and the setting with it. */
export type RestoreCommand = { readonly command: string; readonly setting: string };

/**
 * The line for `restore_command`. It names the repository, the key file and the cluster, because a server has another environment
 * and another home than the person who asks. @throws DrError `CONFIG_MISSING`.
 */
export function restoreCommand(
  environment: Environment,
  options: { readonly checkoutDirectory: string; readonly incarnation: string | undefined },
): RestoreCommand {
  const { cluster, backupDirectory, keyFile } = environment;
  const variables = {
    BACKUP_DIR: requireSetting(backupDirectory, "BACKUP_DIR"),
    ...(keyFile === undefined ? {} : { PRA_KEY_FILE: keyFile }),
    PRA_CLUSTER: cluster,
  };
  const assigned = Object.entries(variables).map(([name, value]) => `${name}=${shellWord(value)}`);
  const { checkoutDirectory, incarnation } = options;
  const program = shellWord(join(checkoutDirectory, "pra"));
  const history = incarnation === undefined ? "" : ` --incarnation ${incarnation}`;
  const call = `${assigned.join(" ")} ${program} wal fetch${history} "%f" "%p"`;
  const command = `${call}; case $? in 0) exit 0 ;; 64) exit 1 ;; *) exit 255 ;; esac`;
  return { command, setting: `restore_command = ${quoteSetting(command)}` };
}
