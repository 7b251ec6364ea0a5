/** An anchor's text: kept, pasted, quoted, wrapped, and never changed unseen. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseLedgerWriterName } from "../repository/object-names.ts";
import { type Anchor, anchorMessage, formatAnchor, parseAnchor, settledHeads } from "./anchor.ts";
import type { LedgerHead } from "./ledger-writer.ts";

const HEX = Array.from({ length: 16 }, (_one, digit) => digit.toString(16));
const hexOf = (digits: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...HEX), minLength: digits, maxLength: digits });
const anyHead: fc.Arbitrary<LedgerHead> = fc.record(
  {
    writer: fc
      .tuple(hexOf(16), hexOf(32))
      .map(([key, id]) => parseLedgerWriterName(`${key}-${id}`)),
    sequence: fc.integer({ min: 1, max: 999_999_999_999 }),
    hash: hexOf(64),
  },
  { noNullPrototype: true },
);
const anyInstant = fc
  .integer({ min: Date.UTC(2020, 0), max: Date.UTC(2100, 0) })
  .map((ms) => new Date(ms).toISOString());
const anyAnchor: fc.Arbitrary<Anchor> = fc.record(
  {
    repositoryId: hexOf(32),
    generation: fc.integer({ min: 1, max: 999 }),
    madeAt: anyInstant,
    by: fc.string({
      unit: fc.constantFrom("a", "b", "@", ".", "_", "-"),
      minLength: 1,
      maxLength: 60,
    }),
    settled: fc
      .tuple(anyInstant, fc.array(anyHead, { maxLength: 5 }))
      .map(([until, heads]) => settledHeads(until, heads)),
    heads: fc.array(anyHead, { maxLength: 5 }),
  },
  { noNullPrototype: true },
);
const seal = { key: "a".repeat(64), enrolment: "b".repeat(128), signature: "c".repeat(128) };

test("R16 of several anchors in a text the last one that can be read counts, and of none that can the last one is told", () => {
  const [first, second] = fc.sample(anyAnchor, { numRuns: 2, seed: 5 });
  assert.ok(first !== undefined && second !== undefined);
  const [older, newer] = [formatAnchor(first, seal), formatAnchor(second, seal)];
  const broken = newer.replace("repository", "rep=C3=A9");
  assert.deepEqual(parseAnchor(older + newer).anchor, second);
  assert.deepEqual(parseAnchor(`${newer}<pre>${broken}</pre>`).anchor, second);
  assert.deepEqual(parseAnchor(`${older}-----BEGIN PRA LEDGER ANCHOR-----\ncut`).anchor, first);
  for (const text of ["", broken, "-----BEGIN PRA LEDGER ANCHOR-----"]) {
    assert.throws(() => parseAnchor(text), { code: "LEDGER_ANCHOR_UNREADABLE" });
  }
});

test("R16 an anchor's text gives the anchor back, however it was quoted, wrapped and surrounded", () => {
  fc.assert(
    fc.property(anyAnchor, fc.constantFrom("", "> ", ">> ", "\t| "), (anchor, mark) => {
      const text = formatAnchor(anchor, seal);
      assert.ok(
        text.split("\n").every((line) => line.length <= 72),
        text,
      );
      const sent = `Dear auditor,\r\n${text.replace(/^/gm, mark).replace(/\n/g, "\r\n")}\r\nYours`;
      for (const kept of [text, sent, text.replace(/(?<=[0-9a-z]) /g, "\n ")]) {
        assert.deepEqual(parseAnchor(kept), { anchor, seal });
      }
    }),
    { numRuns: 100 },
  );
});

test("R16 a word more, less or changed makes another message, or no anchor", () => {
  fc.assert(
    fc.property(anyAnchor, fc.nat(), fc.nat(), (anchor, at, by) => {
      const text = formatAnchor(anchor, seal);
      const place =
        text.indexOf("version") + (at % (text.indexOf("key ") - text.indexOf("version")));
      const old = text.charCodeAt(place);
      const changed = String.fromCharCode(33 + ((old - 33 + 1 + (by % 92)) % 93));
      if (/\s/.test(text.charAt(place))) {
        return;
      }
      let read: Anchor | undefined;
      try {
        read = parseAnchor(text.slice(0, place) + changed + text.slice(place + 1)).anchor;
      } catch {
        return;
      }
      assert.notDeepEqual(anchorMessage(read), anchorMessage(anchor));
    }),
    { numRuns: 200 },
  );
});

test("R16 what is no anchor is LEDGER_ANCHOR_UNREADABLE, and says where", () => {
  const anchor: Anchor = {
    repositoryId: "0".repeat(32),
    generation: 1,
    madeAt: "2026-11-23T07:00:00.000Z",
    by: "root@a",
    settled: settledHeads("2026-11-23T06:00:00.000Z", []),
    heads: [],
  };
  const text = formatAnchor(anchor, seal);
  for (const wrong of [
    "",
    text.slice(0, -20),
    text.replace("made 2026", "made 20x6"),
    text.replace("signature", ""),
    text.replace(/-----END/, "more\n-----END"),
  ]) {
    assert.throws(() => parseAnchor(wrong), { code: "LEDGER_ANCHOR_UNREADABLE" });
  }
});

test("heads have one digest, whatever their order", () => {
  fc.assert(
    fc.property(fc.array(anyHead, { maxLength: 8 }), (heads) => {
      const [one, two] = [heads, heads.toReversed()].map((list) => settledHeads("", list));
      assert.deepEqual(one, two);
    }),
  );
});
