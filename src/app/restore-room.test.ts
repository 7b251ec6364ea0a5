import assert from "node:assert/strict";
import { test } from "node:test";
import { neededBytes, requireRoom } from "./restore-room.ts";

const GB = 1e9;

test("a throw-away server needs room for the files, the WAL twice, and a margin that grows with the files", () => {
  assert.equal(neededBytes({ filesBytes: 0, walBytes: 0 }), 512 * 1024 * 1024);
  assert.equal(neededBytes({ filesBytes: 100 * GB, walBytes: 3 * GB }), 111 * GB);
});

test("too little room is refused with what is needed, what is free, and where", async () => {
  const sizes = { filesBytes: 1e15, walBytes: 5 };
  await assert.rejects(requireRoom("/tmp", sizes, "pra prove"), {
    code: "RESTORE_ROOM",
    message: /^pra prove needs 1001358033 MiB in \/tmp, which has \d+ free$/,
    hint: /Nothing was restored\. .*PRA_SPOOL_DIR.* 953674317 MiB are for the files, 1 for the WAL/,
  });
  assert.ok((await requireRoom("/tmp", { filesBytes: 0, walBytes: 0 }, "pra peek")) > 0);
});
