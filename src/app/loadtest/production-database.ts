/**
 * The one database that a load test makes on production's server: it bears a mark, so that it is known again after a crash, and a database of that
 * name without the mark is somebody's, which nothing here touches.
 */
import type { Clock } from "../../core/clock.ts";
import { DrError, isDrError } from "../../core/errors.ts";
import { loadDatabaseDropMs } from "../../core/load-limits.ts";
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
 * Makes it anew; what a crashed test left is dropped first. @throws DrError `PG_LOADTEST_DATABASE` when it is somebody's, `RESTORE_DB_RIGHTS`,
 * `RESTORE_DB_BUSY` when another load test runs, `PG_*`.
 */
export async function makeLoadDatabase(
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
  await target.create(undefined, "nothing, by pra loadtest");
}

async function dropOnce(settings: ConnectionSettings, signal: AbortSignal): Promise<void> {
  await using target = await open(settings, { signal });
  await target.dropOurs();
}

/**
 * Drops it, whoever ended the test: with a time limit of its own. A backup or a look may be connected to it for a moment, and the server may be
 * full of others: that is waited out. Answers why it is still there.
 */
export async function dropLoadDatabase(
  settings: ConnectionSettings,
  clock: Clock,
): Promise<DrError | undefined> {
  const signal = AbortSignal.timeout(loadDatabaseDropMs);
  let refusal: DrError | undefined;
  try {
    for (;;) {
      try {
        await dropOnce(settings, signal);
        return undefined;
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
      const where = placeOf(settings);
      const seconds = loadDatabaseDropMs / 1000;
      const late = new DrError("PG_CONNECT_TIMEOUT", { where, seconds });
      return refusal ?? (isDrError(error) ? error : late);
    }
    throw error;
  }
}
