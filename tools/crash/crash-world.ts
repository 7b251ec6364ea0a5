/**
 * What the crash test lives in: a server under the oracle's load, whose synchronous standby is the receiver under test, and a
 * repository. Everything lies in one directory; every process that the program leaves behind is found by that name.
 *
 * A world is of one of two kinds. In "links" the repository lies on a directory as it is. In "trailers" it is marked from the start as lying
 * on a file system without hard links, so that objects end with a trailer and WAL is put in whole parts instead of appended.
 */
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import type { SupportedMajor } from "../../src/core/pg-version.ts";
import { Acknowledged } from "../../src/loadtest/acknowledged.ts";
import { type OracleVerdict, verifyOracle } from "../../src/loadtest/oracle.ts";
import { type Workload, startWorkload } from "../../src/loadtest/workload.ts";
import { type TestServer, startTestServer, takeOverTree } from "../../tests/support/test-server.ts";
import type { Coverage } from "./coverage.ts";
import { type Fate, type PraEnd, PraRun, type PraSetting } from "./pra-process.ts";

/** Kinds of world. */
export const worldKinds = ["links", "trailers"] as const;

/** One of them. */
export type WorldKind = (typeof worldKinds)[number];

/** The program did what it must not. */
export class CrashTestFailure extends Error {
  override name = "CrashTestFailure";
}

const CLIENTS = 3;
const NO_FATE: Fate = { kind: "none" };
/** The directory that marks a store as one without hard links. */
const TRAILERS = ".trailers";
/**
 * How much faster time passes for a command that waits by design. At 40 the minute that `expire` waits takes 1.6 s; a pin is renewed
 * each 1.5 s and lives 4.5 s, longer than any pause of a process here.
 */
const CLOCK_FACTORS: Readonly<Record<string, number>> = { expire: 40, hold: 40 };
/** A clean command never takes this long here; a hang is a failure. */
const COMMAND_TIMEOUT_MS = 120_000;
const COMMITS_TIMEOUT_MS = 30_000;

/** See the file's comment. */
export class CrashWorld implements AsyncDisposable {
  readonly directory: string;
  readonly kind: WorldKind;
  readonly server: TestServer;
  readonly coverage: Coverage;
  readonly #program: string;
  #workload: Workload | undefined;
  #receiver: PraRun | undefined;
  #numbers = 0;
  /** Set when it failed: its directory stays for a look. */
  keep = false;
  /** Acknowledged by all loads so far. */
  readonly acknowledged: Acknowledged[] = [];

  private constructor(parts: {
    readonly directory: string;
    readonly kind: WorldKind;
    readonly server: TestServer;
    readonly coverage: Coverage;
    readonly program: string;
  }) {
    this.directory = parts.directory;
    this.kind = parts.kind;
    this.server = parts.server;
    this.coverage = parts.coverage;
    this.#program = parts.program;
  }

  static async create(options: {
    readonly major: SupportedMajor;
    readonly kind: WorldKind;
    readonly coverage: Coverage;
    readonly program: string;
  }): Promise<CrashWorld> {
    const directory = await mkdtemp("/tmp/pra-crash-");
    await chmod(directory, 0o755);
    const server = await startTestServer({
      major: options.major,
      // Segments of 1 MiB: many are published in a short time.
      initdbArguments: ["--wal-segsize=1"],
      settings: { synchronous_commit: "on", autovacuum: "on", max_wal_size: "64MB" },
    });
    return new CrashWorld({ ...options, directory, server });
  }

  /** The program's environment, with a repository of this name. */
  setting(repository = "main", command = ""): PraSetting {
    const home = join(this.directory, repository);
    return {
      program: this.#program,
      directory: this.directory,
      clockFactor: CLOCK_FACTORS[command],
      environment: {
        PATH: process.env["PATH"] ?? "",
        HOME: home,
        LANG: "C",
        PG_HOST: this.server.socketDirectory,
        PG_PORT: String(this.server.port),
        PG_USER: "postgres",
        BACKUP_DIR: this.#repositoryOf(repository),
        PRA_KEY_FILE: join(home, "key", "pra.key"),
        PRA_STATE_DIR: join(home, "state"),
        PRA_SPOOL_DIR: join(home, "spool"),
      },
    };
  }

