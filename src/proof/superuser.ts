/**
 * The name under which a proof connects: the role that `initdb` made, which need not be called postgres. It owns what no one can
 * give away, so the backup recorded it with the tablespaces and databases; a role renamed since the backup is
 * looked for under the usual name.
 */
import type { ServerIdentity } from "../repository/root.ts";
import { recordedRows } from "./recorded-facts.ts";

/** Oid of `pg_default`, and the number of the template that nobody alters. */
const PG_DEFAULT_OID = 1663;

/** Names to try, in order, each once. */
export function superuserCandidates(server: ServerIdentity): readonly string[] {
  const tablespaces = recordedRows(server, ["tablespaces"]);
  const databases = recordedRows(server, ["databases"]);
  const owners = [
    tablespaces.find((row) => Number(row["oid"]) === PG_DEFAULT_OID)?.["owner"],
    databases.find((row) => row["datname"] === "template0")?.["owner"],
    databases.find((row) => row["name"] === "template0")?.["owner"],
  ];
  const names = owners.filter((owner): owner is string => typeof owner === "string");
  return [...new Set([...names, "postgres"])];
}
