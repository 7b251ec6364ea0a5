/** A finding in a person's words: a name for each check, a sentence for each fact, and what to do about it. */
import { errorText } from "../errors.ts";
import { formatBytes, formatDuration } from "../format.ts";
import type { Language } from "../language.ts";
import type { CheckId, FactId, FactValues, Finding } from "./finding.ts";
import { dutyText } from "./duty-text.ts";
import { readinessText } from "./readiness-text.ts";
import { siteText } from "./site-text.ts";
import { planText } from "./plan-text.ts";
import { statusText } from "./status-text.ts";
import { watchText } from "./watch-text.ts";

type FactText = { readonly summary: string; readonly hint?: string };

const factTexts: Readonly<Record<Language, Readonly<Record<FactId, FactText>>>> = {
  en: {
    ...siteText.en.facts,
    ...statusText.en.facts,
    ...readinessText.en.facts,
    ...watchText.en.facts,
    ...dutyText.en.facts,
    ...planText.en.facts,
  },
  fr: {
    ...siteText.fr.facts,
    ...statusText.fr.facts,
    ...readinessText.fr.facts,
    ...watchText.fr.facts,
    ...dutyText.fr.facts,
    ...planText.fr.facts,
  },
};

/** The name of each check. */
export const checkNames: Readonly<Record<Language, Readonly<Record<CheckId, string>>>> = {
  en: {
    ...siteText.en.names,
    ...statusText.en.names,
    ...readinessText.en.names,
    ...watchText.en.names,
    ...dutyText.en.names,
    ...planText.en.names,
  },
  fr: {
    ...siteText.fr.names,
    ...statusText.fr.names,
    ...readinessText.fr.names,
    ...watchText.fr.names,
    ...dutyText.fr.names,
    ...planText.fr.names,
  },
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

/** What belongs together on a page. */
export const findingGroups = ["watch", "server", "repository", "backups", "wal", "site"] as const;

/** One of them. */
export type FindingGroup = (typeof findingGroups)[number];

/** Their names. */
export const groupNames: Readonly<Record<Language, Readonly<Record<FindingGroup, string>>>> = {
  en: {
    watch: "Watch",
    server: "Server",
    repository: "Repository",
    backups: "Backups",
    wal: "WAL",
    site: "Site",
  },
  fr: {
    watch: "Surveillance",
    server: "Serveur",
    repository: "Dépôt",
    backups: "Sauvegardes",
    wal: "WAL",
    site: "Site",
  },
};

const GROUPS: Readonly<Partial<Record<CheckId, FindingGroup>>> = {
  watcher: "watch",
  "dead-man": "watch",
  "first-week": "watch",
  server: "server",
  writes: "server",
  archiver: "server",
  clock: "server",
  "version-end": "server",
  "replication-connection": "server",
  "wal-space": "server",
  "wal-level": "server",
  "replication-right": "server",
  repository: "repository",
  key: "repository",
  "recovery-key": "repository",
  space: "repository",
  forecast: "repository",
  ledger: "repository",
  "newest-backup": "backups",
  jobs: "backups",
  proof: "backups",
  corruption: "backups",
  schedule: "backups",
  routines: "backups",
  actions: "watch",
  runs: "backups",
  exposure: "wal",
  gaps: "wal",
  receiver: "wal",
  slots: "wal",
};

/** Where a check stands on the page of `pra status`. */
export function groupOf(id: CheckId): FindingGroup {
  return GROUPS[id] ?? "site";
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
