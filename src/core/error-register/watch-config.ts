import type { ErrorGroup } from "./entry.ts";

/** CONFIG_: settings of channels, and what a schedule finds on this machine. */
export const configWatchErrors = {
  CONFIG_MAIL_RELAY: {
    en: {
      message: `{name} is "{value}" ({origin}), which is not the address of a mail relay`,
      hint: `Write smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465 (TLS), special characters percent-encoded. Without encryption (?tls=none) no password is sent over a network.`,
    },
    fr: {
      message: `{name} vaut « {value} » ({origin}), ce qui n'est pas l'adresse d'un relais de courriel`,
      hint: `Écrivez smtp://utilisateur:motdepasse@hote:587 (STARTTLS) ou smtps://utilisateur:motdepasse@hote:465 (TLS), caractères spéciaux encodés en pourcents. Sans chiffrement (?tls=none), aucun mot de passe ne part sur un réseau.`,
    },
  },
  CONFIG_HTTP_HEADERS: {
    en: {
      message: `{name} ({origin}) is not a list of headers`,
      hint: `Write "Name: value", several separated by a semicolon and a blank: "Authorization: Bearer XXXX; Content-Type: application/json".`,
    },
    fr: {
      message: `{name} ({origin}) n'est pas une liste d'en-têtes`,
      hint: `Écrivez « Nom: valeur », plusieurs séparés par un point-virgule et une espace : « Authorization: Bearer XXXX; Content-Type: application/json ».`,
    },
  },
  CONFIG_ALERT_CA: {
    en: {
      message: `the authority's certificate {path} (PRA_ALERT_CA) cannot be read: {reason}`,
      hint: `Name a file in PEM form, which begins with -----BEGIN CERTIFICATE-----, that this account may read; or remove the setting.`,
    },
    fr: {
      message: `le certificat de l'autorité {path} (PRA_ALERT_CA) ne peut pas être lu : {reason}`,
      hint: `Donnez un fichier au format PEM, qui commence par -----BEGIN CERTIFICATE-----, lisible par ce compte ; ou retirez le réglage.`,
    },
  },
  CONFIG_CRON_MISSING: {
    en: {
      message: `there is no crontab program on this machine`,
      hint: `Install cron (Debian: apt install cron), or use timers of systemd: pra schedule install --systemd`,
    },
    fr: {
      message: `il n'y a pas de programme crontab sur cette machine`,
      hint: `Installez cron (Debian : apt install cron), ou utilisez les timers de systemd : pra schedule install --systemd`,
    },
  },
  CONFIG_CRONTAB: {
    en: {
      message: `the crontab program refuses: {reason}`,
      hint: `Nothing was changed. If this account may not have a crontab, add it to /etc/cron.allow, or take it out of /etc/cron.deny; if a line is wrong, mend it with crontab -e.`,
    },
    fr: {
      message: `le programme crontab refuse : {reason}`,
      hint: `Rien n'a été modifié. Si ce compte n'a pas droit à une crontab, ajoutez-le à /etc/cron.allow, ou retirez-le de /etc/cron.deny ; si une ligne est fausse, corrigez-la avec crontab -e.`,
    },
  },
  CONFIG_CRONTAB_CHANGED: {
    en: {
      message: `the crontab was changed by somebody else at the same moment`,
      hint: `Look at it with crontab -l, then run this again.`,
    },
    fr: {
      message: `la crontab a été modifiée par quelqu'un d'autre au même moment`,
      hint: `Regardez-la avec crontab -l, puis relancez.`,
    },
  },
  CONFIG_CRONTAB_MARKS: {
    en: {
      message: `the lines "{begin}" and "{end}" do not stand in the crontab once each, in this order`,
      hint: `Between them lie the lines of the schedule. Remove both marks and what belongs to them with crontab -e, then run this again.`,
    },
    fr: {
      message: `les lignes « {begin} » et « {end} » ne sont pas dans la crontab une fois chacune, dans cet ordre`,
      hint: `Entre elles se trouvent les lignes de la planification. Retirez les deux repères et ce qui leur appartient avec crontab -e, puis relancez.`,
    },
  },
  CONFIG_SCHEDULE_BUSY: {
    en: {
      message: `another process is changing the schedule`,
      hint: `Wait for its end, then run this again.`,
    },
    fr: {
      message: `un autre processus modifie la planification`,
      hint: `Attendez sa fin, puis relancez.`,
    },
  },
  CONFIG_SCHEDULE_ENVIRONMENT: {
    en: {
      message: `cron and systemd would not see these settings of your shell: {names}`,
      hint: `Write them into .env (cp .env.example .env && chmod 600 .env), open a new shell without them, and run this again.`,
    },
    fr: {
      message: `cron et systemd ne verraient pas ces réglages de votre shell : {names}`,
      hint: `Écrivez-les dans .env (cp .env.example .env && chmod 600 .env), ouvrez un nouveau shell sans eux, et relancez.`,
    },
  },
  CONFIG_SCHEDULE_SCRIPTS: {
    en: {
      message: `{name} is not in {folder}`,
      hint: `A schedule starts the scripts of a checkout. Run this from one.`,
    },
    fr: {
      message: `{name} n'est pas dans {folder}`,
      hint: `Une planification lance les scripts d'une copie de travail. Lancez ceci depuis l'une d'elles.`,
    },
  },
  CONFIG_SCHEDULE_START: {
    en: {
      message: `with what cron gives its jobs, the program does not start: {reason}`,
      hint: `Cron knows /usr/bin and /bin only. Run ./quickstart.sh, which brings the right Node along, then run this again.`,
    },
    fr: {
      message: `avec ce que cron donne à ses tâches, le programme ne démarre pas : {reason}`,
      hint: `Cron ne connaît que /usr/bin et /bin. Lancez ./quickstart.sh, qui apporte le bon Node, puis relancez.`,
    },
  },
  CONFIG_SCHEDULE_OTHER: {
    en: {
      message: `the schedule of cluster {cluster} in this crontab belongs to {directory}`,
      hint: `Run "pra schedule remove" there first, or give this installation another name with PRA_CLUSTER.`,
    },
    fr: {
      message: `la planification du cluster {cluster} dans cette crontab appartient à {directory}`,
      hint: `Lancez d'abord « pra schedule remove » là-bas, ou donnez un autre nom à cette installation avec PRA_CLUSTER.`,
    },
  },
  CONFIG_SCHEDULE_PATH: {
    en: {
      message: `a schedule cannot name this path: {path}`,
      hint: `It has a line break, or a character that logrotate or systemd takes for something else. Use another folder (PRA_STATE_DIR rules the logs').`,
    },
    fr: {
      message: `une planification ne peut pas nommer ce chemin : {path}`,
      hint: `Il contient un saut de ligne, ou un caractère que logrotate ou systemd comprend autrement. Prenez un autre dossier (PRA_STATE_DIR décide de celui des journaux).`,
    },
  },
  CONFIG_SCHEDULE_LONG: {
    en: {
      message: `the crontab line of {job} would have {length} characters; cron takes {max}`,
      hint: `Move the checkout, the .env or PRA_STATE_DIR to a shorter path, or use systemd: pra schedule install --systemd`,
    },
    fr: {
      message: `la ligne de {job} aurait {length} caractères dans la crontab ; cron en admet {max}`,
      hint: `Déplacez le programme, le .env ou PRA_STATE_DIR vers un chemin plus court, ou utilisez systemd : pra schedule install --systemd`,
    },
  },
  CONFIG_SCHEDULE_FILE: {
    en: {
      message: `{path} cannot be written: {reason}`,
      hint: `Check the rights of its folder and the free space, then run this again.`,
    },
    fr: {
      message: `{path} ne peut pas être écrit : {reason}`,
      hint: `Vérifiez les droits de son dossier et la place libre, puis relancez.`,
    },
  },
  CONFIG_SCHEDULE_FOREIGN: {
    en: {
      message: `{path} was written by somebody else`,
      hint: `Move it away if it is not needed, then run this again.`,
    },
    fr: {
      message: `{path} a été écrit par quelqu'un d'autre`,
      hint: `Déplacez-le s'il ne sert pas, puis relancez.`,
    },
  },
  CONFIG_SCHEDULE_ROOT: {
    en: {
      message: `only root may install timers of the system`,
      hint: `Run it as root, or install your own: pra schedule install --systemd --user`,
    },
    fr: {
      message: `seul root peut installer des timers du système`,
      hint: `Lancez-le en root, ou installez les vôtres : pra schedule install --systemd --user`,
    },
  },
  CONFIG_SYSTEMD: {
    en: {
      message: `systemctl {command} failed: {reason}`,
      hint: `The files of the units are written. Mend what it says, then run this again.`,
    },
    fr: {
      message: `systemctl {command} a échoué : {reason}`,
      hint: `Les fichiers des unités sont écrits. Corrigez ce qu'il dit, puis relancez.`,
    },
  },
  CONFIG_CHANNEL_UNSET: {
    en: {
      message: `there is no channel to try: {settings} not set`,
      hint: `Set what you need in .env (.env.example explains each), then run it again.`,
    },
    fr: {
      message: `il n'y a aucun canal à essayer : {settings} non fixé(s)`,
      hint: `Fixez ce qu'il vous faut dans .env (.env.example explique chacun), puis relancez.`,
    },
  },
  CONFIG_CHANNEL_INCOMPLETE: {
    en: {
      message: `the channel {channel} lacks {missing}`,
      hint: `Set them in .env (.env.example explains each), then run it again.`,
    },
    fr: {
      message: `il manque au canal {channel} : {missing}`,
      hint: `Fixez-les dans .env (.env.example explique chacun), puis relancez.`,
    },
  },
  CONFIG_WATCH_SAME_HOST: {
    en: {
      message: `this is where the first watcher itself remembers ({host}): it cannot tell of its own silence`,
      hint: `Run pra watch --from-repository on another host, with nothing but BACKUP_DIR and a key file; here pra daemon or pra status watches.`,
    },
    fr: {
      message: `c'est ici que le premier surveillant lui-même se souvient ({host}) : il ne peut pas dire son propre silence`,
      hint: `Lancez pra watch --from-repository sur une autre machine, avec le seul BACKUP_DIR et un fichier de clé ; ici, pra daemon ou pra status surveille.`,
    },
  },
  CONFIG_LOG_FILE: {
    en: {
      message: `the log {path} (PRA_LOG_FILE) cannot be written: {reason}`,
      hint: `Name a file in a folder that this account may write, no link and no pipe; or remove the setting, and the log goes to standard output.`,
    },
    fr: {
      message: `le journal {path} (PRA_LOG_FILE) ne peut pas être écrit : {reason}`,
      hint: `Donnez un fichier dans un dossier où ce compte peut écrire, ni lien ni tube ; ou retirez le réglage, et le journal va sur la sortie standard.`,
    },
  },
} as const satisfies ErrorGroup;
