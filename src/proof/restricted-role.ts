/**
 * The role as which assertions run in a throw-away server. It may read everything and do nothing else: no superuser, so no COPY PROGRAM,
 * no files of this host, no other session ended; and because a restored database knows the way to other servers, what leads there is
 * taken away from everybody first: handlers of foreign data, functions of extensions that connect, functions that run with
 * their owner's rights, and languages that can do anything. Only ever in a throw-away server.
 *
 * Follows "Predefined Roles" and src/backend/foreign/foreign.c (GetFdwRoutineByServerId) of PostgreSQL.
 */
import { createHash } from "node:crypto";
import type { Random } from "../core/random.ts";
import { guard } from "../core/failpoint.ts";
import { CLOSE_WAYS_OUT } from "../postgres/ways-out.ts";
import type { Connections } from "./connections.ts";

/** Names in a role's statements are ours: letters, digits and underscores. */
function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Makes the role, once a proof, and lets it into databases, each once. */
export class RestrictedRole {
  readonly name: string;
  readonly #connections: Connections;
  readonly #opened = new Set<string>();
  #made = false;

  /** A name that no restored cluster has: a role of that name could have rights of its own. */
  constructor(connections: Connections, random: Random) {
    const digits = createHash("sha256").update(random.bytes(16)).digest("hex").slice(0, 16);
    this.name = `pra_assert_${digits}`;
    this.#connections = connections;
  }

  /** Statements here must not set off triggers of the restored database. */
  async #asSuperuser(database: string, statements: readonly string[]): Promise<void> {
    const client = await this.#connections.open(database);
    try {
      await client.query(
        "SET session_replication_role = replica; SET default_transaction_read_only = off; SET search_path = ''",
      );
      for (const statement of statements) {
        await client.query(statement);
      }
    } finally {
      await client.end();
    }
  }

  /** Prepares a database for it. @throws what the server answers: then nothing may be asked there. */
  async enter(database: string): Promise<void> {
    if (!this.#made) {
      const limits = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION";
      await this.#asSuperuser("postgres", [
        guard("L16-assertions-restricted")
          ? `CREATE ROLE ${this.name} LOGIN ${limits} BYPASSRLS`
          : `CREATE ROLE ${this.name} LOGIN SUPERUSER`,
        `GRANT pg_read_all_data TO ${this.name}`,
      ]);
      this.#made = true;
    }
    if (!this.#opened.has(database)) {
      await this.#asSuperuser(database, [
        `GRANT CONNECT ON DATABASE ${quotedName(database)} TO ${this.name}`,
        ...(guard("L16-doors-closed") ? [CLOSE_WAYS_OUT] : []),
      ]);
      this.#opened.add(database);
    }
  }
}
