/** What is said of the server from within, and of what will fail on a day that can be named. */
import type { Language } from "../language.ts";
import type { WatchCheckId, WatchFactId } from "./finding.ts";

type Messages = {
  readonly names: Readonly<Record<WatchCheckId, string>>;
  readonly facts: Readonly<
    Record<WatchFactId, { readonly summary: string; readonly hint?: string }>
  >;
};

const en: Messages = {
  names: {
    writes: "writing",
    archiver: "archiver",
    "wal-space": "room for WAL",
    corruption: "pages",
    jobs: "backup runs",
    clock: "clock",
    certificate: "certificate",
    reachability: "network",
    "version-end": "version's end",
    forecast: "forecast",
    channels: "alert channels",
    watcher: "first watcher",
    "dead-man": "dead-man's switch",
    ledger: "ledger",
  },
  facts: {
    "writes-taken": { summary: "the server takes writes" },
    "writes-standby": {
      summary: "the server is a standby: it takes no writes",
      hint: "If it should be the primary, a failover has happened or was undone: look before anything else. If it is the source on purpose, nothing is to do.",
    },
    "writes-read-only": {
      summary: "the server refuses writes: default_transaction_read_only is on",
      hint: "Find who turned it on (a full disk, a switchover), then: ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf();",
    },
    "writes-wait": {
      summary:
        "commits wait: synchronous_standby_names is {names}, and {waiting} sessions wait for a standby that is not there",
      hint: "Start what should confirm them (pra wal receive). To let commits go at once, without that protection: ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf();",
    },
    "slot-held": { summary: "{slot} is there and retains {retainedBytes}" },
    "slot-held-much": {
      summary: "{slot} retains {retainedBytes} of WAL on the server, and nobody reads it",
      hint: "Start the receiver: pra wal receive. While it is away, pg_wal grows.",
    },
    "slot-ending": {
      summary: "{slot} retains {retainedBytes}; the server removes WAL after {safeBytes} more",
      hint: "Start the receiver now: pra wal receive. Afterwards the window has a hole until the next backup.",
    },
    "slot-lost": {
      summary: "{slot} is lost: the server has removed WAL that it needed",
      hint: "SELECT pg_drop_replication_slot('{slot}'); then pra wal receive, and pra backup --full: it closes the hole.",
    },
    "slot-absent": {
      summary: "{slot} is not there: the server keeps no WAL for the receiver",
      hint: "pra wal receive makes it again and tells the hole; then pra backup --full closes it.",
    },
    "slot-foreign": {
      summary: "{slot}, which is not ours, retains {retainedBytes} and nobody reads it",
      hint: "pg_wal grows for it. Ask its owner; drop it if nobody is: SELECT pg_drop_replication_slot('{slot}');",
    },
    "archiver-off": { summary: "archive_mode is off" },
    "archiver-streamed": { summary: "archive_mode is off; WAL is streamed" },
    "archiver-ended": {
      summary:
        "archive_mode is off; the last file was archived {ageMs} ago, and no receiver reads: no WAL arrives any more",
      hint: "archive_mode = on and a restart of the server, or pra wal receive. If it is meant so: SELECT pg_stat_reset_shared('archiver');",
    },
    "archiver-idle": { summary: "nothing was archived yet, and nothing waits" },
    "archiver-well": { summary: "archived {wal} {ageMs} ago" },
    "archiver-failing": {
      summary: "archive_command fails since {sinceMs}: {failures} times for {wal}",
      hint: "The server's log has what the command said. pg_wal grows until it succeeds.",
    },
    "archiver-stuck": {
      summary: "{count} segments wait to be archived, the oldest for {ageMs}",
      hint: "The server's log says whether archive_command hangs; pg_wal grows meanwhile.",
    },
    "archiver-hidden": { summary: "the role may not see the archiver (pg_monitor)" },
    "wal-space-free": { summary: "{freeBytes} free where pg_wal lies" },
    "wal-space-filling": {
      summary: "{freeBytes} free where pg_wal lies; full in {untilMs} as it goes",
      hint: "A full pg_wal stops the server. Start what reads the slot (pra wal receive), or give it up: SELECT pg_drop_replication_slot('{slot}'); then the window has a hole until the next pra backup --full.",
    },
    "wal-space-low": {
      summary: "only {freeBytes} free where pg_wal lies",
      hint: "A full pg_wal stops the server. Make room, or give up a slot that nobody reads (pg_replication_slots).",
    },
    "wal-space-unknown": {
      summary: "the disk of pg_wal is not seen from here, and nothing limits what a slot retains",
      hint: "On the server: ALTER SYSTEM SET max_slot_wal_keep_size = '50GB'; SELECT pg_reload_conf(); with less than its disk has, a slot that nobody reads cannot fill it, and the time until then is told.",
    },
    "wal-limit-far": { summary: "{slot}: the server keeps {safeBytes} more for it" },
    "wal-limit-nearing": {
      summary:
        "{slot}: the server removes WAL that it needs after {safeBytes} more; in {untilMs} as it goes",
      hint: "Start the receiver now: pra wal receive. Afterwards the window has a hole until the next pra backup --full.",
    },
    "pages-sound": { summary: "no damaged page is known" },
    "pages-counted": {
      summary: "the server has counted {count} damaged pages in {database}, the last {ageMs} ago",
      hint: "The server's log names file and block. Prove a backup from before it (pra prove --at TIME), then bring the table back: pra rescue. Once mended, in {database}: SELECT pg_stat_reset();",
    },
    "pages-stored": {
      summary: "backup {id} holds {count} damaged pages, as the server has them",
      hint: "pra verify --backup {id} names them. An earlier backup has them whole, if the damage is new: pra rescue.",
    },
    "jobs-good": { summary: "the last ones ended well" },
    "jobs-failed": {
      summary: "the last backup failed {ageMs} ago: {message}",
      hint: "pra explain {code} says more; then pra backup.",
    },
    "jobs-stuck": {
      summary: "the run on {host} (process {pid}) works for {ageMs}",
      hint: "Look at that process; if it is stuck, end it and run pra backup again: nothing is lost.",
    },
    "jobs-dead": {
      summary: "the run on {host} (process {pid}) died without an end",
      hint: "Run pra backup again: it takes over, nothing is lost.",
    },
    "clock-right": { summary: "within {offMs} of the server's" },
    "clock-off": {
      summary: "{offMs} off the server's clock",
      hint: "Times of this host and of the server are not the same: set both by NTP (chronyc tracking, timedatectl).",
    },
    "certificate-valid": { summary: "of {where}: valid for {leftMs}" },
    "certificate-ending": {
      summary: "of {where}: ends in {leftMs}",
      hint: "Renew it before that day; whoever verifies it will refuse to connect afterwards.",
    },
    "certificate-ended": {
      summary: "of {where}: ended {agoMs} ago",
      hint: "Renew it: whoever verifies it refuses to connect.",
    },
    "reach-as-planned": { summary: "{count} ways are as planned from {host}" },
    "reach-closed": {
      summary: "{target} does not answer from {host}: {reason}",
      hint: "PRA_REACHABLE says that it must. Look at the route and the firewall.",
    },
    "reach-open": {
      summary: "{target} answers from {host}, and must not",
      hint: "PRA_ISOLATED says that it must not be reached. Close it in the firewall.",
    },
    "version-alive": { summary: "PostgreSQL {major} is maintained until {until}" },
    "version-ending": {
      summary: "PostgreSQL {major} is maintained until {until} only",
      hint: "Plan the upgrade; after that day no fault of it is mended.",
    },
    "version-ended": {
      summary: "PostgreSQL {major} is not maintained since {until}",
      hint: "Upgrade: faults, also those that lose data, are no longer mended.",
    },
    "space-fills": {
      summary: "the repository's disk is full on {day} as it goes",
      hint: "Make room, or keep less: RETENTION_DAYS, then pra expire --dry-run.",
    },
    "space-lasts": { summary: "the repository's disk lasts beyond {day}" },
    "forecast-unknown": { summary: "there will be one after a day of looks" },
    "channels-none": {
      summary: "nobody is told when something is wrong",
      hint: "Set ALERT_EMAIL or SLACK_WEBHOOK in .env, then: pra alert test",
    },
    "channel-untested": {
      summary: "{name} was never tried from this machine",
      hint: "pra alert test",
    },
    "channel-accepted": {
      summary: "{name} took a test message on {at}; nobody has said that it arrived",
      hint: "pra alert confirm CODE --by NAME, with the code in that message",
    },
    "channel-received": { summary: "{name}: {by} has read the test message on {at}" },
    "channel-waiting": {
      summary: "{name} did not take the test message of {at}: {said}",
      hint: "pra alert test, once the other side is well again",
    },
    "channel-refused": {
      summary: "{name} refused the test message of {at}: {said}",
      hint: "Mend the setting or the recipient, then: pra alert test",
    },
    "channel-unready": {
      summary: "{name} cannot be used: {missing} not set",
      hint: "Set them in .env; .env.example explains each. Then: pra alert test",
    },
    "relay-local": {
      summary: "mail is handed to {place} of this machine, because PRA_SMTP_URL is not set",
      hint: "Right where a mail server runs here that sends on; otherwise set PRA_SMTP_URL.",
    },
    "watcher-alive": { summary: "on {host}: gave a sign of life {ageMs} ago" },
    "watcher-silent": {
      summary: "on {host}: no sign of life for {ageMs}; one was due every {everyMs}",
      hint: "Look at {host}: is it up, can it reach the repository, does pra daemon or cron run there (pra schedule show)? Until it is back, this host tells what the repository shows.",
    },
    "watcher-mute": {
      summary: "on {host}: it looks, but no channel has taken what it tells for {mutedMs}",
      hint: "On {host}: pra alert list, pra alert test. Until a channel works there, this host tells what the repository shows.",
    },
    "watcher-alone": {
      summary: "on {host}: it looks, and has no way to tell anybody",
      hint: "Set ALERT_EMAIL or SLACK_WEBHOOK in .env on {host}, then there: pra alert test",
    },
    "watcher-never": {
      summary: "nobody has left a sign of life in this repository",
      hint: "On the host that reaches the server: pra daemon, or pra schedule install (pra status every five minutes leaves signs too).",
    },
    "dead-man-called": { summary: "the watcher on {host} called it {ageMs} ago" },
    "dead-man-silent": {
      summary: "the watcher on {host} has not reached it for {ageMs}",
      hint: "On {host}: is PRA_DEAD_MAN_URL right, and the way to it open? Its own alarm is due.",
    },
    "clock-agrees": { summary: "that of {host} agrees with this one's, as far as signs tell" },
    "clock-hosts": {
      summary:
        "that of {host} and this one's are {offMs} apart; ages are counted by that of {host}",
      hint: "Set both by NTP (chronyc tracking, timedatectl).",
    },
    "receiver-silent": {
      summary: "process {pid} on {host} has not renewed its lease for {ageMs}",
      hint: "Look at {host}: pra wal status, then pra wal receive; it goes on where the other one stopped.",
    },
    "ledger-grows": { summary: "its newest event was first seen {ageMs} ago" },
    "ledger-silent": {
      summary: "no new event for {ageMs}: no backup, no proof, no alert was recorded",
      hint: "Look at the host that makes the backups: pra schedule show",
    },
    "ledger-empty": { summary: "no event yet", hint: "The first pra backup --full records one." },
    "memory-renewed": {
      summary: "the memory of alerts could not be read and begins anew; its copy is {path}",
      hint: "What is ill is told again. Keep the copy: it has what was waiting to be sent.",
    },
    "memory-unwritable": {
      summary: "{path} cannot be written: no forecast, no alerts",
      hint: "Run it as the account that runs the backups, or set PRA_STATE_DIR.",
    },
  },
};

