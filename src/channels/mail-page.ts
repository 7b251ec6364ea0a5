/**
 * A message as the two halves of a mail: plain text, and a page that can be read on a phone at 3 in the morning: one column, large letters, dark
 * where the reader's screen is dark, and nothing that is loaded from elsewhere. Both say the same. Pure.
 */
import { escapeHtml } from "../core/escape-html.ts";
import type { Language } from "../core/language.ts";
import type {
  MessageAlert,
  MessageSection,
  MessageSeverity,
  OutgoingMessage,
} from "../watch/notifier.ts";
import { alertName, instantText, isCommand, lastedText, messageWords } from "./message-words.ts";

/** Letters on white, and on a dark screen; both pass 4.5 to 1 on their ground. */
const COLOURS: Readonly<
  Record<MessageSeverity | "resolved", { readonly light: string; readonly dark: string }>
> = {
  critical: { light: "#b3261e", dark: "#ff8a80" },
  warning: { light: "#8a4b00", dark: "#ffb74d" },
  info: { light: "#0b57a4", dark: "#90caf9" },
  resolved: { light: "#176b34", dark: "#81c995" },
};

type Tone = keyof typeof COLOURS;

function toneOf(of: Pick<MessageAlert, "severity" | "resolved">): Tone {
  return of.resolved === undefined ? of.severity : "resolved";
}

/** A page is as good or as bad as the worst that it tells. */
function toneOfMessage(message: OutgoingMessage): Tone {
  const { alerts, severity } = message;
  return alerts.length > 0 && alerts.every(({ resolved }) => resolved !== undefined)
    ? "resolved"
    : severity;
}

/** What a person types to take it over; undefined where there is nothing to take over any more. */
function takeCharge(alert: MessageAlert, message: OutgoingMessage): string | undefined {
  return alert.resolved === undefined && message.kind !== "acknowledged"
    ? `pra alert ack ${alert.alertId} --reason "${messageWords[message.language].lookingAtIt}"`
    : undefined;
}

function textOfAlert(alert: MessageAlert, message: OutgoingMessage): string {
  const { language, zone } = message;
  const text = messageWords[language];
  const { summary, consequence, nextStep, resolved, openedAt } = alert;
  const command = takeCharge(alert, message);
  return [
    `[${text.severities[toneOf(alert)]}] ${alertName(alert, language)}`,
    summary,
    ...(consequence === "" ? [] : [`${text.means} ${consequence}`]),
    ...(nextStep === ""
      ? []
      : isCommand(nextStep)
        ? [text.next, `    ${nextStep}`]
        : [`${text.next} ${nextStep}`]),
    resolved === undefined
      ? text.since(instantText(openedAt, zone))
      : lastedText(alert, resolved, message),
    ...(command === undefined ? [] : [text.takeCharge, `    ${command}`]),
  ].join("\n");
}

function textOfSection({ title, lines, verbatim = false }: MessageSection): string {
  return verbatim
    ? [title, "", ...lines].join("\n")
    : [title, ...lines.map((line) => `  ${line}`)].join("\n");
}

/** The plain half. */
export function mailText(message: OutgoingMessage): string {
  const { language, zone, headline, alerts, alertsLeftOut, code, cluster, host, at } = message;
  const { sections = [] } = message;
  const text = messageWords[language];
  return [
    headline,
    ...(code === undefined
      ? []
      : [
          `${text.testExplained}\n${text.typeBack}\n    pra alert confirm ${code} --by ${text.name}`,
        ]),
    ...sections.map(textOfSection),
    ...alerts.map((alert) => textOfAlert(alert, message)),
    ...(alertsLeftOut === 0 ? [] : [text.leftOut(alertsLeftOut)]),
    // A line of two hyphens and a blank: what follows is a signature.
    `-- \n${text.sentBy(cluster, host, instantText(at, zone))}\n${text.automatic}\n`,
  ].join("\n\n");
}

/** Beyond so many letters a word is broken where a line ends. */
const WORD_MAX = 30;

/** A word is not broken at its hyphens: `--` at a line's end reads as another command. */
function command(text: string): string {
  const words = escapeHtml(text)
    .split(" ")
    .map((word) => (word.includes("-") && word.length <= WORD_MAX ? `<span>${word}</span>` : word));
  return `<pre class="c">${words.join(" ")}</pre>`;
}

/** Prose; in French no line begins with a colon or ends with an opening quote. */
function prose(text: string, language: Language): string {
  const escaped = escapeHtml(text);
  return language === "fr"
    ? escaped.replaceAll(/ (?=[:;!?»](?:\s|$))/g, "\u00a0").replaceAll("« ", "«\u00a0")
    : escaped;
}

function paragraph(html: string, name = ""): string {
  return `<p${name === "" ? "" : ` class="${name}"`}>${html}</p>`;
}

function pageOfStep(nextStep: string, language: Language): string {
  const next = `<strong>${prose(messageWords[language].next, language)}</strong>`;
  return isCommand(nextStep)
    ? paragraph(next) + command(nextStep)
    : paragraph(`${next} ${prose(nextStep, language)}`);
}

