import type { ErrorGroup } from "./entry.ts";

/** LEDGER_: the chain of events cannot be trusted or written. */
export const ledgerErrors = {
  LEDGER_FORGED: {
    en: {
      message: `{object} is not what its writer recorded: {reason}`,
      hint: "Somebody changed or put it there. Keep a copy of it, and compare with the reports and anchors that were sent before.",
    },
    fr: {
      message: `{object} n'est pas ce que son auteur a consigné : {reason}`,
      hint: "Quelqu'un l'a modifié ou mis là. Gardez-en une copie, et comparez avec les rapports et ancrages envoyés auparavant.",
    },
  },
  LEDGER_GAP: {
    en: {
      message: `events {from} to {to} of {writer} are missing from the ledger`,
      hint: "Somebody removed them, or the store lost them. Find out who can delete in the repository.",
    },
    fr: {
      message: `les événements {from} à {to} de {writer} manquent au journal`,
      hint: "Quelqu'un les a supprimés, ou le stockage les a perdus. Cherchez qui peut supprimer dans le dépôt.",
    },
  },
  LEDGER_ORDER: {
    en: {
      message: `event {sequence} in {object} stands behind event {after}`,
      hint: "Events were moved or recorded twice. Keep a copy of the object, and find out who can write to the repository.",
    },
    fr: {
      message: `l'événement {sequence} dans {object} se trouve après l'événement {after}`,
      hint: "Des événements ont été déplacés ou consignés deux fois. Gardez une copie de l'objet, et cherchez qui peut écrire dans le dépôt.",
    },
  },
  LEDGER_CHAIN_BROKEN: {
    en: {
      message: `event {sequence} in {object} does not continue what was recorded before`,
      hint: "An event was edited after it was recorded. Keep a copy of both objects, and compare with the reports that were sent before.",
    },
    fr: {
      message: `l'événement {sequence} dans {object} ne prolonge pas ce qui était consigné avant`,
      hint: "Un événement a été modifié après coup. Gardez une copie des deux objets, et comparez avec les rapports envoyés auparavant.",
    },
  },
  LEDGER_SHORTENED: {
    en: {
      message: `the ledger of {writer} ends with event {found}, event {sequence} was seen before`,
      hint: "Somebody removed the newest events, or put back an older state. Find out who can delete in the repository.",
    },
    fr: {
      message: `le journal de {writer} s'arrête à l'événement {found}, l'événement {sequence} avait été vu`,
      hint: "Quelqu'un a supprimé les derniers événements, ou remis un état antérieur. Cherchez qui peut supprimer dans le dépôt.",
    },
  },
  LEDGER_EVENT_TOO_LARGE: {
    en: {
      message: `an event of kind {kind} is larger than {limitBytes} bytes`,
      hint: "Put what is large into a report and record its hash. This is a fault of the program: please report it.",
    },
    fr: {
      message: `un événement de genre {kind} dépasse {limitBytes} octets`,
      hint: "Mettez ce qui est volumineux dans un rapport et consignez son empreinte. C'est un défaut du programme : signalez-le.",
    },
  },
  LEDGER_FULL: {
    en: {
      message: `{events} events of {writer} wait to be recorded, more may not wait`,
      hint: "The store has not taken them for a long time. Make it reachable; nothing that waits is lost while the program runs.",
    },
    fr: {
      message: `{events} événements de {writer} attendent d'être consignés, c'est le maximum`,
      hint: "Le stockage ne les prend plus depuis longtemps. Rétablissez l'accès ; rien de ce qui attend n'est perdu tant que le programme tourne.",
    },
  },
  LEDGER_ANCHOR_UNREADABLE: {
    en: {
      message: `the anchor cannot be read at {at}`,
      hint: "Give the whole text, from its BEGIN line to its END line, as pra ledger anchor printed it.",
    },
    fr: {
      message: `l'ancrage est illisible à {at}`,
      hint: "Donnez le texte entier, de sa ligne BEGIN à sa ligne END, tel que pra ledger anchor l'a affiché.",
    },
  },
  LEDGER_ANCHOR_FILE: {
    en: {
      message: `the anchor's file {path} cannot be used: {reason}`,
      hint: "Name a file that can be read; for a new anchor, one that is not there yet: anchors are kept, not replaced.",
    },
    fr: {
      message: `le fichier d'ancrage {path} est inutilisable : {reason}`,
      hint: "Indiquez un fichier lisible ; pour un nouvel ancrage, un fichier qui n'existe pas encore : on garde les ancrages, on ne les remplace pas.",
    },
  },
  LEDGER_ANCHOR_FOREIGN: {
    en: {
      message: `the anchor is of repository {anchored}, this one is {repository}`,
      hint: "Name the repository that it was made of: BACKUP_DIR, or --env-file.",
    },
    fr: {
      message: `l'ancrage est celui du dépôt {anchored}, celui-ci est {repository}`,
      hint: "Indiquez le dépôt dont il vient : BACKUP_DIR, ou --env-file.",
    },
  },
  LEDGER_ANCHOR_FORGED: {
    en: {
      message: `the anchor of {madeAt} was not made by a host of this repository: {reason}`,
      hint: "Its text was changed, or somebody made it up. Take the copy that was kept elsewhere.",
    },
    fr: {
      message: `l'ancrage du {madeAt} n'a pas été fait par une machine de ce dépôt : {reason}`,
      hint: "Son texte a été modifié, ou quelqu'un l'a inventé. Prenez la copie conservée ailleurs.",
    },
  },
  LEDGER_ANCHOR_DIFFERS: {
    en: {
      message: `up to {until} the ledger had {events} events of {writers} writers; it now has {foundEvents} of {foundWriters}, and not the same`,
      hint: "Somebody removed or replaced events of that time. Compare with an older anchor, and find out who can delete in the repository.",
    },
    fr: {
      message: `jusqu'au {until} le journal avait {events} événements de {writers} auteurs ; il en a maintenant {foundEvents} de {foundWriters}, et pas les mêmes`,
      hint: "Quelqu'un a supprimé ou remplacé des événements de cette période. Comparez avec un ancrage plus ancien, et cherchez qui peut supprimer dans le dépôt.",
    },
  },
  LEDGER_REPORT_UNKNOWN: {
    en: {
      message: `{matches} reports begin with {report}`,
      hint: "Type the beginning of one id, at least 4 digits, as pra report list shows it.",
    },
    fr: {
      message: `{matches} rapports commencent par {report}`,
      hint: "Tapez le début d'un seul identifiant, au moins 4 chiffres, tel que pra report list l'affiche.",
    },
  },
  LEDGER_REPORT_MISSING: {
    en: {
      message: `the report {report} of {startedAt} is recorded, and missing from the repository`,
      hint: "Somebody removed it, or the store lost it. The files in the state directory of the host that made it may still be there: compare their SHA-256 with pra ledger list --kind reportArchived --json.",
    },
    fr: {
      message: `le rapport {report} du {startedAt} est consigné, et manque au dépôt`,
      hint: "Quelqu'un l'a supprimé, ou le stockage l'a perdu. Les fichiers du dossier d'état de la machine qui l'a fait y sont peut-être encore : comparez leur SHA-256 avec pra ledger list --kind reportArchived --json.",
    },
  },
  LEDGER_REPORT_ALTERED: {
    en: {
      message: `the report {report} is not what was recorded: {reason}`,
      hint: "Somebody changed or replaced it, or the store damaged it. Keep a copy of the object, and find out who can write to the repository.",
    },
    fr: {
      message: `le rapport {report} n'est pas ce qui a été consigné : {reason}`,
      hint: "Quelqu'un l'a modifié ou remplacé, ou le stockage l'a abîmé. Gardez une copie de l'objet, et cherchez qui peut écrire dans le dépôt.",
    },
  },
  LEDGER_REPORT_FILE: {
    en: {
      message: `the file {path} is there already`,
      hint: "Name one that is not there yet: nothing is written over.",
    },
    fr: {
      message: `le fichier {path} existe déjà`,
      hint: "Indiquez un fichier qui n'existe pas encore : rien n'est écrasé.",
    },
  },
  LEDGER_EVIDENCE_LARGE: {
    en: {
      message: `the evidence of this period is larger than {limitBytes} bytes`,
      hint: "Take a shorter period: evidence of periods that touch fits together.",
    },
    fr: {
      message: `les éléments de preuve de cette période dépassent {limitBytes} octets`,
      hint: "Prenez une période plus courte : ceux de périodes qui se suivent s'emboîtent.",
    },
  },
  LEDGER_EVIDENCE_FUTURE: {
    en: {
      message: `nothing has happened yet from {from} on`,
      hint: "Name a period that has begun.",
    },
    fr: {
      message: `rien ne s'est encore passé à partir du {from}`,
      hint: "Indiquez une période commencée.",
    },
  },
  LEDGER_KIND_UNKNOWN: {
    en: {
      message: `there is no kind of event {value}`,
      hint: "Known: {known}.",
    },
    fr: {
      message: `aucun genre d'événement ne s'appelle {value}`,
      hint: "Connus : {known}.",
    },
  },
  LEDGER_PERIOD: {
    en: {
      message: `{value} is no day, month or instant of a period`,
      hint: "Type a day as 2026-11-01, an instant with its zone as 2026-11-01T08:00Z, or a month as 2026-11; the beginning must come before the end.",
    },
    fr: {
      message: `{value} n'est ni un jour, ni un mois, ni un instant d'une période`,
      hint: "Tapez un jour comme 2026-11-01, un instant avec son fuseau comme 2026-11-01T08:00Z, ou un mois comme 2026-11 ; le début doit précéder la fin.",
    },
  },
  LEDGER_REPORT_PERIOD: {
    en: {
      message: `{value} is no period of this report that has begun`,
      hint: "Type it as {example}; without --period it is the last one that is over.",
    },
    fr: {
      message: `{value} n'est pas une période de ce rapport qui a commencé`,
      hint: "Tapez-la comme {example} ; sans --period, c'est la dernière qui est achevée.",
    },
  },
} as const satisfies ErrorGroup;
