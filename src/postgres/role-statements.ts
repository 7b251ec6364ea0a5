/**
 * The statements that make the role of the backups: what each use needs on each major, and nothing else. PostgreSQL has no BACKUP
 * privilege; a backup over the replication protocol needs REPLICATION, seeing the server whole needs pg_monitor, dumps need
 * pg_read_all_data, test restores CREATEDB. Nothing is ever taken away from a role that exists. Pure.
 *
 * Follows chapters 22.2 "Role Attributes", 22.5 "Predefined Roles", section 9.28 "System Administration Functions", and
 * src/backend/catalog/system_functions.sql and system_views.sql of 14 to 18.
 */
import type { SupportedMajor } from "../core/pg-version.ts";
import { quoteIdentifier } from "./replication-connection.ts";

/** What the role is for. `local`: backups that read the server's files on its own machine. */
export type RoleUse = "stream" | "dumps" | "restores" | "local";

/** A statement and why it is there; `what` names it for texts. */
export type RoleStatement = {
  readonly what: "create" | "attributes" | "monitor" | "rules" | "read" | "functions" | "password";
  readonly sql: string;
};

/** What to make. */
export type RoleWish = {
  readonly role: string;
  readonly major: SupportedMajor;
  readonly uses: ReadonlySet<RoleUse>;
  /** A verifier, never a password; undefined: none is set. */
  readonly verifier?: string | undefined;
};

/** Text as a literal of SQL. */
export function quoteLiteral(text: string): string {
  return text.includes("\\")
    ? `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`
    : `'${text.replaceAll("'", "''")}'`;
}

/** Functions of backups that read files in place; 15 renamed two of them. */
function localFunctions(major: SupportedMajor): readonly string[] {
  return [
    major >= 15 ? "pg_backup_start(text, boolean)" : "pg_start_backup(text, boolean, boolean)",
    major >= 15 ? "pg_backup_stop(boolean)" : "pg_stop_backup(boolean, boolean)",
    "pg_switch_wal()",
    "pg_create_restore_point(text)",
  ];
}

function createStatement(role: string): string {
  const literal = quoteLiteral(role);
  let tag = "$do$";
  for (let number = 1; literal.includes(tag); number += 1) {
    tag = `$do${number}$`;
  }
  return [
    `DO ${tag} BEGIN`,
    `  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${literal}) THEN`,
    `    CREATE ROLE ${quoteIdentifier(role)};`,
    "  END IF;",
    `END ${tag};`,
  ].join("\n");
}

/** The statements in order. They can be run again without harm; run them in the database that `pra` connects to. */
export function roleStatements(wish: RoleWish): readonly RoleStatement[] {
  const { role, major, uses, verifier } = wish;
  const name = quoteIdentifier(role);
  const observes = uses.has("stream") || uses.has("local");
  const attributes = [
    "LOGIN",
    ...(uses.has("stream") ? ["REPLICATION"] : []),
    ...(uses.has("restores") ? ["CREATEDB"] : []),
  ];
  const rules = ["pg_hba_file_rules", ...(major >= 15 ? ["pg_ident_file_mappings"] : [])];
  const when = (
    isWanted: boolean,
    what: RoleStatement["what"],
    ...statements: readonly string[]
  ): readonly RoleStatement[] => (isWanted ? statements.map((sql) => ({ what, sql })) : []);
  return [
    ...when(true, "create", createStatement(role)),
    ...when(true, "attributes", `ALTER ROLE ${name} ${attributes.join(" ")};`),
    ...when(observes, "monitor", `GRANT pg_monitor TO ${name};`),
    ...when(
      observes,
      "rules",
      ...rules.flatMap((view) => [
        `GRANT SELECT ON pg_catalog.${view} TO ${name};`,
        `GRANT EXECUTE ON FUNCTION pg_catalog.${view}() TO ${name};`,
      ]),
    ),
    ...when(uses.has("dumps"), "read", `GRANT pg_read_all_data TO ${name};`),
    ...when(
      uses.has("local"),
      "functions",
      ...localFunctions(major).map(
        (one) => `GRANT EXECUTE ON FUNCTION pg_catalog.${one} TO ${name};`,
      ),
    ),
    ...when(
      verifier !== undefined,
      "password",
      `ALTER ROLE ${name} PASSWORD ${quoteLiteral(verifier ?? "")};`,
    ),
  ];
}
