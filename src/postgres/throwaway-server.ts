/**
 * A PostgreSQL server that we start, watch and stop ourselves: for proofs, for a look into the past, for
 * `restore --start`, for tests. It runs under its own account with a scrubbed environment, listens on a
 * socket in a private directory only (unless told otherwise), and dies with this process, SIGKILL
 * included (see guard-script.ts), unless it was detached on purpose.
 *
 * States: launched → ready → exited; detached leaves this object without the right to stop the server.
 * Must never start on a directory another server runs on, and never signal a process that is not ours.
 *
 * Follows src/bin/pg_ctl/pg_ctl.c (wait_for_postmaster_start) and "Shutting Down the Server".
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { assert, present } from "../core/assert.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import {
  serverPollIntervalMs,
  serverQuitTimeoutMs,
  serverStartTimeoutMs,
  serverStopTimeoutMs,
  socketPathBytesMax,
} from "../core/limits.ts";
import { parseControlFile } from "./control-file.ts";
import { guardedStartScript } from "./guard-script.ts";
import { makePrivateDirectory, privateFiles } from "./private-directory.ts";
import { readPostmasterFile } from "./postmaster-file.ts";
import {
  type KnownProcess,
  childrenOf,
  identifyProcess,
  isRunning,
  signalProcess,
  workingDirectoryOf,
} from "./process-facts.ts";
import { serverEnvironment } from "./run-program.ts";
import { type ServerAccount, accountOfDirectory, spawnIdentity } from "./server-account.ts";
import type { ServerBinaries } from "./server-binaries.ts";
import { ServerLog } from "./server-log.ts";
import { isListening, socketPath } from "./server-probe.ts";

/**
 * How far a start is waited for. "standby": replaying, connections not required. "ready": it lets clients in, which a replaying
 * server does as soon as it is consistent. "recovered": replay has ended, and it is promoted.
 */
export type ServerGoal = "launched" | "standby" | "ready" | "recovered";

/** As `pg_ctl stop -m`: wait for clients; roll back and checkpoint; abandon, the next start replays. */
export type StopMode = "smart" | "fast" | "immediate";

/** How to start a server. */
export type ServerOptions = {
  readonly dataDirectory: string;
  readonly binaries: ServerBinaries;
  readonly port: number;
  readonly signal: AbortSignal;
  /** The directory's owner by default. */
  readonly account?: ServerAccount;
  /** A private directory under /tmp by default, removed with the server. */
  readonly socketDirectory?: string;
  /** Nothing by default: the socket only. */
  readonly listenAddresses?: string;
  /** `server.log` in the socket's directory by default. */
  readonly logFile?: string;
  /** Passed as `-c name=value`; they beat every configuration file. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Added to the scrubbed environment; `restore_command` and the like inherit it. */
  readonly environment?: Readonly<Record<string, string>>;
  /** "ready" by default. */
  readonly goal?: ServerGoal;
  readonly startTimeoutMs?: number;
  readonly clock?: Clock;
  /** Given each new line of the log while the start is waited for. */
  readonly onLogLine?: (line: string) => void;
};

/** How the server process ended. */
export type ServerExit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** What is set for every server of ours before the caller's own settings. */
const BASE_SETTINGS = {
  logging_collector: "off",
  log_destination: "stderr",
  unix_socket_group: "",
  unix_socket_permissions: "0777",
} as const;

/** Refuses a socket path the kernel would cut. @throws DrError `PG_SOCKET_PATH_LONG`. */
export function checkSocketPath(address: {
  readonly socketDirectory: string;
  readonly port: number;
}): void {
  const path = socketPath(address);
  const bytes = Buffer.byteLength(path);
  if (bytes > socketPathBytesMax) {
    throw new DrError("PG_SOCKET_PATH_LONG", { path, bytes, bytesMax: socketPathBytesMax });
  }
}

