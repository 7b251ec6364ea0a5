import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { NumberedFile } from "./numbered-file.ts";

const call = { signal: new AbortController().signal };

test("the highest number counts, older ones go, and a number is written once", async () => {
  const root = await mkdtemp(join(tmpdir(), "pra-numbered-"));
  try {
    const directory = join(root, "state");
    const file = new NumberedFile({ directory, base: "seen" });
    assert.equal(await file.read(call), undefined);
    assert.equal(await file.write({ number: 1, content: Buffer.from("a") }, call), true);
    assert.equal(await file.write({ number: 1, content: Buffer.from("b") }, call), false);
    assert.equal(await file.write({ number: 1, content: Buffer.from("a") }, call), false);
    assert.equal(await file.write({ number: 12, content: Buffer.from("c") }, call), true);
    await writeFile(join(directory, "seen-x.json"), "");
    await writeFile(join(directory, "seen-other-00000099.json"), "");
    assert.deepEqual(await file.read(call), { number: 12, content: Buffer.from("c") });
    const names = await readdir(directory);
    assert.deepEqual(names.toSorted(), [
      "seen-00000012.json",
      "seen-other-00000099.json",
      "seen-x.json",
    ]);
  } finally {
    await rm(root, { recursive: true });
  }
});
