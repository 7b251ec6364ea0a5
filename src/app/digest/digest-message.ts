/**
 * The day's digest as a message for one route: its headline with the verdict first, and its parts in the order in which people ask. Pure; words are
 * fixed here, so that every attempt at handing it over sends the same.
 */
import { cutText } from "../../core/cut-text.ts";
import { errorText, isDrError } from "../../core/errors.ts";
import { firstWeekDays } from "../../core/first-week.ts";
import type { CheckId } from "../../core/finding/finding.ts";
import { checkNames, wordsOf } from "../../core/finding/finding-words.ts";
import { formatDuration, formatMinute, formatNumber } from "../../core/format.ts";
import type { Language } from "../../core/language.ts";
import { digestLinesMax, watchTextMax } from "../../core/watch-limits.ts";
import type { AlertFact } from "../../sla/sla-facts.ts";
import type { MessageContent, Route } from "../../watch/compose-messages.ts";
import { verdictOf } from "../../watch/rule-verdicts.ts";
import type { DigestFacts, LedgerFacts } from "./digest-facts.ts";
import { digestWords } from "./digest-words.ts";

type Sections = NonNullable<MessageContent["sections"]>;
type Reader = Pick<Route, "language" | "zone">;

/** As much of a headline as a lock screen shows. */
const HEADLINE_MAX = 100;

function rough(seconds: number, language: Language): string {
  return formatDuration(Math.round(seconds) * 1000, language);
}

function bounded(lines: readonly string[], language: Language): readonly string[] {
  const shown = lines.slice(0, digestLinesMax).map((line) => cutText(line, watchTextMax));
  const left = lines.length - shown.length;
  return left === 0 ? shown : [...shown, digestWords[language].more(left)];
}

/** What somebody is to do, each with its next step: what is red before what is worth a word, and what is alike once. */
function askedOf({ look }: DigestFacts, language: Language): readonly string[] {
  const colon = language === "fr" ? " :" : ":";
  const told = look.findings
    .filter(({ state }) => state !== "good")
    .toSorted((a, b) => Number(b.state === "bad") - Number(a.state === "bad"))
    .map((finding) => ({ id: finding.id, ...wordsOf(finding, language) }))
    .filter(({ hint }) => hint !== "");
  const groups = Map.groupBy(told, ({ id, hint }) => `${id} ${hint}`);
  return [...groups.values()].flatMap(([first, ...rest]) => {
    if (first === undefined) {
      return [];
    }
    const more = rest.length === 0 ? "" : ` ${digestWords[language].alike(rest.length)}`;
    return [`${checkNames[language][first.id]}${colon} ${first.summary}${more} → ${first.hint}`];
  });
}

function ranLines(facts: DigestFacts, language: Language): readonly string[] {
  const words = digestWords[language];
  const { ledger, jobs } = facts;
  const known = ledger === undefined || isDrError(ledger) ? undefined : ledger.judgement;
  const { backups, dumps } = known ?? {};
  return [
    ...(backups === undefined
      ? [
          isDrError(ledger)
            ? words.ledgerFailed(errorText(ledger, language).message)
            : words.ledgerSilent,
        ]
      : backups.tried === 0
        ? [words.noBackups]
        : [words.backups(backups.good, backups.tried)]),
    ...(dumps === undefined || dumps === null || dumps.tried === 0
      ? []
      : [words.dumps(dumps.good, dumps.tried)]),
    ...(jobs.length === 0 ? [words.noSchedule] : jobs.map((job) => words.job(job.id, job))),
  ];
}

function provedLines({ judgement }: LedgerFacts, facts: DigestFacts, language: Language): string[] {
  const words = digestWords[language];
  const { proofs, rto } = judgement;
  return [
    proofs.tried === 0 ? words.noProofs : words.proofs(proofs.good, proofs.tried),
    ...(rto.worstSeconds === null
      ? []
      : [words.restored(rough(rto.worstSeconds, language), rough(facts.rtoSeconds, language))]),
  ];
}

function exposureLines(
  { judgement }: LedgerFacts,
  facts: DigestFacts,
  language: Language,
): string[] {
  const words = digestWords[language];
  const { worstSeconds, beyondMs, unknownMs, elapsedMs } = judgement.exposure;
  const share = elapsedMs === 0 ? 0 : 1 - unknownMs / elapsedMs;
  const percent = `${formatNumber(Math.floor(share * 100), language)} %`;
  return [
    worstSeconds === null
      ? words.exposureUnknown
      : words.worst(rough(worstSeconds, language), rough(facts.rpoSeconds, language)),
    ...(beyondMs === 0 ? [] : [words.beyond(formatDuration(beyondMs, language))]),
    words.looked(percent, unknownMs === 0 ? "" : formatDuration(unknownMs, language)),
  ];
}

