/** Full or incremental: the weekly policy, what was asked for, and what makes an increment impossible. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { smallRoot } from "../../tests/support/small-root.ts";
import { parseObjectId } from "../core/object-id.ts";
import { type WantedKind, chooseKind } from "./choose-kind.ts";

const newest = smallRoot({ id: parseObjectId("0".repeat(31).concat("1")) });
const { blockBytes, segmentBlocks } = newest.server;
const fullAt = "2026-01-01T00:00:00.000Z";
const hoursLater = (hours: number): number => Date.parse(fullAt) + hours * 3_600_000;

function chosen(wanted: WantedKind, hours: number): string {
  const server = { blockBytes, segmentBlocks };
  const nowMs = hoursLater(hours);
  const { kind, reason } = chooseKind({
    wanted,
    newest,
    newestFullAt: fullAt,
    sameKeys: true,
    server,
    nowMs,
  });
  return `${kind} ${reason}`;
}

test("the policy takes a full backup once a week, a little early too, and increments between", () => {
  assert.equal(chosen("policy", 24), "incremental between-fulls");
  assert.equal(chosen("policy", 7 * 24 - 7), "incremental between-fulls");
  assert.equal(chosen("policy", 7 * 24 - 5), "full weekly");
  assert.equal(chosen("policy", 30 * 24), "full weekly");
});

test("what was asked for is taken, however old the last full backup", () => {
  assert.equal(chosen("full", 1), "full asked");
  assert.equal(chosen("incremental", 30 * 24), "incremental asked");
});

test("without a backup to build upon a full one is taken, whatever was asked for", () => {
  const server = { blockBytes, segmentBlocks };
  for (const wanted of ["policy", "incremental"] as const) {
    const nothing = { newest: undefined, newestFullAt: undefined, sameKeys: true };
    const { kind, reason } = chooseKind({ wanted, ...nothing, server, nowMs: 0 });
    assert.equal(`${kind} ${reason}`, "full no-parent");
  }
});

test("another block or segment size makes a full backup of an increment", () => {
  for (const server of [
    { blockBytes: blockBytes * 2, segmentBlocks },
    { blockBytes, segmentBlocks: segmentBlocks / 2 },
  ]) {
    const about = { newest, newestFullAt: fullAt, sameKeys: true, server, nowMs: hoursLater(1) };
    const { kind, reason } = chooseKind({ wanted: "incremental", ...about });
    assert.equal(`${kind} ${reason}`, "full layout-changed");
  }
});

test("a repository whose full backups are gone or damaged gets a full one by policy", () => {
  const server = { blockBytes, segmentBlocks };
  const about = { newest, newestFullAt: undefined, sameKeys: true, server, nowMs: hoursLater(1) };
  assert.equal(chooseKind({ wanted: "policy", ...about }).reason, "weekly");
});

test("L41 a backup after a rotation is full, whatever was asked for: what it needs is sealed with its own keys", () => {
  const server = { blockBytes, segmentBlocks };
  for (const wanted of ["policy", "incremental"] as const) {
    const about = { newest, newestFullAt: fullAt, sameKeys: false, server, nowMs: hoursLater(1) };
    const { kind, reason } = chooseKind({ wanted, ...about });
    assert.equal(`${kind} ${reason}`, "full keys-rotated");
  }
});
