/** What `pra golive` says. */
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly groupSummary: string;
  readonly start: CommandText;
  readonly show: CommandText;
  readonly optionBy: string;
  readonly optionNote: string;
  readonly optionAgain: string;
  readonly started: (at: string, by: string) => string;
  readonly digests: (at: string) => string;
  readonly digestsNobody: string;
  readonly notLive: string;
  readonly notLiveHint: string;
  readonly since: (at: string, by: string) => string;
  readonly day: (day: number, days: number, until: string) => string;
  readonly over: (until: string) => string;
  readonly threshold: string;
  readonly usual: string;
  readonly firstWeek: string;
  readonly why: string;
};

const en: Messages = {
  groupSummary: "say that the system is in production, and look after its first week",
  start: {
    summary: "say by name that the system is in production now",
    description:
      "Recorded in the ledger. For seven days pra status judges by tighter thresholds, and a digest goes out by mail and Slack every day at PRA_DIGEST_AT (08:00).",
    examples: [
      ['pra golive start --by "Awa Diop"', "from now on"],
      [
        'pra golive start --by "Awa Diop" --again --note "moved to the new site"',
        "the first week anew, after a great change",
      ],
    ],
  },
  show: {
    summary: "show since when it is in production, and what is judged more closely",
    examples: [
      ["pra golive show", "the day of the first week, and each threshold with its reason"],
    ],
  },
  optionBy: "who says so",
  optionNote: "a word about it, for the ledger",
  optionAgain: "begin the first week anew",
  started: (at, by) => `In production since ${at}, as ${by} said. The first week begins.`,
  digests: (at) => `A digest goes out every day at ${at}, by mail and Slack.`,
  digestsNobody:
    "No digest can go out: neither ALERT_EMAIL nor SLACK_WEBHOOK is set, and no contact of pra.yaml has an address.",
  notLive: "Nobody has said that this system is in production.",
  notLiveHint: "pra golive start --by NAME",
  since: (at, by) => `In production since ${at}, as ${by} said.`,
  day: (day, days, until) =>
    `First week, day ${day} of ${days}: tighter thresholds until ${until}.`,
  over: (until) => `The first week ended on ${until}; the usual thresholds hold.`,
  threshold: "threshold",
  usual: "usual",
  firstWeek: "first week",
  why: "why",
};

const fr: Messages = {
  groupSummary: "dire que le système est en production, et veiller sur sa première semaine",
  start: {
    summary: "dire, en donnant son nom, que le système est en production maintenant",
    description:
      "Consigné dans le journal. Pendant sept jours, pra status juge avec des seuils plus serrés, et un résumé part chaque jour par courriel et Slack à PRA_DIGEST_AT (08:00).",
    examples: [
      ['pra golive start --by "Awa Diop"', "à partir de maintenant"],
      [
        'pra golive start --by "Awa Diop" --again --note "nouveau site"',
        "recommencer la première semaine, après un grand changement",
      ],
    ],
  },
  show: {
    summary: "montrer depuis quand il est en production, et ce qui est jugé de plus près",
    examples: [
      ["pra golive show", "le jour de la première semaine, et chaque seuil avec sa raison"],
    ],
  },
  optionBy: "qui le dit",
  optionNote: "un mot à ce sujet, pour le journal",
  optionAgain: "recommencer la première semaine",
  started: (at, by) => `En production depuis ${at}, dit ${by}. La première semaine commence.`,
  digests: (at) => `Un résumé part chaque jour à ${at}, par courriel et Slack.`,
  digestsNobody:
    "Aucun résumé ne peut partir : ni ALERT_EMAIL ni SLACK_WEBHOOK n'est fixé, et aucun contact de pra.yaml n'a d'adresse.",
  notLive: "Personne n'a dit que ce système est en production.",
  notLiveHint: "pra golive start --by NOM",
  since: (at, by) => `En production depuis ${at}, dit ${by}.`,
  day: (day, days, until) =>
    `Première semaine, jour ${day} sur ${days} : seuils plus serrés jusqu'au ${until}.`,
  over: (until) => `La première semaine s'est terminée le ${until} ; les seuils habituels valent.`,
  threshold: "seuil",
  usual: "habituel",
  firstWeek: "première semaine",
  why: "pourquoi",
};

/** The texts by language. */
export const goliveText: Readonly<Record<Language, Messages>> = { en, fr };
