/**
 * Makes an empty cluster with `initdb`, for throw-away servers and tests. Never used on a directory that
 * holds anything: initdb itself refuses that, and nothing here empties one.
 */
import { join } from "node:path";
import { DrError } from "../core/errors.ts";
import { runProgram } from "./run-program.ts";
import type { ServerAccount } from "./server-account.ts";
import type { ServerBinaries } from "./server-binaries.ts";

/** How to make a cluster. */
export type ClusterOptions = {
  readonly dataDirectory: string;
  readonly binaries: ServerBinaries;
  readonly account: ServerAccount;
  readonly signal: AbortSignal;
  /** More arguments: `--data-checksums`, `--wal-segsize=1`. */
  readonly initdbArguments?: readonly string[];
};

/**
 * A cluster with the superuser `postgres`, UTF-8, the C.UTF-8 locale, and trust for local connections: it
 * belongs in a directory that only its account can enter. Not synced to disk. Aborting leaves a partial
 * directory. @throws DrError `PG_INITDB_FAILED`.
 */
export async function initCluster(options: ClusterOptions): Promise<void> {
  const result = await runProgram(
    join(options.binaries.binDirectory, "initdb"),
    [
      "--pgdata",
      options.dataDirectory,
      "--username=postgres",
      "--auth=trust",
      "--encoding=UTF8",
      "--locale=C.UTF-8",
      "--no-sync",
      ...(options.initdbArguments ?? []),
    ],
    {
      account: options.account,
      signal: options.signal,
      // Else initdb would take the zone of this machine, and what is printed would depend on it.
      environment: { TZ: "UTC" },
    },
  );
  if (result.state === "unstartable" || result.code !== 0) {
    throw new DrError("PG_INITDB_FAILED", {
      directory: options.dataDirectory,
      output:
        result.state === "unstartable"
          ? result.reason
          : `${result.output}\n${result.errorOutput}`.trim().slice(-2000),
    });
  }
}
