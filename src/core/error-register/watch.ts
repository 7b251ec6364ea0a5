import type { ErrorGroup } from "./entry.ts";

/** WATCH_: alerts, their memory, silences and contacts. */
export const watchErrors = {
  WATCH_MEMORY_DAMAGED: {
    en: {
      message: "the memory of alerts {path} cannot be read: {reason}",
      hint: "The watch begins anew and keeps a copy of it beside: what is ill is told again, and what was waiting to be sent is in the copy.",
    },
    fr: {
      message: "la mémoire des alertes {path} ne peut pas être lue : {reason}",
      hint: "La surveillance repart de zéro et en garde une copie à côté : ce qui est en panne est redit, et ce qui attendait d'être envoyé est dans la copie.",
    },
  },
  WATCH_MEMORY_BUSY: {
    en: {
      message: "the memory of alerts {path} is being written by too many processes",
      hint: "Look which pra processes run on this host, and try again.",
    },
    fr: {
      message: "la mémoire des alertes {path} est écrite par trop de processus à la fois",
      hint: "Regardez quels processus pra tournent sur cette machine, puis réessayez.",
    },
  },
  WATCH_ALERT_UNKNOWN: {
    en: {
      message: `no open alert is called "{id}"`,
      hint: "Run: pra alert list",
    },
    fr: {
      message: `aucune alerte ouverte ne s'appelle « {id} »`,
      hint: "Lancez : pra alert list",
    },
  },
  WATCH_ACTION_UNKNOWN: {
    en: {
      message: `{matches} corrective actions begin with "{action}"`,
      hint: "Type the beginning of one id, at least 4 digits, as pra action list --all shows it.",
    },
    fr: {
      message: `{matches} actions correctives commencent par « {action} »`,
      hint: "Tapez le début d'un seul identifiant, au moins 4 chiffres, tel que pra action list --all l'affiche.",
    },
  },
  WATCH_ACTION_CLOSED: {
    en: {
      message: `the corrective action {action} was closed on {at} by {by}`,
      hint: "Nothing is to be done. If it failed again, another one opens by itself; or: pra action open",
    },
    fr: {
      message: `l'action corrective {action} a été close le {at} par {by}`,
      hint: "Rien n'est à faire. Si cela échoue de nouveau, une autre s'ouvre d'elle-même ; sinon : pra action open",
    },
  },
  WATCH_ACTION_DUE: {
    en: {
      message: `{due} is over`,
      hint: "Name a day to come, as 2026-12-31.",
    },
    fr: {
      message: `le {due} est passé`,
      hint: "Donnez un jour à venir, comme 2026-12-31.",
    },
  },
  WATCH_RULE_UNKNOWN: {
    en: {
      message: `"{rule}" is neither a rule nor all`,
      hint: "The rules are: {known}.",
    },
    fr: {
      message: `« {rule} » n'est ni une règle ni all`,
      hint: "Les règles sont : {known}.",
    },
  },
  WATCH_QUIET_UNKNOWN: {
    en: {
      message: `there is no {what} "{id}" to end`,
      hint: "Run: pra maintenance list, or pra alert list",
    },
    fr: {
      message: `il n'y a pas de {what} « {id} » à terminer`,
      hint: "Lancez : pra maintenance list, ou pra alert list",
    },
  },
  WATCH_QUIETS_FULL: {
    en: {
      message: "{max} silences and maintenance windows are open, no more may be",
      hint: "End some of them: pra alert unsilence all",
    },
    fr: {
      message: "{max} silences et fenêtres de maintenance sont ouverts, c'est le maximum",
      hint: "Terminez-en : pra alert unsilence all",
    },
  },
  WATCH_UNTIL: {
    en: {
      message: `"{value}" is no end within the next {days} days`,
      hint: "Give a duration such as 30m, 2h or 1d, a time of today such as 18:30, or an instant such as 2027-01-31T18:00+01:00.",
    },
    fr: {
      message: `« {value} » n'est pas une fin dans les {days} prochains jours`,
      hint: "Donnez une durée comme 30m, 2h ou 1d, une heure d'aujourd'hui comme 18:30, ou un instant comme 2027-01-31T18:00+01:00.",
    },
  },
  WATCH_REASON: {
    en: {
      message: "{option} takes 1 to {max} characters on one line",
      hint: `Say it in a few words: {option} "disk replaced".`,
    },
    fr: {
      message: "{option} prend de 1 à {max} caractères sur une ligne",
      hint: `Dites-le en quelques mots : {option} "disque remplacé".`,
    },
  },
  WATCH_CONTACT_UNKNOWN: {
    en: {
      message: `{path}: escalation names "{name}", who is no contact`,
      hint: "The contacts are: {known}.",
    },
    fr: {
      message: `{path} : escalation nomme « {name} », qui n'est pas un contact`,
      hint: "Les contacts sont : {known}.",
    },
  },
  WATCH_ZONE: {
    en: {
      message: `{path}: "{name}" has a time zone that does not exist: {zone}`,
      hint: "Write it as Europe/Paris or UTC.",
    },
    fr: {
      message: `{path} : « {name} » a un fuseau horaire qui n'existe pas : {zone}`,
      hint: "Écrivez-le comme Europe/Paris ou UTC.",
    },
  },
  WATCH_PLAN: {
    en: {
      message: `{path}: the maintenance window "{name}" has a plan that cannot be used: {reason}`,
      hint: `Write schedule as five fields of cron ("0 2 * * SUN"), with timeZone and minutes; or from and to as instants.`,
    },
    fr: {
      message: `{path} : la fenêtre de maintenance « {name} » a un plan inutilisable : {reason}`,
      hint: `Écrivez schedule avec les cinq champs de cron ("0 2 * * SUN"), timeZone et minutes ; ou from et to comme instants.`,
    },
  },
  WATCH_LOOK_TIMEOUT: {
    en: {
      message: `no answer within {seconds} s`,
      hint: `What is asked hangs, or is very slow. Nothing is known of it now.`,
    },
    fr: {
      message: `pas de réponse en {seconds} s`,
      hint: `Ce qui est interrogé est bloqué ou très lent. On n'en sait rien pour le moment.`,
    },
  },
  WATCH_PROBE_DEFECT: {
    en: {
      message: `this could not be looked at, because of a defect of this program: {reason}`,
      hint: `Everything else is looked at. Report it with this line; until it is mended, look at this by hand.`,
    },
    fr: {
      message: `ce point n'a pas pu être regardé, à cause d'un défaut de ce programme : {reason}`,
      hint: `Tout le reste est regardé. Signalez-le avec cette ligne ; d'ici là, vérifiez ce point à la main.`,
    },
  },
  WATCH_CODE_NONE: {
    en: {
      message: `no test message of {host} waits for a code`,
      hint: `Run pra alert test first; a code is typed back on the machine that sent it.`,
    },
    fr: {
      message: `aucun message d'essai de {host} n'attend de code`,
      hint: `Lancez d'abord pra alert test ; un code se tape sur la machine qui l'a envoyé.`,
    },
  },
  WATCH_CODE_WRONG: {
    en: {
      message: `no test message has this code; {left} more tries`,
      hint: `Copy it from the message as it stands there, for example K7QF-2MWD. It has neither 0 nor O, and neither 1, I nor L.`,
    },
    fr: {
      message: `aucun message d'essai n'a ce code ; encore {left} essais`,
      hint: `Recopiez-le du message tel quel, par exemple K7QF-2MWD. Il n'a ni 0 ni O, et ni 1, ni I, ni L.`,
    },
  },
  WATCH_CODE_LOCKED: {
    en: {
      message: `{tries} wrong codes were typed; none counts any more`,
      hint: `Run pra alert test: it sends new codes.`,
    },
    fr: {
      message: `{tries} codes faux ont été tapés ; plus aucun ne compte`,
      hint: `Lancez pra alert test : cela envoie de nouveaux codes.`,
    },
  },
  WATCH_CODE_EXPIRED: {
    en: {
      message: `this code counted until {at}`,
      hint: `Run pra alert test: it sends new codes.`,
    },
    fr: {
      message: `ce code comptait jusqu'au {at}`,
      hint: `Lancez pra alert test : cela envoie de nouveaux codes.`,
    },
  },
  WATCH_CODE_USED: {
    en: {
      message: `this code was typed back already, at {at}`,
      hint: `Nothing is to do: pra check shows who has read which channel's message.`,
    },
    fr: {
      message: `ce code a déjà été tapé, le {at}`,
      hint: `Il n'y a rien à faire : pra check montre qui a lu le message de quel canal.`,
    },
  },
  WATCH_DAEMON_RUNNING: {
    en: {
      message: `a daemon watches this cluster from this host already: process {pid}`,
      hint: `Stop it first (systemctl stop, or kill {pid}), or leave it at work.`,
    },
    fr: {
      message: `un démon surveille déjà ce cluster depuis cette machine : processus {pid}`,
      hint: `Arrêtez-le d'abord (systemctl stop, ou kill {pid}), ou laissez-le travailler.`,
    },
  },
  WATCH_ROUTINE_UNKNOWN: {
    en: {
      message: `"{routine}" is no routine that people record`,
      hint: `Those are: {known}. Others are recorded by themselves: pra schedule show.`,
    },
    fr: {
      message: `« {routine} » n'est pas une routine que l'on consigne à la main`,
      hint: `Ce sont : {known}. Les autres se consignent d'elles-mêmes : pra schedule show.`,
    },
  },
  WATCH_LIVE_ALREADY: {
    en: {
      message: `the system is in production since {at}, as {by} said`,
      hint: `Nothing is to do: pra golive show. To begin the first week anew, after a great change, add --again.`,
    },
    fr: {
      message: `le système est en production depuis {at}, comme l'a dit {by}`,
      hint: `Il n'y a rien à faire : pra golive show. Pour recommencer la première semaine, après un grand changement, ajoutez --again.`,
    },
  },
  WATCH_METRICS_LISTEN: {
    retryable: true,
    en: {
      message: "metrics cannot be served on {address}: {reason}",
      hint: "Look who has that address (ss -ltnp), or choose another port in PRA_METRICS_LISTEN. The daemon goes on watching, and tries again within a minute.",
    },
    fr: {
      message: "les métriques ne peuvent pas être servies sur {address} : {reason}",
      hint: "Regardez qui tient cette adresse (ss -ltnp), ou choisissez un autre port dans PRA_METRICS_LISTEN. Le démon continue de surveiller, et réessaie dans la minute.",
    },
  },
} as const satisfies ErrorGroup;
