import assert from "node:assert/strict";
import { test } from "node:test";
import PDFDocument from "pdfkit";
import { PdfPage } from "./pdf-page.ts";

test("R31 a column that is as wide as its word does not break it, whatever was added to its width and taken away again", () => {
  const page = new PdfPage(PDFDocument, { size: "A4" });
  const style = { size: 9, bold: false };
  const word = "✓\u00a0PASS";
  const needed = page.widthOf(word, style);
  for (let gap = 0.1; gap < 400; gap += 0.37) {
    const width = needed + gap - gap;
    assert.deepEqual(page.lines(word, width, style), [word], `${needed} and ${width}`);
  }
  assert.ok(page.lines(word, needed - 0.5, style).length > 1, "one that is narrower does");
});