/** The server running on a directory, if one provably does. */
export async function runningServerOf(dataDirectory: string): Promise<KnownProcess | undefined> {
  const file = await readPostmasterFile(dataDirectory);
  if (file === undefined || file.pid < 0) {
    return undefined;
  }
  const identity = await identifyProcess(file.pid);
  if (identity === undefined) {
    return undefined;
  }
  const cwd = await workingDirectoryOf(identity.pid);
  return cwd !== undefined && cwd === (await realpath(dataDirectory)) ? identity : undefined;
}

/** A server that this process started. `await using` stops it at once and removes its private directory. */
export class ThrowawayServer implements AsyncDisposable {
  readonly dataDirectory: string;
  readonly socketDirectory: string;
  readonly port: number;
  readonly identity: KnownProcess;
  readonly log: ServerLog;
  readonly #child: ChildProcess;
  readonly #privateDirectory: string | undefined;
  readonly #clock: Clock;
  readonly #exited: Promise<ServerExit>;
  #state: "running" | "exited" | "detached" = "running";
  #exit: ServerExit | undefined;

  constructor(parts: {
    readonly options: ServerOptions;
    readonly socketDirectory: string;
    readonly privateDirectory: string | undefined;
    readonly identity: KnownProcess;
    readonly log: ServerLog;
    readonly child: ChildProcess;
  }) {
    this.dataDirectory = parts.options.dataDirectory;
    this.port = parts.options.port;
    this.socketDirectory = parts.socketDirectory;
    this.identity = parts.identity;
    this.log = parts.log;
    this.#clock = parts.options.clock ?? systemClock;
    this.#child = parts.child;
    this.#privateDirectory = parts.privateDirectory;
    this.#exited = new Promise((resolve) => {
      const settle = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#exit = { code, signal };
        if (this.#state === "running") {
          this.#state = "exited";
        }
        this.#child.stdin?.destroy();
        resolve(this.#exit);
      };
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        settle(this.#child.exitCode, this.#child.signalCode);
      } else {
        this.#child.once("exit", settle);
      }
    });
  }

  get pid(): number {
    return this.identity.pid;
  }

  /** Resolves when the server process has ended, however that came. */
  get exited(): Promise<ServerExit> {
    return this.#exited;
  }

  /** How it ended, or undefined while it runs. */
  get exit(): ServerExit | undefined {
    return this.#exit;
  }

  /**
   * Waits until the server is as far as `goal`. Aborting or failing leaves the server as it is; the
   * caller stops it. @throws DrError `PG_START_FAILED` when it ends meanwhile, `PG_START_TIMEOUT`.
   */
  async waitUntil(
    goal: ServerGoal,
    options: {
      readonly signal: AbortSignal;
      readonly timeoutMs?: number;
      readonly onLogLine?: (line: string) => void;
    },
  ): Promise<void> {
    const timeoutMs = options.timeoutMs ?? serverStartTimeoutMs;
    const startedMs = this.#clock.monotonic();
    let state = "launched";
    while (!(await this.#hasReached(goal, options.signal))) {
      await this.#reportLog(options.onLogLine);
      if (this.#exit !== undefined) {
        throw new DrError("PG_START_FAILED", {
          directory: this.dataDirectory,
          reason: exitText(this.#exit),
          logTail: await this.log.tail(),
        });
      }
      state = (await readPostmasterFile(this.dataDirectory))?.status ?? state;
      if (this.#clock.monotonic() - startedMs > timeoutMs) {
        throw new DrError("PG_START_TIMEOUT", {
          directory: this.dataDirectory,
          seconds: Math.round(timeoutMs / 1000),
          state,
          logTail: await this.log.tail(),
        });
      }
      await this.#clock.sleep(serverPollIntervalMs, { signal: options.signal });
    }
    await this.#reportLog(options.onLogLine);
  }

  async #hasReached(goal: ServerGoal, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    if (goal === "launched") {
      return true;
    }
    if (this.#exit !== undefined) {
      return false;
    }
    const file = await readPostmasterFile(this.dataDirectory);
    // A file of an earlier run may still lie there until the new server has replaced it.
    if (file?.pid !== this.pid) {
      return false;
    }
    if (file.status === "standby") {
      return goal === "standby";
    }
    if (file.status !== "ready" || !(await isListening(this, { signal }))) {
      return false;
    }
    return goal !== "recovered" || !guard("L44-recovery-ended") || (await this.#isInProduction());
  }

  /** Set at the very end of recovery, in StartupXLOG of xlog.c. */
  async #isInProduction(): Promise<boolean> {
    try {
      const bytes = await readFile(join(this.dataDirectory, "global", "pg_control"));
      return parseControlFile(bytes).state === "in production";
    } catch (error) {
      // Read in the middle of a write of the server's: the next look tells.
      if (isDrError(error, "PG_CONTROL_CRC")) {
        return false;
      }
      throw error;
    }
  }

  async #reportLog(onLogLine: ((line: string) => void) | undefined): Promise<void> {
    if (onLogLine !== undefined) {
      for (const line of await this.log.readNewLines()) {
        onLogLine(line);
      }
    }
  }

  /**
   * Stops the server and waits for its end. Nothing happens when it has ended already. Aborting leaves a
   * server that was told to stop. @throws DrError `PG_STOP_TIMEOUT`; the server then still runs.
   */
  async stop(
    mode: StopMode,
    options: { readonly signal: AbortSignal; readonly timeoutMs?: number },
  ): Promise<ServerExit> {
    assert(this.#state !== "detached", "a detached server is stopped by its directory");
    if (this.#exit === undefined) {
      this.#child.kill(stopSignal(mode));
    }
    const timeoutMs = options.timeoutMs ?? serverStopTimeoutMs;
    const exit = await this.#exitWithin(timeoutMs, options.signal);
    if (exit === undefined) {
      throw new DrError("PG_STOP_TIMEOUT", {
        pid: this.pid,
        directory: this.dataDirectory,
        seconds: Math.round(timeoutMs / 1000),
      });
    }
    return exit;
  }

  async #exitWithin(timeoutMs: number, signal: AbortSignal): Promise<ServerExit | undefined> {
    const timer = new AbortController();
    try {
      return await Promise.race([
        this.#exited,
        this.#clock
          .sleep(timeoutMs, { signal: AbortSignal.any([signal, timer.signal]) })
          .then(() => undefined),
      ]);
    } finally {
      timer.abort();
    }
  }

  /**
   * Kills the server and all its children with SIGKILL, as a power cut would, and waits until none runs.
   * The server is frozen first, so that it cannot start another child in between.
   */
  async kill(): Promise<void> {
    assert(this.#state !== "detached", "a detached server is stopped by its directory");
    if (this.#exit !== undefined) {
      return;
    }
    await signalProcess(this.identity, "SIGSTOP");
    const children = await childrenOf(this.pid);
    this.#child.kill("SIGKILL");
    for (const child of children) {
      await signalProcess(child, "SIGKILL");
    }
    await this.#exited;
    const deadlineMs = this.#clock.monotonic() + serverStopTimeoutMs;
    for (const child of children) {
      while ((await isRunning(child)) && this.#clock.monotonic() < deadlineMs) {
        await this.#clock.sleep(serverPollIntervalMs, { signal: new AbortController().signal });
      }
    }
  }

  /**
   * Lets the server live on after this process. From here on it is stopped by its directory
   * (`stopServerOf`); its private directory stays.
   */
  async detach(): Promise<void> {
    assert(this.#state === "running", "only a running server can be detached");
    const pipe = present(this.#child.stdin, "the guard's pipe is open");
    this.#state = "detached";
    await new Promise<void>((resolve) => {
      pipe.end("release\n", resolve);
    });
    this.#child.unref();
  }

  /** Stops at once unless detached; removes the private directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "detached") {
      return;
    }
    if (this.#exit === undefined) {
      this.#child.kill("SIGQUIT");
      const quit = await this.#exitWithin(serverQuitTimeoutMs, new AbortController().signal);
      if (quit === undefined) {
        await this.kill();
      }
    }
    if (this.#privateDirectory !== undefined) {
      await rm(this.#privateDirectory, { recursive: true, force: true });
    }
  }
}

function exitText(exit: ServerExit): string {
  return exit.signal === null
    ? `it ended with code ${exit.code}`
    : `it was ended by ${exit.signal}`;
}

/** The signal of each way to stop. */
export function stopSignal(mode: StopMode): "SIGTERM" | "SIGINT" | "SIGQUIT" {
  switch (mode) {
    case "smart":
      return "SIGTERM";
    case "fast":
      return "SIGINT";
    case "immediate":
      return "SIGQUIT";
  }
}

function serverArguments(options: ServerOptions, socketDirectory: string): string[] {
  const settings: Record<string, string> = {
    ...BASE_SETTINGS,
    ...options.settings,
    port: String(options.port),
    listen_addresses: options.listenAddresses ?? "",
    unix_socket_directories: socketDirectory,
    // The configuration of a restored cluster names the file of the server it was taken from.
    external_pid_file: join(socketDirectory, privateFiles.pid),
  };
  return [
    "-D",
    options.dataDirectory,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
}

async function launch(
  options: ServerOptions,
  account: ServerAccount,
  privateDirectory: string | undefined,
): Promise<ThrowawayServer> {
  const socketDirectory = present(
    options.socketDirectory ?? privateDirectory,
    "there is a directory for the socket",
  );
  checkSocketPath({ socketDirectory, port: options.port });
  const logFile = options.logFile ?? join(socketDirectory, privateFiles.log);
  const program = join(options.binaries.binDirectory, "postgres");
  const child = spawn(
    "/bin/sh",
    [
      "-c",
      guardedStartScript,
      "sh",
      logFile,
      program,
      ...serverArguments(options, socketDirectory),
    ],
    {
      cwd: "/",
      env: serverEnvironment(options.environment),
      stdio: ["pipe", "ignore", "ignore"],
      // Its own session: an interrupt typed at our terminal must not reach the server behind our back.
      detached: true,
      ...spawnIdentity(account),
    },
  );
  // A server that ends closes the pipe; that is seen by its exit.
  child.stdin.on("error", () => undefined);
  await once(child, "spawn");
  if (!guard("L53-server-ends-with-parent")) {
    child.stdin.write("release\n");
  }
  const pid = present(child.pid, "a spawned process has an id");
  const identity = (await identifyProcess(pid)) ?? { pid, started: "gone" };
  const log = new ServerLog(logFile);
  return new ThrowawayServer({ options, socketDirectory, privateDirectory, identity, log, child });
}

/**
 * Starts a server and waits until it is as far as `options.goal`. When that fails or the signal aborts,
 * the server is stopped and its private directory removed; the data directory stays as the server left
 * it. After the start the signal has no effect any more.
 * @throws DrError `PG_ALREADY_RUNNING`, `PG_START_FAILED` (with the log's end), `PG_START_TIMEOUT`,
 * `PG_SOCKET_PATH_LONG`, `PG_DATA_DIRECTORY_OWNER`.
 */
export async function startServer(options: ServerOptions): Promise<ThrowawayServer> {
  options.signal.throwIfAborted();
  const running = await runningServerOf(options.dataDirectory);
  if (running !== undefined) {
    throw new DrError("PG_ALREADY_RUNNING", { directory: options.dataDirectory, pid: running.pid });
  }
  const account = options.account ?? (await accountOfDirectory(options.dataDirectory));
  const privateDirectory =
    options.socketDirectory === undefined ? await makePrivateDirectory(account) : undefined;
  let server: ThrowawayServer | undefined;
  try {
    server = await launch(options, account, privateDirectory);
    await server.waitUntil(options.goal ?? "ready", {
      signal: options.signal,
      ...(options.startTimeoutMs === undefined ? {} : { timeoutMs: options.startTimeoutMs }),
      ...(options.onLogLine === undefined ? {} : { onLogLine: options.onLogLine }),
    });
    return server;
  } catch (error) {
    await server?.[Symbol.asyncDispose]();
    if (server === undefined && privateDirectory !== undefined) {
      await rm(privateDirectory, { recursive: true, force: true });
    }
    throw error;
  }
}
