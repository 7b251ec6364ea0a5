import assert from "node:assert/strict";
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { never } from "../../tests/support/connection-of.ts";
import { type VolumeRoom, judgeRoom, roomOnVolumes } from "./target-room.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

function volume(of: Partial<VolumeRoom>): VolumeRoom {
  return {
    directory: "/srv/copy",
    filesBytes: 10 * GIB,
    walBytes: GIB,
    freeBytes: 20 * GIB,
    replacedBytes: 0,
    elastic: false,
    ...of,
  };
}

const about = { walBytes: GIB, command: "pra restore" };

test("what does not fit on its file system is refused with what it takes, what is free, and where", () => {
  const small = volume({ freeBytes: 11 * GIB - 1, directory: "/fast" });
  assert.throws(() => judgeRoom([volume({}), small], about), {
    code: "RESTORE_ROOM",
    message: "pra restore needs 11264 MiB in /fast, which has 11263 free",
    hint: /^Nothing was restored\. .*--to and --tablespace.* 10240 MiB are for the files, 1024 for the WAL/,
  });
});

test("what fits barely is told, and what fits well is not", () => {
  assert.deepEqual(judgeRoom([volume({})], about), []);
  const { directory, filesBytes } = volume({});
  const freeBytes = 12 * GIB;
  assert.deepEqual(judgeRoom([volume({ freeBytes })], about), [
    { directory, freeBytes, takenBytes: filesBytes + GIB },
  ]);
  const walOnly = volume({ filesBytes: 0, freeBytes: GIB });
  assert.deepEqual(judgeRoom([walOnly], about), [], "nothing is added to a place of WAL");
});

test("what makes way on the disk is not asked for again", () => {
  const over = volume({ freeBytes: 2 * GIB, replacedBytes: 9 * GIB });
  assert.equal(judgeRoom([over], about).length, 1);
  assert.throws(() => judgeRoom([{ ...over, freeBytes: GIB }], about), {
    message: "pra restore needs 2048 MiB in /srv/copy, which has 1024 free",
  });
});

test("a file system that compresses is never refused: what it takes is not what it says", () => {
  const found = judgeRoom([volume({ freeBytes: GIB, elastic: true })], about);
  assert.equal(found.length, 1);
});

test("places on one file system count together, and what lies there counts as far as it makes way", async () => {
  const home = await mkdtemp(join(tmpdir(), "pra-room-"));
  try {
    const data = join(home, "data");
    const space = join(home, "space");
    const content = Buffer.alloc(3 * MIB, 7);
    await mkdir(join(data, "base", "1"), { recursive: true });
    await mkdir(join(space, "PG_18_1"), { recursive: true });
    await mkdir(join(space, "PG_17_1"));
    await writeFile(join(data, "base", "1", "2600"), content);
    await writeFile(join(space, "PG_18_1", "5"), content);
    await writeFile(join(space, "PG_17_1", "5"), content);
    await writeFile(join(home, "elsewhere"), content);
    await link(join(home, "elsewhere"), join(data, "second-name"));
    await symlink(home, join(data, "pg_wal"));
    const fresh = join(home, "not", "there", "yet");
    const places = [
      { directory: data, replaced: data, filesBytes: 5 * MIB },
      { directory: space, replaced: join(space, "PG_18_1"), filesBytes: 2 * MIB },
      { directory: fresh, replaced: join(fresh, "PG_18_1"), filesBytes: MIB },
    ] as const;
    const [one, ...others] = await roomOnVolumes(places, { walBytes: 4 * MIB, signal: never });
    assert.deepEqual(others, []);
    assert.deepEqual(
      [one?.directory, one?.filesBytes, one?.walBytes, one?.replacedBytes],
      [data, 8 * MIB, 4 * MIB, 6 * MIB],
    );
    assert.ok((one?.freeBytes ?? 0) > 0);
  } finally {
    await rm(home, { recursive: true });
  }
});
