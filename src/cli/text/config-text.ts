/** What `pra config` says. */
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly groupSummary: string;
  readonly show: CommandText;
  readonly get: CommandText;
  readonly argumentName: string;
  readonly name: string;
  readonly value: string;
  readonly origin: string;
  readonly file: (path: string) => string;
  readonly noFile: string;
  readonly unknown: (name: string, origin: string) => string;
  readonly meant: (name: string) => string;
};

const en: Messages = {
  groupSummary: "the configuration: what holds, and where it comes from",
  show: {
    summary: "show every setting, its value and where it comes from; secrets are masked",
    examples: [
      ["pra config show", "every setting with its origin"],
      [
        "pra config show --json",
        "for a script: {envFile, settings[]{name, value, origin, secret}}",
      ],
    ],
  },
  get: {
    summary: "print one value, for scripts; secrets are refused",
    examples: [["pra config get BACKUP_METHOD", "physical, logical or both"]],
  },
  argumentName: "the setting's name",
  name: "SETTING",
  value: "VALUE",
  origin: "FROM",
  file: (path) => `Configuration file: ${path}`,
  noFile: "No .env file was found, neither here nor beside pra.",
  unknown: (name, origin) => `! ${name} (${origin}) is not a setting`,
  meant: (name) => `; ${name} is`,
};

const fr: Messages = {
  groupSummary: "la configuration : ce qui s'applique, et d'où cela vient",
  show: {
    summary: "montrer chaque réglage, sa valeur et son origine ; les secrets sont masqués",
    examples: [
      ["pra config show", "chaque réglage avec son origine"],
      [
        "pra config show --json",
        "pour un script : {envFile, settings[]{name, value, origin, secret}}",
      ],
    ],
  },
  get: {
    summary: "afficher une seule valeur, pour les scripts ; les secrets sont refusés",
    examples: [["pra config get BACKUP_METHOD", "physical, logical ou both"]],
  },
  argumentName: "le nom du réglage",
  name: "RÉGLAGE",
  value: "VALEUR",
  origin: "ORIGINE",
  file: (path) => `Fichier de configuration : ${path}`,
  noFile: "Aucun fichier .env trouvé, ni ici ni à côté de pra.",
  unknown: (name, origin) => `! ${name} (${origin}) n'est pas un réglage`,
  meant: (name) => ` ; ${name} en est un`,
};

/** The texts by language. */
export const configText: Readonly<Record<Language, Messages>> = { en, fr };
