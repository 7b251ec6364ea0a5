/**
 * A cluster of Debian's PostgreSQL 15 in Debian's layout, made by Debian's own `pg_createcluster`: configuration in a directory of
 * its own, below a root that only this test sees, access rules as Debian writes them (peer on the socket, SCRAM on TCP).
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chown, mkdir, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client, type ClientConfig } from "pg";
import { type ServerAccount, serverAccount } from "../../src/postgres/server-account.ts";
import { freePort } from "./test-server.ts";

const run = promisify(execFile);

/** Debian's programs of 15. */
export const DEBIAN_PROGRAMS = "/usr/lib/postgresql/15/bin";

const NAME = "scenario";
const PASSWORD = "a word for tests";

/** Runs one of Debian's programs as an account; its output. */
export async function runDebian(
  program: string,
  words: readonly string[],
  options: {
    readonly account?: ServerAccount;
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): Promise<string> {
  const { account, environment } = options;
  const { stdout } = await run(program, [...words], {
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LANG: "C", ...environment },
    cwd: "/tmp",
    maxBuffer: 64 * 1024 * 1024,
    ...(account?.switched === true ? { uid: account.uid, gid: account.gid } : {}),
  });
  return stdout;
}

/** A cluster; stopped and removed when disposed of, and stopped when this process dies. */
export class DebianCluster implements AsyncDisposable {
  readonly home: string;
  readonly port: number;
  readonly account: ServerAccount;
  #watchdog: ChildProcess | undefined;

  private constructor(home: string, port: number, account: ServerAccount) {
    this.home = home;
    this.port = port;
    this.account = account;
  }

  get dataDirectory(): string {
    return join(this.home, "data");
  }

  get configurationDirectory(): string {
    return join(this.home, "etc", "15", NAME);
  }

  get socketDirectory(): string {
    return join(this.home, "socket");
  }

  /** What `pra` and `pg` are given: a role that may replicate and read settings, over TCP. */
  get environment(): Readonly<Record<string, string>> {
    return {
      PG_HOST: "127.0.0.1",
      PG_PORT: String(this.port),
      PG_USER: "backup",
      PG_PASSWORD: PASSWORD,
    };
  }

  /** As the superuser, over TCP. */
  clientConfig(database = "postgres"): ClientConfig {
    return {
      host: "127.0.0.1",
      port: this.port,
      user: "postgres",
      password: PASSWORD,
      database,
    };
  }

  /** For Debian's client programs, over TCP. */
  get programEnvironment(): Readonly<Record<string, string>> {
    return { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LANG: "C", PGPASSWORD: PASSWORD };
  }

  /** A running cluster with the two roles. */
  static async create(): Promise<DebianCluster> {
    const cluster = await DebianCluster.#prepare();
    try {
      await cluster.start();
      await cluster.#psql(`ALTER ROLE CURRENT_USER PASSWORD '${PASSWORD}'`);
      await cluster.#psql(`CREATE ROLE backup LOGIN REPLICATION PASSWORD '${PASSWORD}'`);
      await cluster.#psql("GRANT pg_monitor TO backup");
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A running standby, made as Debian's documentation says: a cluster whose data `pg_basebackup` replaces. */
  static async standbyOf(primary: DebianCluster): Promise<DebianCluster> {
    const cluster = await DebianCluster.#prepare();
    try {
      await rm(cluster.dataDirectory, { recursive: true });
      const where = ["-h", "127.0.0.1", "-p", String(primary.port), "-U", "postgres"];
      await runDebian(
        join(DEBIAN_PROGRAMS, "pg_basebackup"),
        [...where, "-D", cluster.dataDirectory, "-R", "-X", "stream", "-c", "fast"],
        { account: cluster.account, environment: primary.programEnvironment },
      );
      await cluster.start();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Ends recovery; it writes when this resolves. */
  async promote(): Promise<void> {
    await this.withClient((client) => client.query("SELECT pg_promote(true, 30)"));
  }

  static async #prepare(): Promise<DebianCluster> {
    const account = await serverAccount();
    const home = await mkdtemp("/tmp/pra-debian-");
    const cluster = new DebianCluster(home, await freePort(), account);
    for (const name of [".", "etc", "log", "socket"]) {
      const path = join(home, name);
      await mkdir(path, { recursive: true });
      if (account.switched) {
        await chown(path, account.uid, account.gid);
      }
    }
    const owner = ["-u", String(account.uid), "-g", String(account.gid)];
    const files = ["-d", cluster.dataDirectory, "-l", join(home, "log", "postgresql.log")];
    const place = ["-s", cluster.socketDirectory, "-p", String(cluster.port)];
    await cluster.#debian("pg_createcluster", [...owner, ...files, ...place, "15", NAME]);
    return cluster;
  }

  /** Without pipes: a started server would keep them open. */
  async #debian(program: string, words: readonly string[]): Promise<void> {
    const log = join(this.home, "log", "debian.log");
    await using output = await open(log, "a");
    const child = spawn(program, [...words], {
      env: { ...this.programEnvironment, PG_CLUSTER_CONF_ROOT: join(this.home, "etc") },
      cwd: "/tmp",
      stdio: ["ignore", output.fd, output.fd],
    });
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0) {
      throw new Error(`${program} answered ${code}: ${await readFile(log, "utf8")}`);
    }
  }

  async #psql(sql: string): Promise<void> {
    const where = ["-h", this.socketDirectory, "-p", String(this.port), "-d", "postgres"];
    await runDebian(join(DEBIAN_PROGRAMS, "psql"), [...where, "-Xqc", sql], {
      account: this.account,
    });
  }

  async start(): Promise<void> {
    await this.#debian("pg_ctlcluster", ["--skip-systemctl-redirect", "15", NAME, "start"]);
    const pid = (await readFile(join(this.dataDirectory, "postmaster.pid"), "utf8")).split("\n")[0];
    const script = `while kill -0 ${process.pid} && kill -0 ${pid}; do sleep 1; done; kill -QUIT ${pid}`;
    this.#watchdog = spawn("sh", ["-c", script], { detached: true, stdio: "ignore" });
    this.#watchdog.unref();
  }

  /** "fast", or "immediate" for a crash. */
  async stop(mode: "fast" | "immediate" = "fast"): Promise<void> {
    const words = ["--skip-systemctl-redirect", "-m", mode, "15", NAME, "stop"];
    this.#watchdog?.kill();
    this.#watchdog = undefined;
    await this.#debian("pg_ctlcluster", words);
  }

  /** Runs `work` on a connection of the superuser. */
  async withClient<T>(work: (client: Client) => Promise<T>, database?: string): Promise<T> {
    return await withClient(this.clientConfig(database), work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#watchdog !== undefined) {
      await this.stop("immediate");
    }
    await rm(this.home, { recursive: true, force: true });
  }
}

/** Runs `work` on a connection, and closes it. */
export async function withClient<T>(
  config: ClientConfig,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client(config);
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
