/** What `pra check` says around its findings. */
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly ready: string;
  readonly notReady: (count: number) => string;
  readonly optionFix: string;
  readonly waiting: (attempts: number, of: number) => string;
};

const en: Messages = {
  summary: "check what a backup needs: server, rights, repository, key, configuration, files",
  description:
    "Looks at everything a backup needs, and at configuration, files, test restores and the application, without changing the server; names the statement or setting that mends what is red. Exit code 4 when something is.",
  examples: [
    ["pra check", "before the first backup, and whenever something was changed"],
    ["pra check --fix", "also mends modes of files and .gitignore, and says what it did"],
    ["pra check --json", "for a script: {ok, checks[]}"],
  ],
  optionFix: "mend modes of files and .gitignore; each is told",
  waiting: (attempts, of) =>
    `the application did not answer well (${attempts} of ${of}); asking again`,
  ready: "Ready. Next: pra backup --full",
  notReady: (count) =>
    count === 1 ? "Not ready: 1 check is red." : `Not ready: ${count} checks are red.`,
};

const fr: Messages = {
  summary:
    "vérifier ce qu'il faut à une sauvegarde : serveur, droits, dépôt, clé, configuration, fichiers",
  description:
    "Regarde tout ce qu'il faut à une sauvegarde, et la configuration, les fichiers, les essais de restauration et l'application, sans rien changer au serveur ; donne l'instruction ou le réglage qui répare ce qui est rouge. Code de sortie 4 s'il y en a.",
  examples: [
    ["pra check", "avant la première sauvegarde, et après tout changement"],
    [
      "pra check --fix",
      "répare aussi les modes des fichiers et .gitignore, et dit ce qui a été fait",
    ],
    ["pra check --json", "pour un script : {ok, checks[]}"],
  ],
  optionFix: "réparer les modes des fichiers et .gitignore ; chaque réparation est dite",
  waiting: (attempts, of) =>
    `l'application n'a pas bien répondu (${attempts} sur ${of}) ; nouvel appel`,
  ready: "Prêt. Ensuite : pra backup --full",
  notReady: (count) =>
    count === 1 ? "Pas prêt : 1 contrôle est rouge." : `Pas prêt : ${count} contrôles sont rouges.`,
};

/** The texts by language. */
export const checkText: Readonly<Record<Language, Messages>> = { en, fr };
