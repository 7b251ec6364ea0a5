/** Messages as the alert engine hands them over, in both languages, and the tools of a channel with short limits. */
import type { ChannelTools } from "../../src/channels/channel-tools.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { Language } from "../../src/core/language.ts";
import type { MessageAlert, OutgoingMessage } from "../../src/watch/notifier.ts";

const words = {
  en: {
    headline: "PRA main: server unreachable since 14:02",
    summary: "nobody answers at db.example.org:5432: connection refused",
    consequence: "exposure 12 min and growing",
    solved: "PRA main: resolved after 12 min, the server answers again",
    well: "answers at db.example.org:5432",
    nothing: "nothing was lost",
    test: (code: string) => `PRA main: test message, code ${code}`,
  },
  fr: {
    headline: "PRA main : serveur injoignable depuis 14:02",
    summary: "personne ne répond à db.example.org:5432 : connexion refusée, où qu’on l’appelle",
    consequence: "exposition de 12 min, et elle croît",
    solved: "PRA main : résolu après 12 min, le serveur répond à nouveau",
    well: "répond sur db.example.org:5432",
    nothing: "rien n'a été perdu",
    test: (code: string) => `PRA main : message d'essai, code ${code}`,
  },
} as const;

/** One alert. */
export function sampleAlert(language: Language, changes: Partial<MessageAlert> = {}): MessageAlert {
  const { summary, consequence } = words[language];
  return {
    alertId: "server.3f9c",
    rule: "server",
    subject: "",
    severity: "critical",
    summary,
    consequence,
    nextStep: "sudo systemctl status postgresql@18-main",
    openedAt: "2026-11-23T14:02:11.000Z",
    resolved: undefined,
    ...changes,
  };
}

/** The message that opens it. */
export function sampleMessage(
  language: Language = "en",
  changes: Partial<OutgoingMessage> = {},
): OutgoingMessage {
  return {
    id: "01jd5z0c9m4k2q7w8x3v6b1n0p",
    inReplyTo: undefined,
    kind: "opened",
    severity: "critical",
    language,
    zone: "UTC",
    cluster: "main",
    host: "backup1",
    at: "2026-11-23T14:02:41.000Z",
    headline: words[language].headline,
    alerts: [sampleAlert(language)],
    alertsLeftOut: 0,
    code: undefined,
    ...changes,
  };
}

/** The message that ends it. */
export function sampleResolution(language: Language = "en"): OutgoingMessage {
  const { solved, well, nothing } = words[language];
  const opened = sampleMessage(language);
  const resolved = { at: "2026-11-23T14:14:20.000Z", lastedSeconds: 729 };
  return {
    ...opened,
    id: "01jd5zr5tq4k2q7w8x3v6b1n0p",
    inReplyTo: opened.id,
    kind: "resolved",
    severity: "info",
    at: "2026-11-23T14:14:20.000Z",
    headline: solved,
    alerts: [
      sampleAlert(language, { summary: well, consequence: nothing, nextStep: "", resolved }),
    ],
  };
}

/** A test with a code. */
export function sampleTest(language: Language = "en", code = "K7QF-2MWD"): OutgoingMessage {
  return sampleMessage(language, {
    kind: "test",
    severity: "info",
    headline: words[language].test(code),
    alerts: [],
    code,
  });
}

/** Short limits; `secrets` are hidden. */
export function sampleTools(
  secrets: readonly string[] = [],
  changes: Partial<ChannelTools> = {},
): ChannelTools {
  return {
    clock: systemClock,
    authority: undefined,
    limits: { connectMs: 400, callMs: 600, mailMs: 900 },
    mask: (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, "***"), text),
    ...changes,
  };
}
