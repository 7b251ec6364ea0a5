/** Names to connect by, and settings read back, from what a backup recorded. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServerIdentity } from "../repository/root.ts";
import { recordedSetting } from "./recorded-facts.ts";
import { superuserCandidates } from "./superuser.ts";

function server(facts: Record<string, unknown>): ServerIdentity {
  return {
    major: 18,
    version: "18.4",
    systemId: "1",
    blockBytes: 8192,
    walBlockBytes: 8192,
    walSegmentBytes: 16_777_216,
    segmentBlocks: 131_072,
    dataChecksums: true,
    controlVersion: 1800,
    catalogVersion: 202_506_291,
    standby: false,
    facts,
  };
}

test("the owner of pg_default is tried first, then the usual name, each once", () => {
  const tablespaces = [
    { oid: 1664, owner: "someone" },
    { oid: 1663, owner: "admin" },
  ];
  assert.deepEqual(superuserCandidates(server({ tablespaces })), ["admin", "postgres"]);
  const hidden = { tablespaces: { visible: true, value: tablespaces } };
  assert.deepEqual(superuserCandidates(server(hidden)), ["admin", "postgres"]);
});

test("without any record the usual name is tried", () => {
  assert.deepEqual(superuserCandidates(server({})), ["postgres"]);
  assert.deepEqual(superuserCandidates(server({ tablespaces: "?" })), ["postgres"]);
});

test("a recorded setting is read back; one that is hidden or missing is undefined", () => {
  const settings = { visible: true, value: [{ name: "wal_compression", setting: "lz4" }] };
  assert.equal(recordedSetting(server({ settings }), "wal_compression"), "lz4");
  assert.equal(recordedSetting(server({ settings }), "port"), undefined);
  assert.equal(recordedSetting(server({ settings: { visible: false } }), "port"), undefined);
});
