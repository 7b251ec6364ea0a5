/** What `pra status` says around its findings. */
import { countedFr } from "../../core/counted.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly optionNagios: string;
  readonly optionWatch: string;
  readonly optionOpenMetrics: string;
  readonly optionOutput: string;
  readonly written: (path: string) => string;
  readonly watchFirst: (cluster: string, every: string) => string;
  /** `age` undefined: less than a second. */
  readonly watchHead: (
    cluster: string,
    at: string,
    times: { readonly age: string | undefined; readonly every: string },
  ) => string;
  readonly watchBlock: (at: string, took: string) => string;
  /** Where the page is too high: how many are good, and how many lines do not fit. */
  readonly goodOnes: (count: number) => string;
  readonly linesLeftOut: (count: number) => string;
  readonly passed: string;
  readonly failed: (names: readonly string[]) => string;
};

/** The last line, the same in every language, because scripts and people look for it. */
const PASSED = "All checks passed ✓";

const en: Messages = {
  summary: "say whether this site is protected now: backups, WAL, proofs, space, application",
  description:
    "Judges from what lies in the repository and from what answers; no daemon is needed. Exit code 4 when a check fails.",
  examples: [
    ["pra status", "every check with ✓ or ✗, and what to do"],
    ["pra status --watch=10", "looks again every ten seconds; Ctrl-C ends it"],
    ["pra status --json", "for a script: {ok, checks[]}"],
    ["pra status --nagios", "one line, exit 0, 1, 2 or 3, for a monitoring system"],
    [
      "pra status --openmetrics --output /var/lib/prometheus/node-exporter/pra.prom",
      "for Prometheus without a daemon, every five minutes by cron (docs/metrics.md)",
    ],
  ],
  optionNagios: "one line and the exit codes of monitoring plug-ins",
  optionWatch: "look again every so many seconds, 1 to 3600 (5), until interrupted",
  optionOpenMetrics: "print metrics for Prometheus, in OpenMetrics",
  optionOutput: "write them to this file.prom at once, in the text format that node_exporter reads",
  written: (path) => `metrics written to ${path}`,
  watchFirst: (cluster, every) => `pra status: ${cluster}, first look… then every ${every}`,
  watchHead: (cluster, at, { age, every }) =>
    `pra status: ${cluster} · looked at ${at}, ${age === undefined ? "just now" : `${age} ago`} · every ${every} · Ctrl-C`,
  watchBlock: (at, took) => `--- ${at}, looked for ${took}`,
  goodOnes: (count) => `✓ ${count} more are good`,
  linesLeftOut: (count) => `… ${count} more lines: pra status`,
  passed: PASSED,
  failed: (names) =>
    names.length === 1
      ? `1 check failed ✗: ${names.join(", ")}`
      : `${names.length} checks failed ✗: ${names.join(", ")}`,
};

const fr: Messages = {
  summary: "dire si ce site est protégé maintenant : sauvegardes, WAL, preuves, place, application",
  description:
    "Juge d'après ce qui est dans le dépôt et ce qui répond ; aucun démon n'est nécessaire. Code de sortie 4 quand un contrôle échoue.",
  examples: [
    ["pra status", "chaque contrôle avec ✓ ou ✗, et que faire"],
    ["pra status --watch=10", "regarde de nouveau toutes les dix secondes ; Ctrl-C arrête"],
    ["pra status --json", "pour un script : {ok, checks[]}"],
    ["pra status --nagios", "une ligne, code 0, 1, 2 ou 3, pour un système de surveillance"],
    [
      "pra status --openmetrics --output /var/lib/prometheus/node-exporter/pra.prom",
      "pour Prometheus sans démon, toutes les cinq minutes par cron (docs/metrics.md)",
    ],
  ],
  optionNagios: "une ligne et les codes de sortie des sondes de surveillance",
  optionWatch: "regarder de nouveau toutes les N secondes, 1 à 3600 (5), jusqu'à l'interruption",
  optionOpenMetrics: "afficher des métriques pour Prometheus, en OpenMetrics",
  optionOutput: "les écrire d'un coup dans ce fichier.prom, au format texte que lit node_exporter",
  written: (path) => `métriques écrites dans ${path}`,
  watchFirst: (cluster, every) =>
    `pra status : ${cluster}, premier contrôle… puis toutes les ${every}`,
  watchHead: (cluster, at, { age, every }) =>
    `pra status : ${cluster} · vu à ${at}, ${age === undefined ? "à l'instant" : `il y a ${age}`} · toutes les ${every} · Ctrl-C`,
  watchBlock: (at, took) => `--- ${at}, contrôle de ${took}`,
  goodOnes: (count) => `✓ ${count} autres sont bons`,
  linesLeftOut: (count) => `… encore ${countedFr(count, "ligne")} : pra status`,
  passed: PASSED,
  failed: (names) =>
    names.length === 1
      ? `1 contrôle en échec ✗ : ${names.join(", ")}`
      : `${names.length} contrôles en échec ✗ : ${names.join(", ")}`,
};

/** The texts by language. */
export const statusText: Readonly<Record<Language, Messages>> = { en, fr };
