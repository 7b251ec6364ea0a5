/**
 * Writes what the documents repeat from the code: the error register, the exit codes, the tests that show
 * each loss class and requirement, the settings, the metrics with their rules and dashboards, the graph of folders. `--check` writes nothing and fails on a page
 * that is out of date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { configurationPage, envExample } from "../src/app/settings-pages.ts";
import { metricsPage } from "../src/app/metrics/metrics-page.ts";
import { praYamlJsonSchema } from "../src/app/pra-yaml/schema.ts";
import { exitCodeTable } from "../src/cli/exit-codes.ts";
import type { ErrorEntry } from "../src/core/error-register/entry.ts";
import { errorRegister } from "../src/core/errors.ts";
import { guardNames } from "../src/core/failpoint-names.ts";
import { ledgerPage } from "./ledger-page.ts";
import { loadTestPage } from "./load-test-page.ts";
import { formatGraph, readSources } from "./import-graph.ts";
import { rulesFile, rulesTestFile } from "./monitoring/alert-rule.ts";
import { alertRules } from "./monitoring/alert-rules.ts";
import { dashboardFile } from "./monitoring/dashboard.ts";
import { findTitledTests } from "./titled-tests.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const groupTitles: Readonly<Record<string, readonly [en: string, fr: string]>> = {
  BACKUP: ["taking a backup", "faire une sauvegarde"],
  CONFIG: ["configuration", "configuration"],
  DUMP: ["logical dumps", "exports logiques"],
  KEY: ["keys", "clés"],
  LEDGER: ["the ledger", "le journal"],
  PG: ["servers", "serveurs"],
  PLAN: ["planning a restore", "planifier une restauration"],
  PROOF: ["proofs", "preuves"],
  REPO: ["the repository", "le dépôt"],
  RESTORE: ["restoring", "restaurer"],
  SLA: ["objectives", "objectifs"],
  SRC: ["reading from a server", "lire depuis un serveur"],
  STORE: ["stores", "magasins d'objets"],
  USAGE: ["what was typed", "ce qui a été tapé"],
  WAL: ["write-ahead log", "journaux de transactions"],
  WATCH: ["watching", "surveillance"],
};

function escaped(text: string): string {
  return text.replace(/[<*_`]/g, "\\$&");
}

function errorsPage(): string {
  const lines = [
    "# Errors",
    "",
    "Every error has a stable code. `pra explain CODE` shows the same in a terminal. This page is generated",
    "from `src/core/error-register/`; names in braces stand for the values of the case. Codes marked *may",
    "pass* can succeed later without any change.",
    "",
    "Chaque erreur a un code stable. `pra explain CODE` affiche la même chose dans un terminal. Les noms entre",
    "accolades représentent les valeurs du cas. Les codes marqués *may pass* peuvent réussir plus tard sans",
    "aucun changement.",
  ];
  const entries: [string, ErrorEntry][] = Object.entries(errorRegister);
  let group = "";
  for (const [code, entry] of entries.sort(([a], [b]) => (a < b ? -1 : 1))) {
    const groupOfCode = code.slice(0, code.indexOf("_"));
    if (groupOfCode !== group) {
      group = groupOfCode;
      const [en, fr] = groupTitles[group] ?? [group, group];
      lines.push("", `## \`${group}_\`: ${en} / ${fr}`);
    }
    lines.push(
      "",
      `### \`${code}\`${entry.retryable === true ? " *may pass*" : ""}`,
      "",
      `- en: ${escaped(entry.en.message)}<br>${escaped(entry.en.hint)}`,
      `- fr : ${escaped(entry.fr.message)}<br>${escaped(entry.fr.hint)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function exitCodesPage(): string {
  return [
    "# Exit codes",
    "",
    "Generated from `src/cli/exit-codes.ts`. `status --nagios` alone answers by the convention of monitoring",
    "plug-ins: 0 good, 1 warning, 2 critical, 3 unknown.",
    "",
    "Seul `status --nagios` répond selon la convention des sondes : 0 bon, 1 avertissement, 2 critique,",
    "3 inconnu.",
    "",
    "| code | meaning | sens |",
    "| ---: | --- | --- |",
    ...exitCodeTable.map(({ code, meaning }) => `| ${code} | ${meaning.en} | ${meaning.fr} |`),
    "",
  ].join("\n");
}

/** The page with the last cell of each row "| L19 | ... | |" replaced by the files of its tests. */
function withTests(page: string, tests: ReadonlyMap<string, readonly string[]>): string {
  return page.replace(/^(\| ([LR]\d+) \|.*\|)[^|]*\|$/gm, (_row, cells: string, number: string) => {
    const paths = tests.get(number) ?? [];
    return `${cells} ${paths.map((path) => `\`${path}\``).join("<br>")}${paths.length === 0 ? "" : " "}|`;
  });
}

/** The page with the cell before the last of each row replaced by the names of the class's guards. */
function withGuards(page: string): string {
  const row = /^(\| (L\d+) \|[^|]*\|[^|]*\|)[^|]*(\|[^|]*\|)$/gm;
  return page.replace(row, (_row, cells: string, lossClass: string, last: string) => {
    const names = guardNames.filter((name) => name.startsWith(`${lossClass}-`));
    return `${cells} ${names.map((name) => `\`${name}\``).join("<br>")}${names.length === 0 ? "" : " "}${last}`;
  });
}

function withGraph(page: string, graph: string): string {
  return page.replace(
    /(<!-- graph -->\n)[\s\S]*?(<!-- end of graph -->)/,
    (_whole, begin: string, end: string) => `${begin}\n\`\`\`text\n${graph}\n\`\`\`\n\n${end}`,
  );
}

function read(path: string): string {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return "";
    }
    throw error;
  }
}

const tests = findTitledTests(root);
const pages: readonly (readonly [path: string, content: string])[] = [
  ["docs/errors.md", errorsPage()],
  ["docs/exit-codes.md", exitCodesPage()],
  ["docs/ledger.md", ledgerPage()],
  ["docs/load-test.md", loadTestPage()],
  [".env.example", envExample()],
  ["docs/configuration.md", configurationPage()],
  ["docs/pra.schema.json", praYamlJsonSchema()],
  ["docs/metrics.md", metricsPage()],
  ["monitoring/prometheus-rules.yml", rulesFile(alertRules)],
  ["monitoring/prometheus-rules.test.yml", rulesTestFile(alertRules)],
  ["monitoring/grafana-dashboard.json", dashboardFile("en")],
  ["monitoring/grafana-dashboard.fr.json", dashboardFile("fr")],
  ["docs/loss-classes.md", withGuards(withTests(read("docs/loss-classes.md"), tests))],
  ["docs/requirements.md", withTests(read("docs/requirements.md"), tests)],
  ["ARCHITECTURE.md", withGraph(read("ARCHITECTURE.md"), formatGraph(readSources(root)))],
];
const stale = pages.filter(([path, content]) => read(path) !== content);
if (process.argv.includes("--check")) {
  for (const [path] of stale) {
    process.stderr.write(`${path} is out of date: run "npm run docs"\n`);
  }
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [path, content] of stale) {
    writeFileSync(join(root, path), content);
    process.stdout.write(`${path} written\n`);
  }
}
