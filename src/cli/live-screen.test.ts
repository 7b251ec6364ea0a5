/** The page that is drawn again and again. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { type CheckReport, type Finding, found } from "../core/finding/finding.ts";
import type { Frame } from "./frame.ts";
import { LiveScreen } from "./live-screen.ts";
import { fitPage } from "./watch-status.ts";

class FakeTerminal extends EventEmitter {
  columns = 40;
  rows = 5;
  written = "";

  write(text: string): void {
    this.written += text;
  }
}

function taken(terminal: FakeTerminal): string {
  const { written } = terminal;
  terminal.written = "";
  return written;
}

test("R4 a screen has a page of its own, draws it in one piece without clearing, and gives the terminal back once", () => {
  const terminal = new FakeTerminal();
  const screen = new LiveScreen(terminal, ({ columns, rows }) =>
    Array.from({ length: 9 }, (_, index) => `${columns}x${rows} ${index}`),
  );
  assert.equal(taken(terminal), "\x1b[?1049h\x1b[?25l\x1b[?7l");
  screen.draw();
  const page = taken(terminal);
  assert.ok(!page.includes("\x1b[2J"));
  assert.ok(page.startsWith("\x1b[?2026h\x1b[H40x5 0"));
  assert.equal(page.split("\r\n").length, 5, "no line more than rows, or it would scroll");
  assert.ok(!page.endsWith("\n"));
  terminal.columns = 20;
  terminal.emit("resize");
  assert.match(taken(terminal), /20x5 4/);
  screen[Symbol.dispose]();
  assert.equal(taken(terminal), "\x1b[?7h\x1b[?25h\x1b[?1049l");
  screen[Symbol.dispose]();
  screen.draw();
  terminal.emit("resize");
  assert.equal(taken(terminal), "");
});

test("R4 no listener stays behind", () => {
  const count = (): number =>
    (["exit", "SIGTSTP", "SIGCONT"] as const).reduce(
      (sum, name) => sum + process.listenerCount(name),
      0,
    );
  const before = count();
  new LiveScreen(new FakeTerminal(), () => [])[Symbol.dispose]();
  assert.equal(count(), before);
});

const findings: readonly Finding[] = [
  found("server", "good", "server-reached"),
  found("gaps", "bad", "gaps-open", { count: 2 }),
  found("key", "good", "key-published"),
  found("proof", "note", "proof-none"),
];
const report: CheckReport = { ok: false, findings };
const frame = { language: "en" } as Pick<Frame, "language"> as Frame;

function pageOf(rows: number): readonly string[] {
  return fitPage(report, {
    rows,
    frame,
    head: ["head", ""],
    foot: ["", "foot"],
    linesOf: ({ findings: shown }) => shown.flatMap(({ id }) => [id, `→ ${id}`]),
  });
}

test("R4 a page that is too high counts what is good, then says how much is cut; head and foot always stand", () => {
  assert.equal(pageOf(12).length, 12);
  assert.deepEqual(pageOf(11).slice(2, -2), [
    "gaps",
    "→ gaps",
    "proof",
    "→ proof",
    "✓ 2 more are good",
  ]);
  assert.deepEqual(pageOf(7), [
    "head",
    "",
    "gaps",
    "→ gaps",
    "… 3 more lines: pra status",
    "",
    "foot",
  ]);
  assert.deepEqual(pageOf(1).at(-1), "foot");
});
