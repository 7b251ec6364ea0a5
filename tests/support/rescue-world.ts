/** Debian's PostgreSQL 15 with a database that is backed up, its WAL received, and a spool of its own for copies. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { parseLsn } from "../../src/core/lsn.ts";
import { type Answer, CommandLine, type Running } from "./command-line.ts";
import { DebianCluster } from "./debian-cluster.ts";

/** The database that tables are rescued from. */
export const RESCUE_DATABASE = "app";

/** One value. */
export async function valueOf(client: Client, sql: string): Promise<string> {
  const { rows } = await client.query<[unknown]>({ text: sql, rowMode: "array" });
  return String(rows[0]?.[0]);
}

/** One statement after the other. */
export async function allOf(client: Client, statements: readonly string[]): Promise<void> {
  for (const sql of statements) {
    await client.query(sql);
  }
}

type Json = Record<string, unknown>;
type Variables = Readonly<Record<string, string>>;

/** See the file's comment. */
export class RescueWorld implements AsyncDisposable {
  readonly cluster: DebianCluster;
  readonly pra: CommandLine;
  /** The server's superuser, and the spool. */
  readonly superuser: Variables;
  readonly #receiver: Running;

  private constructor(
    parts: Pick<RescueWorld, "cluster" | "pra" | "superuser">,
    receiver: Running,
  ) {
    this.cluster = parts.cluster;
    this.pra = parts.pra;
    this.superuser = parts.superuser;
    this.#receiver = receiver;
  }

  /** A database with these tables, a repository, and a receiver that streams. */
  static async create(schema: readonly string[]): Promise<RescueWorld> {
    const cluster = await DebianCluster.create();
    await cluster.withClient((client) => client.query(`CREATE DATABASE ${RESCUE_DATABASE}`));
    await cluster.withClient((client) => allOf(client, schema), RESCUE_DATABASE);
    const pra = await CommandLine.create();
    await chmod(pra.directory, 0o755);
    const { port, password } = cluster.clientConfig();
    const superuser = {
      PG_HOST: "127.0.0.1",
      PG_PORT: String(port),
      PG_USER: "postgres",
      PG_PASSWORD: String(password),
      PG_DATABASE: RESCUE_DATABASE,
      PRA_SPOOL_DIR: `${pra.directory}/spool`,
    };
    assert.equal((await pra.run("init", superuser)).code, 0);
    const receiver = pra.start("wal receive --lang en", superuser);
    await receiver.untilSaid(/Streaming from/);
    return new RescueWorld({ cluster, pra, superuser }, receiver);
  }

  /** A command with `--json`. */
  async json(
    words: readonly string[],
    variables: Variables = {},
  ): Promise<Answer & { readonly value: Json }> {
    const answer = await this.pra.startWith([...words, "--json"], {
      ...this.superuser,
      ...variables,
    }).answer;
    return { ...answer, value: JSON.parse(answer.out) as Json };
  }

  /** Until the repository holds what was written. */
  async stored(): Promise<void> {
    const { cluster } = this;
    await cluster.withClient((client) => client.query("SELECT pg_switch_wal()"), RESCUE_DATABASE);
    const written = "SELECT pg_current_wal_lsn()";
    const end = parseLsn(await cluster.withClient((client) => valueOf(client, written)));
    for (let tries = 0; tries < 200; tries++) {
      const { value: status } = await this.json(["wal", "status"]);
      const { repositoryLsn } = status as { readonly repositoryLsn?: string };
      if (repositoryLsn !== undefined && parseLsn(repositoryLsn) >= end) {
        return;
      }
      await sleep(100);
    }
    assert.fail("the WAL did not arrive");
  }

  /** Names of the server's databases. */
  async databases(): Promise<readonly string[]> {
    const { rows } = await this.cluster.withClient((client) =>
      client.query<{ datname: string }>("SELECT datname FROM pg_database ORDER BY 1"),
    );
    return rows.map(({ datname }) => datname);
  }

  /** Ids of the backups, oldest first. */
  async backups(): Promise<readonly string[]> {
    const { value } = await this.json(["list"]);
    const { clusters } = value as {
      readonly clusters: readonly { readonly backups: readonly { readonly id: string }[] }[];
    };
    return clusters.flatMap(({ backups }) => backups.map(({ id }) => id)).toSorted();
  }

  /** What a run may leave: nothing in the spool. */
  leftovers(): readonly string[] {
    const spool = `${this.pra.directory}/spool`;
    return existsSync(spool) ? readdirSync(spool) : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#receiver.child.kill("SIGTERM");
    await this.#receiver.answer;
    await this.pra[Symbol.asyncDispose]();
    await this.cluster[Symbol.asyncDispose]();
  }
}
