/** What `pra version` says. */
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

const en: CommandText = {
  summary: "show the versions of pra and of Node",
  examples: [["pra version --json", "for an inventory"]],
};

const fr: CommandText = {
  summary: "afficher les versions de pra et de Node",
  examples: [["pra version --json", "pour un inventaire"]],
};

/** The texts by language. */
export const versionText: Readonly<Record<Language, CommandText>> = { en, fr };
