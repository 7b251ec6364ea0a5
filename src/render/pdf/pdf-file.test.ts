import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import { SeededRandom } from "../../core/random.ts";
import type { Cell, ReportDocument, Section, Tone } from "../report-document.ts";
import { pdfFile } from "./pdf-file.ts";

const CREATED = "2026-11-23T09:00:00.000Z";

function report(
  sections: readonly Section[],
  title = "Rapport · éàçœ « » ’ – € ≤",
): ReportDocument {
  const verdict = { tone: "bad", text: "Objectifs manqués", detail: "Manqué : à revoir." } as const;
  const figures = [{ label: "RPO", value: "4 h", tone: "good", note: "objectif 1 h" }] as const;
  const footer = ["PRA"];
  return { language: "fr", title, subtitle: "octobre 2026", verdict, figures, sections, footer };
}

/** All that is packed in the file, unpacked. */
function unpacked(pdf: Buffer): string {
  const parts: string[] = [pdf.toString("latin1")];
  let at = 0;
  for (;;) {
    const begin = pdf.indexOf("stream\n", at);
    if (begin < 0) {
      return parts.join("\n");
    }
    const end = pdf.indexOf("\nendstream", begin);
    at = end + 10;
    try {
      parts.push(inflateSync(pdf.subarray(begin + 7, end)).toString("latin1"));
    } catch {
      // A stream that is not packed stands in the file as it is.
    }
  }
}

function pagesOf(pdf: Buffer): number {
  return unpacked(pdf).match(/\/Type \/Page\b(?!s)/g)?.length ?? 0;
}

const table = (rows: readonly (readonly Cell[])[]): Section => {
  return { kind: "table", title: "Preuves", head: ["le", "verdict", "constat"], rows };
};

test("R31 a report makes the same PDF twice, tagged, in its language, with its title, its fonts and its date in it", async () => {
  const document = report([{ kind: "text", title: "Méthode", paragraphs: ["Mesuré."] }]);
  const pdf = await pdfFile(document, CREATED);
  assert.ok(pdf.equals(await pdfFile(document, CREATED)));
  const text = unpacked(pdf);
  assert.match(text, /^%PDF-1\.7/);
  assert.match(text, /\/Lang \(fr\)/);
  assert.match(text, /\/Marked true/);
  assert.match(text, /\(D:20261123090000Z\)/);
  assert.match(text, /\/DisplayDocTitle true/);
  for (const tag of ["/H1", "/H2", "/P", "/Document"]) {
    assert.ok(text.includes(`/S ${tag}`), tag);
  }
  assert.match(text, /\/FontFile2/);
  assert.ok(!text.includes("/BaseFont /Helvetica"), "nothing rests on the reader's fonts");
});

test("R31 a chart is a figure that has words in its place, and a table has heads and cells", async () => {
  const chart: Section = {
    kind: "chart",
    title: "Exposition",
    spoken: "Au pire quatre heures",
    xMax: 10,
    yMax: 5,
    xTicks: [{ at: 1, text: "1" }],
    yTicks: [{ at: 1, text: "1 h" }],
    lines: [
      {
        label: "exposition",
        points: [
          [0, 1],
          [1, null],
          [2, 4],
        ],
      },
      {
        label: "objectif",
        points: [
          [0, 1],
          [10, 1],
        ],
      },
    ],
    marks: [
      { tone: "bad", from: 1, to: 2 },
      { tone: "unknown", from: 3, to: 3 },
    ],
    note: "",
  };
  const rows = [[{ text: "lundi" }, { text: "prouvée", tone: "good" as const }, { text: "–" }]];
  const pdf = unpacked(await pdfFile(report([chart, table(rows)]), CREATED));
  assert.match(pdf, /\/S \/Figure[^]*?\/Alt \(Au pire quatre heures\)/);
  for (const tag of ["/Table", "/TR", "/TH", "/TD"]) {
    assert.ok(pdf.includes(`/S ${tag}`), tag);
  }
});

test("R31 whatever a report quotes makes a PDF: long words, long cells, empty tables, control characters, foreign letters", async () => {
  const random = new SeededRandom(3);
  const tones: readonly Tone[] = ["good", "bad", "warning", "unknown", "plain"];
  const pieces = [
    "mot",
    "x".repeat(400),
    "\n",
    "\u0007",
    "日本",
    "é ",
    "—",
    "",
    " ",
    "a b c d ".repeat(60),
  ];
  const any = (): string =>
    Array.from(
      { length: Math.floor(random.fraction() * 6) },
      () => pieces[Math.floor(random.fraction() * pieces.length)] ?? "",
    ).join("");
  for (let round = 0; round < 6; round += 1) {
    const rows = Array.from({ length: Math.floor(random.fraction() * 40) }, () =>
      [0, 1, 2].map(() => ({
        text: any(),
        tone: tones[Math.floor(random.fraction() * 5)] ?? "plain",
      })),
    );
    const sections: Section[] = [
      table(rows),
      { kind: "facts", title: any(), facts: [[any(), { text: any() }]] },
      { kind: "bars", title: "", bars: [{ label: any(), value: 0, text: any() }] },
      {
        kind: "days",
        title: "",
        spoken: any(),
        days: rows.map(() => ({ label: "1", tone: "good" })),
        note: any(),
      },
      { kind: "signatures", title: any(), note: any(), head: ["rôle", "nom"], roles: [any()] },
      { kind: "text", title: "", paragraphs: [any(), any()] },
    ];
    const pdf = await pdfFile(report(sections, any()), CREATED);
    assert.ok(pagesOf(pdf) >= 1);
    assert.match(pdf.toString("latin1"), /%%EOF\s*$/);
  }
});

test("R31 a table of a thousand rows has its head on each page, and a row higher than a page goes on overleaf", async () => {
  const row = (text: string): readonly Cell[] => [{ text }, { text: "prouvée" }, { text: "–" }];
  const long = await pdfFile(
    report([table(Array.from({ length: 1000 }, () => row("lundi")))]),
    CREATED,
  );
  const pages = pagesOf(long);
  assert.ok(pages > 15 && pages < 40, `${pages} pages`);
  const heads = unpacked(long).match(/\/Scope \/Column\b/g)?.length;
  assert.equal(heads, 3 * (pages - 1) + 3);
  assert.equal(unpacked(long).match(/\/Scope \/Row\b/g)?.length, 1000);
  const high = await pdfFile(report([table([row("ligne\n".repeat(200))])]), CREATED);
  assert.ok(pagesOf(high) >= 4, `${pagesOf(high)} pages`);
});
