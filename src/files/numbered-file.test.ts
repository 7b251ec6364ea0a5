import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { configureFailpoints } from "../core/failpoint.ts";
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

test("L53 killed between a new state and the removal of the old one, the new one counts and the old one goes later", async () => {
  const root = await mkdtemp(join(tmpdir(), "pra-numbered-"));
  try {
    const file = new NumberedFile({ directory: root, base: "seen" });
    await file.write({ number: 1, content: Buffer.from("a") }, call);
    const kill = (): never => {
      throw new Error("killed");
    };
    configureFailpoints({ failpoints: "files.numbered-written:kill", effects: { kill } });
    await assert.rejects(file.write({ number: 2, content: Buffer.from("b") }, call), /killed/);
    configureFailpoints({ effects: { kill } });
    assert.deepEqual(await readdir(root), ["seen-00000001.json", "seen-00000002.json"]);
    assert.deepEqual(await file.read(call), { number: 2, content: Buffer.from("b") });
    await file.write({ number: 3, content: Buffer.from("c") }, call);
    assert.deepEqual(await readdir(root), ["seen-00000003.json"]);
  } finally {
    await rm(root, { recursive: true });
  }
});
