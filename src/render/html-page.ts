/**
 * A report as one HTML file that needs nothing else: no script, no font, no address outside it, so that it reads the same in ten
 * years, in a mail, without a network, on paper and on a phone. Light and dark follow the reader's setting. Everything
 * that is quoted is escaped, and no markup comes from anywhere but here.
 */
import { drawingSvg } from "./drawing.ts";
import { escapeHtml } from "../core/escape-html.ts";
import {
  type Cell,
  type Figure,
  type ReportDocument,
  type Section,
  type Tone,
  WORD_LENGTH_MAX,
  colonOf,
  signOf,
} from "./report-document.ts";
import { barsDrawing, chartDrawing, daysDrawing } from "./section-drawings.ts";

const STYLE = `
:root { color-scheme: light dark; --ink: #17202a; --soft: #5d6b7a; --paper: #fff; --line: #dfe4ea; --tint: #f5f7f9;
  --good: #13703a; --bad: #b3261e; --warning: #8a5a00; --unknown: #5d6b7a; --bar: #2f6fb0; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --soft: #9aa7b4; --paper: #14181d; --line: #2d353e; --tint: #1b2127;
    --good: #5ec98a; --bad: #ff8a80; --warning: #f0b429; --unknown: #9aa7b4; --bar: #6ea8e0; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2.25rem 0 .6rem; }
p { margin: .25rem 0; }
.subtitle, .note, footer { color: var(--soft); }
.verdict { margin: 1.5rem 0; padding: .9rem 1.1rem; border: 1px solid var(--line); border-left: .4rem solid var(--tone); border-radius: .4rem; background: var(--tint); }
.verdict strong { font-size: 1.25rem; color: var(--tone); }
.figures { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1rem 0; padding: 0; }
.figure { flex: 1 1 16rem; margin: 0; padding: .8rem 1rem; border: 1px solid var(--line); border-radius: .4rem; }
.figure dt { color: var(--soft); font-size: .9rem; }
.figure dd { margin: 0; }
.figure .value { font-size: 1.5rem; font-weight: 600; color: var(--tone); }
.good { --tone: var(--good); } .bad { --tone: var(--bad); } .warning { --tone: var(--warning); } .unknown { --tone: var(--unknown); } .plain { --tone: var(--ink); }
.word { white-space: nowrap; }
td .text, tbody th .text { display: inline-block; min-width: 9rem; }
.sign { color: var(--tone); font-weight: 700; }
dl.facts { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: .3rem 1.2rem; margin: 0; }
dl.facts dt { color: var(--soft); } dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .7rem .4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; white-space: pre-line; }
thead th { color: var(--soft); font-weight: 600; overflow-wrap: normal; white-space: nowrap; }
tbody th { font-weight: inherit; }
code { font: .92em ui-monospace, "DejaVu Sans Mono", monospace; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--ink); }
svg .soft { fill: var(--soft); } svg rect { fill: var(--bar); }
svg .line { fill: none; stroke: var(--bar); stroke-width: 1.6; } svg .second { stroke: var(--warning); stroke-dasharray: 5 3; }
svg .axis { stroke: var(--line); } svg rect.mark { opacity: .16; } svg rect.mark.warning { fill: var(--warning); } svg rect.mark.bad { fill: var(--bad); } svg rect.mark.unknown { fill: var(--unknown); opacity: .3; } svg .instant { stroke: var(--bad); stroke-width: 2; }
svg rect.day { fill: var(--tint); stroke: var(--tone); stroke-width: 1.5; } svg text.day { fill: var(--tone); font-weight: 700; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
table.signatures td, table.signatures th[scope="row"] { height: 3rem; min-width: 8rem; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .8rem; font-size: .85rem; }
@media screen and (max-width: 34rem) { svg { min-width: 36rem; } td .text, tbody th .text { min-width: 7rem; } dl.facts { grid-template-columns: 1fr; gap: 0; } dl.facts dd { margin-bottom: .5rem; } }
@media print { :root { color-scheme: light; } body { font-size: 13px; } table { font-size: .85rem; } th, td { padding-right: .5rem; } td .text, tbody th .text { min-width: 5rem; } main { max-width: none; padding: 0; } section.signatures { break-inside: avoid; } h2 { break-after: avoid; } tr, .figure, svg { break-inside: avoid; } thead { break-after: avoid; } tbody tr:first-child { break-before: avoid; } }
`.trim();

