/**
 * Transactions that were prepared at the target and not yet ended. A restore brings them back as they were, with their locks; nobody will
 * end them in a throw-away server, where they would hold up the checks for ever. They are told and rolled back there: what they
 * wrote was not committed at the target, so no check misses it.
 */
import { guard } from "../core/failpoint.ts";
import type { Connections } from "./connections.ts";
import type { FitnessFinding } from "./fitness.ts";

type Prepared = {
  readonly gid: string;
  readonly database: string;
  readonly owner: string;
  readonly prepared: Date;
};

/** Rolls them back, each in its database, and tells of each. */
export async function releasePrepared(
  connections: Connections,
): Promise<readonly FitnessFinding[]> {
  const client = await connections.open("postgres");
  const { rows } = await client.query<Prepared>(
    "SELECT gid, database, owner, prepared FROM pg_prepared_xacts ORDER BY prepared",
  );
  await client.end();
  for (const database of new Set(rows.map((row) => row.database))) {
    const own = await connections.open(database);
    try {
      for (const { gid } of rows.filter((row) => row.database === database)) {
        if (guard("L52-prepared-released")) {
          await own.query(`ROLLBACK PREPARED ${own.escapeLiteral(gid)}`);
        }
      }
    } finally {
      await own.end();
    }
  }
  return rows.map(({ gid, database, owner, prepared }) => ({
    kind: "prepared",
    name: gid,
    detail: `prepared at ${prepared.toISOString()} by ${owner} in ${database}, not ended at the target: a restore brings it back with its locks`,
  }));
}
