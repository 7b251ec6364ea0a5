/**
 * The entry of the program: reads the command line, loads the command that was typed, runs it and turns
 * its end into an exit code. The only file that reads `process.env` and decides when the process ends.
 *
 * SIGINT or SIGTERM once: the command's signal is aborted, it cleans up, exit 130. Twice: the system's
 * own handling, which kills at once. A reader of standard output that goes away (`pra list | head`) never
 * stops a backup.
 */
import { appendFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { type Command, CommanderError } from "commander";

import { DrError } from "../core/errors.ts";
import { type FailpointEffects, configureFailpoints } from "../core/failpoint.ts";
import { type Language, languageOf } from "../core/language.ts";
import { type CommandLine, readCommandLine, withVersionAsCommand } from "./command-line.ts";
import { commandEntries } from "./commands/registry.ts";
import { exitCodeFor, exitCodeOf } from "./exit-codes.ts";
import { failureLines, failureObject } from "./failure-text.ts";
import { fitLines } from "./fit-lines.ts";
import type { Frame } from "./frame.ts";
import { ProcessFrame } from "./process-frame.ts";
import { createProgram } from "./program.ts";
import { terminalWidth } from "./terminal-width.ts";

/** What still runs this long after the command's end is a leak, and must not keep cron waiting. */
const EXIT_GRACE_MS = 3000;

/** Commander's ways of saying that help was shown on request. */
const HELP_SHOWN: ReadonlySet<string> = new Set(["commander.helpDisplayed", "commander.version"]);

/** Two folders up, both from `src/cli/main.ts` and from the bundle `dist/build-…/main.mjs`. */
const checkoutDirectory = fileURLToPath(new URL("../../", import.meta.url));

/** A server that sees its archiver's command die of a signal ends the archiver: `wal push` dies of none that it can take. */
function abortOnSignals(controller: AbortController, path: string): void {
  const isPush = path === "wal push";
  const signals = ["SIGINT", "SIGTERM", ...(isPush ? ["SIGHUP", "SIGQUIT"] : [])] as const;
  const abort = (signal: NodeJS.Signals): void => {
    for (const name of isPush ? [] : signals) {
      process.removeListener(name, abort);
    }
    controller.abort(new DrError("USAGE_INTERRUPTED", { signal }));
  };
  for (const name of signals) {
    process.on(name, abort);
  }
}

function ignoreClosedReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") {
        throw error;
      }
    });
  }
}

/** As a power cut would: for failpoints. */
function killThisProcess(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  }
}

/** Also one line for each failpoint reached, when a log is named; `files/failpoint-effects.ts` does the same in workers. */
function failpointEffects(logPath: string | undefined): FailpointEffects {
  return logPath === undefined || logPath === ""
    ? { kill: killThisProcess }
    : { kill: killThisProcess, record: (name) => appendFileSync(logPath, `${name}\n`) };
}

function languageFor(line: CommandLine): Language {
  return line.lang === "fr" || line.lang === "en" ? line.lang : languageOf(process.env);
}

async function programFor(line: CommandLine, frame: Frame): Promise<Command> {
  const program = createProgram(frame.language);
  const typed = commandEntries.filter((entry) => entry.name === line.command);
  const wanted = typed.length > 0 ? typed : commandEntries;
  const registrations = await Promise.all(wanted.map((entry) => entry.load()));
  for (const register of registrations) {
    register(program, frame);
  }
  return program;
}

function tellFailure(error: unknown, frame: Frame): void {
  frame.progress.close();
  if (frame.json) {
    const object = failureObject(error, frame.language);
    process.stdout.write(`${JSON.stringify(object, undefined, 2)}\n`);
  } else {
    const columns = terminalWidth(process.stderr);
    process.stderr.write(`${fitLines(failureLines(error, frame.language), columns)}\n`);
  }
}

/** Runs the command; the exit code. */
async function run(argv: readonly string[], line: CommandLine): Promise<number> {
  const controller = new AbortController();
  abortOnSignals(controller, line.path);
  ignoreClosedReaders();
  const frame = new ProcessFrame({
    commandLine: line,
    language: languageFor(line),
    signal: controller.signal,
    checkoutDirectory,
    variables: process.env,
  });
  try {
    configureFailpoints({
      failpoints: process.env["PRA_FAILPOINT"],
      guardsOff: process.env["PRA_GUARD_OFF"],
      effects: failpointEffects(process.env["PRA_FAILPOINT_LOG"]),
    });
    const program = await programFor(line, frame);
    await program.parseAsync(argv, { from: "user" });
    frame.progress.close();
    return exitCodeOf(frame.outcome);
  } catch (error) {
    if (error instanceof CommanderError) {
      const isHelp = HELP_SHOWN.has(error.code) || error.exitCode === 0;
      return isHelp ? 0 : 2;
    }
    const told: unknown = controller.signal.aborted ? controller.signal.reason : error;
    tellFailure(told, frame);
    return exitCodeOf({ kind: "failed", error: told });
  }
}

const argv = withVersionAsCommand(process.argv.slice(2));
const line = readCommandLine(argv);
process.exitCode = exitCodeFor(line.path, await run(argv, line));
setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
