/** What `pra config` says. */
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly groupSummary: string;
  readonly show: CommandText;
  readonly get: CommandText;
  readonly argumentName: string;
  readonly save: CommandText;
  readonly compare: CommandText;
  readonly saved: (path: string, number: number) => string;
  readonly unchanged: (path: string, number: number) => string;
  readonly host: string;
  readonly date: string;
  readonly state: string;
  readonly thisHost: string;
  readonly same: string;
  readonly differs: string;
  readonly differsIn: (names: string) => string;
  readonly notSaved: string;
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
  save: {
    summary: "keep a sealed copy of .env in the repository",
    description:
      "Seals the .env for the private key and writes it into the repository, unless the newest copy has the same settings. init and every backup do it by themselves.",
    examples: [["pra config save", "after a change, without waiting for the next backup"]],
  },
  compare: {
    summary: "compare this host's settings with those that other hosts have saved",
    description:
      "Compares by keyed hash; values are never shown. Where the private key is, the names of settings that differ are told. Exit code 4 when a host differs.",
    examples: [["pra config compare", "each host, and whether it has the same settings"]],
  },
  saved: (path, number) => `${path} is kept, sealed, in the repository (copy ${number}).`,
  unchanged: (path, number) => `${path} is kept already; copy ${number} has the same settings.`,
  host: "HOST",
  date: "SAVED",
  state: "SETTINGS",
  thisHost: "(this host)",
  same: "the same",
  differs: "others",
  differsIn: (names) => `others: ${names}`,
  notSaved: "This host's settings are not in the repository as they are now: pra config save",
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
  save: {
    summary: "garder une copie scellée de .env dans le dépôt",
    description:
      "Scelle le .env pour la clé privée et l'écrit dans le dépôt, sauf si la dernière copie a les mêmes réglages. init et chaque sauvegarde le font d'eux-mêmes.",
    examples: [["pra config save", "après un changement, sans attendre la prochaine sauvegarde"]],
  },
  compare: {
    summary: "comparer les réglages de cette machine à ceux que les autres ont gardés",
    description:
      "Compare par empreinte à clé ; aucune valeur n'est montrée. Là où est la clé privée, les noms des réglages qui diffèrent sont dits. Code de sortie 4 quand une machine diffère.",
    examples: [["pra config compare", "chaque machine, et si elle a les mêmes réglages"]],
  },
  saved: (path, number) => `${path} est gardé, scellé, dans le dépôt (copie ${number}).`,
  unchanged: (path, number) => `${path} est déjà gardé ; la copie ${number} a les mêmes réglages.`,
  host: "MACHINE",
  date: "GARDÉ",
  state: "RÉGLAGES",
  thisHost: "(cette machine)",
  same: "les mêmes",
  differs: "d'autres",
  differsIn: (names) => `d'autres : ${names}`,
  notSaved: "Les réglages actuels de cette machine ne sont pas dans le dépôt : pra config save",
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