function alertNames(alerts: readonly AlertFact[], language: Language): string {
  const names = alerts.map(({ rule, subject }) =>
    verdictOf({ rule, subject, blind: false }, language),
  );
  const counts = Map.groupBy(names, (name) => name);
  return [...counts]
    .map(([name, all]) => (all.length === 1 ? name : `${name} ×${all.length}`))
    .join(", ");
}

function alertLines(facts: DigestFacts, reader: Reader): string[] {
  const { language } = reader;
  const words = digestWords[language];
  const { ledger, alerts } = facts;
  const told = ledger === undefined || isDrError(ledger) ? undefined : ledger;
  const { opened = [], ended = [] } = told ?? {};
  const colon = language === "fr" ? " :" : ":";
  const counted = (text: string, of: readonly AlertFact[]): string[] =>
    of.length === 0 ? [] : [`${text}${colon} ${alertNames(of, language)}`];
  const still = alerts.open.map(({ track }) => {
    const { rule, subject, about, since } = track;
    const verdict = verdictOf({ rule, subject, blind: about === "blind" }, language);
    return words.stillOpen(verdict, formatMinute(since.wallMs, reader.zone));
  });
  const lines = [
    ...counted(words.opened(opened.length), opened),
    ...counted(words.ended(ended.length), ended),
    ...still,
  ];
  return lines.length === 0 ? [words.noAlerts] : lines;
}

/** What the look for the digest found of some checks. `named`: with each check's name. */
function foundNow(
  facts: DigestFacts,
  ids: readonly CheckId[],
  { language, named }: { readonly language: Language; readonly named: boolean },
): string[] {
  const colon = language === "fr" ? " :" : ":";
  return facts.look.findings
    .filter(({ id }) => ids.includes(id))
    .map((finding) => {
      const { summary } = wordsOf(finding, language);
      return named ? `${checkNames[language][finding.id]}${colon} ${summary}` : summary;
    });
}

function weekLines(facts: DigestFacts, day: number, language: Language): string[] {
  const words = digestWords[language];
  const { ledger } = facts;
  const opened = ledger === undefined || isDrError(ledger) ? undefined : ledger.opened;
  const critical = opened?.filter(({ severity }) => severity === "critical").length;
  return [
    words.week(day, firstWeekDays),
    ...(critical === undefined ? [] : [critical === 0 ? words.quiet : words.surprises(critical)]),
  ];
}

function sectionsOf(facts: DigestFacts, reader: Reader, asked: readonly string[]): Sections {
  const { language } = reader;
  const words = digestWords[language];
  const { ledger, day, fromMs, nowMs, dueMs, lateMs } = facts;
  const known = ledger === undefined || isDrError(ledger) ? undefined : ledger;
  const { titles } = words;
  const part = (title: string, lines: readonly string[]): Sections =>
    lines.length === 0 ? [] : [{ title, lines: [...bounded(lines, language)] }];
  const late =
    lateMs === 0
      ? []
      : [words.late(formatMinute(dueMs, reader.zone), formatDuration(lateMs, language))];
  return [
    ...part(titles.asked, asked.length === 0 ? [words.nothing] : asked),
    ...(day === undefined ? [] : part(titles.week, weekLines(facts, day, language))),
    ...part(titles.ran, ranLines(facts, language)),
    ...(known === undefined ? [] : part(titles.proved, provedLines(known, facts, language))),
    ...part(titles.exposure, [
      ...foundNow(facts, ["exposure"], { language, named: false }),
      ...(known === undefined ? [] : exposureLines(known, facts, language)),
    ]),
    ...part(titles.alerts, alertLines(facts, reader)),
    ...part(titles.space, foundNow(facts, ["space", "forecast"], { language, named: true })),
    ...part(titles.period, [
      words.covers(formatMinute(fromMs, reader.zone), formatMinute(nowMs, reader.zone)),
      ...late,
    ]),
  ];
}

/** What is sent to one route. */
export function digestContent(facts: DigestFacts, reader: Reader): MessageContent {
  const { language } = reader;
  const words = digestWords[language];
  const { day, cluster, alerts } = facts;
  const asked = askedOf(facts, language);
  const open = alerts.open.length;
  const verdict =
    open > 0 ? words.open(open) : asked.length > 0 ? words.asked(asked.length) : words.well;
  const about = day === undefined ? words.daily : words.dayOf(day, firstWeekDays);
  const isCritical = alerts.open.some(({ track }) => track.severity === "critical");
  return {
    inReplyTo: null,
    kind: "daily",
    severity: isCritical ? "critical" : open > 0 ? "warning" : "info",
    headline: cutText(words.subject(cluster, about, verdict), HEADLINE_MAX),
    alerts: [],
    alertsLeftOut: 0,
    sections: sectionsOf(facts, reader, asked),
  };
}
