/** `./pra` as a person runs it, in a folder of its own: settings by environment, no terminal. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestServer } from "./test-server.ts";

const launcher = fileURLToPath(new URL("../../pra", import.meta.url));

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

  private constructor(directory: string, server: TestServer | undefined) {
    this.directory = directory;
    this.repository = join(directory, "repository");
    this.keyFile = join(directory, "pra.key");
    this.#variables = {
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      HOME: directory,
      LANG: "C",
      BACKUP_DIR: this.repository,
      PRA_KEY_FILE: this.keyFile,
      PRA_STATE_DIR: join(directory, "state"),
      ...(server === undefined
        ? {}
        : { PG_HOST: server.socketDirectory, PG_PORT: String(server.port), PG_USER: "postgres" }),
    };
  }

  static async create(server?: TestServer): Promise<CommandLine> {
    return new CommandLine(await mkdtemp("/tmp/pra-command-"), server);
  }

  /** Starts a command. */
  start(words: string, variables: Readonly<Record<string, string>> = {}): Running {
    const child = spawn(launcher, words.split(" "), {
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

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** The code of the error in a failure's JSON. */
export function errorCodeOf(value: Record<string, unknown>): unknown {
  const { error } = value as { readonly error?: { readonly code?: unknown } };
  return error?.code;
}
