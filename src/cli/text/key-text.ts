/** What `pra key` says. */
import type { OpenedByKey } from "../../app/key-check.ts";
import type { HeldSide } from "../../app/key-list.ts";
import type { Language } from "../../core/language.ts";
import type { SlotMethod } from "../../pipeline/sealing/slot-methods.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly groupSummary: string;
  readonly list: CommandText;
  readonly check: CommandText;
  readonly add: CommandText;
  readonly remove: CommandText;
  readonly rotate: CommandText;
  readonly encrypt: CommandText;
  readonly exportKeys: CommandText;
  readonly importKeys: CommandText;
  readonly recover: CommandText;
  readonly recipient: CommandText;
  readonly optionRecoveryKeyFile: string;
  readonly optionPassphrase: string;
  readonly optionPassphraseFile: string;
  readonly optionRecipientKey: string;
  readonly optionRoot: string;
  readonly optionAddRecovery: string;
  readonly optionAddPassphrase: string;
  readonly optionAddRecipient: string;
  readonly optionLabel: string;
  readonly optionUnchecked: string;
  readonly optionPublic: string;
  readonly argumentSlot: string;
  readonly argumentFile: string;
  readonly askRecovery: string;
  readonly askPassphrase: string;
  readonly askPassphraseAgain: string;
  readonly repository: string;
  readonly keyFile: string;
  readonly writer: string;
  readonly privateAt: string;
  readonly published: string;
  readonly generation: (generation: number, newest: boolean, held: string) => string;
  readonly held: Readonly<Record<HeldSide, string>>;
  readonly root: string;
  readonly data: string;
  readonly columns: {
    readonly slot: string;
    readonly label: string;
    readonly made: string;
    readonly by: string;
    readonly checked: string;
  };
  readonly never: string;
  readonly methods: Readonly<Record<SlotMethod, string>>;
  readonly unusable: (key: string, message: string) => string;
  readonly noneChecked: string;
  readonly good: (slot: string) => string;
  readonly opened: string;
  readonly openedThings: Readonly<Record<OpenedByKey, string>>;
  readonly noBackup: string;
  readonly backup: string;
  readonly ledgerFailed: (message: string) => string;
  readonly added: (slot: string, generation: number) => string;
  readonly removed: (slot: string, left: number) => string;
  readonly removedAdvice: string;
  readonly rotated: (generation: number) => string;
  readonly finished: (generation: number) => string;
  readonly encrypted: (generation: number) => string;
  readonly rotatedAdvice: readonly string[];
  readonly olderAdvice: string;
  readonly encryptedAdvice: string;
  readonly notCarried: (names: string) => string;
  readonly exported: (path: string) => string;
  readonly exportedAdvice: string;
  readonly imported: (path: string) => string;
  readonly importedPublic: (host: string | undefined) => string;
  readonly recovered: (path: string, slot: string) => string;
  readonly recipientMade: (path: string) => string;
  readonly recipientAdvice: string;
  readonly recipientNext: (root: string) => readonly string[];
  readonly checkAdvice: string;
};