const fr: Messages = {
  names: {
    writes: "écriture",
    archiver: "archivage",
    "wal-space": "place pour le WAL",
    corruption: "pages",
    jobs: "passages",
    clock: "horloge",
    certificate: "certificat",
    reachability: "réseau",
    "version-end": "fin de version",
    forecast: "prévision",
    channels: "canaux d'alerte",
    watcher: "premier surveillant",
    "dead-man": "homme mort",
    ledger: "journal",
  },
  facts: {
    "writes-taken": { summary: "le serveur accepte les écritures" },
    "writes-standby": {
      summary: "le serveur est un standby : il n'accepte aucune écriture",
      hint: "S'il devait être le primaire, une bascule a eu lieu ou a été annulée : regardez cela d'abord. S'il est la source exprès, rien à faire.",
    },
    "writes-read-only": {
      summary: "le serveur refuse les écritures : default_transaction_read_only est actif",
      hint: "Cherchez qui l'a activé (disque plein, bascule), puis : ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf();",
    },
    "writes-wait": {
      summary:
        "les commits attendent : synchronous_standby_names vaut {names}, et {waiting} sessions attendent un standby absent",
      hint: "Démarrez ce qui doit les confirmer (pra wal receive). Pour libérer les commits tout de suite, sans cette protection : ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf();",
    },
    "slot-held": { summary: "{slot} est là et retient {retainedBytes}" },
    "slot-held-much": {
      summary: "{slot} retient {retainedBytes} de WAL sur le serveur, et personne ne le lit",
      hint: "Démarrez le récepteur : pra wal receive. Tant qu'il est absent, pg_wal grossit.",
    },
    "slot-ending": {
      summary:
        "{slot} retient {retainedBytes} ; le serveur enlève du WAL après {safeBytes} de plus",
      hint: "Démarrez le récepteur maintenant : pra wal receive. Après, la fenêtre a un trou jusqu'à la prochaine sauvegarde.",
    },
    "slot-lost": {
      summary: "{slot} est perdu : le serveur a enlevé du WAL dont il avait besoin",
      hint: "SELECT pg_drop_replication_slot('{slot}'); puis pra wal receive, et pra backup --full : elle ferme le trou.",
    },
    "slot-absent": {
      summary: "{slot} n'existe pas : le serveur ne garde aucun WAL pour le récepteur",
      hint: "pra wal receive le recrée et signale le trou ; ensuite pra backup --full le ferme.",
    },
    "slot-foreign": {
      summary: "{slot}, qui n'est pas à nous, retient {retainedBytes} et personne ne le lit",
      hint: "pg_wal grossit pour lui. Demandez à son propriétaire ; sans propriétaire : SELECT pg_drop_replication_slot('{slot}');",
    },
    "archiver-off": { summary: "archive_mode est off" },
    "archiver-streamed": { summary: "archive_mode est off ; le WAL est reçu par flux" },
    "archiver-ended": {
      summary:
        "archive_mode est off ; le dernier fichier fut archivé il y a {ageMs}, et aucun récepteur ne lit : plus aucun WAL n'arrive",
      hint: "archive_mode = on et un redémarrage du serveur, ou pra wal receive. Si c'est voulu : SELECT pg_stat_reset_shared('archiver');",
    },
    "archiver-idle": { summary: "rien n'a encore été archivé, et rien n'attend" },
    "archiver-well": { summary: "{wal} archivé il y a {ageMs}" },
    "archiver-failing": {
      summary: "archive_command échoue depuis {sinceMs} : {failures} fois pour {wal}",
      hint: "Le journal du serveur dit pourquoi. pg_wal grossit jusqu'à ce qu'elle réussisse.",
    },
    "archiver-stuck": {
      summary: "{count} segments attendent l'archivage, le plus ancien depuis {ageMs}",
      hint: "Le journal du serveur dit si archive_command est bloquée ; pg_wal grossit pendant ce temps.",
    },
    "archiver-hidden": { summary: "le rôle ne peut pas voir l'archivage (pg_monitor)" },
    "wal-space-free": { summary: "{freeBytes} libres là où se trouve pg_wal" },
    "wal-space-filling": {
      summary: "{freeBytes} libres là où se trouve pg_wal ; plein dans {untilMs} à ce rythme",
      hint: "Un pg_wal plein arrête le serveur. Démarrez ce qui lit le slot (pra wal receive), ou renoncez-y : SELECT pg_drop_replication_slot('{slot}'); la fenêtre a alors un trou jusqu'à la prochaine pra backup --full.",
    },
    "wal-space-low": {
      summary: "seulement {freeBytes} libres là où se trouve pg_wal",
      hint: "Un pg_wal plein arrête le serveur. Faites de la place, ou renoncez à un slot que personne ne lit (pg_replication_slots).",
    },
    "wal-space-unknown": {
      summary: "le disque de pg_wal ne se voit pas d'ici, et rien ne limite ce qu'un slot retient",
      hint: "Sur le serveur : ALTER SYSTEM SET max_slot_wal_keep_size = '50GB'; SELECT pg_reload_conf(); avec moins que son disque, un slot que personne ne lit ne peut pas le remplir, et le délai jusque-là est annoncé.",
    },
    "wal-limit-far": { summary: "{slot} : le serveur garde encore {safeBytes} pour lui" },
    "wal-limit-nearing": {
      summary:
        "{slot} : le serveur enlève du WAL dont il a besoin après {safeBytes} de plus ; dans {untilMs} à ce rythme",
      hint: "Démarrez le récepteur maintenant : pra wal receive. Après, la fenêtre a un trou jusqu'à la prochaine pra backup --full.",
    },
    "pages-sound": { summary: "aucune page abîmée connue" },
    "pages-counted": {
      summary:
        "le serveur a compté {count} pages abîmées dans {database}, la dernière il y a {ageMs}",
      hint: "Le journal du serveur nomme fichier et bloc. Prouvez une sauvegarde d'avant (pra prove --at HEURE), puis ramenez la table : pra rescue. Une fois réparé, dans {database} : SELECT pg_stat_reset();",
    },
    "pages-stored": {
      summary: "la sauvegarde {id} contient {count} pages abîmées, telles que le serveur les a",
      hint: "pra verify --backup {id} les nomme. Une sauvegarde plus ancienne les a intactes si le dégât est récent : pra rescue.",
    },
    "jobs-good": { summary: "les derniers se sont bien terminés" },
    "jobs-failed": {
      summary: "la dernière sauvegarde a échoué il y a {ageMs} : {message}",
      hint: "pra explain {code} en dit plus ; ensuite pra backup.",
    },
    "jobs-stuck": {
      summary: "le passage sur {host} (processus {pid}) travaille depuis {ageMs}",
      hint: "Regardez ce processus ; s'il est bloqué, arrêtez-le et relancez pra backup : rien n'est perdu.",
    },
    "jobs-dead": {
      summary: "le passage sur {host} (processus {pid}) est mort sans finir",
      hint: "Relancez pra backup : il prend la suite, rien n'est perdu.",
    },
    "clock-right": { summary: "à {offMs} près celle du serveur" },
    "clock-off": {
      summary: "{offMs} d'écart avec l'horloge du serveur",
      hint: "Les heures de cette machine et du serveur diffèrent : réglez les deux par NTP (chronyc tracking, timedatectl).",
    },
    "certificate-valid": { summary: "de {where} : valable encore {leftMs}" },
    "certificate-ending": {
      summary: "de {where} : expire dans {leftMs}",
      hint: "Renouvelez-le avant ce jour ; après, qui le vérifie refuse la connexion.",
    },
    "certificate-ended": {
      summary: "de {where} : expiré depuis {agoMs}",
      hint: "Renouvelez-le : qui le vérifie refuse la connexion.",
    },
    "reach-as-planned": { summary: "{count} chemins conformes au plan depuis {host}" },
    "reach-closed": {
      summary: "{target} ne répond pas depuis {host} : {reason}",
      hint: "PRA_REACHABLE dit qu'il doit répondre. Regardez la route et le pare-feu.",
    },
    "reach-open": {
      summary: "{target} répond depuis {host}, et ne devrait pas",
      hint: "PRA_ISOLATED dit qu'il ne doit pas être joignable. Fermez-le dans le pare-feu.",
    },
    "version-alive": { summary: "PostgreSQL {major} est maintenu jusqu'au {until}" },
    "version-ending": {
      summary: "PostgreSQL {major} n'est maintenu que jusqu'au {until}",
      hint: "Prévoyez la montée de version ; après ce jour aucun défaut n'est corrigé.",
    },
    "version-ended": {
      summary: "PostgreSQL {major} n'est plus maintenu depuis le {until}",
      hint: "Montez de version : les défauts, même ceux qui perdent des données, ne sont plus corrigés.",
    },
    "space-fills": {
      summary: "le disque du dépôt est plein le {day} à ce rythme",
      hint: "Faites de la place, ou gardez moins : RETENTION_DAYS, puis pra expire --dry-run.",
    },
    "space-lasts": { summary: "le disque du dépôt suffit au-delà du {day}" },
    "forecast-unknown": { summary: "il y en aura une après un jour de mesures" },
    "channels-none": {
      summary: "personne n'est prévenu quand quelque chose ne va pas",
      hint: "Fixez ALERT_EMAIL ou SLACK_WEBHOOK dans .env, puis : pra alert test",
    },
    "channel-untested": {
      summary: "{name} n'a jamais été essayé depuis cette machine",
      hint: "pra alert test",
    },
    "channel-accepted": {
      summary: "{name} a pris un message d'essai le {at} ; personne n'a dit l'avoir reçu",
      hint: "pra alert confirm CODE --by NOM, avec le code de ce message",
    },
    "channel-received": { summary: "{name} : {by} a lu le message d'essai le {at}" },
    "channel-waiting": {
      summary: "{name} n'a pas pris le message d'essai du {at} : {said}",
      hint: "pra alert test, quand l'autre côté va mieux",
    },
    "channel-refused": {
      summary: "{name} a refusé le message d'essai du {at} : {said}",
      hint: "Corrigez le réglage ou le destinataire, puis : pra alert test",
    },
    "channel-unready": {
      summary: "{name} est inutilisable : {missing} non fixé(s)",
      hint: "Fixez-les dans .env ; .env.example explique chacun. Puis : pra alert test",
    },
    "relay-local": {
      summary: "le courriel est remis à {place} de cette machine, car PRA_SMTP_URL n'est pas fixé",
      hint: "Juste si un serveur de courriel tourne ici et transmet ; sinon, fixez PRA_SMTP_URL.",
    },
    "watcher-alive": { summary: "sur {host} : a donné signe de vie il y a {ageMs}" },
    "watcher-silent": {
      summary:
        "sur {host} : aucun signe de vie depuis {ageMs} ; il en fallait un toutes les {everyMs}",
      hint: "Regardez {host} : tourne-t-elle, atteint-elle le dépôt, pra daemon ou cron y est-il actif (pra schedule show) ? Jusqu'à son retour, cette machine dit ce que montre le dépôt.",
    },
    "watcher-mute": {
      summary: "sur {host} : il regarde, mais aucun canal n'a pris ce qu'il dit depuis {mutedMs}",
      hint: "Sur {host} : pra alert list, pra alert test. Tant qu'aucun canal n'y marche, cette machine dit ce que montre le dépôt.",
    },
    "watcher-alone": {
      summary: "sur {host} : il regarde, et n'a aucun moyen de prévenir qui que ce soit",
      hint: "Fixez ALERT_EMAIL ou SLACK_WEBHOOK dans .env sur {host}, puis là-bas : pra alert test",
    },
    "watcher-never": {
      summary: "personne n'a laissé de signe de vie dans ce dépôt",
      hint: "Sur la machine qui atteint le serveur : pra daemon, ou pra schedule install (pra status toutes les cinq minutes en laisse aussi).",
    },
    "dead-man-called": { summary: "le surveillant sur {host} l'a appelé il y a {ageMs}" },
    "dead-man-silent": {
      summary: "le surveillant sur {host} ne l'a pas atteint depuis {ageMs}",
      hint: "Sur {host} : PRA_DEAD_MAN_URL est-il juste, et le chemin ouvert ? Sa propre alarme est imminente.",
    },
    "clock-agrees": {
      summary: "celle de {host} s'accorde avec celle d'ici, autant que les signes le disent",
    },
    "clock-hosts": {
      summary:
        "celle de {host} et celle d'ici diffèrent de {offMs} ; les âges sont comptés par celle de {host}",
      hint: "Réglez les deux par NTP (chronyc tracking, timedatectl).",
    },
    "receiver-silent": {
      summary: "le processus {pid} sur {host} n'a pas renouvelé son bail depuis {ageMs}",
      hint: "Regardez {host} : pra wal status, puis pra wal receive ; il reprend où l'autre s'est arrêté.",
    },
    "ledger-grows": { summary: "son dernier événement a été vu il y a {ageMs}" },
    "ledger-silent": {
      summary:
        "aucun nouvel événement depuis {ageMs} : ni sauvegarde, ni preuve, ni alerte enregistrée",
      hint: "Regardez la machine qui fait les sauvegardes : pra schedule show",
    },
    "ledger-empty": {
      summary: "aucun événement encore",
      hint: "La première pra backup --full en enregistre un.",
    },
    "memory-renewed": {
      summary: "la mémoire des alertes était illisible et repart de zéro ; sa copie est {path}",
      hint: "Ce qui est en panne est redit. Gardez la copie : elle contient ce qui attendait d'être envoyé.",
    },
    "memory-unwritable": {
      summary: "{path} ne peut pas être écrit : ni prévision, ni alertes",
      hint: "Lancez la commande sous le compte qui fait les sauvegardes, ou changez PRA_STATE_DIR.",
    },
  },
};

/** The texts by language. */
export const watchText: Readonly<Record<Language, Messages>> = { en, fr };
