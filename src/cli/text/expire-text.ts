/** What `pra expire` and `pra adopt` say. */
import { counted, countedFr } from "../../core/counted.ts";
import type { Language } from "../../core/language.ts";
import type { LeftoverReason } from "../../repository/leftovers.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly expire: CommandText;
  readonly adopt: CommandText;
  readonly optionDryRun: string;
  readonly optionAcceptRollback: string;
  readonly optionAcceptUnreadProofs: string;
  readonly unjudged: (count: number) => string;
  readonly optionAllow: string;
  readonly optionConfirm: string;
  readonly argumentDirectory: string;
  readonly nothing: string;
  readonly would: (count: number) => string;
  readonly reasons: Readonly<Record<LeftoverReason, string>>;
  readonly working: string;
  readonly waits: string;
  readonly roomReleased: string;
  readonly deleted: (count: number) => string;
  readonly spared: (count: number) => string;
  readonly more: string;
  readonly watching: (host: string, pid: number, duration: string) => string;
  readonly turnsOn: string;
  readonly adopted: (directory: string) => string;
  readonly incarnation: string;
  readonly nextSteps: string;
};

const en: Messages = {
  expire: {
    summary: "give up old backups, WAL and dumps, and clear away leftovers",
    description:
      "Gives up the backups that retention does not keep (RETENTION_DAYS, PRA_RETENTION_*; pra hold keeps one in any case), the WAL that nothing kept needs, the dumps that it does not keep, and what killed runs left. Never the last restorable backup, nor the last dump of a database. In two phases, under a lease, against pins; a run waits about a minute before it deletes.",
    examples: [
      ["pra expire --dry-run", "show what would go, and why each backup or dump stays or goes"],
      ["pra expire", "delete it"],
    ],
  },
  adopt: {
    summary: "turn an isolated, restored copy into production",
    description:
      "Takes the isolation out of a copy that was restored, started, looked at and stopped, after showing what that turns on, and gives it a history of its own in the repository. It has to be told twice.",
    examples: [
      ["pra adopt /srv/copy", "show what would be turned on; refused"],
      ["pra adopt /srv/copy --allow-production --confirm copy", "do it"],
    ],
  },
  optionDryRun: "show what would go, write nothing",
  optionAcceptRollback: "go on although the repository shows less than this host has seen",
  optionAcceptUnreadProofs: "go on although results of proofs cannot be read in the ledger",
  unjudged: (count) =>
    `! ${counted(count, "backup stays", "backups stay")} only because results of proofs cannot be read: those that would stay instead may be damaged. Next: pra ledger verify, which names what is unreadable; pra prove --all-unproved; then pra expire --accept-unread-proofs`,
  optionAllow: "yes: this copy becomes production",
  optionConfirm: "the directory's last name, typed once more",
  argumentDirectory: "the data directory of the copy",
  nothing: "Nothing to clear away.",
  would: (count) => `${counted(count, "object")} would go:`,
  reasons: {
    "published by a fenced writer": "backups published by a writer that had lost its lease",
    "no backup names it and its writer's epoch is over": "of backups that were not finished",
    "its segment is published and verified": "WAL in the making, of segments published since",
    "an older renewal": "older renewals of leases",
    "an older sign": "older signs of life",
    "an older epoch": "leases that are over",
    "released or replaced": "pins that were released",
    "its holder is gone": "pins whose holder is gone",
    "of an ended expiry": "of expiries that are over",
    "given up by retention": "backups that retention gives up",
    "a dump given up by retention": "dumps that retention gives up",
    "no kept backup and no instant of the window needs it": "WAL that nothing kept needs",
    "only backups that were given up name it": "packs and maps of those backups alone",
    "only dumps that were given up name it": "packs of those dumps alone",
    "of a backup that is gone": "holds of backups or dumps that are gone",
  },
  working: "Clearing away",
  waits: "deletes about a minute after marking, for those who still read",
  roomReleased:
    "The repository's disk is full: room that was kept for this is given back, and clearing away begins anew.",
  deleted: (count) => `${counted(count, "object")} deleted.`,
  spared: (count) => `${counted(count, "object")} spared: still needed after all.`,
  more: "There is more: run it again.",
  watching: (host, pid, duration) =>
    `The lease is held by process ${pid} on ${host}; watching for at most ${duration} whether it lives.`,
  turnsOn: "These settings of the isolation hold no more; the copy's own come back:",
  adopted: (directory) => `Adopted: ${directory} is production when it starts.`,
  incarnation: "Its history in the repository",
  nextSteps:
    "Before the start: make sure the old server cannot come back, and check listen_addresses, archive_command and synchronous_standby_names. Then: pra backup --full",
};

