/**
 * The application on the restored server, as a proof runs it (`proof.application` of pra.yaml): the time until it answers is part of the RTO. Its
 * database and role are made in the throw-away server before the load, so that they come back with everything else; what the
 * application expects in them it has to make itself, as at its first start.
 */
import type { Clock } from "../../core/clock.ts";
import { quoteIdentifier } from "../../postgres/replication-connection.ts";
import type { ServerAccount } from "../../postgres/server-account.ts";
import {
  type ApplicationCheck,
  type ApplicationResult,
  runApplicationCheck,
} from "../../proof/application-command.ts";
import type { DemoSocket } from "../demo/demo-environment.ts";
import { withClient } from "../demo/demo-server.ts";
import type { Environment } from "../environment.ts";
import { readProofChecks } from "../proof-checks.ts";

/** What is run, from where, and how what it says is freed of secrets. */
export type ApplicationWish = {
  readonly check: ApplicationCheck;
  readonly directory: string;
  readonly mask: (text: string) => string;
};

const SUPERUSER = "postgres";

/** Undefined where none is configured. @throws DrError `CONFIG_YAML_*`. */
export async function applicationWish(
  environment: Environment,
): Promise<ApplicationWish | undefined> {
  const { application, mask } = await readProofChecks(environment);
  return application === undefined ? undefined : { ...application, mask };
}

/** Makes the database and the role that the application connects with; its data may be there already. */
export async function makeApplicationDatabase(
  server: DemoSocket,
  wish: ApplicationWish | undefined,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  if (wish === undefined) {
    return;
  }
  const { database, user = SUPERUSER } = wish.check;
  const role = quoteIdentifier(user);
  await withClient(
    server,
    async (client) => {
      if (user !== SUPERUSER) {
        await client.query(`CREATE ROLE ${role} LOGIN`);
        await client.query(`GRANT pg_read_all_data, pg_write_all_data TO ${role}`);
      }
      const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [
        database,
      ]);
      const verb = rowCount === 0 ? "CREATE" : "ALTER";
      const owner = rowCount === 0 ? "OWNER" : "OWNER TO";
      await client.query(`${verb} DATABASE ${quoteIdentifier(database)} ${owner} ${role}`);
    },
    { signal },
  );
}

/** Runs it to a verdict. */
export async function runApplication(
  server: DemoSocket & { readonly superuser?: string },
  wish: ApplicationWish,
  options: {
    readonly account: ServerAccount;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<ApplicationResult> {
  const { check, directory, mask } = wish;
  const { socketDirectory, port } = server;
  const { database, user = server.superuser ?? SUPERUSER } = check;
  return runApplicationCheck(
    check,
    { socketDirectory, port, user, database },
    { ...options, directory, mask },
  );
}
