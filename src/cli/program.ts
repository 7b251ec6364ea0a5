/**
 * The command line on commander, in the person's language: help pages, and usage errors as registered
 * `USAGE_` errors instead of commander's English sentences. Commander's own error methods are overridden
 * by name; a test provokes each of them, so that a renamed method is noticed.
 */
import { type Argument, Command, Help, Option } from "commander";

import { DrError } from "../core/errors.ts";
import type { Language } from "../core/language.ts";
import { displayWidth } from "./display-width.ts";
import { frameText } from "./text/frame-text.ts";

/** Commands that read or change backups and keys. The ledger keeps of each why it was run, as `--reason` says, which the frame hands on. */
const RECORDED: ReadonlySet<string> = new Set([
  "list",
  "window",
  "plan",
  "restore",
  "restore-db",
  "peek",
  "diff",
  "rescue",
  "backup",
  "dump",
  "prove",
  "verify",
  "expire",
  "sla",
  "loadtest",
  "report daily",
  "report weekly",
  "report monthly",
  "docs metrics",
  "ledger list",
  "ledger anchor",
  "evidence export",
  "key check",
  "key add",
  "key remove",
  "key rotate",
  "key encrypt",
  "key export",
  "key recover",
]);

/** What every command says about itself. `examples` has at least one. */
export type CommandText = {
  readonly summary: string;
  /** Shown in the command's own help below the summary. */
  readonly description?: string;
  readonly examples: readonly (readonly [command: string, meaning: string])[];
};

class LocalHelp extends Help {
  readonly #language: Language;

  constructor(language: Language) {
    super();
    this.#language = language;
    this.showGlobalOptions = true;
  }

  override styleTitle(title: string): string {
    return frameText[this.#language].titles[title] ?? title;
  }

  override displayWidth(text: string): number {
    return displayWidth(text);
  }

  override commandUsage(command: Command): string {
    return this.#words(super.commandUsage(command));
  }

  override subcommandTerm(command: Command): string {
    return this.#words(super.subcommandTerm(command));
  }

  override optionDescription(option: Option): string {
    return this.#described(option.description, option);
  }

  override argumentDescription(argument: Argument): string {
    return this.#described(argument.description, argument);
  }

  #words(term: string): string {
    const text = frameText[this.#language];
    return term
      .replace("[options]", `[${text.optionsWord}]`)
      .replace("[command]", `[${text.commandWord}]`);
  }

  #described(description: string, about: Option | Argument): string {
    const text = frameText[this.#language];
    const extra: string[] = [];
    if (about.argChoices !== undefined) {
      extra.push(text.choices + about.argChoices.join(", "));
    }
    if (about.defaultValueDescription !== undefined || isShown(about.defaultValue)) {
      extra.push(text.default + (about.defaultValueDescription ?? String(about.defaultValue)));
    }
    return extra.length === 0 ? description : `${description} (${extra.join(" ; ")})`;
  }
}

function isShown(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number";
}

/** A command whose usage errors are registered errors. */
class PraCommand extends Command {
  readonly #language: Language;

  constructor(name: string, language: Language) {
    super(name);
    this.#language = language;
  }

  override createCommand(name: string): PraCommand {
    return new PraCommand(name, this.#language);
  }

  override createHelp(): Help {
    return Object.assign(new LocalHelp(this.#language), this.configureHelp());
  }

  missingArgument(name: string): never {
    throw new DrError("USAGE_MISSING_ARGUMENT", { name, command: this.#path() });
  }

  optionMissingArgument(option: Option): never {
    throw new DrError("USAGE_MISSING_VALUE", { option: option.flags, command: this.#path() });
  }

  missingMandatoryOptionValue(option: Option): never {
    throw new DrError("USAGE_MISSING_OPTION", { option: option.flags, command: this.#path() });
  }

  unknownOption(option: string): void {
    throw new DrError("USAGE_UNKNOWN_OPTION", { option, command: this.#path() });
  }

  unknownCommand(): never {
    throw new DrError("USAGE_UNKNOWN_COMMAND", {
      name: this.args[0] ?? "",
      command: this.#path(),
    });
  }

  override error(message: string, options?: { code?: string }): never {
    const quoted = [...message.matchAll(/'([^']*)'/g)].map((match) => match[1] ?? "");
    const command = this.#path();
    const code = options?.code ?? "";
    switch (code) {
      case "commander.invalidArgument":
        throw new DrError("USAGE_VALUE", {
          name: quoted[0] ?? "",
          value: quoted[1] ?? "",
          command,
        });
      case "commander.conflictingOption":
        throw new DrError("USAGE_CONFLICT", {
          option: quoted[0] ?? "",
          other: quoted[1] ?? "",
          command,
        });
      case "commander.excessArguments":
        throw new DrError("USAGE_EXCESS_ARGUMENTS", {
          arguments: this.args.slice(this.registeredArguments.length).join(" "),
          command,
        });
      default:
        throw new DrError("USAGE_OTHER", { reason: message.replace(/^error: /, ""), command });
    }
  }

  #path(): string {
    return pathOf(this);
  }
}

/** "pra wal push": the names from the program down to `command`. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** The program without its commands. Streams are the process's; nothing here ends the process. */
export function createProgram(language: Language): Command {
  const text = frameText[language];
  return new PraCommand("pra", language)
    .description(text.programDescription)
    .helpOption("-h, --help", text.optionHelp)
    .helpCommand(`help [${text.commandWord}]`, text.helpCommand)
    .addOption(new Option("--json", text.optionJson))
    .addOption(new Option("--lang <lang>", text.optionLang).choices(["en", "fr"]))
    .addOption(new Option("--env-file <path>", text.optionEnvFile))
    .showSuggestionAfterError(false)
    .exitOverride();
}

/** Adds a command below `parent`, with help text in the person's language. */
export function defineCommand(
  parent: Command,
  language: Language,
  name: string,
  text: CommandText,
): Command {
  const frame = frameText[language];
  const examples = text.examples.map(([command, meaning]) => `  ${command}\n      ${meaning}`);
  const command = parent
    .command(name)
    .summary(text.summary)
    .description(text.description ?? text.summary)
    .helpOption("-h, --help", frame.optionHelp)
    .allowExcessArguments(false)
    .addHelpText("after", `\n${frame.examples}\n${examples.join("\n")}`);
  return RECORDED.has(pathOf(command).replace(/^pra /, ""))
    ? command.addOption(new Option("--reason <text>", frame.optionReason))
    : command;
}

/** Adds a group such as `wal`, whose commands are defined below it. */
export function defineGroup(
  parent: Command,
  language: Language,
  name: string,
  summary: string,
): Command {
  const frame = frameText[language];
  return parent
    .command(name)
    .description(summary)
    .helpOption("-h, --help", frame.optionHelp)
    .helpCommand(`help [${frame.commandWord}]`, frame.helpCommand);
}
