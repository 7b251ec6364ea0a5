/** The file for node_exporter. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { isDrError } from "../../core/errors.ts";
import { configureFailpoints } from "../../core/failpoint.ts";
import { sampleEnvironment, sampleLook } from "../../../tests/support/sample-look.ts";
import { scrapeOf } from "./scrape.ts";
import { writeTextfile } from "./write-textfile.ts";

const effects = { kill: (): never => assert.fail() };
const { signal } = new AbortController();
const scrape = scrapeOf(
  { environment: sampleEnvironment(), version: "1" },
  { everything: sampleLook() },
);

function folderOf(context: TestContext): string {
  const folder = mkdtempSync("/tmp/pra-textfile-");
  context.after(() => {
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

test("R20 the file is whole, readable by all whatever the umask, replaced, and alone in its folder", async (context) => {
  const folder = folderOf(context);
  const path = join(folder, "pra.prom");
  const before = process.umask(0o077);
  try {
    await writeTextfile(path, scrape, { signal });
    await writeTextfile(path, { ...scrape, version: "2" }, { signal });
  } finally {
    process.umask(before);
  }
  assert.match(readFileSync(path, "utf8"), /pra_build_info\{cluster="akig",version="2"\} 1\n/);
  assert.equal(statSync(path).mode & 0o777, 0o644);
  assert.deepEqual(readdirSync(folder), ["pra.prom"]);
});

test("R20 a write that fails leaves the file before, and nothing else", async (context) => {
  const folder = folderOf(context);
  const path = join(folder, "pra.prom");
  await writeTextfile(path, scrape, { signal });
  for (const name of ["metrics.write", "metrics.rename"]) {
    configureFailpoints({ failpoints: `${name}:enospc`, effects });
    context.after(() => {
      configureFailpoints({ effects });
    });
    await assert.rejects(writeTextfile(path, { ...scrape, version: "2" }, { signal }), (error) =>
      isDrError(error, "STORE_DISK_FULL"),
    );
  }
  configureFailpoints({ effects });
  assert.match(readFileSync(path, "utf8"), /version="1"/);
  assert.deepEqual(readdirSync(folder), ["pra.prom"]);
  await assert.rejects(
    writeTextfile(join(folder, "nowhere/pra.prom"), scrape, { signal }),
    (error) => isDrError(error, "STORE_IO"),
  );
});
