/** What `pra alert` and `pra maintenance` say. */
import { counted, countedFr } from "../../core/counted.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly groupSummary: string;
  readonly maintenanceSummary: string;
  readonly list: CommandText;
  readonly ack: CommandText;
  readonly silence: CommandText;
  readonly unsilence: CommandText;
  readonly deliver: CommandText;
  readonly maintenanceStart: CommandText;
  readonly maintenanceEnd: CommandText;
  readonly maintenanceList: CommandText;
  readonly argumentAlert: string;
  readonly argumentRule: string;
  readonly argumentQuiet: string;
  readonly optionAll: string;
  readonly optionReason: string;
  readonly optionBy: string;
  readonly optionUntil: string;
  readonly optionRule: string;
  readonly optionLook: string;
  readonly optionSign: string;
  readonly none: string;
  readonly severity: Readonly<Record<"critical" | "warning", string>>;
  readonly states: {
    readonly open: string;
    readonly flapping: string;
    readonly clearing: string;
    readonly taken: (by: string) => string;
    readonly silenced: string;
    readonly pending: string;
    readonly covered: (by: string) => string;
  };
  readonly pendingTitle: string;
  readonly quietTitle: string;
  readonly quiet: (about: {
    readonly id: string;
    readonly rule: string;
    readonly until: string;
    readonly by: string;
    readonly reason: string;
  }) => string;
  readonly planned: (name: string, until: string) => string;
  readonly noQuiet: string;
  readonly everyRule: string;
  readonly waitingTitle: string;
  readonly waiting: (route: string, headline: string, attempts: number, said: string) => string;
  readonly historyTitle: string;
  readonly channelTitle: string;
  readonly noChannel: string;
  readonly worst: (long: string) => string;
  readonly taken: (id: string, by: string) => string;
  readonly takenNote: string;
  readonly began: (rule: string, until: string, id: string) => string;
  readonly ended: (rule: string, id: string) => string;
  readonly busy: string;
  readonly delivered: (accepted: number, refused: number, waiting: number) => string;
  readonly ledgerWaits: (count: number, reason: string) => string;
};

