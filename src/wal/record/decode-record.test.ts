import assert from "node:assert/strict";
import { test } from "node:test";

import { commit, readHandmade as read, refuses } from "../../../tests/support/collect-records.ts";
import {
  HANDMADE_SYSTEM_ID,
  type HandmadeRecord,
  HandmadeWal,
  fields,
} from "../../../tests/support/handmade-wal.ts";
import { type Lsn, lsnOf } from "../../core/lsn.ts";
import { timelineOf } from "../../core/wal-name.ts";
import type { WalEvent } from "./wal-event.ts";

test("an origin and a top-level xid in front of the main data are passed over", () => {
  const wal = new HandmadeWal({});
  const extraHeader = fields(["u8", 253], ["u16", 3], ["u8", 252], ["u32", 600]);
  wal.record({ ...commit(12), extraHeader });
  assert.equal(read(wal.bytes(), wal).events[0]?.kind, "commit");
});

test("commit and abort records give subtransactions and the prepared xid on every major", () => {
  for (const major of [14, 15, 16, 17, 18] as const) {
    const wal = new HandmadeWal({ major });
    const statistics = {
      14: [],
      15: [fields(["u32", 1], ["u32", 2], ["u32", 3], ["u32", 4])],
      16: [fields(["u32", 1], ["u32", 2], ["u32", 3], ["u32", 4])],
      17: [fields(["u32", 1], ["u32", 2], ["u32", 3], ["u32", 4])],
      18: [fields(["u32", 1], ["u32", 2], ["u32", 3], ["u32", 4], ["u32", 0])],
    }[major];
    const present = 0b1101_0111 | (statistics.length === 0 ? 0 : 0x100) | 0b1000;
    const mainData = Buffer.concat([
      fields(["i64", -3n], ["u32", present], ["u32", 1], ["u32", 2]),
      fields(["u32", 2], ["u32", 901], ["u32", 903]),
      fields(["u32", 1], ["u32", 7], ["u32", 8], ["u32", 9]),
      ...statistics,
      fields(["u32", 2]),
      Buffer.alloc(32, 0xaa),
      fields(["u32", 900]),
      Buffer.from("gid\0"),
    ]);
    const span = wal.record({ rmgr: 1, info: 0xb0, xid: 0, mainData });
    const aborted = wal.record({
      rmgr: 1,
      info: 0xa0,
      xid: 950,
      mainData: fields(["i64", 8n], ["u32", 2], ["u32", 1], ["u32", 951]),
    });
    assert.deepEqual(read(wal.bytes(), wal).events, [
      {
        kind: "commit",
        ...span,
        prepared: true,
        xid: 900,
        subXids: [901, 903],
        timeMicros: -3n,
      },
      { kind: "abort", ...aborted, prepared: false, xid: 950, subXids: [951], timeMicros: 8n },
    ]);
  }
});

