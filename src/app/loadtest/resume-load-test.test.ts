import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { LatencyRecord, keepMeasurement } from "../../loadtest/latency-record.ts";
import { environmentIn } from "../../../tests/support/environment-in.ts";
import { compose } from "../compose.ts";
import { demoFolderAt } from "../demo/demo-folder.ts";
import { emptyNotes } from "./load-test-notes.ts";
import { resumeLoadTest } from "./resume-load-test.ts";
import { saveTest } from "./saved-test.ts";

const { signal } = new AbortController();
const PROGRAM = "1.2.3";

/** A folder as a load test of cluster "shop" leaves it that was killed after its load; and where it is configured. */
async function killedTest(t: TestContext): Promise<{ place: string; folder: string }> {
  const place = await mkdtemp(join(tmpdir(), "pra-resume-"));
  t.after(() => rm(place, { recursive: true, force: true }));
  await writeFile(join(place, "package.json"), JSON.stringify({ version: PROGRAM }));
  const folder = join(place, "pra-loadtest-1");
  const { keyFile, acknowledged } = demoFolderAt(folder);
  await mkdir(join(folder, "keys"), { recursive: true });
  await writeFile(keyFile, "");
  await writeFile(acknowledged, "");
  const { load: _load, production: _production, ...notes } = emptyNotes();
  const saved = {
    cluster: "shop",
    startedAt: new Date(0).toISOString(),
    savedAt: new Date(1).toISOString(),
    loadMs: 10_000,
    seed: 7,
    clients: 4,
    binaries: {
      binDirectory: "/nowhere",
      version: { major: 18, minor: 1, text: "18.1" },
      origin: "embedded",
    } as const,
    crashEpochMs: 0,
    acknowledged: 0,
    measurement: keepMeasurement(new LatencyRecord({ slotMs: 100 }), 0),
    notes: { ...notes, applicationWanted: true },
  };
  await saveTest(folder, "loaded", saved, { program: PROGRAM, signal });
  return { place, folder };
}

async function refused(
  { place, folder }: { readonly place: string; readonly folder: string },
  cluster: string,
  expected: { readonly code: string; readonly message: RegExp },
): Promise<void> {
  const environment = environmentIn(place, { PRA_CLUSTER: cluster });
  const before = await readdir(folder);
  const request = { folder, onEvent: () => undefined, signal };
  await assert.rejects(resumeLoadTest(compose(), environment, request), expected);
  assert.deepEqual(await readdir(folder), before, "it can be gone on with");
}

test("R6 a configuration that cannot be read leaves a load test to be gone on with once it is mended", async (t) => {
  const killed = await killedTest(t);
  await writeFile(join(killed.place, "pra.yaml"), "proof:\n  aplication: {}\n");
  await refused(killed, "shop", { code: "CONFIG_YAML_KEY", message: /aplication/ });
});

test("R6 a load test of one cluster is not gone on with by another's objectives, and not into its ledger", async (t) => {
  const killed = await killedTest(t);
  const code = "CONFIG_LOADTEST_RESUME_CLUSTER";
  await refused(killed, "books", { code, message: /for cluster shop; .* of cluster books/ });
});