const en: Messages = {
  groupSummary: "alerts: what is open, who takes it, what is kept quiet",
  maintenanceSummary: "maintenance windows: nothing is told meanwhile, and they end by themselves",
  list: {
    summary: "show what is open, for how long, and who has it",
    description:
      "Shows this host's alerts, as pra status and the daemon have found them. Exit code 4 while a critical one is open.",
    examples: [
      ["pra alert list", "open alerts with their next step"],
      ["pra alert list --all", "also what is not told yet, silences, messages sent and waiting"],
      ["pra alert list --json", "for a script: {open[], pending[], silences[], waiting[]}"],
    ],
  },
  ack: {
    summary: "take an alert: no reminders any more, its resolution is sent",
    description:
      "Everybody who was told of the alert is told who has taken it. ID is shown by pra alert list; its beginning, or the rule's name, will do.",
    examples: [
      ['pra alert ack main.server.7 --reason "restarting it" --by Anna', "Anna has it"],
      ['pra alert ack server --reason "known"', "every open alert of the rule"],
    ],
  },
  silence: {
    summary: "keep a rule quiet until an instant",
    description:
      "What opens meanwhile is kept and listed, and told when the silence ends if it is still open. What was told before is resolved aloud.",
    examples: [
      ['pra alert silence space --until 18:30 --reason "disk is being replaced"', "until 18:30"],
      ['pra alert silence all --until 2h --reason "move"', "every rule, for two hours"],
    ],
  },
  unsilence: {
    summary: "end a silence before its time",
    examples: [
      ["pra alert unsilence space", "that rule's silence"],
      ["pra alert unsilence all", "every silence"],
    ],
  },
  deliver: {
    summary: "hand over the messages that wait",
    description:
      "pra status starts this by itself beside it, and does not wait for it. It goes on trying for four minutes at most; a second one at the same time does nothing.",
    examples: [["pra alert deliver", "now, and say what came of it"]],
  },
  maintenanceStart: {
    summary: "begin a maintenance window",
    examples: [
      ['pra maintenance start --until 2h --reason "PostgreSQL 18.4"', "nothing is told for 2 h"],
      [
        'pra maintenance start --rule server --until 23:00 --reason "restart"',
        "only what the rule says",
      ],
    ],
  },
  maintenanceEnd: {
    summary: "end a maintenance window before its time",
    examples: [["pra maintenance end", "every window that was begun by hand"]],
  },
  maintenanceList: {
    summary: "show the windows that are open now, begun by hand or planned in pra.yaml",
    examples: [["pra maintenance list", "with who began them and until when"]],
  },
  argumentAlert: "the alert, as pra alert list shows it, or a rule",
  argumentRule: "a rule, or all",
  argumentQuiet: "the rule or the id, or all",
  optionAll: "also what is not told yet, silences, messages sent and waiting",
  optionReason: "why, in a few words; it is recorded",
  optionBy: "who says so; this account by default",
  optionUntil: "the end: 30m, 2h, 1d, 18:30, 2027-01-31, 2027-01-31T18:00+01:00",
  optionRule: "a rule; every one by default",
  optionLook: "look again first, with patience, and take into account what is seen",
  optionSign: "leave a sign of life in the repository, for pra watch on another host",
  none: "No alert is open ✓",
  severity: { critical: "critical", warning: "warning" },
  states: {
    open: "open, nobody has it",
    flapping: "open, comes and goes",
    clearing: "well again, being watched",
    taken: (by) => `${by} has it`,
    silenced: "open, silenced",
    pending: "ill, not for long enough to be told",
    covered: (by) => `follows from ${by}`,
  },
  pendingTitle: "Not told:",
  quietTitle: "Kept quiet:",
  quiet: ({ id, rule, until, by, reason }) => `${rule} until ${until}, by ${by}: ${reason} (${id})`,
  planned: (name, until) => `planned: ${name}, until ${until}`,
  noQuiet: "No maintenance window is open.",
  everyRule: "every rule",
  waitingTitle: "Waiting to be handed over:",
  waiting: (route, headline, attempts, said) =>
    `${route}: ${headline} (${attempts} attempts${said === "" ? "" : `: ${said}`})`,
  historyTitle: "Newest messages:",
  channelTitle: "Channels that fail:",
  noChannel:
    "Nobody can be told: no channel is configured. Set ALERT_EMAIL, SLACK_WEBHOOK or ALERT_SMS.",
  worst: (long) => `at worst ${long} of work exposed`,
  taken: (id, by) => `${by} has ${id}.`,
  takenNote: "No reminders any more; the resolution will be sent.",
  began: (rule, until, id) => `Quiet until ${until}: ${rule} (${id}).`,
  ended: (rule, id) => `Ended: ${rule} (${id}).`,
  busy: "Another process is handing messages over; nothing to do here.",
  delivered: (accepted, refused, waiting) =>
    `${accepted} handed over, ${refused} refused, ${waiting} waiting.`,
  ledgerWaits: (count, reason) =>
    `${counted(count, "event waits", "events wait")} for the ledger: ${reason}`,
};

