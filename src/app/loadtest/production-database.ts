/**
 * The one database that a load test makes on production's server: it bears a mark, so that it is known again after a crash, and a database of that
 * name without the mark is somebody's, which nothing here touches.
 */
import type { Clock } from "../../core/clock.ts";
import { DrError, isDrError } from "../../core/errors.ts";
import { loadDatabaseDropMs, loadDatabaseMakeMs } from "../../core/load-limits.ts";
import { type ConnectionSettings, placeOf } from "../../postgres/connection-settings.ts";
import { TargetDatabase } from "../../rescue/target-database.ts";

/** Its name. */
export const loadDatabase = "pra_loadtest";

const LOOK_EVERY_MS = 250;

function open(
  settings: ConnectionSettings,
  { signal }: { readonly signal: AbortSignal },
): Promise<TargetDatabase> {
  const applicationName = loadDatabase;
  return TargetDatabase.open(settings, {
    name: loadDatabase,
    purpose: "load test",
    applicationName,
    signal,
  });
}

/**
 * Looks whether it can be made; what a crashed test left is dropped. @throws DrError `PG_LOADTEST_DATABASE` when it is somebody's, `RESTORE_DB_RIGHTS`,
 * `RESTORE_DB_BUSY` when another load test runs, `PG_*`: there is nothing of this test on the server then.
 */
export async function clearLoadDatabase(
  settings: ConnectionSettings,
  call: { readonly signal: AbortSignal },
): Promise<void> {
  await using target = await open(settings, call);
  const state = await target.look();
  if (state === "somebody's") {
    throw new DrError("PG_LOADTEST_DATABASE", { database: loadDatabase, where: placeOf(settings) });
  }
  if (state === "ours") {
    await target.drop();
  }
}

function lateError(settings: ConnectionSettings, limitMs: number): DrError {
  return new DrError("PG_CONNECT_TIMEOUT", { where: placeOf(settings), seconds: limitMs / 1000 });
}

/**
 * Makes it, with a time limit of its own: the server finishes a command whose connection was cut, and nobody would mark what it made. An abort is
 * seen afterwards. Whatever comes of it, it has to be dropped. @throws DrError `RESTORE_DB_RIGHTS`, `PG_*`; the signal's reason.
 */
export async function makeLoadDatabase(
  settings: ConnectionSettings,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted();
  const limit = AbortSignal.timeout(loadDatabaseMakeMs);
  try {
    await using target = await open(settings, { signal: limit });
    await target.create(undefined, "nothing, by pra loadtest");
  } catch (error) {
    signal.throwIfAborted();
    throw limit.aborted && !isDrError(error) ? lateError(settings, loadDatabaseMakeMs) : error;
  }
  signal.throwIfAborted();
}

async function dropOnce(
  settings: ConnectionSettings,
  signal: AbortSignal,
): Promise<"dropped" | "absent" | "somebody's"> {
  await using target = await open(settings, { signal });
  const state = await target.look();
  if (state !== "ours") {
    return state;
  }
  await target.drop();
  return "dropped";
}

/** What became of it. "absent" and "somebody's": nothing was dropped. */
export type LoadDatabaseEnd =
  | { readonly kind: "dropped" | "absent" | "somebody's" }
  | { readonly kind: "stays"; readonly failure: DrError };

/**
 * Drops it, whoever ended the test: with a time limit of its own. A backup or a look may be connected to it for a moment, and the server may be
 * full of others: that is waited out.
 */
export async function dropLoadDatabase(
  settings: ConnectionSettings,
  clock: Clock,
): Promise<LoadDatabaseEnd> {
  const signal = AbortSignal.timeout(loadDatabaseDropMs);
  let refusal: DrError | undefined;
  try {
    for (;;) {
      try {
        return { kind: await dropOnce(settings, signal) };
      } catch (error) {
        signal.throwIfAborted();
        if (!isDrError(error) || !/^(?:PG_|RESTORE_DB_BUSY)/.test(error.code)) {
          throw error;
        }
        refusal = error;
      }
      await clock.sleep(LOOK_EVERY_MS, { signal });
    }
  } catch (error) {
    if (signal.aborted || isDrError(error)) {
      const failure = isDrError(error) ? error : lateError(settings, loadDatabaseDropMs);
      return { kind: "stays", failure: refusal ?? failure };
    }
    throw error;
  }
}
