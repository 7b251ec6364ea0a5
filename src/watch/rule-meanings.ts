/**
 * What it means for the data that a rule is ill, where neither its summary nor what is exposed says it, and what there is to do when nothing else
 * helps, in both languages.
 */
import type { Language } from "../core/language.ts";
import type { KnownRuleId } from "./alert-rules.ts";

const meanings: Readonly<Partial<Record<KnownRuleId, Readonly<Record<Language, string>>>>> = {
  repository: {
    en: "no backup and no WAL is stored, and pg_wal may grow on the server",
    fr: "ni sauvegarde ni WAL ne sont plus stockés, et pg_wal peut grossir sur le serveur",
  },
  space: {
    en: "a full disk takes no backup and no WAL, and pg_wal grows on the server",
    fr: "un disque plein ne prend ni sauvegarde ni WAL, et pg_wal grossit sur le serveur",
  },
  "recovery-key": {
    en: "if the key file is lost, only the recovery key opens the backups",
    fr: "si le fichier de clé est perdu, seule la clé de secours ouvre les sauvegardes",
  },
  proof: {
    en: "nobody knows whether a restore would succeed",
    fr: "on ne sait pas si une restauration réussirait",
  },
};

/** Behind the next step of an alert: a page of `pra check` does not need it. */
const lastSteps: Readonly<Partial<Record<KnownRuleId, Readonly<Record<Language, string>>>>> = {
  server: {
    en: "If it cannot come back: pra plan --latest says what a restore brings.",
    fr: "S'il ne peut pas revenir : pra plan --latest dit ce qu'une restauration ramène.",
  },
};

/** What is left to do; undefined for most rules. */
export function lastStepOf(rule: string): Readonly<Record<Language, string>> | undefined {
  return Object.hasOwn(lastSteps, rule) ? lastSteps[rule as KnownRuleId] : undefined;
}

/** The sentence; undefined for a rule whose own words say it. */
export function meaningOf(rule: string): Readonly<Record<Language, string>> | undefined {
  return Object.hasOwn(meanings, rule) ? meanings[rule as KnownRuleId] : undefined;
}