const en: Messages = {
  groupSummary: "the keys: who can open the repository, and whether that was proved",
  list: {
    summary: "show generations, the ways to open each, and what this host's key file opens",
    description:
      "A slot is one way to open the repository: a printed recovery key, a passphrase, a recipient. Fingerprints are of public keys; secrets are never shown.",
    examples: [
      ["pra key list", "who can open the repository, and when that was last proved"],
      ["pra key list --json", "for a script: {repository, keyFile, generations[]{slots[]}}"],
    ],
  },
  check: {
    summary: "prove that a recovery key opens the newest backup",
    description:
      "Asks for the printed recovery key without showing it, and opens with it what a new host would need: its slot, the newest backup's root, a map, a frame of data. The ledger remembers when; pra status stays red until the first time.",
    examples: [
      ["pra key check", "type the 8 groups from the printed sheet"],
      ["pra key check --recovery-key-file FILE", "from a file of mode 600; - is standard input"],
      ["pra key check --passphrase", "prove a passphrase instead"],
    ],
  },
  add: {
    summary: "add a way to open the repository; no data is touched",
    examples: [
      ["pra key add --recovery --label 'safe, Lyon'", "a second printed sheet"],
      ["pra key add --passphrase --label dba", "a passphrase, asked twice"],
      ["pra key add --recipient pra-recipient-… --label audit", "another person's public key"],
    ],
  },
  remove: {
    summary: "remove a way to open the repository",
    description:
      "Deletes one wrapped copy of the keys. Who opened it before may have kept the keys: pra key rotate puts those out of use for what comes after. Refused for the last way, and while none of the others was ever proved.",
    examples: [["pra key remove recovery-4f12ab90cd3e", "the name that pra key list shows"]],
  },
  rotate: {
    summary: "make new keys; earlier backups stay readable, later ones need the new keys",
    description:
      "Makes generation n+1: new data, metadata and signing keys, a new recovery key, and slots for the same recipients. Nothing is rewritten. No backup, receiver or expiry may run meanwhile. Every other host needs a new key file afterwards and is refused until it has one; the next backup is full. Killed, it is simply run again.",
    examples: [
      ["pra key rotate", "print the new recovery key, then prove it with pra key check"],
      ["pra key export --public FILE", "then, for each other host: its new key file"],
    ],
  },
  encrypt: {
    summary: "begin to encrypt a repository that was made without encryption",
    description:
      "Makes the first secret keys. What is backed up from then on is sealed; what was backed up before restores as ever, and stays readable for whoever has the files until it expires. The next backup is full and refers to nothing of before.",
    examples: [["pra key encrypt", "print the recovery key, then prove it with pra key check"]],
  },
  exportKeys: {
    summary: "write the key file of a host that backs up and cannot read",
    description:
      "The file holds the public keys, the metadata key and a writer of its own that this repository's root signed. Its host backs up, streams WAL, lists and checks what lies there; it cannot restore, prove or read a dump. The file is a secret: bring it over a safe way, then delete it here.",
    examples: [["pra key export --public db1.key", "then on db1: pra key import db1.key"]],
  },
  importKeys: {
    summary: "take a key file that another host exported",
    description:
      "Opens the repository with it first. It takes the place of an older key file of the same repository, never of one that holds more.",
    examples: [["pra key import db1.key", "after pra key export --public db1.key elsewhere"]],
  },
  recover: {
    summary: "make this host's key file from the recovery key and the repository alone",
    description:
      "For a new host when all else is lost: opens the repository with what a person has, and writes a key file with the private side and a writer of its own.",
    examples: [
      ["pra key recover", "type the printed recovery key"],
      ["pra key recover --passphrase", "with a passphrase"],
      [
        "pra key recover --recipient-key FILE --root FINGERPRINT",
        "with a recipient's secret file, and the root's fingerprint that was noted then",
      ],
    ],
  },
  recipient: {
    summary: "make a recipient's pair of keys: the secret half in a file, the public half printed",
    examples: [["pra key recipient audit.secret", "then elsewhere: pra key add --recipient …"]],
  },
  optionRecoveryKeyFile: "read the recovery key from a file of mode 600; - is standard input",
  optionPassphrase: "ask for a passphrase instead of a recovery key",
  optionPassphraseFile: "read the passphrase from a file of mode 600; - is standard input",
  optionRecipientKey: "use the secret file that pra key recipient wrote",
  optionRoot: "with --recipient-key: the fingerprint of the root signing key, noted beforehand",
  optionAddRecovery: "another recovery key, to be printed",
  optionAddPassphrase: "a passphrase, asked twice",
  optionAddRecipient: "the public key of a person or machine, from pra key recipient",
  optionLabel: "what people call it; readable by whoever has the repository",
  optionUnchecked: "remove it although none of the others was ever proved",
  optionPublic: "the new file, mode 600",
  argumentSlot: "the slot's name in pra key list",
  argumentFile: "the file",
  askRecovery: "Recovery key (not shown): ",
  askPassphrase: "Passphrase (not shown): ",
  askPassphraseAgain: "The same again: ",
  repository: "Repository",
  keyFile: "Key file",
  writer: "Writes as",
  privateAt: "Private side at",
  published: "published in the repository: whoever has it can read and change it",
  generation: (generation, newest, held) =>
    `Generation ${generation}${newest ? " (newest)" : ""}: ${held}`,
  held: {
    published: "open to everybody",
    public: "this host seals and reads lists; it cannot read data",
    private: "this host reads everything",
  },
  root: "Root signing key",
  data: "Data key",
  columns: { slot: "SLOT", label: "LABEL", made: "MADE", by: "BY", checked: "PROVED" },
  never: "never",
  methods: {
    recovery: "recovery key",
    published: "published",
    passphrase: "passphrase",
    recipient: "recipient",
    later: "the next generation's keys",
  },
  unusable: (key, message) => `${key} says nothing: ${message}`,
  noneChecked: "No way to open the newest generation was ever proved. pra key check",
  good: (slot) => `It opens the repository: slot ${slot}.`,
  opened: "Opened",
  openedThings: {
    slot: "the slot",
    root: "the newest backup's root",
    map: "a map",
    data: "a frame of data",
  },
  noBackup: "there is no backup yet: check again after the first one",
  backup: "Backup",
  ledgerFailed: (message) => `The ledger could not be written: ${message}`,
  added: (slot, generation) => `Slot ${slot} opens generation ${generation} now.`,
  removed: (slot, left) =>
    `Slot ${slot} is removed; ${left === 1 ? "1 way is" : `${left} ways are`} left.`,
  removedAdvice:
    "Who opened it before may have kept the keys. If that is a worry: pra key rotate, so that what comes after needs others.",
  rotated: (generation) => `The keys are of generation ${generation} now.`,
  finished: (generation) => `The rotation that was killed is finished: generation ${generation}.`,
  encrypted: (generation) =>
    `What is backed up from now on is encrypted: generation ${generation}.`,
  rotatedAdvice: [
    "Next:",
    "  pra key check                  prove the new recovery key",
    "  pra key export --public FILE   a new key file for each other host, which is refused until it has one",
    "  pra backup --full              the first backup under the new keys",
  ],
  olderAdvice:
    "Earlier backups are read with the keys of before, which the new ones open; the old sheet opens those and nothing else.",
  encryptedAdvice:
    "Earlier backups restore as before and stay readable for whoever has the files, until they expire.",
  notCarried: (names) =>
    `Not carried over, because a passphrase has to be typed: ${names}. pra key add --passphrase`,
  exported: (path) => `Key file of another host written to ${path} (mode 600).`,
  exportedAdvice:
    "Bring it to that host a safe way, run pra key import there, then delete it here. It is a secret.",
  imported: (path) => `This host's key file is ${path}.`,
  importedPublic: (host) =>
    `It seals and lists. To restore, prove or read a dump go where the private side is${host === undefined ? "" : `: ${host}`}.`,
  recovered: (path, slot) =>
    `This host's key file is ${path}, private side included (opened slot ${slot}).`,
  recipientMade: (path) => `Secret half written to ${path} (mode 600). Public half:`,
  recipientAdvice:
    "The public half goes to pra key add --recipient on a host with the private side, which answers the root's fingerprint: note it with the secret, opening asks for it.",
  recipientNext: (root) => [
    "Where the secret half is:",
    `  pra key check --recipient-key FILE --root ${root}     prove that it opens the repository`,
    `  pra key recover --recipient-key FILE --root ${root}   make that host one that can restore`,
  ],
  checkAdvice: "Prove it now: pra key check",
};

