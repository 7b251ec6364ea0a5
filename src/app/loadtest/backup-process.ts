/**
 * One backup as a person takes it: `pra backup` in a process of its own, so that the load, which this process makes and measures, waits for
 * the server alone. It ends when it is done, when the server is gone, or when this run is interrupted.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import * as z from "zod/mini";
import { present } from "../../core/assert.ts";
import { serverEnvironment } from "../../postgres/run-program.ts";
import type { DemoSocket } from "../demo/demo-environment.ts";
import type { Environment } from "../environment.ts";

/** An interrupted backup has so long to release what it holds. */
const END_WITHIN_MS = 4000;

/** What became of it. */
export type BackupOutcome =
  | {
      readonly state: "finished";
      readonly id: string;
      readonly kind: "full" | "incremental";
      readonly readBytes: number;
      readonly storedBytes: number;
    }
  | { readonly state: "failed"; readonly code: string };

const answers = z.union([
  z.object({
    id: z.string(),
    kind: z.enum(["full", "incremental"]),
    readBytes: z.number(),
    storedBytes: z.number(),
  }),
  z.object({ error: z.object({ code: z.string() }) }),
]);

function outcomeOf(said: string, code: number | null): BackupOutcome {
  try {
    const answer = answers.parse(JSON.parse(said));
    return "error" in answer
      ? { state: "failed", code: answer.error.code }
      : { state: "finished", ...answer };
  } catch {
    return { state: "failed", code: `exit ${code ?? "?"}` };
  }
}

function endOnAbort(child: ChildProcess, signal: AbortSignal): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    child.kill("SIGTERM");
    timer = setTimeout(() => child.kill("SIGKILL"), END_WITHIN_MS);
  };
  if (signal.aborted) {
    end();
  }
  signal.addEventListener("abort", end, { once: true });
  return {
    [Symbol.dispose]: () => {
      signal.removeEventListener("abort", end);
      clearTimeout(timer);
    },
  };
}

/** Runs the program's own `pra`. Aborting ends it, and resolves when it is gone. */
async function runApart(
  words: readonly string[],
  options: {
    /** As this process has them by default. */
    readonly directory?: string;
    readonly variables?: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  },
): Promise<BackupOutcome> {
  const { directory, variables, signal } = options;
  const entry = present(process.argv[1], "a program runs from a file");
  const child = spawn(process.execPath, [...process.execArgv, entry, ...words], {
    ...(directory === undefined ? {} : { cwd: directory }),
    ...(variables === undefined ? {} : { env: variables }),
    // An interrupt typed at the terminal reaches this process, which tells it.
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  using _ending = endOnAbort(child, signal);
  const [said] = await Promise.all([text(child.stdout), once(child, "close")]);
  return outcomeOf(said, child.exitCode);
}

/** Takes it, from the folder's `.env`. Aborting ends the process, and resolves when it is gone. */
export async function takeBackupApart(options: {
  readonly folder: string;
  readonly server: DemoSocket;
  readonly kind: "full" | "incremental";
  readonly signal: AbortSignal;
}): Promise<BackupOutcome> {
  const { folder: directory, server, kind, signal } = options;
  const words = ["backup", `--${kind}`, "--json", "--env-file", join(directory, ".env")];
  const variables = serverEnvironment({
    HOME: directory,
    PRA_LANG: "en",
    PG_HOST: server.socketDirectory,
    PG_PORT: String(server.port),
    PG_USER: "postgres",
    PG_DATABASE: "postgres",
  });
  return runApart(words, { directory, variables, signal });
}

/** Takes one of production, as it is configured. Aborting ends the process, and resolves when it is gone. */
export async function takeConfiguredBackup(
  environment: Pick<Environment, "envFile">,
  options: {
    readonly kind: "full" | "incremental";
    readonly reason: string;
    readonly signal: AbortSignal;
  },
): Promise<BackupOutcome> {
  const { kind, reason, signal } = options;
  const { envFile } = environment;
  const from = envFile === undefined ? [] : ["--env-file", envFile];
  return runApart(["backup", `--${kind}`, "--json", "--reason", reason, ...from], { signal });
}