function sign(tone: Tone): string {
  const mark = signOf(tone);
  return mark === "" ? "" : `<span class="sign ${tone}">${mark}</span> `;
}

function cell({ text, tone, code }: Cell): string {
  const shown = escapeHtml(text);
  const signed = `${sign(tone ?? "plain")}${code === true ? `<code>${shown}</code>` : shown}`;
  // A verdict, a date, a duration stays in one piece, whatever stands beside it.
  const isWord = text.length <= WORD_LENGTH_MAX;
  return `<span class="${isWord ? "word" : "text"}">${signed}</span>`;
}

function figure({ label, value, tone, note }: Figure): string {
  return `<div class="figure ${tone}"><dt>${escapeHtml(label)}</dt><dd><span class="value">${escapeHtml(value)}</span></dd><dd class="note">${sign(tone)}${escapeHtml(note)}</dd></div>`;
}

/** The first cell names the row, for who hears it. */
function tableRow([first = "", ...more]: readonly string[]): string {
  return `<tr><th scope="row">${first}</th>${more.map((html) => `<td>${html}</td>`).join("")}</tr>`;
}

/** What is wider than its place is moved sideways, by keys too. */
function scroll(title: string, html: string): string {
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(title)}">${html}</div>`;
}

function tableOf(
  { kind, title, head }: Extract<Section, { readonly kind: "table" | "signatures" }>,
  body: string,
): string {
  const heads = head.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join("");
  const caption = `<caption>${escapeHtml(title)}</caption>`;
  const table = `<table class="${kind}">${caption}<thead><tr>${heads}</tr></thead><tbody>${body}</tbody></table>`;
  return scroll(title, table);
}

function note(text: string): string {
  return `<p class="note">${escapeHtml(text)}</p>`;
}

function sectionBody(section: Section, colon: string): string {
  switch (section.kind) {
    case "facts":
      return `<dl class="facts">${section.facts.map(([label, value]) => `<dt>${escapeHtml(label)}</dt><dd>${cell(value)}</dd>`).join("")}</dl>`;
    case "table": {
      const body = section.rows.map((row) => tableRow(row.map(cell))).join("\n");
      const table = section.rows.length === 0 ? "" : tableOf(section, `\n${body}\n`);
      return section.note === undefined ? table : table + note(section.note);
    }
    case "bars":
      return scroll(section.title, drawingSvg(barsDrawing(section, colon)));
    case "chart":
      return scroll(section.title, drawingSvg(chartDrawing(section))) + note(section.note);
    case "days":
      return scroll(section.title, drawingSvg(daysDrawing(section))) + note(section.note);
    case "text":
      return section.paragraphs.map((text) => `<p>${escapeHtml(text)}</p>`).join("\n");
    case "signatures": {
      const blank = section.head.slice(1).map(() => "");
      const rows = section.roles.map((role) => tableRow([escapeHtml(role), ...blank]));
      return note(section.note) + tableOf(section, rows.join(""));
    }
  }
}

/** The whole file. */
export function htmlPage(report: ReportDocument): string {
  const { language, title, subtitle, verdict, figures, sections, footer } = report;
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
<main>
<header>
<h1>${escapeHtml(title)}</h1>
<p class="subtitle">${escapeHtml(subtitle)}</p>
</header>
<div class="verdict ${verdict.tone}"><strong>${signOf(verdict.tone)} ${escapeHtml(verdict.text)}</strong><p>${escapeHtml(verdict.detail)}</p></div>
${figures.length === 0 ? "" : `<dl class="figures">${figures.map(figure).join("")}</dl>`}
${sections.map((section) => `<section class="${section.kind}"><h2>${escapeHtml(section.title)}</h2>\n${sectionBody(section, colonOf(language))}</section>`).join("\n")}
${footer.length === 0 ? "" : `<footer>${footer.map((line) => `<p>${escapeHtml(line)}</p>`).join("")}</footer>`}
</main>
</body>
</html>
`;
}
