/**
 * The frame on a real process: its streams, its account, its signals. The only place of the command line
 * that holds state, and only while one command runs.
 */
import { homedir, userInfo } from "node:os";

import { type Environment, type Flags, readEnvironment } from "../app/environment.ts";
import { assert } from "../core/assert.ts";
import { errorText } from "../core/errors.ts";
import type { Language } from "../core/language.ts";
import type { CommandLine } from "./command-line.ts";
import type { Outcome } from "./exit-codes.ts";
import type { Frame, JsonValue } from "./frame.ts";
import { fitLines } from "./fit-lines.ts";
import { type Progress, openProgress, silentProgress } from "./progress.ts";
import { terminalWidth } from "./terminal-width.ts";

/** What `main` gives. */
export type ProcessFrameOptions = {
  readonly commandLine: CommandLine;
  readonly language: Language;
  readonly signal: AbortSignal;
  readonly checkoutDirectory: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
};

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    // An account without an entry in the password file, as in some containers.
    return "postgres";
  }
}

/** The frame of this process. */
export class ProcessFrame implements Frame {
  readonly language: Language;
  readonly json: boolean;
  readonly signal: AbortSignal;
  readonly checkoutDirectory: string;
  readonly progress: Progress;
  readonly #options: ProcessFrameOptions;
  #outcome: Outcome = { kind: "done" };
  #printed = false;
  /** What was told of values that do not fit. */
  readonly #passedOver = new Set<string>();

  constructor(options: ProcessFrameOptions) {
    this.#options = options;
    this.language = options.language;
    this.json = options.commandLine.json;
    this.signal = options.signal;
    this.checkoutDirectory = options.checkoutDirectory;
    this.progress = this.json
      ? silentProgress
      : openProgress({
          stream: process.stderr,
          language: options.language,
          nowMs: () => performance.now(),
          colour: process.stderr.isTTY && process.stderr.hasColors(),
        });
  }

  get columns(): number | undefined {
    return terminalWidth(process.stdout);
  }

  get outcome(): Outcome {
    return this.#outcome;
  }

  result(value: JsonValue, render: () => string): void {
    assert(!this.#printed, "a command prints one result");
    this.#printed = true;
    this.progress.clear();
    const text = this.json ? JSON.stringify(value, undefined, 2) : fitLines(render(), this.columns);
    process.stdout.write(text === "" ? "" : `${text}\n`);
  }

  item(value: JsonValue, render: () => string): void {
    const text = this.json ? JSON.stringify(value) : fitLines(render(), this.columns);
    process.stdout.write(`${text}\n`);
  }

  note(text: string): void {
    if (!this.json) {
      this.progress.clear();
      process.stderr.write(`${fitLines(text, terminalWidth(process.stderr))}\n`);
    }
  }

  conclude(outcome: Outcome): void {
    this.#outcome = outcome;
  }

  environment(
    flags: Flags = {},
    options: {
      readonly strict: boolean;
      readonly envFile?: string | undefined;
      readonly salvage?: boolean;
    } = { strict: true },
  ): Environment {
    const { commandLine, variables, checkoutDirectory } = this.#options;
    const environment = readEnvironment({
      variables,
      checkoutDirectory,
      workingDirectory: process.cwd(),
      homeDirectory: homedir(),
      userName: accountName(),
      isRoot: process.getuid?.() === 0,
      flags: { PRA_LANG: commandLine.lang, PRA_REASON: commandLine.reason, ...flags },
      envFile: options.envFile ?? commandLine.envFile,
      strict: options.strict,
      salvage: options.salvage ?? false,
    });
    for (const error of options.salvage === true ? [] : environment.passedOver) {
      const { message, hint } = errorText(error, this.language);
      const text = `! ${message}\n  ${hint}`;
      // A daemon reads its configuration each minute.
      if (!this.#passedOver.has(text)) {
        this.#passedOver.add(text);
        this.note(text);
      }
    }
    return environment;
  }
}
