/**
 * Every page that is written or mailed, in both languages, good and bad, wide and narrow, light and dark, as axe-core judges it in Debian's Chromium:
 * nothing of WCAG 2.2 A and AA is violated, and nothing wants to scroll sideways on a phone. What no program can judge is looked at by people.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Language } from "../../src/core/language.ts";
import { htmlPage } from "../../src/render/html-page.ts";
import { pdfFile } from "../../src/render/pdf/pdf-file.ts";
import { Browser, type View } from "../support/browser.ts";
import { samplePages, sampleReports } from "../support/report-pages.ts";

type Violation = {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
};

const VIEWS: readonly View[] = [
  { width: 1280, scheme: "light" },
  { width: 390, scheme: "dark" },
];
/** Debian's, of poppler. */
const pdfinfo = "/usr/bin/pdfinfo";
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

let browser: Browser;
let axe: string;

before(async () => {
  browser = await Browser.start();
  axe = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
});

after(async () => {
  await browser[Symbol.asyncDispose]();
});

async function violationsOf(html: string, view: View): Promise<readonly string[]> {
  await browser.show(html, view);
  await browser.evaluate(`${axe}; undefined`);
  const run = `axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then((found) => JSON.stringify(found.violations))`;
  const found = JSON.parse(String(await browser.evaluate(run))) as readonly Violation[];
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 200)} ${node.failureSummary}`),
  );
}

/** How much wider than the window it is. */
async function overflow(): Promise<number> {
  const wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
  return Number(await browser.evaluate(wide));
}

/** Width of the narrowest text of several words in a table: below some letters it stands one above the other. */
async function narrowest(): Promise<number> {
  const widths = `[...document.querySelectorAll("td .text, tbody th .text")].map((one) => one.getBoundingClientRect().width)`;
  return Number(await browser.evaluate(`Math.min(1000, ...${widths})`));
}

function pagesIn(language: Language): readonly { readonly name: string; readonly html: string }[] {
  const reports = sampleReports(language);
  const written = reports.map(({ name, document }) => ({ name, html: htmlPage(document) }));
  return [...written, ...samplePages(language)];
}

for (const language of ["en", "fr"] as const) {
  test(`R31 no report and no mail (${language}) violates WCAG 2.2 A or AA, or is wider than a phone`, async () => {
    const problems: string[] = [];
    for (const { name, html } of pagesIn(language)) {
      for (const view of VIEWS) {
        const place = `${name} at ${view.width} ${view.scheme}`;
        const found = await violationsOf(html, view);
        problems.push(...found.map((problem) => `${place}: ${problem}`));
        problems.push(...((await overflow()) > 0 ? [`${place}: wider than its window`] : []));
        problems.push(...((await narrowest()) < 100 ? [`${place}: words are torn apart`] : []));
      }
    }
    assert.deepEqual(problems, []);
  });
}

/** The tree of tags that a reader by ear goes through, as poppler sees it: how often each. */
async function tagsOf(pdf: Buffer): Promise<ReadonlyMap<string, number>> {
  const directory = await mkdtemp(join(tmpdir(), "pra-tags-"));
  try {
    const path = join(directory, "report.pdf");
    await writeFile(path, pdf);
    assert.match(execFileSync(pdfinfo, [path], { encoding: "utf8" }), /Tagged: +yes/);
    const tree = execFileSync(pdfinfo, ["-struct", path], {
      encoding: "utf8",
      maxBuffer: 50_000_000,
    });
    const counts = new Map<string, number>();
    for (const [, tag = ""] of tree.matchAll(/^ *([A-Za-z0-9]+)/gm)) {
      counts.set(tag, (counts.get(tag) ?? 0) + 1);
    }
    return counts;
  } finally {
    await rm(directory, { recursive: true });
  }
}

test("R31 the PDF of each report has one title, a heading for each section, and a name for each row, column and figure", async () => {
  for (const { name, document } of sampleReports("fr")) {
    const { sections } = document;
    const tags = await tagsOf(await pdfFile(document, "2026-11-23T09:00:00.000Z"));
    const tables = sections.filter(
      (one) => one.kind === "signatures" || (one.kind === "table" && one.rows.length > 0),
    );
    const rows = tables.reduce(
      (sum, one) =>
        sum +
        (one.kind === "table" ? one.rows.length : one.kind === "signatures" ? one.roles.length : 0),
      0,
    );
    const figures = sections.filter(({ kind }) => ["bars", "chart", "days"].includes(kind));
    const count = (tag: string): number => tags.get(tag) ?? 0;
    assert.deepEqual(
      [count("H1"), count("H2"), count("Table"), count("Figure")],
      [1, sections.length, tables.length, figures.length],
      name,
    );
    assert.ok(count("TR") >= rows + tables.length, `${name}: ${count("TR")} rows`);
    assert.equal(
      count("Lbl") > 0,
      sections.some(({ kind }) => kind === "facts"),
      name,
    );
    // A head on each page, and a head for each row.
    assert.ok(count("TH") > rows, `${name}: ${count("TH")} heads`);
  }
});

test("R31 the judge does judge: a page with faults is told what they are", async () => {
  const html = `<!doctype html><title>x</title><p style="color:#bbb;background:#fff">faint</p>`;
  const found = await violationsOf(html, { width: 1280, scheme: "light" });
  const ids = found.map((line) => line.split(":")[0] ?? "").toSorted();
  assert.deepEqual(ids, ["color-contrast", "html-has-lang"]);
});