const fr: Messages = {
  groupSummary: "les clés : qui peut ouvrir le dépôt, et si cela fut prouvé",
  list: {
    summary: "montrer les générations, les moyens d'ouvrir chacune, et ce qu'ouvre cet hôte",
    description:
      "Un emplacement est un moyen d'ouvrir le dépôt : une clé de secours imprimée, une phrase secrète, un destinataire. Les empreintes sont celles de clés publiques ; aucun secret n'est montré.",
    examples: [
      ["pra key list", "qui peut ouvrir le dépôt, et quand cela fut prouvé"],
      ["pra key list --json", "pour un script : {repository, keyFile, generations[]{slots[]}}"],
    ],
  },
  check: {
    summary: "prouver qu'une clé de secours ouvre la dernière sauvegarde",
    description:
      "Demande la clé de secours imprimée sans l'afficher, et ouvre avec elle ce qu'il faudrait à un nouvel hôte : son emplacement, la racine de la dernière sauvegarde, une carte, une trame de données. Le journal retient la date ; pra status reste rouge jusqu'à la première fois.",
    examples: [
      ["pra key check", "saisir les 8 groupes de la feuille imprimée"],
      [
        "pra key check --recovery-key-file FICHIER",
        "depuis un fichier de mode 600 ; - est l'entrée standard",
      ],
      ["pra key check --passphrase", "prouver une phrase secrète"],
    ],
  },
  add: {
    summary: "ajouter un moyen d'ouvrir le dépôt ; aucune donnée n'est touchée",
    examples: [
      ["pra key add --recovery --label 'coffre, Lyon'", "une seconde feuille imprimée"],
      ["pra key add --passphrase --label dba", "une phrase secrète, demandée deux fois"],
      ["pra key add --recipient pra-recipient-… --label audit", "la clé publique d'un autre"],
    ],
  },
  remove: {
    summary: "retirer un moyen d'ouvrir le dépôt",
    description:
      "Supprime une copie emballée des clés. Qui l'a ouverte avant peut les avoir gardées : pra key rotate les met hors d'usage pour la suite. Refusé pour le dernier moyen, et tant qu'aucun des autres n'a été prouvé.",
    examples: [["pra key remove recovery-4f12ab90cd3e", "le nom que montre pra key list"]],
  },
  rotate: {
    summary: "créer de nouvelles clés ; les sauvegardes d'avant restent lisibles",
    description:
      "Crée la génération n+1 : nouvelles clés de données, de métadonnées et de signature, une nouvelle clé de secours, et des emplacements pour les mêmes destinataires. Rien n'est réécrit. Ni sauvegarde, ni récepteur, ni expiration ne doit tourner pendant ce temps. Chaque autre hôte a besoin d'un nouveau fichier de clés et est refusé jusque-là ; la sauvegarde suivante est complète. Interrompue, la commande se relance simplement.",
    examples: [
      ["pra key rotate", "imprimer la nouvelle clé de secours, puis la prouver : pra key check"],
      ["pra key export --public FICHIER", "puis, pour chaque autre hôte : son nouveau fichier"],
    ],
  },
  encrypt: {
    summary: "commencer à chiffrer un dépôt créé sans chiffrement",
    description:
      "Crée les premières clés secrètes. Ce qui est sauvegardé ensuite est scellé ; ce qui le fut avant se restaure comme toujours, et reste lisible pour qui a les fichiers jusqu'à son expiration. La sauvegarde suivante est complète et ne renvoie à rien d'avant.",
    examples: [["pra key encrypt", "imprimer la clé de secours, puis la prouver : pra key check"]],
  },
  exportKeys: {
    summary: "écrire le fichier de clés d'un hôte qui sauvegarde et ne peut pas lire",
    description:
      "Le fichier contient les clés publiques, la clé de métadonnées et une identité d'écriture que la racine du dépôt a signée. Son hôte sauvegarde, reçoit le WAL, liste et contrôle ce qui est là ; il ne peut ni restaurer, ni prouver, ni lire un export. Ce fichier est un secret : transportez-le par une voie sûre, puis supprimez-le ici.",
    examples: [["pra key export --public db1.key", "puis sur db1 : pra key import db1.key"]],
  },
  importKeys: {
    summary: "prendre un fichier de clés qu'un autre hôte a exporté",
    description:
      "Ouvre d'abord le dépôt avec lui. Il prend la place d'un fichier de clés plus ancien du même dépôt, jamais d'un qui contient davantage.",
    examples: [["pra key import db1.key", "après pra key export --public db1.key ailleurs"]],
  },
  recover: {
    summary: "refaire le fichier de clés de cet hôte avec la clé de secours et le dépôt seuls",
    description:
      "Pour un nouvel hôte quand tout le reste est perdu : ouvre le dépôt avec ce que possède une personne, et écrit un fichier de clés avec la partie privée et une identité d'écriture propre.",
    examples: [
      ["pra key recover", "saisir la clé de secours imprimée"],
      ["pra key recover --passphrase", "avec une phrase secrète"],
      [
        "pra key recover --recipient-key FICHIER --root EMPREINTE",
        "avec le fichier secret d'un destinataire, et l'empreinte de la racine notée alors",
      ],
    ],
  },
  recipient: {
    summary: "créer la paire de clés d'un destinataire : la moitié secrète dans un fichier",
    examples: [["pra key recipient audit.secret", "puis ailleurs : pra key add --recipient …"]],
  },
  optionRecoveryKeyFile: "lire la clé de secours dans un fichier de mode 600 ; - : entrée standard",
  optionPassphrase: "demander une phrase secrète plutôt qu'une clé de secours",
  optionPassphraseFile: "lire la phrase secrète dans un fichier de mode 600 ; - : entrée standard",
  optionRecipientKey: "employer le fichier secret écrit par pra key recipient",
  optionRoot: "avec --recipient-key : l'empreinte de la clé racine de signature, notée auparavant",
  optionAddRecovery: "une autre clé de secours, à imprimer",
  optionAddPassphrase: "une phrase secrète, demandée deux fois",
  optionAddRecipient: "la clé publique d'une personne ou machine, de pra key recipient",
  optionLabel: "comment on l'appelle ; lisible pour qui a le dépôt",
  optionUnchecked: "le retirer bien qu'aucun des autres n'ait été prouvé",
  optionPublic: "le nouveau fichier, mode 600",
  argumentSlot: "le nom de l'emplacement dans pra key list",
  argumentFile: "le fichier",
  askRecovery: "Clé de secours (non affichée) : ",
  askPassphrase: "Phrase secrète (non affichée) : ",
  askPassphraseAgain: "La même à nouveau : ",
  repository: "Dépôt",
  keyFile: "Fichier de clés",
  writer: "Écrit comme",
  privateAt: "Partie privée sur",
  published: "publiées dans le dépôt : qui l'a peut le lire et le changer",
  generation: (generation, newest, held) =>
    `Génération ${generation}${newest ? " (la plus récente)" : ""} : ${held}`,
  held: {
    published: "ouverte à tous",
    public: "cet hôte scelle et lit les listes ; il ne lit pas les données",
    private: "cet hôte lit tout",
  },
  root: "Clé racine de signature",
  data: "Clé de données",
  columns: { slot: "EMPLACEMENT", label: "NOM", made: "CRÉÉ", by: "PAR", checked: "PROUVÉ" },
  never: "jamais",
  methods: {
    recovery: "clé de secours",
    published: "publiée",
    passphrase: "phrase secrète",
    recipient: "destinataire",
    later: "clés de la génération suivante",
  },
  unusable: (key, message) => `${key} ne dit rien : ${message}`,
  noneChecked: "Aucun moyen d'ouvrir la dernière génération ne fut jamais prouvé. pra key check",
  good: (slot) => `Elle ouvre le dépôt : emplacement ${slot}.`,
  opened: "Ouvert",
  openedThings: {
    slot: "l'emplacement",
    root: "la racine de la dernière sauvegarde",
    map: "une carte",
    data: "une trame de données",
  },
  noBackup: "il n'y a pas encore de sauvegarde : vérifiez à nouveau après la première",
  backup: "Sauvegarde",
  ledgerFailed: (message) => `Le journal n'a pas pu être écrit : ${message}`,
  added: (slot, generation) => `L'emplacement ${slot} ouvre désormais la génération ${generation}.`,
  removed: (slot, left) =>
    `L'emplacement ${slot} est retiré ; il reste ${left === 1 ? "1 moyen" : `${left} moyens`}.`,
  removedAdvice:
    "Qui l'a ouvert avant peut avoir gardé les clés. Si cela inquiète : pra key rotate, pour que la suite en exige d'autres.",
  rotated: (generation) => `Les clés sont désormais de génération ${generation}.`,
  finished: (generation) =>
    `Le changement de clés interrompu est terminé : génération ${generation}.`,
  encrypted: (generation) =>
    `Ce qui est sauvegardé désormais est chiffré : génération ${generation}.`,
  rotatedAdvice: [
    "Ensuite :",
    "  pra key check                     prouver la nouvelle clé de secours",
    "  pra key export --public FICHIER   un nouveau fichier pour chaque autre hôte, refusé jusque-là",
    "  pra backup --full                 la première sauvegarde sous les nouvelles clés",
  ],
  olderAdvice:
    "Les sauvegardes d'avant se lisent avec les clés d'avant, que les nouvelles ouvrent ; l'ancienne feuille ouvre celles-là et rien d'autre.",
  encryptedAdvice:
    "Les sauvegardes d'avant se restaurent comme toujours et restent lisibles pour qui a les fichiers, jusqu'à leur expiration.",
  notCarried: (names) =>
    `Non reportés, car une phrase secrète doit être saisie : ${names}. pra key add --passphrase`,
  exported: (path) => `Fichier de clés d'un autre hôte écrit dans ${path} (mode 600).`,
  exportedAdvice:
    "Transportez-le vers cet hôte par une voie sûre, lancez-y pra key import, puis supprimez-le ici. C'est un secret.",
  imported: (path) => `Le fichier de clés de cet hôte est ${path}.`,
  importedPublic: (host) =>
    `Il scelle et liste. Pour restaurer, prouver ou lire un export, allez là où se trouve la partie privée${host === undefined ? "" : ` : ${host}`}.`,
  recovered: (path, slot) =>
    `Le fichier de clés de cet hôte est ${path}, partie privée comprise (emplacement ouvert : ${slot}).`,
  recipientMade: (path) => `Moitié secrète écrite dans ${path} (mode 600). Moitié publique :`,
  recipientAdvice:
    "La moitié publique va à pra key add --recipient sur un hôte qui a la partie privée, qui répond l'empreinte de la racine : notez-la avec le secret, elle sera demandée à l'ouverture.",
  recipientNext: (root) => [
    "Là où se trouve la moitié secrète :",
    `  pra key check --recipient-key FICHIER --root ${root}     prouver qu'elle ouvre le dépôt`,
    `  pra key recover --recipient-key FICHIER --root ${root}   faire de cet hôte un hôte qui restaure`,
  ],
  checkAdvice: "Prouvez-la maintenant : pra key check",
};

/** The texts in each language. */
export const keyText: Readonly<Record<Language, Messages>> = { en, fr };
