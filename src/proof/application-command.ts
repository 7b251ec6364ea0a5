/**
 * Level 5: whether the application works on the restored data. A command of the user's runs against the throw-away server, with that server's
 * address and nothing else of this program's environment: no address, password or key of production. It leads a process group
 * of its own, and whatever of that group is left at the end is killed. Of its output the end is kept.
 *
 * A command that starts the application and stays is judged by an address of its own that must answer; then it is ended.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "../core/clock.ts";
import {
  proofCommandEndMs,
  proofCommandOutputBytesMax,
  proofCommandOutputMs,
  proofHealthIntervalMs,
} from "../core/limits.ts";
import type { ApplicationOutcome } from "../core/proof-words.ts";
import { signalGroup, serverEnvironment } from "../postgres/run-program.ts";
import { type ServerAccount, spawnIdentity } from "../postgres/server-account.ts";
import { type HealthAnswer, awaitHealth } from "../restore/application-health.ts";

/** What is run. */
export type ApplicationCheck = {
  readonly command: readonly [string, ...string[]];
  readonly database: string;
  /** Undefined: the owner of the database. */
  readonly user: string | undefined;
  readonly databaseUrlVariable: string;
  readonly healthUrl: string | undefined;
  readonly timeoutMs: number;
};

/** What became of it. */
export type ApplicationResult = {
  readonly command: readonly string[];
  readonly ok: boolean;
  readonly outcome: ApplicationOutcome;
  readonly exitCode: number | null;
  /** The signal that ended it, or why it could not be started. */
  readonly reason: string | null;
  /** The last answer of its address, where there is one. */
  readonly health: HealthAnswer["kind"] | null;
  /** The end of what it said, on both streams. */
  readonly output: string;
  readonly durationMs: number;
};

/** Where the throw-away server is. */
export type ApplicationPlace = {
  readonly socketDirectory: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
};

/** The variables of libpq, and the address in the form that most drivers read. */
export function addressVariables(
  place: ApplicationPlace,
  urlVariable: string,
): Record<string, string> {
  const { socketDirectory, port, user, database } = place;
  const host = encodeURIComponent(socketDirectory);
  const url = `postgresql://${encodeURIComponent(user)}@localhost:${port}/${encodeURIComponent(database)}?host=${host}&port=${port}&sslmode=disable`;
  return {
    PGHOST: socketDirectory,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    PGSSLMODE: "disable",
    [urlVariable]: url,
  };
}

type End = { readonly code: number | null; readonly signal: string | null };

/** The last bytes of both streams, in the order in which they came. */
function tailOf(child: ChildProcess): () => string {
  let kept = Buffer.alloc(0);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      kept = Buffer.concat([kept, chunk.subarray(-proofCommandOutputBytesMax)]).subarray(
        -proofCommandOutputBytesMax,
      );
    });
  }
  return () => kept.toString("utf8").replace(/^\ufffd+/, "");
}

type Running = {
  readonly child: ChildProcess;
  readonly ended: Promise<End>;
  /** Both streams have ended, too. */
  readonly closed: Promise<unknown>;
  readonly tail: () => string;
};

/** Tells the group to end, then makes it. Resolves when the leader has ended and its output is closed, or cut off. */
async function endGroup({ child, ended, closed }: Running): Promise<void> {
  signalGroup(child.pid, "SIGTERM");
  const leaderGone = new AbortController();
  await Promise.race([
    ended,
    wait(proofCommandEndMs, undefined, { signal: leaderGone.signal }).catch(() => undefined),
  ]);
  leaderGone.abort();
  // Whoever it left behind in its group, and itself if it did not listen.
  signalGroup(child.pid, "SIGKILL");
  await ended;
  // What it said last may still be on its way; who left the group may hold the other end open.
  await Promise.race([closed, wait(proofCommandOutputMs, undefined, { ref: false })]);
  child.stdout?.destroy();
  child.stderr?.destroy();
}

function start(check: ApplicationCheck, options: CommandOptions, place: ApplicationPlace): Running {
  const [program, ...words] = check.command;
  const child = spawn(program, words, {
    cwd: options.directory,
    env: serverEnvironment(addressVariables(place, check.databaseUrlVariable)),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    ...spawnIdentity(options.account),
  });
  const ended = new Promise<End>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      resolve({ code, signal });
    });
  });
  ended.catch(() => undefined);
  const closed = new Promise((resolve) => child.once("close", resolve));
  return { child, ended, closed, tail: tailOf(child) };
}

type Judged = Pick<ApplicationResult, "outcome" | "exitCode" | "reason" | "health">;

function judgedEnd({ code, signal }: End): Judged {
  const rest = { exitCode: code, reason: signal, health: null };
  return { ...rest, outcome: code === 0 ? "well" : code === null ? "signal" : "exit-code" };
}

/** Until the command's end; with an address until that answers, and a command that ends before has failed. */
async function judge(
  { ended }: Running,
  check: ApplicationCheck,
  options: CommandOptions,
  limit: AbortSignal,
): Promise<Judged> {
  const { healthUrl, timeoutMs } = check;
  const late = new Promise<Judged>((resolve) => {
    limit.addEventListener("abort", () => {
      resolve({ outcome: "time-limit", exitCode: null, reason: null, health: null });
    });
  });
  if (healthUrl === undefined) {
    return await Promise.race([ended.then(judgedEnd), late]);
  }
  const over = new AbortController();
  const answered = awaitHealth(healthUrl, {
    clock: options.clock,
    retries: Math.ceil(timeoutMs / proofHealthIntervalMs) + 1,
    intervalMs: proofHealthIntervalMs,
    signal: AbortSignal.any([limit, over.signal]),
  }).then(({ answer }): Judged => {
    const well = answer.kind === "well";
    const outcome = well ? "well" : "time-limit";
    return { outcome, exitCode: null, reason: null, health: answer.kind };
  });
  // Rejects when the time is over, or the command has ended: then the others tell.
  answered.catch(() => undefined);
  const gone = ended.then((end): Judged => {
    const judged = judgedEnd(end);
    return judged.outcome === "well" ? { ...judged, outcome: "exit-code" } : judged;
  });
  try {
    return await Promise.race([gone, late, answered.catch(() => late)]);
  } finally {
    over.abort();
  }
}

/** How it is run. */
export type CommandOptions = {
  readonly account: ServerAccount;
  /** Its working directory, from which a program with a slash is looked for. */
  readonly directory: string;
  readonly clock: Clock;
  readonly mask: (text: string) => string;
  readonly signal: AbortSignal;
};

/** Runs it to a verdict; nothing of its group is left then. Rejects only when aborted. */
export async function runApplicationCheck(
  check: ApplicationCheck,
  place: ApplicationPlace,
  options: CommandOptions,
): Promise<ApplicationResult> {
  const { signal, mask, clock } = options;
  signal.throwIfAborted();
  const began = clock.monotonic();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(check.timeoutMs)]);
  const running = start(check, options, place);
  let judged: Judged;
  try {
    judged = await judge(running, check, options, limit);
    await endGroup(running);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    judged = { outcome: "unstartable", exitCode: null, reason: code, health: null };
  }
  signal.throwIfAborted();
  return {
    ...judged,
    command: check.command.map(mask),
    ok: judged.outcome === "well",
    output: mask(running.tail()),
    durationMs: Math.round(clock.monotonic() - began),
  };
}
