import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isDrError } from "../core/errors.ts";
import { parseLsn } from "../core/lsn.ts";
import { Acknowledged, type AcknowledgedCommit } from "./acknowledged.ts";

const one: AcknowledgedCommit = {
  client: 3,
  sequence: 7,
  hash: "ab".repeat(32),
  xid: 12_345_678_901n,
  insertLsn: parseLsn("16/B374D848"),
  sentEpochMs: 1000,
  ackedEpochMs: 1002,
};

test("what was noted in a file is read back; a line without its end does not count", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "pra-acknowledged-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "file");
  const noted = new Acknowledged({ file });
  noted.note(one);
  noted.note({ ...one, client: 1, sequence: 1, ackedEpochMs: 1001 });
  noted.close();
  await appendFile(file, "3 8 abab");
  const read = await Acknowledged.read(file);
  assert.deepEqual(read.all(), noted.all());
  assert.deepEqual(read.of(3), [one]);
  assert.deepEqual(read.clients, [1, 3]);
  assert.deepEqual(read.latest(), one);
  assert.equal(read.count, 2);
});

test("a changed line is refused with USAGE_ACKNOWLEDGED_FILE", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "pra-acknowledged-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "file");
  await writeFile(file, "3 7 not-a-hash 1 0/1 1 2\n");
  await assert.rejects(Acknowledged.read(file), (error) => {
    assert.ok(isDrError(error, "USAGE_ACKNOWLEDGED_FILE"));
    assert.match(error.message, /not-a-hash/);
    return true;
  });
});

test("commits that are written together are all there when the file is closed, and read back across pieces", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "pra-acknowledged-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "file");
  const noted = new Acknowledged({ file, together: 256 });
  // Longer than a piece that a stream reads at once.
  for (let sequence = 1; sequence <= 1000; sequence += 1) {
    noted.note({ ...one, sequence });
  }
  assert.equal((await readFile(file, "utf8")).split("\n").length - 1, 768);
  noted.close();
  assert.deepEqual((await Acknowledged.read(file)).all(), noted.all());
});
