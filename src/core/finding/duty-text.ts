/** What is said of what people have to do. */
import type { Language } from "../language.ts";
import type { DutyCheckId, DutyFactId } from "./finding.ts";

type Messages = {
  readonly names: Readonly<Record<DutyCheckId, string>>;
  readonly facts: Readonly<
    Record<DutyFactId, { readonly summary: string; readonly hint?: string }>
  >;
};

const en: Messages = {
  names: {
    "first-week": "first week",
    routines: "routines",
    actions: "actions",
  },
  facts: {
    "routines-kept": { summary: "done as planned" },
    "routine-due": {
      summary: "{routine} is to be done by {until}",
      hint: "{step}",
    },
    "routine-missed": {
      summary: "{routine} was to be done on {due}; the ledger shows nothing of it",
      hint: "{step}",
    },
    "action-open": {
      summary: "{count} open and in hand; first due: {what} on {due}, {owner}",
      hint: 'When it is done: pra action close {id} --by NAME --why "..."',
    },
    "action-escalated": {
      summary: "nobody has {what}, due on {due}",
      hint: "pra action assign {id} --owner NAME --by NAME",
    },
    "action-untaken": {
      summary: "{count} that nobody has; first due: {what} on {due}",
      hint: "pra action assign {id} --owner NAME --by NAME",
    },
    "action-overdue": {
      summary: "{what} was due on {due} (owner: {owner})",
      hint: 'pra action close {id} --by NAME --why "...", or give it another day: pra action assign {id} --due DAY --by NAME',
    },
    "first-week": {
      summary: "day {day} of {days}: thresholds are tighter until {until} (pra golive show)",
    },
  },
};

const fr: Messages = {
  names: {
    "first-week": "première semaine",
    routines: "routines",
    actions: "actions",
  },
  facts: {
    "routines-kept": { summary: "faites comme prévu" },
    "routine-due": {
      summary: "{routine} est à faire d'ici le {until}",
      hint: "{step}",
    },
    "routine-missed": {
      summary: "{routine} était à faire le {due} ; le journal n'en montre rien",
      hint: "{step}",
    },
    "action-open": {
      summary:
        "{count} ouvertes et prises en charge ; première échéance : {what} le {due}, {owner}",
      hint: 'Quand c\'est fait : pra action close {id} --by NOM --why "..."',
    },
    "action-escalated": {
      summary: "personne n'a la charge de {what}, attendue le {due}",
      hint: "pra action assign {id} --owner NOM --by NOM",
    },
    "action-untaken": {
      summary: "{count} dont personne n'a la charge ; première échéance : {what} le {due}",
      hint: "pra action assign {id} --owner NOM --by NOM",
    },
    "action-overdue": {
      summary: "{what} était attendue le {due} (responsable : {owner})",
      hint: 'pra action close {id} --by NOM --why "...", ou un autre jour : pra action assign {id} --due JOUR --by NOM',
    },
    "first-week": {
      summary: "jour {day} sur {days} : seuils plus serrés jusqu'au {until} (pra golive show)",
    },
  },
};

/** The texts by language. */
export const dutyText: Readonly<Record<Language, Messages>> = { en, fr };
