/** `pra explain CODE`: what an error code means, in the person's language, without any configuration. */
import type { Command } from "commander";

import type { ErrorEntry } from "../../core/error-register/entry.ts";
import { DrError, errorRegister } from "../../core/errors.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { explainText } from "../text/explain-text.ts";

/** What documents of other systems ask for, and PostgreSQL has not. */
const GRANT_BACKUP = /^grant[\s_-]+backup\b/i;

function findEntry(typed: string): readonly [string, ErrorEntry] {
  const wanted = typed.trim().toUpperCase();
  const entries: readonly (readonly [string, ErrorEntry])[] = Object.entries(errorRegister);
  const exact = entries.find(([code]) => code === wanted);
  const beginning = entries.filter(([code]) => code.startsWith(wanted));
  const found = exact ?? (beginning.length === 1 ? beginning[0] : undefined);
  if (found === undefined) {
    throw new DrError("USAGE_UNKNOWN_CODE", {
      value: typed,
      candidates: beginning.length === 0 ? "-" : beginning.map(([code]) => code).join(", "),
    });
  }
  return found;
}

/** Registers the command. */
export function registerExplain(program: Command, frame: Frame): void {
  const text = explainText[frame.language];
  defineCommand(program, frame.language, "explain", text)
    .argument("<code>", text.argumentCode)
    .argument("[words...]", text.argumentWords)
    .action((first: string, words: readonly string[]) => {
      const typed = [first, ...words].join(" ");
      if (GRANT_BACKUP.test(typed)) {
        const { message, hint } = text.grantBackup;
        frame.result({ code: "GRANT BACKUP", message, hint, retryable: false }, () =>
          [`GRANT BACKUP: ${message}`, `${text.whatToDo}${hint}`].join("\n"),
        );
        return;
      }
      const [code, entry] = findEntry(typed);
      const { message, hint } = entry[frame.language];
      const retryable = entry.retryable === true;
      frame.result({ code, message, hint, retryable }, () =>
        [
          `${code}: ${message}`,
          `${text.whatToDo}${hint}`,
          ...(retryable ? [text.retryable] : []),
        ].join("\n"),
      );
    });
}
