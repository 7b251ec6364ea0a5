/** What became of a message to those who read mail and Slack. */
import { counted, countedFr } from "../../core/counted.ts";
import type { Language } from "../../core/language.ts";

type Messages = {
  readonly sent: Readonly<
    Record<"accepted" | "refused" | "waiting", (route: string, said: string) => string>
  >;
  readonly nobody: string;
  readonly notSent: (reason: string) => string;
  readonly late: (minutes: number) => string;
  /** Of a report. */
  readonly optionSend: string;
};

/** By language. */
export const sentText: Readonly<Record<Language, Messages>> = {
  en: {
    sent: {
      accepted: (route) => `Sent: ${route}`,
      refused: (route, said) => `✗ Refused: ${route}: ${said}`,
      waiting: (route, said) =>
        `! Waits and is tried again: ${route}${said === "" ? "" : `: ${said}`}`,
    },
    nobody:
      "! Nobody reads mail or Slack here: set ALERT_EMAIL or SLACK_WEBHOOK, or name contacts in pra.yaml.",
    notSent: (reason) => `! Not sent: ${reason}`,
    late: (minutes) =>
      `! What became of the message was not known after ${counted(minutes, "minute")}: what is queued is tried again (pra alert list).`,
    optionSend: "send it by mail, with its PDF, and to Slack, to all who get the daily digest",
  },
  fr: {
    sent: {
      accepted: (route) => `Envoyé : ${route}`,
      refused: (route, said) => `✗ Refusé : ${route} : ${said}`,
      waiting: (route, said) =>
        `! En attente, sera réessayé : ${route}${said === "" ? "" : ` : ${said}`}`,
    },
    nobody:
      "! Personne ne lit de courriel ou Slack ici : fixez ALERT_EMAIL ou SLACK_WEBHOOK, ou nommez des contacts dans pra.yaml.",
    notSent: (reason) => `! Non envoyé : ${reason}`,
    late: (minutes) =>
      `! Sort du message inconnu après ${countedFr(minutes, "minute")} : ce qui est en file sera réessayé (pra alert list).`,
    optionSend:
      "l'envoyer par courriel, avec son PDF, et à Slack, à tous ceux qui reçoivent le résumé quotidien",
  },
};
