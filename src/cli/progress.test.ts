import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";

import { openProgress } from "./progress.ts";

function stage(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  const clock = { nowMs: 0 };
  const stream = { isTTY, columns, write: (text: string) => written.push(text) };
  const progress = openProgress({
    stream,
    language: "fr",
    nowMs: () => clock.nowMs,
    colour: false,
  });
  return { written, clock, progress };
}

test("a log gets a plain line at once, then one every ten seconds", () => {
  const { written, clock, progress } = stage(false);
  for (clock.nowMs = 0; clock.nowMs <= 25_000; clock.nowMs += 100) {
    progress.update({
      phase: "sauvegarde",
      doneBytes: clock.nowMs * 1024,
      totalBytes: 30_000 * 1024,
    });
  }
  assert.deepEqual(written, [
    "sauvegarde · 0 % · 0 o / 29,3 Mio\n".replace(" · 0 %", "  0 %"),
    "sauvegarde  33 % · 9,77 Mio / 29,3 Mio · 1 000 Kio/s · reste 20 s\n",
    "sauvegarde  67 % · 19,5 Mio / 29,3 Mio · 1 000 Kio/s · reste 10 s\n",
  ]);
});

test("a log gets of work without an end a line at each change of what is done, and every ten minutes", () => {
  const { written, clock, progress } = stage(false);
  for (clock.nowMs = 0; clock.nowMs <= 1_300_000; clock.nowMs += 1000) {
    const phase = clock.nowMs < 5000 ? "connexion" : "réception";
    progress.update({ phase, detail: `à ${clock.nowMs / 1000} s`, isWithoutEnd: true });
  }
  assert.deepEqual(written, [
    "connexion · à 0 s\n",
    "réception · à 5 s\n",
    "réception · à 605 s\n",
    "réception · à 1205 s\n",
  ]);
});

test("a terminal gets two lines redrawn in place, and a clean end", () => {
  const { written, clock, progress } = stage(true);
  progress.update({ phase: "a", doneBytes: 1, totalBytes: 2, detail: "base/1/1259" });
  clock.nowMs = 50;
  progress.update({ phase: "a", doneBytes: 2, totalBytes: 2 });
  clock.nowMs = 150;
  progress.update({ phase: "a", doneBytes: 2, totalBytes: 2 });
  progress.close();
  progress.update({ phase: "b" });
  assert.equal(written.length, 3);
  assert.match(
    stripVTControlCharacters(written[0] ?? ""),
    /^a {2}█{12}░{12} {2}50 %\n1 o \/ 2 o · base\/1\/1259$/,
  );
  assert.ok((written[1] ?? "").startsWith("\x1b[1A\r\x1b[J"), "drawn over the first");
  assert.equal(written[2], "\x1b[1A\r\x1b[J");
});

test("no line is wider than the terminal", () => {
  const { written, progress } = stage(true);
  progress.update({ phase: "é".repeat(200), detail: "数".repeat(200) });
  for (const line of (written[0] ?? "").split("\n")) {
    assert.ok(stripVTControlCharacters(line).length <= 79, line);
  }
});

test("a terminal that does not know its width is written to as one of 80 columns", () => {
  const { written, progress } = stage(true, 0);
  progress.update({ phase: "é".repeat(70), detail: "base/1/1259" });
  assert.equal(stripVTControlCharacters(written[0] ?? ""), `${"é".repeat(70)}\nbase/1/1259`);
});
