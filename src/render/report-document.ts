/**
 * A report before it is a page: what it says, in its language, without a word of layout. `html-page.ts` and `markdown-text.ts` make
 * files of it, so that both always say the same. Texts are plain: whatever comes from a server or a person is escaped by who
 * renders, never here.
 */
import type { Language } from "../core/language.ts";

/** `unknown`: no data. It is never shown like `good`. */
export type Tone = "good" | "bad" | "warning" | "unknown" | "plain";

/** No verdict, date or duration is longer: a value that is not longer stays in one piece. */
export const WORD_LENGTH_MAX = 16;

/** One value in a table or a list of facts. `code`: names, positions, commands, shown in a fixed-width face. */
export type Cell = { readonly text: string; readonly tone?: Tone; readonly code?: boolean };

/** A part of a report. */
export type Section =
  | {
      readonly kind: "facts";
      readonly title: string;
      readonly facts: readonly (readonly [label: string, value: Cell])[];
    }
  | {
      readonly kind: "table";
      readonly title: string;
      readonly head: readonly string[];
      readonly rows: readonly (readonly Cell[])[];
      /** Said below, and in place of a table without rows. */
      readonly note?: string;
    }
  | {
      readonly kind: "bars";
      readonly title: string;
      /** Drawn one after the other along one line of time; `text`: the value in words. */
      readonly bars: readonly {
        readonly label: string;
        readonly value: number;
        readonly text: string;
      }[];
    }
  | ChartSection
  | {
      readonly kind: "text";
      readonly title: string;
      readonly paragraphs: readonly string[];
    }
  | DaysSection
  | {
      readonly kind: "signatures";
      readonly title: string;
      readonly note: string;
      /** Name, date, signature: above the lines that people fill in. */
      readonly head: readonly string[];
      /** Who signs; each gets a line. */
      readonly roles: readonly string[];
    };

/** A square a day, to be seen at a glance. */
export type DaysSection = {
  readonly kind: "days";
  readonly title: string;
  /** What it shows, in words. */
  readonly spoken: string;
  readonly days: readonly { readonly label: string; readonly tone: Tone }[];
  readonly note: string;
};

/** A stretch of a chart that is set off, from its beginning to its end along the line of time; both are the same for an instant. */
export type ChartMark = {
  readonly tone: "plain" | "warning" | "bad" | "unknown";
  readonly from: number;
  readonly to: number;
};

/** Values over time as lines. */
export type ChartSection = {
  readonly kind: "chart";
  readonly title: string;
  /** What it shows, in words: for who cannot see it, and in place of it where nothing is drawn. */
  readonly spoken: string;
  /** Where both axes end; they begin at zero. */
  readonly xMax: number;
  readonly yMax: number;
  readonly xTicks: readonly { readonly at: number; readonly text: string }[];
  readonly yTicks: readonly { readonly at: number; readonly text: string }[];
  /** `null`: no value there. The first is drawn whole, the second dashed. */
  readonly lines: readonly {
    readonly label: string;
    readonly points: readonly (readonly [x: number, y: number | null])[];
  }[];
  readonly marks: readonly ChartMark[];
  /** What the marks mean. */
  readonly note: string;
};

/** A figure that stands large at the top. */
export type Figure = {
  readonly label: string;
  readonly value: string;
  readonly tone: Tone;
  /** Against what it is held. */
  readonly note: string;
};

/** A whole report. */
export type ReportDocument = {
  readonly language: Language;
  readonly title: string;
  readonly subtitle: string;
  readonly verdict: { readonly tone: Tone; readonly text: string; readonly detail: string };
  readonly figures: readonly Figure[];
  readonly sections: readonly Section[];
  readonly footer: readonly string[];
};

/** The sign that goes with a tone, so that nothing is said by colour alone. */
export function signOf(tone: Tone): string {
  switch (tone) {
    case "good":
      return "✓";
    case "bad":
      return "✗";
    case "warning":
      return "!";
    case "unknown":
      return "?";
    case "plain":
      return "";
  }
}

/** What stands between two statements. */
export function semicolonOf(language: Language): string {
  return language === "fr" ? " ; " : "; ";
}

/** What stands between a label and its value. */
export function colonOf(language: Language): string {
  return language === "fr" ? " : " : ": ";
}
