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
} as const satisfies ErrorGroup;
