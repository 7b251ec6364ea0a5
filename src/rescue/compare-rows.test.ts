import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type CountedHash, RowComparison, compareCounts } from "./compare-rows.ts";

type Table = ReadonlyMap<number, string>;

const tables = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom("a", "b")), { maxLength: 40 })
  .map((rows): Table => new Map([...rows].sort(([a], [b]) => a - b)));

/** As a comparison goes through two tables: stretches of the past, and the live rows of the same span in pages. */
function compared(past: Table, live: Table, sizes: { stretch: number; page: number }): unknown {
  const comparison = new RowComparison();
  const rows = (table: Table, from: number, to: number) =>
    [...table]
      .filter(([id]) => id > from && id <= to)
      .map(([id, hash]) => ({ key: `${id}`, hash }));
  const ids = [...past.keys()];
  let after = -1;
  for (let at = 0; ; at += sizes.stretch) {
    const stretch = ids.slice(at, at + sizes.stretch);
    const until = stretch.at(-1) ?? Infinity;
    comparison.begin(rows(past, after, stretch.length === 0 ? -1 : until));
    const met = rows(live, after, until);
    for (let page = 0; page < met.length; page += sizes.page) {
      comparison.meet(met.slice(page, page + sizes.page));
    }
    if (stretch.length === 0) {
      const { missing, changed, added, ...sums } = comparison.result();
      return { ...sums, missing: missing.rows, changed: changed.rows, added: added.rows };
    }
    after = until;
  }
}

test("rows missing, changed and new are those of the two tables, however they are cut into stretches and pages", () => {
  const sizes = fc.record({
    stretch: fc.integer({ min: 1, max: 9 }),
    page: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(
    fc.property(tables, tables, sizes, (past, live, cut) => {
      const count = (of: Table, which: (id: number, hash: string) => boolean): number =>
        [...of].filter(([id, hash]) => which(id, hash)).length;
      assert.deepEqual(compared(past, live, cut), {
        past: past.size,
        live: live.size,
        missing: count(past, (id) => !live.has(id)),
        changed: count(past, (id, hash) => live.has(id) && live.get(id) !== hash),
        added: count(live, (id) => !past.has(id)),
      });
    }),
  );
});

test("the first few keys of each kind are kept, in their order", () => {
  const comparison = new RowComparison();
  comparison.begin(Array.from({ length: 9 }, (_, at) => ({ key: `${at}`, hash: "a" })));
  comparison.meet([{ key: "3", hash: "b" }]);
  const { missing, changed } = comparison.result();
  assert.deepEqual(missing, { rows: 8, first: ["0", "1", "2", "4", "5"] });
  assert.deepEqual(changed, { rows: 1, first: ["3"] });
});

// oxlint-disable-next-line typescript/require-await -- an async source of what is at hand
async function* sorted(hashes: readonly number[]): AsyncGenerator<CountedHash> {
  for (const hash of [...new Set(hashes)].sort((a, b) => a - b)) {
    yield { hash: BigInt(hash), rows: hashes.filter((each) => each === hash).length };
  }
}

test("without a key the difference of two tables is that of two bags of rows", async () => {
  const bags = fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(bags, bags, async (past, live) => {
      const { missing, added, changed, ...sums } = await compareCounts(sorted(past), sorted(live));
      const left = [...live];
      const lost = past.filter((each) => {
        const at = left.indexOf(each);
        if (at >= 0) {
          left.splice(at, 1);
        }
        return at < 0;
      });
      assert.deepEqual(sums, { past: past.length, live: live.length });
      assert.equal(missing.rows, lost.length);
      assert.equal(added.rows, left.length);
      assert.equal(changed.rows, 0);
    }),
  );
});
