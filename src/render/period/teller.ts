/** How a report of a period says numbers, times and verdicts in one language and one time zone. */
import {
  formatBytes,
  formatDuration,
  formatMinute,
  formatNumber,
  formatShare,
} from "../../core/format.ts";
import type { Language } from "../../core/language.ts";
import type { PeriodFacts } from "../../queries/period/period-facts.ts";
import { type Cell, type Section, type Tone } from "../report-document.ts";
import { type PeriodWords, periodTextEn } from "./period-text-en.ts";
import { periodTextFr } from "./period-text-fr.ts";

type Verdict = PeriodFacts["verdict"];

/** How an alert's rule is called. */
export type RuleName = (rule: string, subject: string, language: Language) => string;

const TONES: Readonly<Record<Verdict, Tone>> = {
  met: "good",
  missed: "bad",
  notDemonstrated: "unknown",
};

const texts: Readonly<Record<Language, PeriodWords>> = { en: periodTextEn, fr: periodTextFr };

/** One of them a report. Spaces inside a value do not break. */
export class Teller {
  readonly language: Language;
  readonly zone: string;
  readonly words: PeriodWords;

  constructor(language: Language, zone: string) {
    this.language = language;
    this.zone = zone;
    this.words = texts[language];
  }

  at(time: string): string {
    return formatMinute(Date.parse(time), this.zone).replaceAll(" ", "\u00a0");
  }

  /** A date alone, whatever the zone. */
  date(date: string): string {
    const format = new Intl.DateTimeFormat(this.language, { dateStyle: "long", timeZone: "UTC" });
    return format.format(Date.parse(`${date}T00:00:00Z`));
  }

  duration(seconds: number | null): string {
    return seconds === null
      ? "–"
      : formatDuration(seconds * 1000, this.language).replaceAll(" ", "\u00a0");
  }

  number(value: number): string {
    return formatNumber(value, this.language).replaceAll(" ", "\u00a0");
  }

  bytes(value: number): string {
    return formatBytes(value, this.language).replaceAll(" ", "\u00a0");
  }

  percent(part: number, whole: number): string {
    return formatShare(part, whole, this.language).replaceAll(" ", "\u00a0");
  }

  /** Counts with their share; nothing tried is no share. */
  rate({ good, tried }: { readonly good: number; readonly tried: number }): string {
    return tried === 0
      ? this.words.noneTried
      : this.words.rate(this.number(good), this.number(tried), this.percent(good, tried));
  }

  verdict(verdict: Verdict): Cell {
    return { text: this.words.words[verdict], tone: toneOf(verdict) };
  }

  /** A table, with what to say of rows that were left out, or of none. */
  table(
    about: {
      readonly title: string;
      readonly head: readonly string[];
      readonly none?: string;
      readonly total?: number;
    },
    rows: readonly (readonly Cell[])[],
    note?: string,
  ): Section {
    const { title, head, none, total = rows.length } = about;
    const left = total - rows.length;
    const notes = [
      ...(rows.length === 0 && none !== undefined ? [none] : []),
      ...(left > 0 ? [this.words.more(this.number(rows.length), this.number(total))] : []),
      ...(note === undefined ? [] : [note]),
    ];
    return {
      kind: "table",
      title,
      head,
      rows,
      ...(notes.length === 0 ? {} : { note: notes.join(" ") }),
    };
  }
}

/** The colour and sign of a verdict. */
export function toneOf(verdict: Verdict): Tone {
  return TONES[verdict];
}

/** Plain text. */
export function plain(text: string): Cell {
  return { text };
}
