/** The options by which a target in time is named, the same for every command that takes one. */
import { type Command, Option } from "commander";

import type { Language } from "../core/language.ts";
import type { TargetFlags } from "../restore/target.ts";
import { restoreText } from "./text/restore-text.ts";

/** What commander makes of them. */
export type TargetOptions = TargetFlags & { readonly backup?: string };

/** Adds them. */
export function addTargetOptions(command: Command, language: Language): Command {
  const text = restoreText[language].options;
  return command
    .addOption(new Option("--at <time>", text.at))
    .addOption(new Option("--lsn <lsn>", text.lsn))
    .addOption(new Option("--xid <xid>", text.xid))
    .addOption(new Option("--name <name>", text.name))
    .addOption(new Option("--immediate", text.immediate))
    .addOption(new Option("--latest", text.latest))
    .addOption(new Option("--timeline <timeline>", text.timeline))
    .addOption(new Option("--backup <id>", text.backup));
}

/** The target's part of the options. */
export function flagsOf(options: TargetOptions): TargetFlags {
  const { at, lsn, xid, name, immediate, latest, timeline } = options;
  return { at, lsn, xid, name, immediate, latest, timeline };
}