const fr: Messages = {
  expire: {
    summary:
      "abandonner les vieilles sauvegardes, leur WAL et les vieux exports, enlever les restes",
    description:
      "Abandonne les sauvegardes que la rétention ne garde pas (RETENTION_DAYS, PRA_RETENTION_* ; pra hold en garde une en tout cas), le WAL dont rien de gardé n'a besoin, les exports qu'elle ne garde pas, et ce que des exécutions tuées ont laissé. Jamais la dernière sauvegarde restaurable, ni le dernier export d'une base. En deux phases, sous un bail, contre les épingles ; une exécution attend environ une minute avant de supprimer.",
    examples: [
      [
        "pra expire --dry-run",
        "montrer ce qui partirait, et pourquoi chaque sauvegarde ou export reste ou part",
      ],
      ["pra expire", "le supprimer"],
    ],
  },
  adopt: {
    summary: "faire d'une copie isolée, restaurée, la production",
    description:
      "Retire l'isolation d'une copie restaurée, démarrée, regardée et arrêtée, après avoir montré ce que cela rallume, et lui donne sa propre histoire dans le dépôt. Il faut le dire deux fois.",
    examples: [
      ["pra adopt /srv/copie", "montrer ce qui serait rallumé ; refusé"],
      ["pra adopt /srv/copie --allow-production --confirm copie", "le faire"],
    ],
  },
  optionDryRun: "montrer ce qui partirait, ne rien écrire",
  optionAcceptRollback: "continuer bien que le dépôt montre moins que ce que cette machine a vu",
  optionAcceptUnreadProofs:
    "continuer bien que des résultats de preuves soient illisibles dans le journal",
  unjudged: (count) =>
    `! ${countedFr(count, "sauvegarde ne reste", "sauvegardes ne restent")} que parce que des résultats de preuves sont illisibles : celles qui resteraient à leur place sont peut-être abîmées. Ensuite : pra ledger verify, qui nomme ce qui est illisible ; pra prove --all-unproved ; puis pra expire --accept-unread-proofs`,
  optionAllow: "oui : cette copie devient la production",
  optionConfirm: "le dernier nom du dossier, tapé encore une fois",
  argumentDirectory: "le dossier de données de la copie",
  nothing: "Rien à enlever.",
  would: (count) => `${countedFr(count, "objet partirait", "objets partiraient")} :`,
  reasons: {
    "published by a fenced writer": "sauvegardes publiées par un écrivain qui avait perdu son bail",
    "no backup names it and its writer's epoch is over": "de sauvegardes non terminées",
    "its segment is published and verified": "WAL en cours de segments publiés depuis",
    "an older renewal": "anciens renouvellements de baux",
    "an older sign": "anciens signes de vie",
    "an older epoch": "baux terminés",
    "released or replaced": "épingles relâchées",
    "its holder is gone": "épingles dont le détenteur a disparu",
    "of an ended expiry": "d'expirations terminées",
    "given up by retention": "sauvegardes que la rétention abandonne",
    "a dump given up by retention": "exports que la rétention abandonne",
    "no kept backup and no instant of the window needs it": "WAL dont rien de gardé n'a besoin",
    "only backups that were given up name it": "paquets et cartes de ces seules sauvegardes",
    "only dumps that were given up name it": "paquets de ces seuls exports",
    "of a backup that is gone": "ordres de conservation de sauvegardes ou d'exports disparus",
  },
  working: "Nettoyage",
  waits: "supprime environ une minute après le marquage, pour ceux qui lisent encore",
  roomReleased:
    "Le disque du dépôt est plein : la place gardée pour ce cas est rendue, et le nettoyage recommence.",
  deleted: (count) => `${countedFr(count, "objet supprimé", "objets supprimés")}.`,
  spared: (count) =>
    `${countedFr(count, "objet épargné", "objets épargnés")} : quelqu'un en a finalement besoin.`,
  more: "Il y en a d'autres : relancez la commande.",
  watching: (host, pid, duration) =>
    `Le bail est tenu par le processus ${pid} sur ${host} ; observation pendant au plus ${duration} pour savoir s'il vit.`,
  turnsOn: "Ces réglages de l'isolation ne valent plus ; ceux de la copie reviennent :",
  adopted: (directory) => `Adoptée : ${directory} est la production à son démarrage.`,
  incarnation: "Son histoire dans le dépôt",
  nextSteps:
    "Avant de démarrer : assurez-vous que l'ancien serveur ne peut pas revenir, et vérifiez listen_addresses, archive_command et synchronous_standby_names. Ensuite : pra backup --full",
};

/** The texts by language. */
export const expireText: Readonly<Record<Language, Messages>> = { en, fr };