const fr: Messages = {
  groupSummary: "alertes : ce qui est ouvert, qui s'en occupe, ce qui est tu",
  maintenanceSummary:
    "fenêtres de maintenance : rien n'est dit pendant ce temps, et elles finissent seules",
  list: {
    summary: "montrer ce qui est ouvert, depuis quand, et qui s'en occupe",
    description:
      "Montre les alertes de cette machine, telles que pra status et le démon les ont trouvées. Code de sortie 4 tant qu'une alerte critique est ouverte.",
    examples: [
      ["pra alert list", "les alertes ouvertes, avec l'étape suivante"],
      [
        "pra alert list --all",
        "aussi ce qui n'est pas encore dit, les silences, les messages envoyés et en attente",
      ],
      ["pra alert list --json", "pour un script : {open[], pending[], silences[], waiting[]}"],
    ],
  },
  ack: {
    summary: "prendre une alerte : plus de rappels, sa résolution est envoyée",
    description:
      "Tous ceux à qui l'alerte a été dite apprennent qui s'en occupe. ID est montré par pra alert list ; son début, ou le nom de la règle, suffit.",
    examples: [
      ['pra alert ack main.server.7 --reason "je le relance" --by Anna', "Anna s'en occupe"],
      ['pra alert ack server --reason "connu"', "toutes les alertes ouvertes de la règle"],
    ],
  },
  silence: {
    summary: "taire une règle jusqu'à un instant",
    description:
      "Ce qui s'ouvre entre-temps est gardé et listé, et dit à la fin du silence si c'est encore ouvert. Ce qui avait été dit est résolu à voix haute.",
    examples: [
      ['pra alert silence space --until 18:30 --reason "on change le disque"', "jusqu'à 18 h 30"],
      ['pra alert silence all --until 2h --reason "déménagement"', "toutes, pendant deux heures"],
    ],
  },
  unsilence: {
    summary: "finir un silence avant l'heure",
    examples: [
      ["pra alert unsilence space", "le silence de cette règle"],
      ["pra alert unsilence all", "tous les silences"],
    ],
  },
  deliver: {
    summary: "remettre les messages en attente",
    description:
      "pra status le lance lui-même à côté, et ne l'attend pas. Il essaie pendant quatre minutes au plus ; un second au même moment ne fait rien.",
    examples: [["pra alert deliver", "maintenant, et dire ce qui en est venu"]],
  },
  maintenanceStart: {
    summary: "commencer une fenêtre de maintenance",
    examples: [
      ['pra maintenance start --until 2h --reason "PostgreSQL 18.4"', "rien n'est dit pendant 2 h"],
      [
        'pra maintenance start --rule server --until 23:00 --reason "redémarrage"',
        "seulement ce que dit la règle",
      ],
    ],
  },
  maintenanceEnd: {
    summary: "finir une fenêtre de maintenance avant l'heure",
    examples: [["pra maintenance end", "toutes les fenêtres commencées à la main"]],
  },
  maintenanceList: {
    summary:
      "montrer les fenêtres ouvertes maintenant, commencées à la main ou prévues dans pra.yaml",
    examples: [["pra maintenance list", "avec qui les a commencées et jusqu'à quand"]],
  },
  argumentAlert: "l'alerte, comme pra alert list la montre, ou une règle",
  argumentRule: "une règle, ou all pour toutes",
  argumentQuiet: "la règle ou l'identifiant, ou all pour tout",
  optionAll: "aussi ce qui n'est pas encore dit, les silences, les messages envoyés et en attente",
  optionReason: "pourquoi, en quelques mots ; c'est consigné",
  optionBy: "qui le dit ; ce compte par défaut",
  optionUntil: "la fin : 30m, 2h, 1j, 18:30, 2027-01-31, 2027-01-31T18:00+01:00",
  optionRule: "une règle ; toutes par défaut",
  optionLook: "regarder d'abord de nouveau, avec patience, et tenir compte de ce qui est vu",
  optionSign: "laisser un signe de vie dans le dépôt, pour pra watch sur une autre machine",
  none: "Aucune alerte ouverte ✓",
  severity: { critical: "critique", warning: "à surveiller" },
  states: {
    open: "ouverte, personne ne s'en occupe",
    flapping: "ouverte, va et vient",
    clearing: "rétabli, sous observation",
    taken: (by) => `${by} s'en occupe`,
    silenced: "ouverte, tue",
    pending: "en panne, pas depuis assez longtemps pour être dit",
    covered: (by) => `suit de ${by}`,
  },
  pendingTitle: "Pas dit :",
  quietTitle: "Tu :",
  quiet: ({ id, rule, until, by, reason }) =>
    `${rule} jusqu'à ${until}, par ${by} : ${reason} (${id})`,
  planned: (name, until) => `prévu : ${name}, jusqu'à ${until}`,
  noQuiet: "Aucune fenêtre de maintenance n'est ouverte.",
  everyRule: "toutes les règles",
  waitingTitle: "En attente de remise :",
  waiting: (route, headline, attempts, said) =>
    `${route} : ${headline} (${attempts} essais${said === "" ? "" : ` : ${said}`})`,
  historyTitle: "Derniers messages :",
  channelTitle: "Canaux en panne :",
  noChannel:
    "Personne ne peut être averti : aucun canal n'est configuré. Renseignez ALERT_EMAIL, SLACK_WEBHOOK ou ALERT_SMS.",
  worst: (long) => `au pire ${long} de travail exposées`,
  taken: (id, by) => `${by} s'occupe de ${id}.`,
  takenNote: "Plus de rappels ; la résolution sera envoyée.",
  began: (rule, until, id) => `Tu jusqu'à ${until} : ${rule} (${id}).`,
  ended: (rule, id) => `Fini : ${rule} (${id}).`,
  busy: "Un autre processus remet les messages ; rien à faire ici.",
  delivered: (accepted, refused, waiting) =>
    `${accepted} remis, ${refused} refusés, ${waiting} en attente.`,
  ledgerWaits: (count, reason) =>
    `${countedFr(count, "événement attend", "événements attendent")} le journal : ${reason}`,
};

/** The texts by language. */
export const alertText: Readonly<Record<Language, Messages>> = { en, fr };
