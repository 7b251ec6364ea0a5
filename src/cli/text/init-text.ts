/** What `pra init` says. */
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly optionEncryption: string;
  readonly settingsWritten: (path: string) => string;
  readonly created: (location: string) => string;
  readonly unchanged: (location: string) => string;
  readonly repository: string;
  readonly keyFile: string;
  readonly keyPublished: string;
  readonly store: string;
  readonly storeFacts: (fileSystem: string, free: string) => string;
  readonly probeGood: string;
  readonly leasesRefused: Readonly<Record<"file-system" | "create" | "race", string>>;
  readonly noDelete: string;
  readonly clockSkew: (skew: string) => string;
  readonly recoveryTitle: string;
  readonly recoveryAdvice: string;
  readonly recoveryWritten: (path: string) => string;
  readonly noEncryption: string;
  readonly next: string;
  readonly nextCheck: string;
  readonly nextBackup: string;
};

const en: Messages = {
  summary: "make the repository in BACKUP_DIR and its keys; takes no backup",
  description:
    "Makes the repository in BACKUP_DIR, after looking at what its disk really does, and the keys that seal it. The key file never lies in the repository. Run again with the same key, it changes nothing.",
  examples: [
    ["pra init", "make the repository named by BACKUP_DIR in .env"],
    ["pra init --encryption none", "without secrecy: whoever has the repository can read it"],
  ],
  optionEncryption: "on, or none: the keys are published in the repository itself",
  settingsWritten: (path) => `Written into ${path}. .env.example explains the other settings.`,
  created: (location) => `Repository created in ${location}`,
  unchanged: (location) => `Nothing changed: ${location} is a repository, and its key is here.`,
  repository: "Repository",
  keyFile: "Key file",
  keyPublished: "published in the repository",
  store: "Disk",
  storeFacts: (fileSystem, free) => `${fileSystem}, ${free} free`,
  probeGood: "creates once, reads back, lists: as it must",
  leasesRefused: {
    "file-system":
      "This file system cannot keep two hosts from writing at once: run pra on one host only.",
    create: "This store lets two writers create one object: no backup can be taken on it.",
    race: "Two processes won the same race on this file system: run pra on one host only.",
  },
  noDelete:
    "Nothing could be deleted here: the repository only grows. If this account is meant to add only, expiry runs from another host; if not, mend its rights.",
  clockSkew: (skew) => `The store's clock differs from this host's by ${skew}.`,
  recoveryTitle: "RECOVERY KEY (shown once)",
  recoveryAdvice:
    "Print it and keep it apart from this machine and from the repository. With it and the repository everything can be restored; without it and without the key file, nothing can.",
  recoveryWritten: (path) =>
    `Recovery key written to ${path} (mode 600). Print it, keep it elsewhere, then delete this file.`,
  noEncryption:
    "Not encrypted: protected against accident, not against whoever can read or change the directory.",
  next: "Next:",
  nextCheck: "pra check               is the server ready to be backed up?",
  nextBackup: "pra backup --full       the first backup",
};

const fr: Messages = {
  summary: "créer le dépôt dans BACKUP_DIR et ses clés ; ne prend pas de sauvegarde",
  description:
    "Crée le dépôt dans BACKUP_DIR, après avoir observé ce que fait vraiment son disque, ainsi que les clés qui le scellent. Le fichier de clés n'est jamais dans le dépôt. Relancée avec la même clé, la commande ne change rien.",
  examples: [
    ["pra init", "créer le dépôt que désigne BACKUP_DIR dans .env"],
    ["pra init --encryption none", "sans secret : qui a le dépôt peut le lire"],
  ],
  optionEncryption: "on, ou none : les clés sont publiées dans le dépôt même",
  settingsWritten: (path) => `Écrit dans ${path}. .env.example explique les autres réglages.`,
  created: (location) => `Dépôt créé dans ${location}`,
  unchanged: (location) => `Rien n'a changé : ${location} est un dépôt, et sa clé est ici.`,
  repository: "Dépôt",
  keyFile: "Fichier de clés",
  keyPublished: "publiées dans le dépôt",
  store: "Disque",
  storeFacts: (fileSystem, free) => `${fileSystem}, ${free} libres`,
  probeGood: "crée une seule fois, relit, liste : comme il se doit",
  leasesRefused: {
    "file-system":
      "Ce système de fichiers ne peut pas empêcher deux machines d'écrire à la fois : n'employez pra que sur une seule.",
    create:
      "Ce support laisse deux écrivains créer le même objet : aucune sauvegarde n'y est possible.",
    race: "Deux processus ont gagné la même course sur ce système de fichiers : n'employez pra que sur une machine.",
  },
  noDelete:
    "Rien n'a pu être supprimé ici : le dépôt ne fait que grandir. Si ce compte doit seulement ajouter, l'expiration tourne sur une autre machine ; sinon, corrigez ses droits.",
  clockSkew: (skew) => `L'horloge du support diffère de celle de cette machine de ${skew}.`,
  recoveryTitle: "CLÉ DE SECOURS (affichée une seule fois)",
  recoveryAdvice:
    "Imprimez-la et gardez-la loin de cette machine et du dépôt. Avec elle et le dépôt, tout peut être restauré ; sans elle et sans le fichier de clés, rien.",
  recoveryWritten: (path) =>
    `Clé de secours écrite dans ${path} (mode 600). Imprimez-la, gardez-la ailleurs, puis supprimez ce fichier.`,
  noEncryption:
    "Non chiffré : protégé contre l'accident, pas contre qui peut lire ou modifier le dossier.",
  next: "Ensuite :",
  nextCheck: "pra check               le serveur est-il prêt à être sauvegardé ?",
  nextBackup: "pra backup --full       la première sauvegarde",
};

/** The texts by language. */
export const initText: Readonly<Record<Language, Messages>> = { en, fr };
