/** What `pra alert test` and `pra alert confirm` say. */
import { formatDuration } from "../../core/format.ts";
import type { Language } from "../../core/language.ts";
import type { ChannelName, DeliveryOutcome } from "../../watch/notifier.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly test: CommandText;
  readonly confirm: CommandText;
  readonly optionChannel: string;
  readonly optionBy: string;
  readonly argumentCode: string;
  readonly channels: Readonly<Record<ChannelName, string>>;
  readonly sending: (count: number) => string;
  readonly sent: (channel: string, recipient: string) => string;
  readonly channel: string;
  readonly recipient: string;
  readonly result: string;
  readonly answer: string;
  readonly states: Readonly<Record<DeliveryOutcome["state"], string>>;
  readonly after: (durationMs: number) => string;
  readonly next: (until: string) => string;
  readonly notTaken: (count: number) => string;
  readonly confirmed: (by: string, channel: string, recipient: string) => string;
  readonly sentAt: (at: string) => string;
  readonly recorded: string;
  readonly ledgerFailed: (reason: string) => string;
};

const en: Messages = {
  test: {
    summary: "send a real test message through every channel, or one",
    description:
      "Shows exactly what was sent (secrets masked) and what the other side answered. That it was taken is not yet that somebody reads it: each message has a code to type back with pra alert confirm. Exit code 4 when a channel does not take it.",
    examples: [
      ["pra alert test", "every channel that is configured"],
      ["pra alert test --channel email", "mail alone"],
      [
        "pra alert test --json",
        "for a script: {ok, codesUntil, channels[]{channel, recipient, state, said, sent, message, durationMs}}",
      ],
    ],
  },
  confirm: {
    summary: "type back the code of a test message: it has arrived, and somebody reads it",
    description:
      "On the machine that sent the test. A code counts once and for seven days; ten wrong ones end them all. Recorded in the ledger with the name.",
    examples: [["pra alert confirm K7QF-2MWD --by Anna", "Anna has read that message"]],
  },
  optionChannel: "only this channel",
  optionBy: "who has read it",
  argumentCode: "the code in the message",
  channels: {
    email: "mail",
    slack: "Slack",
    sms: "SMS",
    pagerduty: "PagerDuty",
    webhook: "webhook",
    command: "command",
  },
  sending: (count) => (count === 1 ? "sending a test" : `sending ${count} tests`),
  sent: (channel, recipient) => `=== ${channel} to ${recipient}: what was sent`,
  channel: "CHANNEL",
  recipient: "TO",
  result: "RESULT",
  answer: "ANSWER",
  states: { accepted: "✓ taken", later: "✗ not now", refused: "✗ refused" },
  after: (ms) => `(${formatDuration(ms, "en")})`,
  next: (until) =>
    `Next: whoever gets a message types its code back, until ${until}: pra alert confirm CODE --by NAME`,
  notTaken: (count) =>
    count === 1 ? "1 channel did not take it." : `${count} channels did not take it.`,
  confirmed: (by, channel, recipient) =>
    `${by} has read the test message by ${channel} to ${recipient}.`,
  sentAt: (at) => `It was sent on ${at}.`,
  recorded: "The ledger has it.",
  ledgerFailed: (reason) =>
    `only this machine remembers; the ledger could not be written: ${reason}`,
};

const fr: Messages = {
  test: {
    summary: "envoyer un vrai message d'essai par chaque canal, ou par un seul",
    description:
      "Montre exactement ce qui a été envoyé (secrets masqués) et ce que l'autre côté a répondu. Qu'il soit pris ne dit pas encore que quelqu'un le lit : chaque message porte un code à taper avec pra alert confirm. Code de sortie 4 si un canal ne le prend pas.",
    examples: [
      ["pra alert test", "chaque canal configuré"],
      ["pra alert test --channel email", "le courriel seul"],
      [
        "pra alert test --json",
        "pour un script : {ok, codesUntil, channels[]{channel, recipient, state, said, sent, message, durationMs}}",
      ],
    ],
  },
  confirm: {
    summary: "taper le code d'un message d'essai : il est arrivé, et quelqu'un le lit",
    description:
      "Sur la machine qui a envoyé l'essai. Un code compte une fois et pendant sept jours ; dix codes faux les annulent tous. Consigné dans le journal avec le nom.",
    examples: [["pra alert confirm K7QF-2MWD --by Anna", "Anna a lu ce message"]],
  },
  optionChannel: "ce canal seulement",
  optionBy: "qui l'a lu",
  argumentCode: "le code du message",
  channels: {
    email: "courriel",
    slack: "Slack",
    sms: "SMS",
    pagerduty: "PagerDuty",
    webhook: "webhook",
    command: "commande",
  },
  sending: (count) => (count === 1 ? "envoi d'un essai" : `envoi de ${count} essais`),
  sent: (channel, recipient) => `=== ${channel} à ${recipient} : ce qui a été envoyé`,
  channel: "CANAL",
  recipient: "À",
  result: "RÉSULTAT",
  answer: "RÉPONSE",
  states: { accepted: "✓ pris", later: "✗ pas maintenant", refused: "✗ refusé" },
  after: (ms) => `(${formatDuration(ms, "fr")})`,
  next: (until) =>
    `Ensuite : qui reçoit un message tape son code, jusqu'au ${until} : pra alert confirm CODE --by NOM`,
  notTaken: (count) =>
    count === 1 ? "1 canal ne l'a pas pris." : `${count} canaux ne l'ont pas pris.`,
  confirmed: (by, channel, recipient) =>
    `${by} a lu le message d'essai par ${channel} à ${recipient}.`,
  sentAt: (at) => `Il a été envoyé le ${at}.`,
  recorded: "Le journal l'a consigné.",
  ledgerFailed: (reason) =>
    `seule cette machine s'en souvient ; le journal n'a pas pu être écrit : ${reason}`,
};

/** The texts by language. */
export const alertTestText: Readonly<Record<Language, Messages>> = { en, fr };