  async makeHome(repository: string): Promise<void> {
    await mkdir(join(this.directory, repository, "key"), { recursive: true });
    if (this.kind === "trailers") {
      await mkdir(join(this.#repositoryOf(repository), TRAILERS), { recursive: true });
    }
  }

  #repositoryOf(repository: string): string {
    return join(this.directory, repository, "repository");
  }

  nextNumber(): number {
    this.#numbers += 1;
    return this.#numbers;
  }

  /** Runs a command to its end, whatever that is. */
  async run(
    command: string,
    words: readonly string[],
    options: { readonly fate?: Fate; readonly repository?: string } = {},
  ): Promise<PraEnd> {
    const run = new PraRun(
      this.setting(options.repository, command),
      words,
      options.fate ?? NO_FATE,
    );
    const end = await run.endWithin(COMMAND_TIMEOUT_MS);
    if (end === undefined) {
      const { errors } = await run.kill("SIGKILL");
      throw new CrashTestFailure(`pra ${words.join(" ")} hung:\n${errors}`);
    }
    this.coverage.reached(this.kind, command, end.reached);
    if (end.code === 0) {
      this.coverage.durationsMs.set(command, end.durationMs);
    }
    return end;
  }

  /** Runs a command that must succeed. */
  async mustSucceed(
    command: string,
    words: readonly string[],
    options: { readonly repository?: string; readonly fate?: Fate } = {},
  ): Promise<PraEnd> {
    const end = await this.run(command, words, options);
    if (end.code !== 0) {
      throw new CrashTestFailure(
        `pra ${words.join(" ")} ended with ${end.signal ?? end.code}:\n${end.output}\n${end.errors}`,
      );
    }
    return end;
  }

  /** Starts the receiver, unless it runs. */
  startReceiver(fate: Fate = NO_FATE): PraRun {
    if (this.#receiver === undefined || this.#receiver.hasEnded) {
      this.#receiver = new PraRun(this.setting(), ["wal", "receive"], fate);
    }
    return this.#receiver;
  }

  get receiver(): PraRun | undefined {
    return this.#receiver;
  }

  /** `command`: what it is counted as. */
  async stopReceiver(command = "receive"): Promise<PraEnd | undefined> {
    const end = await this.#receiver?.kill("SIGTERM");
    this.#receiver = undefined;
    if (end !== undefined) {
      this.coverage.reached(this.kind, command, end.reached);
    }
    return end;
  }

  /** From here on every commit waits for the receiver. */
  async requireReceiver(): Promise<void> {
    await this.server.query("ALTER SYSTEM SET synchronous_standby_names = 'pra_main'");
    await this.server.query("SELECT pg_reload_conf()");
  }

  async startLoad(): Promise<void> {
    this.#workload = await startWorkload({
      connection: {
        host: this.server.socketDirectory,
        port: this.server.port,
        user: "postgres",
        database: "postgres",
        password: "",
      },
      clients: CLIENTS,
      pauseMs: 80,
      signal: new AbortController().signal,
    });
    this.acknowledged.push(this.#workload.acknowledged);
  }

  /** The server goes on as a standby of nobody and is promoted: another timeline. The load has broken off by then. */
  async promote(stop: "fast" | "immediate"): Promise<void> {
    const { server } = this;
    await server.stop(stop);
    await this.#workload?.stop();
    await writeFile(join(server.dataDirectory, "standby.signal"), "");
    await takeOverTree(server.dataDirectory, server.account);
    await server.start();
    await server.query("SELECT pg_promote(true, 30)");
  }

  /** The receiver works when commits that wait for it come through. */
  async awaitCommits(count: number): Promise<void> {
    const wanted = this.commits + count;
    const until = performance.now() + COMMITS_TIMEOUT_MS;
    while (this.commits < wanted) {
      if (performance.now() > until || this.#receiver?.hasEnded === true) {
        const end = this.#receiver?.hasEnded === true ? await this.#receiver.ended : undefined;
        throw new CrashTestFailure(
          `no commit came through the receiver; it ${end === undefined ? "runs" : `ended with ${end.signal ?? end.code}: ${end.errors}`}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  get commits(): number {
    return this.acknowledged.reduce((sum, one) => sum + one.count, 0);
  }

  /** What is acknowledged at this moment. */
  snapshot(): Acknowledged {
    const copy = new Acknowledged();
    for (const commit of this.acknowledged.flatMap((one) => one.all())) {
      copy.note(commit);
    }
    return copy;
  }

  /** Judges a restored server by what was acknowledged before. */
  async judge(
    restored: { readonly host: string; readonly port: number },
    acknowledged: Acknowledged,
  ): Promise<OracleVerdict> {
    const client = new Client({
      ...restored,
      user: "postgres",
      database: "postgres",
      password: "",
    });
    await client.connect();
    try {
      return await verifyOracle(client, acknowledged);
    } finally {
      await client.end();
    }
  }

  /** Processes that bear this world's directory in their arguments, the receiver's left out. */
  async leftRunning(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const pid of await readdir("/proc")) {
      if (!/^\d+$/.test(pid)) {
        continue;
      }
      try {
        const line = (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ");
        if (line.includes(`${this.directory}/`)) {
          found.push(`${pid} ${line.slice(0, 200)}`);
        }
      } catch {
        // It ended meanwhile.
      }
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#receiver?.kill("SIGKILL");
    await this.server.query("ALTER SYSTEM SET synchronous_standby_names = ''");
    await this.server.query("SELECT pg_reload_conf()");
    await this.#workload?.stop();
    await this.server[Symbol.asyncDispose]();
    if (!this.keep) {
      await rm(this.directory, { recursive: true, force: true });
    }
  }
}
