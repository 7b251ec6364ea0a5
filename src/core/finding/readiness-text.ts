/** What is said of what a backup needs. */
import type { Language } from "../language.ts";
import type { ReadinessCheckId, ReadinessFactId } from "./finding.ts";

type Messages = {
  readonly names: Readonly<Record<ReadinessCheckId, string>>;
  readonly facts: Readonly<
    Record<ReadinessFactId, { readonly summary: string; readonly hint?: string }>
  >;
};

const en: Messages = {
  names: {
    server: "server",
    version: "version",
    "wal-level": "wal_level",
    "replication-right": "REPLICATION right",
    "replication-connection": "replication access",
    "visible-settings": "visible settings",
    senders: "WAL senders",
    slots: "slots",
    "slot-limit": "retained WAL",
    checksums: "page checksums",
    archiving: "archiving",
    synchronous: "synchronous commit",
    repository: "repository",
    space: "free space",
    place: "place",
    leases: "leases",
    key: "key",
  },
  facts: {
    "server-reached": { summary: "answers at {where}" },
    "version-known": { summary: "{version}" },
    "wal-level-fit": { summary: "{walLevel}" },
    "wal-level-minimal": {
      summary: "minimal: the server cannot be backed up online",
      hint: "ALTER SYSTEM SET wal_level = 'replica'; then restart the server.",
    },
    "replication-granted": { summary: "the role {role} has it" },
    "replication-missing": {
      summary: "the role {role} may not replicate",
      hint: "ALTER ROLE {quoted} REPLICATION; there is no GRANT BACKUP in PostgreSQL: pra role sql prints all that a backup needs.",
    },
    "replication-connected": { summary: "pg_hba.conf lets us in; timeline {timeline}" },
    "replication-streams": { summary: "a receiver streams by {slot}" },
    "settings-visible": { summary: "the role {role} sees all settings" },
    "settings-hidden": {
      summary: "the role {role} does not see all settings; they are missing from what is recorded",
      hint: "GRANT pg_monitor TO {quoted};",
    },
    "senders-free": { summary: "{free} of {max} free" },
    "senders-few": {
      summary: "{free} of {max} free, {needed} needed",
      hint: "ALTER SYSTEM SET max_wal_senders = {wanted}; then restart the server.",
    },
    "slots-free": { summary: "{free} of {max} free" },
    "slot-present": { summary: "{slot} is there and retains {retainedBytes}" },
    "slots-full": {
      summary: "all {max} are taken",
      hint: "ALTER SYSTEM SET max_replication_slots = {wanted}; then restart the server; or drop one that nobody needs (pg_replication_slots).",
    },
    "slot-limit-set": { summary: "a slot retains {limitBytes} at most" },
    "slot-limit-none": {
      summary: "unlimited: a slot that nobody reads can fill the server's disk",
      hint: "ALTER SYSTEM SET max_slot_wal_keep_size = '20GB'; SELECT pg_reload_conf(); choose less than the disk has free.",
    },
    "checksums-on": { summary: "on: every page of a backup is verified" },
    "checksums-off": {
      summary: "off: pages that the disk damaged cannot be told from good ones",
      hint: "Enable them in a maintenance window, with the server stopped: pg_checksums --enable",
    },
    "archiving-off": { summary: "off; pra streams WAL itself" },
    "archiving-timed": { summary: "on, a segment at least every {seconds} s" },
    "archiving-untimed": {
      summary:
        "on without archive_timeout: an idle server keeps its last transactions to itself for hours",
      hint: "ALTER SYSTEM SET archive_timeout = '60s'; SELECT pg_reload_conf(); or use pra wal receive.",
    },
    "archiving-hidden": {
      summary: "on; this role may not see its command",
      hint: "Grant pg_monitor to the role to have it checked.",
    },
    "synchronous-none": {
      summary: "commits do not wait for the repository: the last second can be lost",
      hint: "For none lost: run pra wal receive, then ALTER SYSTEM SET synchronous_standby_names = '{name}'. Commits then stop while no receiver runs; emptying the setting undoes it.",
    },
    "synchronous-ours": {
      summary: "commits wait until the repository has them ({name}); without a receiver they stop",
    },
    "synchronous-remote-write": {
      summary:
        "remote_write waits only until WAL was received, not until it is on disk: a commit can be lost",
      hint: "ALTER SYSTEM SET synchronous_commit = 'on'; SELECT pg_reload_conf(); look at pg_db_role_setting too.",
    },
    "synchronous-remote-apply": {
      summary: "remote_apply waits for a replay that a repository never does: commits would hang",
      hint: "ALTER SYSTEM SET synchronous_commit = 'on'; SELECT pg_reload_conf(); look at pg_db_role_setting too.",
    },
    "repository-good": { summary: "{location} writes, reads back, lists" },
    "repository-faulty": {
      summary: "{location} does not do what it must: {faults}",
      hint: "Choose another disk or file system for BACKUP_DIR.",
    },
    "space-enough": { summary: "{freeBytes} free for a cluster of {clusterBytes}" },
    "space-tight": {
      summary: "{freeBytes} free for a cluster of {clusterBytes}: enough only if it compresses",
      hint: "Plan a larger disk, or shorter retention.",
    },
    "space-low": {
      summary: "{freeBytes} free for a cluster of {clusterBytes}: a full backup will not fit",
      hint: "Free space on the disk of BACKUP_DIR, or choose another one.",
    },
    "space-below-min": {
      summary: "{freeBytes} free, {minBytes} wanted (MIN_FREE_GB)",
      hint: "Free space on the disk of BACKUP_DIR (pra expire --dry-run shows what may go), choose another one, or set MIN_FREE_GB to what you need.",
    },
    "space-none": {
      summary: "{freeBytes} free: hardly anything can be stored any more",
      hint: "Free space on the disk of BACKUP_DIR (pra expire --dry-run shows what may go), or enlarge it.",
    },
    "space-unknown": { summary: "cannot be told: the cluster's size or the disk's is hidden" },
    "place-same-disk": {
      summary: "{location} is on the disk of the data: lost together with it",
      hint: "Set BACKUP_DIR to another disk, better on another machine.",
    },
    "place-same-host": {
      summary: "{location} is on the server's own host: lost together with it",
      hint: "Copy the repository to another machine, or run pra on a backup host.",
    },
    "leases-allowed": { summary: "two hosts cannot write at once" },
    "leases-refused": {
      summary: "two writers could write at once ({reason})",
      hint: "Put BACKUP_DIR on a local disk, NFS that passes the probe, or an object store.",
    },
    "key-good": { summary: "{path} opens the repository" },
    "key-published": {
      summary: "published: the repository is not encrypted",
      hint: "Protects against accident, not against whoever can read or change the directory.",
    },
  },
};