function pageOfAlert(alert: MessageAlert, message: OutgoingMessage): string {
  const { language, zone } = message;
  const text = messageWords[language];
  const { summary, consequence, nextStep, resolved, openedAt } = alert;
  const tone = toneOf(alert);
  const take = takeCharge(alert, message);
  const times =
    resolved === undefined
      ? text.since(instantText(openedAt, zone))
      : lastedText(alert, resolved, message);
  return [
    `<div class="a b-${tone}">`,
    paragraph(
      `<strong class="t-${tone}">${text.severities[tone]}</strong> · ${prose(alertName(alert, language), language)}`,
    ),
    paragraph(prose(summary, language), "s"),
    consequence === ""
      ? ""
      : paragraph(
          `<strong>${prose(text.means, language)}</strong> ${prose(consequence, language)}`,
        ),
    nextStep === "" ? "" : pageOfStep(nextStep, language),
    take === undefined
      ? ""
      : `<p class="q">${prose(text.takeCharge, language)}</p>${command(take)}`,
    paragraph(prose(times, language), "q"),
    "</div>",
  ]
    .filter((line) => line !== "")
    .join("\n");
}

function pageOfSection(
  { title, lines, verbatim = false }: MessageSection,
  language: Language,
): string {
  if (verbatim) {
    const text = escapeHtml(lines.join("\n"));
    return `<h2>${prose(title, language)}</h2>\n<pre class="c">${text}</pre>`;
  }
  const items = lines.map((line) => `<li>${prose(line, language)}</li>`);
  return `<h2>${prose(title, language)}</h2>\n<ul>\n${items.join("\n")}\n</ul>`;
}

function rules(): string {
  const tones = Object.entries(COLOURS);
  const light = tones.map(
    ([name, { light: c }]) => `.t-${name}{color:${c}}.b-${name}{border-color:${c}}`,
  );
  const dark = tones.map(
    ([name, { dark: c }]) =>
      `.t-${name}{color:${c}!important}.b-${name}{border-color:${c}!important}`,
  );
  return [
    ":root{color-scheme:light dark;supported-color-schemes:light dark}",
    "body{margin:0;padding:16px;background:#fff;color:#1c1c1c;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}",
    "main{display:block;max-width:600px;margin:0 auto}",
    "h1{font-size:22px;line-height:1.25;margin:0 0 16px;overflow-wrap:anywhere}",
    "h2{font-size:18px;line-height:1.3;margin:20px 0 6px}ul{margin:0;padding:0 0 0 20px}li{margin:0 0 4px;overflow-wrap:anywhere}",
    "p{margin:0 0 8px;overflow-wrap:anywhere}.s{font-size:18px}.q{color:#595959;font-size:14px}",
    ".a{border:0 solid;border-left-width:5px;padding:2px 0 2px 14px;margin:0 0 24px}",
    ".c{font:15px/1.4 ui-monospace,Menlo,Consolas,monospace;background:#f1f1f1;color:#1c1c1c;padding:10px 12px;margin:0 0 12px;border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere}.c span{white-space:nowrap}",
    ".k{font:700 30px/1.3 ui-monospace,Menlo,Consolas,monospace;letter-spacing:2px}",
    "hr{border:0;border-top:1px solid #d0d0d0;margin:16px 0}",
    ...light,
    "@media (prefers-color-scheme:dark){body{background:#121212!important;color:#ececec!important}.c{background:#262626!important;color:#ececec!important}.q{color:#b0b0b0!important}hr{border-color:#444!important}",
    ...dark,
    "}",
  ].join("\n");
}

/** The page. No address, image or script is in it: nothing is loaded, and nobody is told that it was read. */
export function mailHtml(message: OutgoingMessage): string {
  const { language, zone, headline, alerts, alertsLeftOut, code, cluster, host, at } = message;
  const { sections = [] } = message;
  const text = messageWords[language];
  return [
    "<!doctype html>",
    `<html lang="${language}">`,
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">',
    `<title>${prose(headline, language)}</title>`,
    `<style>\n${rules()}\n</style></head>`,
    "<body><main>",
    `<h1 class="t-${toneOfMessage(message)}">${prose(headline, language)}</h1>`,
    ...(code === undefined
      ? []
      : [
          paragraph(prose(text.testExplained, language)),
          paragraph(escapeHtml(code), "k"),
          paragraph(prose(text.typeBack, language)),
          command(`pra alert confirm ${code} --by ${text.name}`),
        ]),
    ...sections.map((section) => pageOfSection(section, language)),
    ...alerts.map((alert) => pageOfAlert(alert, message)),
    ...(alertsLeftOut === 0 ? [] : [paragraph(prose(text.leftOut(alertsLeftOut), language))]),
    "<hr>",
    paragraph(
      `${prose(text.sentBy(cluster, host, instantText(at, zone)), language)}<br>${prose(text.automatic, language)}`,
      "q",
    ),
    "</main></body>",
    "</html>",
    "",
  ].join("\n");
}
