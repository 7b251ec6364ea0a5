import assert from "node:assert/strict";
import { test } from "node:test";

import { ModelWriter, knowledgeOf, wholeTimeline } from "../../tests/support/model-wal.ts";
import { START, backupIn, one, two } from "../../tests/support/plan-cases.ts";
import { lsnOf } from "../core/lsn.ts";
import type { PlanCatalogue } from "./plan.ts";
import { windowsIn, windowsJson } from "./window.ts";

const signal = new AbortController().signal;
const DEPTHS = ["all", "ends"] as const;

function withHole(): PlanCatalogue {
  const writer = new ModelWriter(START);
  const first = backupIn(writer, 1, { inside: 50n });
  writer.commit(701, 100n);
  writer.add({ kind: "other" }, 4096);
  writer.commit(702, 200n);
  const second = backupIn(writer, 2);
  writer.commit(703, 300n);
  const toLsn = writer.at;
  const timeline = {
    ...wholeTimeline(writer),
    spans: [
      { fromLsn: START, toLsn: lsnOf(0x3400n), known: undefined },
      { fromLsn: lsnOf(0x4000n), toLsn, known: { endLsn: toLsn, atMicros: 400n } },
    ],
  };
  return { backups: [first, second], wal: knowledgeOf([timeline]) };
}

test("a window goes from the first backup's end to the newest proven instant, and holes part windows", async () => {
  for (const depth of DEPTHS) {
    const json = windowsJson(await windowsIn(withHole(), { depth, signal }));
    assert.deepEqual(json, {
      windows: [
        {
          timeline: 1,
          from: { lsn: "0/30C8", time: "2000-01-01T00:00:00.000050Z" },
          to: { lsn: "0/30F8", time: "2000-01-01T00:00:00.000100Z" },
        },
        {
          timeline: 1,
          from: { lsn: "0/41C0", time: "2000-01-01T00:00:00.000200Z" },
          to: { lsn: "0/41F0", time: "2000-01-01T00:00:00.000400Z" },
        },
      ],
      gaps: [{ timeline: 1, from: "0/3400", to: "0/4000", cause: "missing" }],
    });
  }
});

test("L48 WAL that no server replays parts windows when every index is read", async () => {
  const writer = new ModelWriter(START);
  const first = backupIn(writer, 1, { inside: 50n });
  const minimal = writer.add({ kind: "wal-level", walLevel: "minimal", maxConnections: 10 });
  writer.commit(701, 100n);
  writer.add({ kind: "wal-level", walLevel: "replica", maxConnections: 10 });
  const second = backupIn(writer, 2, { inside: 200n });
  const catalogue = { backups: [first, second], wal: knowledgeOf([wholeTimeline(writer)]) };
  const { windows, gaps } = await windowsIn(catalogue, { depth: "all", signal });
  assert.deepEqual(
    windows.map(({ from, to }) => [from.timeMicros, to.timeMicros]),
    [
      [50n, 50n],
      [200n, 200n],
    ],
  );
  assert.deepEqual(gaps, [
    { timeline: 1, fromLsn: minimal.lsn, toLsn: writer.at, cause: "wal-level-minimal" },
  ]);
});

test("L15 each branch has its window; one that another passes through is not shown twice", async () => {
  for (const left of [true, false]) {
    const trunk = new ModelWriter(START);
    const backup = backupIn(trunk, 1, { inside: 50n });
    trunk.commit(701, 100n);
    const switchLsn = trunk.at;
    if (left) {
      trunk.commit(702, 150n);
    }
    const branch = new ModelWriter(switchLsn);
    branch.commit(801, 200n);
    const timelines = [
      wholeTimeline(trunk),
      {
        timeline: two,
        parent: { timeline: one, switchLsn },
        records: branch.records,
        spans: [{ fromLsn: START, toLsn: branch.at, known: undefined }],
      },
    ];
    const catalogue = { backups: [backup], wal: knowledgeOf(timelines) };
    for (const depth of DEPTHS) {
      const { windows } = await windowsIn(catalogue, { depth, signal });
      assert.deepEqual(
        windows.map(({ timeline, to }) => [timeline, to.timeMicros]),
        left
          ? [
              [1, 150n],
              [2, 200n],
            ]
          : [[2, 200n]],
      );
    }
  }
});

test("without a usable backup there is no window, and a hole is still told", async () => {
  const { wal } = withHole();
  const { windows, gaps } = await windowsIn({ backups: [], wal }, { depth: "ends", signal });
  assert.deepEqual(windows, []);
  assert.equal(gaps.length, 1);
});

test("L44 where backups bring only their own WAL, and no transaction dates it, a window shows positions and no time that a host's clock made up", async () => {
  for (const depth of DEPTHS) {
    const writer = new ModelWriter(START);
    const quiet = backupIn(writer, 1);
    writer.add({ kind: "other" }, 64);
    const alone = { backups: [quiet], wal: knowledgeOf([wholeTimeline(writer)]) };
    const [window] = (await windowsIn(alone, { depth, signal })).windows;
    assert.deepEqual(
      [window?.from.lsn, window?.from.timeMicros, window?.to.timeMicros],
      [quiet.stopLsn, undefined, undefined],
    );
    // One transaction beside it, and its own time is both ends: nothing wider is proven, and nothing narrower told.
    const dated = new ModelWriter(START);
    const busy = backupIn(dated, 1, { inside: 50n });
    const dates = { backups: [busy], wal: knowledgeOf([wholeTimeline(dated)]) };
    const [instant] = (await windowsIn(dates, { depth, signal })).windows;
    assert.deepEqual([instant?.from.timeMicros, instant?.to.timeMicros], [50n, 50n]);
  }
});
