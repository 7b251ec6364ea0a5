import type { ErrorGroup } from "./entry.ts";

/** KEY_: keys are missing, wrong or refused. */
export const keyErrors = {
  KEY_PRIVATE_MISSING: {
    en: {
      message: `the key file holds no private keys; the host that has them: {host}`,
      hint: `Restores, proofs and enrolments run there. Elsewhere, make the private side: pra key recover with the recovery key, or with a recipient's secret that the host makes itself (pra key recipient).`,
    },
    fr: {
      message: `le fichier de clés ne contient pas de clés privées ; l'hôte qui les détient : {host}`,
      hint: `Restaurations, preuves et inscriptions se font là-bas. Ailleurs, faites la partie privée : pra key recover avec la clé de secours, ou avec le secret d'un destinataire que l'hôte se crée lui-même (pra key recipient).`,
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
      message: `the key file has version {version}, this program knows versions 1 and 2`,
      hint: `Use the version of pra that wrote it, or a newer one.`,
    },
    fr: {
      message: `le fichier de clés est de version {version}, ce programme connaît les versions 1 et 2`,
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
  KEY_RECOVERY_LENGTH: {
    en: {
      message: `a recovery key has {expected} characters, this has {found}`,
      hint: `Type all 8 groups of 7 characters as printed; spaces and hyphens do not count.`,
    },
    fr: {
      message: `une clé de secours a {expected} caractères, celle-ci en a {found}`,
      hint: `Saisissez les 8 groupes de 7 caractères tels qu'imprimés ; espaces et tirets ne comptent pas.`,
    },
  },
  KEY_RECOVERY_CHARACTER: {
    en: {
      message: `group {group} of the recovery key holds a character that is never used`,
      hint: `Look at that group again: only digits and letters without U; O and 0, and I, L and 1, count as the same.`,
    },
    fr: {
      message: `le groupe {group} de la clé de secours contient un caractère qui n'est jamais employé`,
      hint: `Relisez ce groupe : chiffres et lettres seulement, sans U ; O et 0 se valent, de même que I, L et 1.`,
    },
  },
  KEY_RECOVERY_MISTYPED: {
    en: {
      message: `the check characters of this recovery key do not fit: a character is wrong, or two are exchanged`,
      hint: `Compare with the sheet group by group; B and 8, S and 5, Z and 2 are easily confused.`,
    },
    fr: {
      message: `les caractères de contrôle de cette clé de secours ne concordent pas : un caractère est faux, ou deux sont intervertis`,
      hint: `Comparez avec la feuille groupe par groupe ; B et 8, S et 5, Z et 2 se confondent facilement.`,
    },
  },
  KEY_RECOVERY_WRONG: {
    en: {
      message: `this recovery key is well formed and opens nothing in repository {repository}`,
      hint: `It belongs to another repository, or its slot was removed: look for the sheet with this repository's id.`,
    },
    fr: {
      message: `cette clé de secours est bien formée et n'ouvre rien dans le dépôt {repository}`,
      hint: `Elle appartient à un autre dépôt, ou son emplacement a été retiré : cherchez la feuille qui porte l'identifiant de ce dépôt.`,
    },
  },
  KEY_RECOVERY_OLD: {
    en: {
      message: `this recovery key is of generation {generation}, the repository {repository} is at generation {newest}`,
      hint: `The keys were rotated since: look for the newer sheet. This one still opens what was sealed before, and nothing after.`,
    },
    fr: {
      message: `cette clé de secours est de génération {generation}, le dépôt {repository} en est à la génération {newest}`,
      hint: `Les clés ont changé depuis : cherchez la feuille plus récente. Celle-ci ouvre encore ce qui fut scellé avant, et rien d'après.`,
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
      hint: `Make it with the printed recovery key: pra key recover; or take what the host with the private side exports: pra key import FILE. PRA_KEY_FILE names another place.`,
    },
    fr: {
      message: `le fichier de clé {path} du dépôt {repository} est absent`,
      hint: `Refaites-le avec la clé de secours imprimée : pra key recover ; ou prenez ce qu'exporte l'hôte qui a la partie privée : pra key import FICHIER. PRA_KEY_FILE indique un autre emplacement.`,
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
  KEY_FILE_UNREADABLE: {
    en: {
      message: `the key file {path} cannot be read: {reason}`,
      hint: `Run the command as the account that owns it.`,
    },
    fr: {
      message: `le fichier de clés {path} ne peut pas être lu : {reason}`,
      hint: `Lancez la commande sous le compte à qui il appartient.`,
    },
  },
  KEY_PASSPHRASE_WRONG: {
    en: {
      message: `this passphrase opens nothing in repository {repository}`,
      hint: `Case, spaces and accents count. pra key list names the slots that have a passphrase.`,
    },
    fr: {
      message: `cette phrase secrète n'ouvre rien dans le dépôt {repository}`,
      hint: `Majuscules, espaces et accents comptent. pra key list nomme les emplacements qui ont une phrase secrète.`,
    },
  },
  KEY_PASSPHRASE_SHORT: {
    en: {
      message: `a passphrase has at least {min} characters`,
      hint: `Whoever holds the repository can try passphrases at leisure: take five or more random words.`,
    },
    fr: {
      message: `une phrase secrète a au moins {min} caractères`,
      hint: `Qui détient le dépôt peut essayer des phrases à loisir : prenez cinq mots au hasard ou plus.`,
    },
  },
  KEY_PASSPHRASE_DIFFERS: {
    en: {
      message: `the two passphrases typed are not the same`,
      hint: `Nothing was written; type it again.`,
    },
    fr: {
      message: `les deux phrases saisies diffèrent`,
      hint: `Rien n'a été écrit ; saisissez-la à nouveau.`,
    },
  },
  KEY_RECIPIENT_INVALID: {
    en: {
      message: `this is not a recipient's public key: {reason}`,
      hint: `Copy the line that pra key recipient printed; it begins with pra-recipient-.`,
    },
    fr: {
      message: `ce n'est pas la clé publique d'un destinataire : {reason}`,
      hint: `Copiez la ligne affichée par pra key recipient ; elle commence par pra-recipient-.`,
    },
  },
  KEY_RECIPIENT_WRONG: {
    en: {
      message: `this recipient's key opens nothing in repository {repository}`,
      hint: `Its owner was never added, or was removed; pra key list shows the recipients.`,
    },
    fr: {
      message: `cette clé de destinataire n'ouvre rien dans le dépôt {repository}`,
      hint: `Son propriétaire n'a jamais été ajouté, ou a été retiré ; pra key list montre les destinataires.`,
    },
  },
  KEY_ROOT_UNKNOWN: {
    en: {
      message: `opening with a recipient's key needs the fingerprint of the root signing key`,
      hint: `Give --root FINGERPRINT as pra key list showed it when the recipient was added: without it a forged repository would be believed.`,
    },
    fr: {
      message: `ouvrir avec la clé d'un destinataire demande l'empreinte de la clé racine de signature`,
      hint: `Donnez --root EMPREINTE telle que pra key list l'affichait à l'ajout du destinataire : sans elle, un faux dépôt serait cru.`,
    },
  },
  KEY_ROOT_DIFFERS: {
    en: {
      message: `the root signing key has fingerprint {found}, not {expected}`,
      hint: `Do not use this repository: what it holds was not signed by the root that you know. Look for another copy.`,
    },
    fr: {
      message: `la clé racine de signature a l'empreinte {found}, pas {expected}`,
      hint: `N'utilisez pas ce dépôt : son contenu n'est pas signé par la racine que vous connaissez. Cherchez une autre copie.`,
    },
  },
  KEY_GENERATION_BEHIND: {
    en: {
      message: `the key file {path} holds generation {held}, the repository is at generation {newest}`,
      hint: `The keys were rotated. On a host with the private side run pra key export --public FILE, bring FILE here, then pra key import FILE; or, where the private side belongs, pra key recover with the new recovery key.`,
    },
    fr: {
      message: `le fichier de clés {path} contient la génération {held}, le dépôt en est à la génération {newest}`,
      hint: `Les clés ont changé. Sur un hôte qui a la partie privée lancez pra key export --public FICHIER, apportez FICHIER ici, puis pra key import FICHIER ; ou, là où va la partie privée, pra key recover avec la nouvelle clé de secours.`,
    },
  },
  KEY_GENERATION_AHEAD: {
    en: {
      message: `the key file {path} holds generation {held}, the repository knows only {newest}`,
      hint: `The repository was set back to an older state, or is an old copy. Use the newest copy; look at it before anything is written.`,
    },
    fr: {
      message: `le fichier de clés {path} contient la génération {held}, le dépôt ne connaît que {newest}`,
      hint: `Le dépôt est revenu à un état ancien, ou c'est une vieille copie. Utilisez la copie la plus récente ; examinez-le avant toute écriture.`,
    },
  },
  KEY_GENERATION_CLOSED: {
    en: {
      message: `{object} bears generation {generation} of the keys and appeared after that generation was closed`,
      hint: `It was not published by this site's hosts, or by one that was not updated: do not restore it. Look who can write to the store.`,
    },
    fr: {
      message: `{object} porte la génération {generation} des clés et est apparu après la clôture de cette génération`,
      hint: `Il n'a pas été publié par les hôtes de ce site, ou par un hôte qui n'était pas à jour : ne le restaurez pas. Regardez qui peut écrire dans le magasin.`,
    },
  },
  KEY_ROTATION_UNFINISHED: {
    en: {
      message: `a rotation of the keys was killed on this host after generation {generation} had begun`,
      hint: `Run pra key rotate again: it finishes with the keys that are in {path}.`,
    },
    fr: {
      message: `un changement de clés a été interrompu sur cet hôte après le début de la génération {generation}`,
      hint: `Relancez pra key rotate : la commande termine avec les clés qui sont dans {path}.`,
    },
  },
  KEY_ROTATED_MEANWHILE: {
    en: {
      message: `another host rotated the keys at the same moment: the repository is at generation {newest}`,
      hint: `Nothing of this rotation counts. Import the key file that the other host exports: pra key export --public FILE there, pra key import FILE here.`,
    },
    fr: {
      message: `un autre hôte a changé les clés au même moment : le dépôt en est à la génération {newest}`,
      hint: `Rien de ce changement ne compte. Importez le fichier de clés qu'exporte l'autre hôte : là-bas pra key export --public FICHIER, ici pra key import FICHIER.`,
    },
  },
  KEY_ALREADY_ENCRYPTED: {
    en: {
      message: `the repository {repository} is encrypted already, generation {generation}`,
      hint: `For new keys run pra key rotate.`,
    },
    fr: {
      message: `le dépôt {repository} est déjà chiffré, génération {generation}`,
      hint: `Pour de nouvelles clés, lancez pra key rotate.`,
    },
  },
  KEY_NOT_ENCRYPTED: {
    en: {
      message: `the keys of repository {repository} are published in it`,
      hint: `There is nothing to protect. pra key encrypt seals from now on what is backed up.`,
    },
    fr: {
      message: `les clés du dépôt {repository} y sont publiées`,
      hint: `Il n'y a rien à protéger. pra key encrypt scelle désormais ce qui est sauvegardé.`,
    },
  },
  KEY_SLOT_UNKNOWN: {
    en: {
      message: `there is no key slot {slot}`,
      hint: `The names are those that pra key list shows.`,
    },
    fr: {
      message: `il n'y a pas d'emplacement {slot}`,
      hint: `Les noms sont ceux que montre pra key list.`,
    },
  },
  KEY_SLOT_LAST: {
    en: {
      message: `{slot} is the last slot by which people can open generation {generation}`,
      hint: `Without it, a lost key file would lose every backup. Add another first: pra key add --recovery.`,
    },
    fr: {
      message: `{slot} est le dernier emplacement par lequel on peut ouvrir la génération {generation}`,
      hint: `Sans lui, perdre le fichier de clés serait perdre toutes les sauvegardes. Ajoutez-en un autre d'abord : pra key add --recovery.`,
    },
  },
  KEY_SLOT_UNCHECKED: {
    en: {
      message: `no remaining slot of generation {generation} was ever proved to open the repository`,
      hint: `Prove one first: pra key check. To remove {slot} all the same, add --unchecked.`,
    },
    fr: {
      message: `aucun emplacement restant de la génération {generation} n'a jamais prouvé qu'il ouvre le dépôt`,
      hint: `Prouvez-en un d'abord : pra key check. Pour retirer {slot} malgré tout, ajoutez --unchecked.`,
    },
  },
  KEY_SLOT_KEEPS_OLDER: {
    en: {
      message: `{slot} is what keeps backups of generation {generation} readable`,
      hint: `It is removed by nobody: without it a new key file could not read them.`,
    },
    fr: {
      message: `{slot} est ce qui garde lisibles les sauvegardes de la génération {generation}`,
      hint: `Personne ne le retire : sans lui un nouveau fichier de clés ne pourrait pas les lire.`,
    },
  },
  KEY_NO_TERMINAL: {
    en: {
      message: `a secret has to be typed, and there is no terminal to ask on`,
      hint: `Give a file of mode 600: --recovery-key-file FILE, --passphrase-file FILE; - reads standard input.`,
    },
    fr: {
      message: `un secret doit être saisi, et il n'y a pas de terminal pour le demander`,
      hint: `Donnez un fichier de mode 600 : --recovery-key-file FICHIER, --passphrase-file FICHIER ; - lit l'entrée standard.`,
    },
  },
  KEY_SECRET_FILE: {
    en: {
      message: `the file {path} cannot be used: {reason}`,
      hint: `It holds the secret alone, has mode 600, and is readable by the account that runs this.`,
    },
    fr: {
      message: `le fichier {path} est inutilisable : {reason}`,
      hint: `Il ne contient que le secret, a le mode 600, et se lit sous le compte qui lance la commande.`,
    },
  },
  KEY_CHECK_FAILED: {
    en: {
      message: `the recovery key opened its slot, and gives other keys than those of this host: {what}`,
      hint: `Do not rely on that sheet. Make a new one with pra key add --recovery, check it, then remove slot {slot}.`,
    },
    fr: {
      message: `la clé de secours a ouvert son emplacement, et donne d'autres clés que celles de cet hôte : {what}`,
      hint: `Ne comptez pas sur cette feuille. Faites-en une nouvelle avec pra key add --recovery, vérifiez-la, puis retirez l'emplacement {slot}.`,
    },
  },
  KEY_IMPORT_LOSES: {
    en: {
      message: `{path} holds more than {file}: {what}`,
      hint: `Nothing was replaced. Import the newer key file, or set PRA_KEY_FILE to another place.`,
    },
    fr: {
      message: `{path} contient plus que {file} : {what}`,
      hint: `Rien n'a été remplacé. Importez le fichier de clés le plus récent, ou indiquez un autre emplacement dans PRA_KEY_FILE.`,
    },
  },
} as const satisfies ErrorGroup;