const fr: Messages = {
  names: {
    server: "serveur",
    version: "version",
    "wal-level": "wal_level",
    "replication-right": "droit REPLICATION",
    "replication-connection": "accès réplication",
    "visible-settings": "réglages visibles",
    senders: "émetteurs WAL",
    slots: "slots",
    "slot-limit": "WAL retenu",
    checksums: "sommes de contrôle",
    archiving: "archivage",
    synchronous: "commit synchrone",
    repository: "dépôt",
    space: "espace libre",
    place: "emplacement",
    leases: "baux",
    key: "clé",
  },
  facts: {
    "server-reached": { summary: "répond sur {where}" },
    "version-known": { summary: "{version}" },
    "wal-level-fit": { summary: "{walLevel}" },
    "wal-level-minimal": {
      summary: "minimal : le serveur ne peut pas être sauvegardé en marche",
      hint: "ALTER SYSTEM SET wal_level = 'replica'; puis redémarrez le serveur.",
    },
    "replication-granted": { summary: "le rôle {role} l'a" },
    "replication-missing": {
      summary: "le rôle {role} n'a pas le droit de répliquer",
      hint: "ALTER ROLE {quoted} REPLICATION; there is no GRANT BACKUP in PostgreSQL: pra role sql prints all that a backup needs.",
    },
    "replication-connected": { summary: "pg_hba.conf nous laisse entrer ; timeline {timeline}" },
    "replication-streams": { summary: "un récepteur reçoit par {slot}" },
    "settings-visible": { summary: "le rôle {role} voit tous les réglages" },
    "settings-hidden": {
      summary:
        "le rôle {role} ne voit pas tous les réglages ; ils manqueront à ce qui est enregistré",
      hint: "GRANT pg_monitor TO {quoted};",
    },
    "senders-free": { summary: "{free} libres sur {max}" },
    "senders-few": {
      summary: "{free} libres sur {max}, il en faut {needed}",
      hint: "ALTER SYSTEM SET max_wal_senders = {wanted}; puis redémarrez le serveur.",
    },
    "slots-free": { summary: "{free} libres sur {max}" },
    "slot-present": { summary: "{slot} existe et retient {retainedBytes}" },
    "slots-full": {
      summary: "les {max} sont pris",
      hint: "ALTER SYSTEM SET max_replication_slots = {wanted}; puis redémarrez le serveur ; ou supprimez celui dont personne n'a besoin (pg_replication_slots).",
    },
    "slot-limit-set": { summary: "un slot retient au plus {limitBytes}" },
    "slot-limit-none": {
      summary: "sans limite : un slot que personne ne lit peut remplir le disque du serveur",
      hint: "ALTER SYSTEM SET max_slot_wal_keep_size = '20GB'; SELECT pg_reload_conf(); choisissez moins que l'espace libre du disque.",
    },
    "checksums-on": { summary: "activées : chaque page d'une sauvegarde est vérifiée" },
    "checksums-off": {
      summary: "désactivées : une page abîmée par le disque ne se distingue pas d'une bonne",
      hint: "Activez-les pendant une maintenance, serveur arrêté : pg_checksums --enable",
    },
    "archiving-off": { summary: "désactivé ; pra reçoit le WAL lui-même" },
    "archiving-timed": { summary: "activé, un segment au moins toutes les {seconds} s" },
    "archiving-untimed": {
      summary:
        "activé sans archive_timeout : un serveur au repos garde ses dernières transactions pendant des heures",
      hint: "ALTER SYSTEM SET archive_timeout = '60s'; SELECT pg_reload_conf(); ou employez pra wal receive.",
    },
    "archiving-hidden": {
      summary: "activé ; ce rôle ne peut pas voir sa commande",
      hint: "Accordez pg_monitor au rôle pour qu'il soit vérifié.",
    },
    "synchronous-none": {
      summary: "les commits n'attendent pas le dépôt : la dernière seconde peut être perdue",
      hint: "Pour n'en perdre aucun : lancez pra wal receive, puis ALTER SYSTEM SET synchronous_standby_names = '{name}'. Les commits s'arrêtent alors quand aucun récepteur ne tourne ; vider le réglage l'annule.",
    },
    "synchronous-ours": {
      summary:
        "les commits attendent que le dépôt les ait ({name}) ; sans récepteur ils s'arrêtent",
    },
    "synchronous-remote-write": {
      summary:
        "remote_write attend la réception du WAL, pas son écriture sur disque : un commit peut être perdu",
      hint: "ALTER SYSTEM SET synchronous_commit = 'on'; SELECT pg_reload_conf(); regardez aussi pg_db_role_setting.",
    },
    "synchronous-remote-apply": {
      summary:
        "remote_apply attend un rejeu qu'un dépôt ne fait jamais : les commits se bloqueraient",
      hint: "ALTER SYSTEM SET synchronous_commit = 'on'; SELECT pg_reload_conf(); regardez aussi pg_db_role_setting.",
    },
    "repository-good": { summary: "{location} écrit, relit, liste" },
    "repository-faulty": {
      summary: "{location} ne fait pas ce qu'il doit : {faults}",
      hint: "Choisissez un autre disque ou système de fichiers pour BACKUP_DIR.",
    },
    "space-enough": { summary: "{freeBytes} libres pour un cluster de {clusterBytes}" },
    "space-tight": {
      summary:
        "{freeBytes} libres pour un cluster de {clusterBytes} : assez seulement s'il se compresse",
      hint: "Prévoyez un disque plus grand, ou une rétention plus courte.",
    },
    "space-low": {
      summary:
        "{freeBytes} libres pour un cluster de {clusterBytes} : une sauvegarde complète ne tiendra pas",
      hint: "Libérez de la place sur le disque de BACKUP_DIR, ou choisissez-en un autre.",
    },
    "space-below-min": {
      summary: "{freeBytes} libres, {minBytes} voulus (MIN_FREE_GB)",
      hint: "Libérez de la place sur le disque de BACKUP_DIR (pra expire --dry-run montre ce qui peut partir), choisissez-en un autre, ou fixez MIN_FREE_GB à ce qu'il vous faut.",
    },
    "space-none": {
      summary: "{freeBytes} libres : presque rien ne peut plus être stocké",
      hint: "Libérez de la place sur le disque de BACKUP_DIR (pra expire --dry-run montre ce qui peut partir), ou agrandissez-le.",
    },
    "space-unknown": {
      summary: "impossible à dire : la taille du cluster ou celle du disque est cachée",
    },
    "place-same-disk": {
      summary: "{location} est sur le disque des données : perdu avec lui",
      hint: "Indiquez dans BACKUP_DIR un autre disque, de préférence sur une autre machine.",
    },
    "place-same-host": {
      summary: "{location} est sur la machine du serveur : perdu avec elle",
      hint: "Copiez le dépôt sur une autre machine, ou lancez pra sur un hôte de sauvegarde.",
    },
    "leases-allowed": { summary: "deux machines ne peuvent pas écrire à la fois" },
    "leases-refused": {
      summary: "deux écrivains pourraient écrire à la fois ({reason})",
      hint: "Placez BACKUP_DIR sur un disque local, un NFS qui réussit l'essai, ou un stockage objet.",
    },
    "key-good": { summary: "{path} ouvre le dépôt" },
    "key-published": {
      summary: "publiée : le dépôt n'est pas chiffré",
      hint: "Cela protège contre l'accident, pas contre qui peut lire ou modifier le dossier.",
    },
  },
};

/** The texts by language. */
export const readinessText: Readonly<Record<Language, Messages>> = { en, fr };
