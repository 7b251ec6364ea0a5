/**
 * Alerts to a program of the user's: the message as JSON on its standard input. It runs in a group of its own with a bare environment, within a
 * time limit, and nothing of its group is left behind. Exit code 0: taken; 75 (EX_TEMPFAIL of sysexits.h): later; any other: refused.
 * The message is never an argument: the list of processes shows those to everybody.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { failpointAsync } from "../core/failpoint.ts";
import {
  channelCommandEndMs,
  channelCommandMs,
  channelCommandOutputBytesMax,
} from "../core/channel-limits.ts";
import type { DeliveryOutcome, Notifier, OutgoingMessage } from "../watch/notifier.ts";
import { failureReason } from "./call-http.ts";
import type { ChannelTools } from "./channel-tools.ts";
import { channelWords, oneLine } from "./channel-words.ts";
import { messageJson } from "./webhook.ts";

const TEMPORARY_FAILURE = 75;

/** How long the rest of its output is waited for once it has ended: it is in a pipe of this machine. */
const OUTPUT_MS = 500;

const SETTING = "PRA_ALERT_COMMAND";

type End =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "killed"; readonly signal: string }
  | { readonly kind: "unstartable"; readonly reason: string }
  | { readonly kind: "late" };

function signalGroup(leader: number | undefined, signal: "SIGTERM" | "SIGKILL"): void {
  if (leader === undefined) {
    return;
  }
  try {
    process.kill(-leader, signal);
  } catch (error) {
    // It has ended, and all its children have.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) {
      throw error;
    }
  }
}

/** The last bytes of both streams. */
function tailOf(child: ChildProcess): () => string {
  let kept = Buffer.alloc(0);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      kept = Buffer.concat([kept, chunk]).subarray(-channelCommandOutputBytesMax);
    });
  }
  return () => kept.toString("utf8").replace(/^\ufffd+/, "");
}

function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      resolve({ kind: "unstartable", reason: failureReason(error) });
    });
    child.once("exit", (code, signal) => {
      resolve(code === null ? { kind: "killed", signal: signal ?? "?" } : { kind: "exited", code });
    });
  });
}

/** One program. */
export class CommandNotifier implements Notifier {
  readonly channel = "command";
  readonly recipient: string;
  readonly #program: string;
  readonly #home: string;
  readonly #tools: ChannelTools;
  readonly #timeoutMs: number;

  constructor(
    place: { readonly program: string; readonly home: string; readonly timeoutMs?: number },
    tools: ChannelTools,
  ) {
    this.#program = place.program;
    this.#home = place.home;
    this.#timeoutMs = place.timeoutMs ?? channelCommandMs;
    this.#tools = tools;
    this.recipient = place.program;
  }

  preview(message: OutgoingMessage): string {
    const body = JSON.stringify(JSON.parse(messageJson(message)), null, 2);
    return this.#tools.mask(`${this.#program} <<'END'\n${body}\nEND`);
  }

  #start(): ChildProcess {
    return spawn(this.#program, [], {
      cwd: "/",
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        HOME: this.#home,
        LC_ALL: "C.UTF-8",
      },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
  }

  async #run(
    message: OutgoingMessage,
    signal: AbortSignal,
  ): Promise<{ readonly end: End; readonly output: string }> {
    await failpointAsync("channels.command-start", { signal });
    const child = this.#start();
    const tail = tailOf(child);
    const ended = endOf(child);
    const closed = new Promise((resolve) => child.once("close", resolve));
    const over = new AbortController();
    const limit = AbortSignal.any([signal, over.signal]);
    const late = wait(this.#timeoutMs, { kind: "late" } as const, { signal: limit }).catch(
      () => ({ kind: "late" }) as const,
    );
    // A program that does not read its input, or ends before, is no failure by that.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(`${messageJson(message)}\n`);
    const end = await Promise.race([ended, late]);
    over.abort();
    if (end.kind === "late") {
      signalGroup(child.pid, "SIGTERM");
      await Promise.race([ended, wait(channelCommandEndMs, undefined, { ref: false })]);
    }
    signalGroup(child.pid, "SIGKILL");
    await ended;
    // What it said last may still be on its way; who left the group may hold the other end open.
    await Promise.race([closed, wait(OUTPUT_MS, undefined, { ref: false })]);
    child.stdout?.destroy();
    child.stderr?.destroy();
    return { end, output: tail() };
  }

  async deliver(
    message: OutgoingMessage,
    options: { readonly signal: AbortSignal },
  ): Promise<DeliveryOutcome> {
    const { signal } = options;
    signal.throwIfAborted();
    const words = channelWords[message.language];
    let ran: { readonly end: End; readonly output: string };
    try {
      ran = await this.#run(message, signal);
    } catch (error) {
      signal.throwIfAborted();
      const said = words.unstartable(failureReason(error), SETTING);
      return { state: "later", said: oneLine(said), afterMs: undefined };
    }
    signal.throwIfAborted();
    const { end } = ran;
    const output = this.#tools.mask(ran.output).trim();
    const later = (said: string): DeliveryOutcome => ({
      state: "later",
      said: oneLine(said),
      afterMs: undefined,
    });
    switch (end.kind) {
      case "late":
        return later(words.timeLimit(this.#timeoutMs));
      case "killed":
        return later(words.killed(end.signal));
      case "unstartable":
        return { state: "refused", said: oneLine(words.unstartable(end.reason, SETTING)) };
      case "exited":
        if (end.code === 0) {
          return { state: "accepted", said: oneLine(output === "" ? words.done : output) };
        }
        return end.code === TEMPORARY_FAILURE
          ? later(words.ended(end.code, output))
          : { state: "refused", said: oneLine(words.ended(end.code, output)) };
    }
  }
}
