import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { escapeHtml } from "../core/escape-html.ts";
import { htmlPage } from "./html-page.ts";
import { markdownText } from "./markdown-text.ts";
import type { ReportDocument } from "./report-document.ts";

function reportWith(text: string): ReportDocument {
  return {
    language: "en",
    title: text,
    subtitle: text,
    verdict: { tone: "bad", text, detail: text },
    figures: [{ label: text, value: text, tone: "unknown", note: text }],
    sections: [
      { kind: "facts", title: text, facts: [[text, { text, code: true }]] },
      { kind: "table", title: text, head: [text], rows: [[{ text, tone: "good" }]], note: text },
      { kind: "bars", title: text, bars: [{ label: text, value: 3, text }] },
    ],
    footer: [text],
  };
}

/** The page's tags with their attributes, values left out. */
function tagsOf(page: string): readonly string[] {
  return [...page.matchAll(/<\/?[a-z][^>]*>/gi)].map(([tag]) => tag.replaceAll(/"[^"]*"/g, '""'));
}

test("whatever a report quotes adds no markup to its page", () => {
  const plain = tagsOf(htmlPage(reportWith("x")));
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string(), (words, more) => {
      for (const text of [words, more, `"><script>${more}`, `'</style><img src=x>${words}`]) {
        assert.deepEqual(tagsOf(htmlPage(reportWith(text))), plain);
      }
    }),
  );
});

test("a page asks nothing of the outside and has no script", () => {
  const page = htmlPage(reportWith("https://example.org/x.js"));
  assert.doesNotMatch(page, /<script|<link|src=|href=|@import|url\(/);
  assert.match(page, /<html lang="en">/);
});

test("a section is laid out by no rule that is meant for what lies in it", () => {
  const page = htmlPage(reportWith("x"));
  const kinds = [...page.matchAll(/<section class="([^"]*)"/g)].map(([, kind]) => kind ?? "");
  assert.deepEqual(kinds, ["facts", "table", "bars"]);
  const [style = ""] = /<style>[\s\S]*<\/style>/.exec(page) ?? [];
  for (const [rule, kind] of style.matchAll(/(?<![\w)\]])\.(facts|table|bars)\b[^{}]*\{[^}]*\}/g)) {
    assert.doesNotMatch(rule, /display/, `${kind}: ${rule}`);
  }
});

test("control characters, which HTML does not allow, are replaced", () => {
  assert.equal(escapeHtml("a\u0000b\u001b[1m\tc\n"), "a\ufffdb\ufffd[1m\tc\n");
});

test("whatever a report quotes stays one cell and one line of its Markdown", () => {
  const shape = (text: string): readonly string[] =>
    markdownText(reportWith(text))
      .split("\n")
      .map((line) => /^(#+|-|\||\*\*|$)/.exec(line)?.[1] ?? "text");
  const plain = shape("x");
  for (const text of ["a|b", "# c", "l1\nl2", "`d`", "<b>", "- e", "1. f", "**g**", "``|``"]) {
    assert.deepEqual(shape(text), plain, text);
    const rows = markdownText(reportWith(text))
      .split("\n")
      .filter((line) => line.startsWith("|"));
    for (const row of rows) {
      assert.equal(row.replaceAll(/\\./g, "").split("|").length, 3, row);
    }
  }
});

test("no tone is said by colour alone: its sign stands beside it, and no data is not green", () => {
  const text = markdownText(reportWith("x"));
  assert.match(text, /\*\*✗ x\*\*/);
  assert.match(text, /\*\*x\*\* \? x/);
  assert.match(htmlPage(reportWith("x")), /<span class="sign unknown">\?<\/span>/);
});
