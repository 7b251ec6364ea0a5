/**
 * Tablespaces that exist and are not in the stream. Servers before 16 silently leave out those that lie in place
 * (`allow_in_place_tablespaces`); a backup without them would restore to a cluster with missing files.
 *
 * Follows do_pg_backup_start in src/backend/access/transam/xlog.c of 15, "Skip in-place tablespaces".
 */
import * as z from "zod/mini";
import { DrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import type { ServerIdentity } from "../repository/root.ts";
import type { BackupStart } from "../source/backup-source.ts";

const factsSchema = z.object({
  tablespaces: z.object({
    visible: z.literal(true),
    value: z.array(z.object({ oid: z.coerce.number(), location: z.nullable(z.string()) })),
  }),
});

/** @throws DrError `BACKUP_TABLESPACE_LEFT_OUT`. Facts that could not be read prove nothing and pass. */
export function requireAllTablespaces(server: ServerIdentity, start: BackupStart): void {
  const facts = factsSchema.safeParse(server.facts);
  const sent = new Set(start.tablespaces.map(({ oid }) => oid));
  const missing = (facts.data?.tablespaces.value ?? []).find(
    ({ oid, location }) => location?.startsWith("pg_tblspc/") === true && !sent.has(oid),
  );
  if (missing !== undefined && guard("L28-tablespace-left-out")) {
    const { oid, location } = missing;
    throw new DrError("BACKUP_TABLESPACE_LEFT_OUT", { oid, location: location ?? "" });
  }
}
