/** What `pra status` says around its findings. */
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly optionNagios: string;
  readonly passed: string;
  readonly failed: (names: readonly string[]) => string;
};

/** The last line, the same in every language, because scripts and people look for it. */
const PASSED = "All checks passed ✓";

const en: Messages = {
  summary: "say whether this site is protected now: backups, WAL, proofs, space, application",
  description:
    "Judges from what lies in the repository and from what answers; no daemon is needed, nothing is written. Exit code 4 when a check fails.",
  examples: [
    ["pra status", "every check with ✓ or ✗, and what to do"],
    ["pra status --json", "for a script: {ok, checks[]}"],
    ["pra status --nagios", "one line, exit 0, 1, 2 or 3, for a monitoring system"],
  ],
  optionNagios: "one line and the exit codes of monitoring plug-ins",
  passed: PASSED,
  failed: (names) =>
    names.length === 1
      ? `1 check failed ✗: ${names.join(", ")}`
      : `${names.length} checks failed ✗: ${names.join(", ")}`,
};

const fr: Messages = {
  summary: "dire si ce site est protégé maintenant : sauvegardes, WAL, preuves, place, application",
  description:
    "Juge d'après ce qui est dans le dépôt et ce qui répond ; aucun démon n'est nécessaire, rien n'est écrit. Code de sortie 4 quand un contrôle échoue.",
  examples: [
    ["pra status", "chaque contrôle avec ✓ ou ✗, et que faire"],
    ["pra status --json", "pour un script : {ok, checks[]}"],
    ["pra status --nagios", "une ligne, code 0, 1, 2 ou 3, pour un système de surveillance"],
  ],
  optionNagios: "une ligne et les codes de sortie des sondes de surveillance",
  passed: PASSED,
  failed: (names) =>
    names.length === 1
      ? `1 contrôle en échec ✗ : ${names.join(", ")}`
      : `${names.length} contrôles en échec ✗ : ${names.join(", ")}`,
};

/** The texts by language. */
export const statusText: Readonly<Record<Language, Messages>> = { en, fr };
