import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { isDrError } from "../core/errors.ts";
import { UNFINISHED_MARKER, claimDirectory } from "./target-directory.ts";

const options = {
  owner: undefined,
  over: false,
  isTablespace: false,
  signal: new AbortController().signal,
};
const begun = `.tmp-123-${"0a".repeat(10)}-${UNFINISHED_MARKER}`;
let home = "";

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "pra-target-"));
});
afterEach(async () => {
  await rm(home, { recursive: true });
});

/** A directory with empty files of these names. */
async function directoryWith(...names: readonly string[]): Promise<string> {
  const directory = join(home, "target");
  await mkdir(directory);
  for (const name of names) {
    await writeFile(join(directory, name), "");
  }
  return directory;
}

test("L49 what a restore left that died while it wrote its marker does not keep the next one out", async () => {
  const directory = await directoryWith(begun);
  await claimDirectory(directory, options);
  assert.deepEqual(await readdir(directory), [UNFINISHED_MARKER]);
});

for (const names of [[begun, "PG_VERSION"], [`${begun}.old`], [".tmp-1-a-other"]]) {
  test(`L49 a directory with ${names.join(" and ")} is not free`, async () => {
    const directory = await directoryWith(...names);
    await assert.rejects(claimDirectory(directory, options), (error) =>
      isDrError(error, "RESTORE_TARGET_NOT_EMPTY"),
    );
    assert.deepEqual((await readdir(directory)).toSorted(), names);
  });
}
