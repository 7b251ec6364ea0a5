import type { ErrorGroup } from "./entry.ts";

/** KEY_: keys are missing, wrong or refused. */
export const keyErrors = {
  KEY_PRIVATE_MISSING: {
    en: {
      message: `the key file holds no private keys`,
      hint: `Restores, proofs and enrolments run where the private side is: use that host's key file, or the recovery key.`,
    },
    fr: {
      message: `le fichier de clés ne contient pas de clés privées`,
      hint: `Restaurations, preuves et inscriptions se font là où se trouve la partie privée : utilisez le fichier de clés de cet hôte, ou la clé de secours.`,
    },
  },
  KEY_FILE_INVALID: {
    en: {
      message: `this is not a usable key file: {reason}`,
      hint: `Use the file that pra init or pra key export wrote, unchanged; with the recovery key it can be made again.`,
    },
    fr: {
      message: `ce n'est pas un fichier de clés utilisable : {reason}`,
      hint: `Utilisez le fichier écrit par pra init ou pra key export, sans le modifier ; la clé de secours permet de le refaire.`,
    },
  },
  KEY_FILE_VERSION: {
    en: {
      message: `the key file has version {version}, this program knows version 1`,
      hint: `Use the version of pra that wrote it, or a newer one.`,
    },
    fr: {
      message: `le fichier de clés est de version {version}, ce programme connaît la version 1`,
      hint: `Utilisez la version de pra qui l'a écrit, ou une plus récente.`,
    },
  },
  KEY_OTHER_REPOSITORY: {
    en: {
      message: `these keys are for repository {found}, not for {expected}`,
      hint: `Name the key file of this repository in PRA_KEY_FILE.`,
    },
    fr: {
      message: `ces clés sont celles du dépôt {found}, pas de {expected}`,
      hint: `Indiquez le fichier de clés de ce dépôt dans PRA_KEY_FILE.`,
    },
  },
  KEY_GENERATION_MISSING: {
    en: {
      message: `{object} was sealed with key generation {generation}, these keys are generation {held}`,
      hint: `Use the key file that holds that generation.`,
    },
    fr: {
      message: `{object} a été scellé avec les clés de génération {generation}, celles-ci sont de génération {held}`,
      hint: `Utilisez le fichier de clés qui contient cette génération.`,
    },
  },
  KEY_RECOVERY_MISTYPED: {
    en: {
      message: `this is not a recovery key: {reason}`,
      hint: `Type the 8 groups of 7 characters as printed; O and 0, and I, L and 1, count as the same.`,
    },
    fr: {
      message: `ce n'est pas une clé de secours : {reason}`,
      hint: `Saisissez les 8 groupes de 7 caractères tels qu'imprimés ; O et 0 se valent, de même que I, L et 1.`,
    },
  },
  KEY_RECOVERY_WRONG: {
    en: {
      message: `this recovery key does not open the keys of repository {repository}`,
      hint: `It is well formed but belongs to another repository or was replaced: look for the sheet with this repository's id.`,
    },
    fr: {
      message: `cette clé de secours n'ouvre pas les clés du dépôt {repository}`,
      hint: `Elle est bien formée mais appartient à un autre dépôt ou a été remplacée : cherchez la feuille qui porte l'identifiant de ce dépôt.`,
    },
  },
  KEY_SLOT_INVALID: {
    en: {
      message: `the key slot is malformed: {reason}`,
      hint: `Read another slot or another copy of the repository.`,
    },
    fr: {
      message: `l'emplacement de clés est malformé : {reason}`,
      hint: `Lisez un autre emplacement ou une autre copie du dépôt.`,
    },
  },
  KEY_FILE_INSIDE: {
    en: {
      message: `the key file {path} would lie inside the repository {repository}`,
      hint: `Whoever steals the repository would hold its key. Set PRA_KEY_FILE to a place on another disk.`,
    },
    fr: {
      message: `le fichier de clé {path} se trouverait dans le dépôt {repository}`,
      hint: `Qui vole le dépôt en aurait la clé. Indiquez dans PRA_KEY_FILE un emplacement sur un autre disque.`,
    },
  },
  KEY_FILE_MISSING: {
    en: {
      message: `the key file {path} of repository {repository} is not here`,
      hint: `Copy it from the host that made the repository, or make it again with the printed recovery key. PRA_KEY_FILE names another place.`,
    },
    fr: {
      message: `le fichier de clé {path} du dépôt {repository} est absent`,
      hint: `Copiez-le depuis la machine qui a créé le dépôt, ou recréez-le avec la clé de secours imprimée. PRA_KEY_FILE indique un autre emplacement.`,
    },
  },
  KEY_FILE_RIGHTS: {
    en: {
      message: `the key file {path} has mode {mode}: others may read it`,
      hint: `Run: chmod 600 {path}. If others had access, consider the key known.`,
    },
    fr: {
      message: `le fichier de clé {path} a le mode {mode} : d'autres peuvent le lire`,
      hint: `Lancez : chmod 600 {path}. Si d'autres y avaient accès, considérez la clé comme connue.`,
    },
  },
  KEY_FILE_EXISTS: {
    en: {
      message: `{path} exists and belongs to another key`,
      hint: `Nothing was overwritten. Set PRA_KEY_FILE to a new place, or move that file away if it is no longer needed.`,
    },
    fr: {
      message: `{path} existe et contient une autre clé`,
      hint: `Rien n'a été écrasé. Indiquez un autre emplacement dans PRA_KEY_FILE, ou déplacez ce fichier s'il ne sert plus.`,
    },
  },
} as const satisfies ErrorGroup;
