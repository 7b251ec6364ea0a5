/** `./pra` as a person runs it, in a folder of its own: settings by environment, no terminal. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { testFilesDirectory } from "./fresh-cluster.ts";
import { endProcessesNaming } from "./process-tree.ts";
import { fileURLToPath } from "node:url";
import type { ServerAccount } from "../../src/postgres/server-account.ts";
import type { TestServer } from "./test-server.ts";

const launcher = fileURLToPath(new URL("../../pra", import.meta.url));

/** Where a server is reached. */
export type ServerPlace = Pick<TestServer, "socketDirectory" | "port">;

/** How a command ended. */
export type Answer = { readonly code: number | null; readonly out: string; readonly err: string };

/** A command that still runs. */
export type Running = {
  readonly child: ChildProcess;
  /** Resolves when standard error matches, rejects when the command ends before. */
  readonly untilSaid: (pattern: RegExp) => Promise<void>;
  readonly answer: Promise<Answer>;
};

/** A folder with a repository's place, a key's place and a state directory. */
export class CommandLine implements AsyncDisposable {
  readonly directory: string;
  readonly repository: string;
  readonly keyFile: string;
  readonly #variables: Readonly<Record<string, string>>;
  readonly #account: ServerAccount | undefined;
  readonly #running = new Set<ChildProcess>();

  private constructor(
    directory: string,
    server: ServerPlace | undefined,
    account: ServerAccount | undefined,
  ) {
    this.directory = directory;
    this.#account = account?.switched === true ? account : undefined;
    this.repository = join(directory, "repository");
    this.keyFile = join(directory, "pra.key");
    this.#variables = {
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      HOME: directory,
      LANG: "C",
      // Test machines are small, and busy: what gives way there waits for minutes.
      MIN_FREE_GB: "0",
      PRA_PROOF_NICE: "0",
      PRA_STATUS_TIMEOUT_MS: "20000",
      // `npm run test:guards` switches guards off in the commands as well.
      PRA_GUARD_OFF: process.env["PRA_GUARD_OFF"] ?? "",
      BACKUP_DIR: this.repository,
      PRA_KEY_FILE: this.keyFile,
      PRA_STATE_DIR: join(directory, "state"),
      ...(server === undefined
        ? {}
        : { PG_HOST: server.socketDirectory, PG_PORT: String(server.port), PG_USER: "postgres" }),
    };
  }

  /** `account`: who runs the commands and owns what they make, where it is not ourselves. */
  static async create(server?: ServerPlace, account?: ServerAccount): Promise<CommandLine> {
    const directory = await mkdtemp(join(testFilesDirectory, "pra-command-"));
    if (account?.switched === true) {
      await chown(directory, account.uid, account.gid);
    }
    return new CommandLine(directory, server, account);
  }

  /** With a repository, in a folder that the servers' account can pass through to reach copies. */
  static async initialised(server: ServerPlace): Promise<CommandLine> {
    const pra = await CommandLine.create(server);
    await chmod(pra.directory, 0o755);
    const { code, err } = await pra.run("init");
    assert.equal(code, 0, err);
    return pra;
  }

  /** As a shell line of a server needs it: settings, then the program. */
  shellCall(words: string): string {
    const { BACKUP_DIR, PRA_KEY_FILE, HOME } = this.#variables;
    return `HOME=${HOME} BACKUP_DIR=${BACKUP_DIR} PRA_KEY_FILE=${PRA_KEY_FILE} ${launcher} ${words}`;
  }

  /** Starts a command. */
  start(words: string, variables: Readonly<Record<string, string>> = {}): Running {
    return this.startWith(words.split(" "), variables);
  }

  /** Starts a command with words that may hold blanks. */
  startWith(words: readonly string[], variables: Readonly<Record<string, string>> = {}): Running {
    const account = this.#account;
    const child = spawn(launcher, words, {
      ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
      cwd: this.directory,
      env: { ...this.#variables, ...variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let err = "";
    const watchers = new Set<() => void>();
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
      watchers.forEach((watcher) => {
        watcher();
      });
    });
    this.#running.add(child);
    child.once("close", () => this.#running.delete(child));
    const answer = once(child, "close").then(() => ({ code: child.exitCode, out, err }));
    const untilSaid = (pattern: RegExp): Promise<void> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(err)) {
            watchers.delete(look);
            resolve();
          }
        };
        watchers.add(look);
        look();
        answer.then(
          () => {
            reject(new Error(`the command ended before it said ${pattern}:\n${out}\n${err}`));
          },
          () => undefined,
        );
      });
    return { child, untilSaid, answer };
  }

  /** Runs a command to its end. */
  async run(words: string, variables?: Readonly<Record<string, string>>): Promise<Answer> {
    return await this.start(words, variables).answer;
  }

  /** Runs with `--json`; the object on standard output. */
  async json(
    words: string,
    variables?: Readonly<Record<string, string>>,
  ): Promise<Answer & { readonly value: Record<string, unknown> }> {
    const answer = await this.run(`${words} --json`, variables);
    return { ...answer, value: JSON.parse(answer.out) as Record<string, unknown> };
  }

  /**
   * A command that a failed test left behind would keep the test's process alive; what a status started to hand alerts over lives on by
   * itself, and writes here.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#running.forEach((child) => child.kill("SIGKILL"));
    await endProcessesNaming(this.directory);
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** The code of the error in a failure's JSON. */
export function errorCodeOf(value: Record<string, unknown>): unknown {
  const { error } = value as { readonly error?: { readonly code?: unknown } };
  return error?.code;
}
