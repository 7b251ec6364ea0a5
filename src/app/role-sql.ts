/**
 * `pra role sql`: the statements that make the role of the backups on this server, and, when asked for, running them as a
 * superuser. The password itself is never sent and never shown: the server gets a verifier computed here. A role that is a superuser
 * is left alone: it needs nothing, and should not be the one that takes backups.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { type SupportedMajor, requireSupportedMajor, versionOfNumber } from "../core/pg-version.ts";
import { type ConnectionSettings, placeOf } from "../postgres/connection-settings.ts";
import { withPasswordFile } from "../postgres/password-file.ts";
import { type RoleStatement, type RoleUse, roleStatements } from "../postgres/role-statements.ts";
import { SCRAM_SALT_BYTES, scramVerifier } from "../postgres/scram-verifier.ts";
import { SecretText } from "../postgres/secret-text.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";

/** What is wanted. */
export type RoleRequest = {
  readonly role: string | undefined;
  /** What the role is for; undefined: what the configuration says. */
  readonly uses: ReadonlySet<RoleUse> | undefined;
  readonly major: SupportedMajor | undefined;
  /** Run them as this superuser. */
  readonly applyAs: string | undefined;
  readonly signal: AbortSignal;
};

/** The statements, and what became of them. */
export type RoleAnswer = {
  readonly role: string;
  readonly where: string;
  readonly database: string;
  readonly major: SupportedMajor;
  /** False: nobody answered, and the newest major is assumed. */
  readonly majorSeen: boolean;
  readonly uses: readonly RoleUse[];
  readonly statements: readonly RoleStatement[];
  readonly applied: boolean;
  /** Whether a password was set: there is one in the configuration. */
  readonly passwordSet: boolean;
};

/** When nobody says and no server answers. */
const MAJOR_ASSUMED: SupportedMajor = 18;

/** What this configuration does on the production server. */
function usesOf(environment: Environment): ReadonlySet<RoleUse> {
  const { backupMethod, restore, connection } = environment;
  const restoresHere =
    restore.database !== undefined && (restore.host ?? connection.host) === connection.host;
  return new Set<RoleUse>([
    "stream",
    ...(backupMethod === "physical" ? [] : (["dumps"] as const)),
    ...(restoresHere ? (["restores"] as const) : []),
  ]);
}

async function majorOf(session: SqlSession, signal: AbortSignal): Promise<SupportedMajor> {
  const query = "SELECT current_setting('server_version_num') AS number";
  const [row] = await session.query(query, { signal });
  return requireSupportedMajor(versionOfNumber(Number(row?.["number"])).major);
}

async function askMajor(
  connection: ConnectionSettings,
  call: { readonly applicationName: string; readonly signal: AbortSignal },
): Promise<SupportedMajor | undefined> {
  try {
    await using session = await SqlSession.open(connection, call);
    return await majorOf(session, call.signal);
  } catch (error) {
    call.signal.throwIfAborted();
    // The role may not exist yet: that is why one asks.
    if (isDrError(error) && error.code.startsWith("PG_") && error.code !== "PG_MAJOR_UNTESTED") {
      return undefined;
    }
    throw error;
  }
}

/** Runs everything in one transaction, or nothing. @throws DrError `PG_ROLE_SUPERUSER`, and what the server answers. */
async function apply(
  session: SqlSession,
  role: string,
  statements: readonly RoleStatement[],
  signal: AbortSignal,
): Promise<void> {
  const about = "SELECT rolsuper::text AS super FROM pg_catalog.pg_roles WHERE rolname = $1";
  const [existing] = await session.query(about, { values: [role], signal });
  if (existing?.["super"] === "true") {
    throw new DrError("PG_ROLE_SUPERUSER", { role });
  }
  // A verifier may still be copied; who logs statements need not log it.
  await session.query("BEGIN; SET LOCAL log_statement = 'none'", { signal });
  for (const { sql } of statements) {
    await session.query(sql, { signal });
  }
  await session.query("COMMIT", { signal });
}

/** Makes the statements, and runs them when asked for. @throws DrError `PG_*`, `CONFIG_*`. */
export async function roleSql(
  adapters: Adapters,
  environment: Environment,
  request: RoleRequest,
): Promise<RoleAnswer> {
  const { signal, applyAs } = request;
  const { connection, slotName: applicationName } = environment;
  const role = request.role ?? connection.user;
  const uses = request.uses ?? usesOf(environment);
  const about = {
    role,
    where: placeOf(connection),
    database: connection.database,
    uses: [...uses],
  };
  if (applyAs === undefined) {
    const withFile = await withPasswordFile(connection, { signal });
    const seen = request.major ?? (await askMajor(withFile, { applicationName, signal }));
    const major = seen ?? MAJOR_ASSUMED;
    const statements = roleStatements({ role, major, uses });
    const rest = { major, majorSeen: seen !== undefined, statements };
    return { ...about, ...rest, applied: false, passwordSet: false };
  }
  const superuserPassword = environment.settings.get("PRA_SUPERUSER_PASSWORD")?.value;
  const asSuperuser = await withPasswordFile(
    {
      ...connection,
      user: applyAs,
      password: superuserPassword === undefined ? undefined : new SecretText(superuserPassword),
    },
    { signal },
  );
  await using session = await SqlSession.open(asSuperuser, { applicationName, signal });
  const major = await majorOf(session, signal);
  const { password } = connection;
  // Another role's password is not ours to set.
  const own = role === connection.user ? password : undefined;
  const verifier =
    own === undefined ? undefined : scramVerifier(own, adapters.random.bytes(SCRAM_SALT_BYTES));
  const statements = roleStatements({ role, major, uses, verifier });
  await apply(session, role, statements, signal);
  const shown = statements.filter(({ what }) => what !== "password");
  const rest = { major, majorSeen: true, statements: shown };
  return { ...about, ...rest, applied: true, passwordSet: verifier !== undefined };
}
