/** A finding in a person's words: a name for each check, a sentence for each fact, and what to do about it. */
import { errorText } from "../errors.ts";
import { formatBytes, formatDuration } from "../format.ts";
import type { Language } from "../language.ts";
import type { CheckId, FactId, FactValues, Finding } from "./finding.ts";
import { readinessText } from "./readiness-text.ts";
import { siteText } from "./site-text.ts";
import { statusText } from "./status-text.ts";

type FactText = { readonly summary: string; readonly hint?: string };

const factTexts: Readonly<Record<Language, Readonly<Record<FactId, FactText>>>> = {
  en: { ...siteText.en.facts, ...statusText.en.facts, ...readinessText.en.facts },
  fr: { ...siteText.fr.facts, ...statusText.fr.facts, ...readinessText.fr.facts },
};

/** The name of each check. */
export const checkNames: Readonly<Record<Language, Readonly<Record<CheckId, string>>>> = {
  en: { ...siteText.en.names, ...statusText.en.names, ...readinessText.en.names },
  fr: { ...siteText.fr.names, ...statusText.fr.names, ...readinessText.fr.names },
};

function fill(template: string, values: FactValues, language: Language): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) {
      return whole;
    }
    if (name.endsWith("Ms")) {
      return formatDuration(Number(value), language);
    }
    return name.endsWith("Bytes") ? formatBytes(Number(value), language) : String(value);
  });
}

/** A finding in words. */
export function wordsOf(
  finding: Finding,
  language: Language,
): { readonly summary: string; readonly hint: string } {
  if (finding.fact === "failed") {
    const { message, hint } = errorText(finding.error, language);
    return { summary: message, hint };
  }
  const { summary, hint } = factTexts[language][finding.fact];
  return {
    summary: fill(summary, finding.values, language),
    hint: fill(hint ?? "", finding.values, language),
  };
}
