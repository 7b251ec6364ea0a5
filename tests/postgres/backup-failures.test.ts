/** A backup that fails half-way: the error has its code, nothing is listed, nothing staged stays, no thread goes on. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { getEventListeners } from "node:events";
import process from "node:process";
import { test } from "node:test";
import { type ErrorCode, isDrError } from "../../src/core/errors.ts";
import { configureFailpointsFrom } from "../../src/files/failpoint-effects.ts";
import { connectionOf } from "../support/connection-of.ts";
import { TestRepository } from "../support/test-repository.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";

/** Failpoint, and the code of the error. */
const failures: readonly (readonly [string, ErrorCode])[] = [
  ["framed-file.write:enospc:1", "STORE_DISK_FULL"],
  ["framed-file.write:error", "STORE_IO"],
  ["backup.publish-pack:enospc:1", "STORE_DISK_FULL"],
  ["backup.publish-map:error:1", "STORE_IO"],
  ["backup.publish-root:error:1", "STORE_IO"],
];

async function fails(server: TestServer, failpoint: string, code: ErrorCode): Promise<void> {
  await using repository = await TestRepository.create();
  const controller = new AbortController();
  const { signal } = controller;
  // The failpoints of this thread and, by the environment, of the workers.
  process.env["PRA_FAILPOINT"] = failpoint;
  configureFailpointsFrom(process.env);
  try {
    await assert.rejects(repository.backup(connectionOf(server), { signal }), (error: unknown) => {
      assert.ok(isDrError(error), `${failpoint}: ${String(error)}`);
      assert.equal(error.code, code, failpoint);
      const { path, freeBytes } = error.details as Record<string, unknown>;
      assert.ok(String(path).startsWith(repository.directory), `${failpoint}: ${String(path)}`);
      assert.ok(code !== "STORE_DISK_FULL" || typeof freeBytes === "number", failpoint);
      return true;
    });
  } finally {
    delete process.env["PRA_FAILPOINT"];
    configureFailpointsFrom(process.env);
  }
  const names = await readdir(repository.directory, { recursive: true });
  assert.deepEqual(
    names.filter((name) => /(?:pack|map)-[0-9a-f]{32}$/.test(name) || name.includes("/backups/")),
    [],
  );
  assert.deepEqual(getEventListeners(signal, "abort"), []);
  const next = await repository.backup(connectionOf(server));
  assert.ok(next.root.totals.newBlocks > 0);
}

test("L53 a backup that fails at any step says why, leaves nothing behind, and the next one works", async () => {
  await using server = await startTestServer({ major: 18 });
  await server.query("CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 200000) g");
  for (const [failpoint, code] of failures) {
    await fails(server, failpoint, code);
  }
});
