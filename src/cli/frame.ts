/**
 * What a command is given: the language, where results and progress go, the signal that ends it, and the
 * configuration, read only when asked for. Standard output carries results and nothing else; everything
 * said on the way goes to standard error.
 */
import type { Environment, Flags } from "../app/environment.ts";
import type { Language } from "../core/language.ts";
import type { Outcome } from "./exit-codes.ts";
import type { Progress } from "./progress.ts";

/** What `--json` can print. A bigint is missing on purpose: an LSN is printed as text. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** The program around one command. */
export interface Frame {
  readonly language: Language;
  readonly json: boolean;
  /** Aborted by SIGINT or SIGTERM; its reason is a DrError `USAGE_INTERRUPTED`. */
  readonly signal: AbortSignal;
  /** How wide standard output is; undefined when it is no terminal. */
  readonly columns: number | undefined;
  /** Where the checkout or the installed package lies. */
  readonly checkoutDirectory: string;
  /** Progress on standard error; closed by the frame when the command ends. */
  readonly progress: Progress;

  /** Prints the command's result: `value` with `--json`, else what `render` returns. Once a command. */
  result(value: JsonValue, render: () => string): void;

  /** Prints one of many results, in place of `result`: one line each with `--json`. */
  item(value: JsonValue, render: () => string): void;

  /** A line on standard error, for people; silent with `--json`. */
  note(text: string): void;

  /** How the command ended, when it is not "done and good". The last call counts. */
  conclude(outcome: Outcome): void;

  /**
   * The configuration; `flags` are the values given on the command line. Not `strict`: for commands that WAL or a restore hangs on; a wrong
   * value that these do not use is told as a note, and left out. `envFile`: in place of the one typed. `salvage`: what is left of one that is
   * refused, to tell people of it. @throws DrError `CONFIG_…`.
   */
  environment(
    flags?: Flags,
    options?: {
      readonly strict: boolean;
      readonly envFile?: string | undefined;
      readonly salvage?: boolean;
    },
  ): Environment;
}