test("settings, checkpoints, restore points and the end of recovery are read on every major", () => {
  for (const major of [14, 15, 16, 17, 18] as const) {
    const wal = new HandmadeWal({ major, timeline: 3 });
    const level = major >= 17 ? ("replica" as const) : undefined;
    const name = Buffer.alloc(64);
    name.write("avant-migration-é");
    const one = (info: number, mainData: Uint8Array): { lsn: Lsn; endLsn: Lsn } =>
      wal.record({ rmgr: 0, info, mainData });
    const checkpoint = (info: number): { lsn: Lsn; endLsn: Lsn } =>
      one(
        info,
        Buffer.concat([
          fields(["u64", 0x1234n], ["u32", 3], ["u32", 2], ["u32", 1]),
          fields(["u32", major >= 17 ? 1 : 0xdddddddd]),
          Buffer.alloc(64),
        ]),
      );
    const expected: WalEvent[] = [
      ...([0x00, 0x10] as const).map((info) => ({
        kind: "checkpoint" as const,
        ...checkpoint(info),
        shutdown: info === 0x00,
        redoLsn: lsnOf(0x1234n),
        timeline: 3,
        previousTimeline: 2,
        fullPageWrites: true,
        walLevel: level,
      })),
      {
        kind: "restore-point",
        name: "avant-migration-é",
        timeMicros: 77n,
        ...one(0x70, Buffer.concat([fields(["i64", 77n]), name])),
      },
      {
        kind: "parameter-change",
        ...one(
          0x60,
          fields(
            ["i32", 100],
            ["i32", 8],
            ["i32", 10],
            ["i32", 4],
            ["i32", 64],
            ["i32", 2],
            ["u8", 1],
            ["u8", 0],
            ["u16", 0],
          ),
        ),
        maxConnections: 100,
        maxWorkerProcesses: 8,
        maxWalSenders: 10,
        maxPreparedTransactions: 4,
        maxLocksPerTransaction: 64,
        walLevel: "logical",
        walLogHints: true,
        trackCommitTimestamp: false,
      },
      { kind: "full-page-writes", ...one(0x80, fields(["u8", 0])), enabled: false },
      {
        kind: "end-of-recovery",
        ...one(
          0x90,
          Buffer.concat([
            fields(["i64", 99n], ["u32", 3], ["u32", 2]),
            ...(major >= 17 ? [fields(["i32", 1], ["u32", 0])] : []),
          ]),
        ),
        timeline: 3,
        previousTimeline: 2,
        timeMicros: 99n,
        walLevel: level,
      },
      { kind: "backup-end", ...one(0x50, fields(["u64", 0x99n])), startLsn: lsnOf(0x99n) },
    ];
    const { events, reader } = read(wal.bytes(), {
      startLsn: wal.startLsn,
      timeline: timelineOf(3),
      major,
    });
    assert.deepEqual(events, expected);
    assert.equal(reader.major, major);
    assert.equal(reader.systemId, HANDMADE_SYSTEM_ID);
  }
});

test("a record that is not laid out as its major writes it is refused with WAL_RECORD_LAYOUT", () => {
  const short: HandmadeRecord[] = [
    { rmgr: 1, info: 0x00, mainData: fields(["u32", 1]) },
    { rmgr: 1, info: 0x80, mainData: fields(["i64", 1], ["u32", 2], ["u32", 0xffffffff]) },
    { rmgr: 1, info: 0x80, mainData: fields(["i64", 1], ["u32", 4], ["u32", 0xffffffff]) },
    { rmgr: 1, info: 0x30, mainData: fields(["i64", 1]) },
    { rmgr: 1, info: 0x80, mainData: fields(["i64", 1], ["u32", 0x10], ["u32", 5]) },
    { rmgr: 0, info: 0x00, mainData: fields(["u64", 1]) },
    { rmgr: 0, info: 0x60, mainData: Buffer.alloc(28, 0xff) },
    { rmgr: 0, info: 0x60, mainData: Buffer.alloc(28, 0x02) },
    { rmgr: 0, info: 0x80, mainData: new Uint8Array(0) },
    { rmgr: 0, info: 0x80, mainData: new Uint8Array(1), extraHeader: fields(["u8", 0]) },
    {
      rmgr: 0,
      info: 0x80,
      mainData: new Uint8Array(1),
      extraHeader: fields(["u8", 255], ["u8", 1]),
    },
  ];
  for (const record of short) {
    const wal = new HandmadeWal({});
    wal.record(record);
    refuses(
      "WAL_RECORD_LAYOUT",
      () => read(wal.bytes(), wal),
      /does not have the layout of PostgreSQL 18/,
    );
  }
  const old = new HandmadeWal({ major: 14 });
  old.record({ rmgr: 1, info: 0x80, mainData: fields(["i64", 1], ["u32", 0x100], ["u32", 0]) });
  refuses("WAL_RECORD_LAYOUT", () => read(old.bytes(), old), /PostgreSQL 14/);
});
