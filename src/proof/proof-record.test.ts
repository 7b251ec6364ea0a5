import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../core/clock.ts";
import type { ServerBinaries } from "../postgres/server-binaries.ts";
import { ProofRecord, levelOf } from "./proof-record.ts";
import type { ProofLevel, ProofVerdict } from "./proof-result.ts";

const binaries: ServerBinaries = {
  binDirectory: "/nowhere",
  version: { major: 18, minor: 4, text: "18.4" },
  origin: "embedded",
};
const finding = { kind: "x", text: "y" };

function verdictOf(
  levels: readonly (readonly [level: ProofLevel["level"], ok: boolean])[],
  about: { readonly unfit?: true; readonly wanted?: readonly ProofLevel["level"][] } = {},
): ProofVerdict {
  const record = new ProofRecord(systemClock, about.wanted ?? [1, 2, 3]);
  record.levels.push(...levels.map(([level, ok]) => levelOf(level, 1, ok ? [] : [finding])));
  record.unfit =
    about.unfit === true ? [{ kind: "extension", name: "postgis", detail: "missing" }] : [];
  return record.close(binaries).verdict;
}

const three = [
  [1, true],
  [2, true],
  [3, true],
] as const;

test("a proof is green only when every wanted level was reached and holds", () => {
  assert.equal(verdictOf(three), "proved");
  assert.equal(verdictOf([]), "failed");
  assert.equal(verdictOf(three.slice(0, 2)), "failed");
  assert.equal(verdictOf(three, { wanted: [1, 2, 3, 4] }), "failed");
  assert.equal(verdictOf([...three, [4, true]], { wanted: [1, 2, 3, 4] }), "proved");
  assert.equal(verdictOf([...three, [5, false]], { wanted: [1, 2, 3, 5] }), "failed");
});

test("L51 what this host lacks is never green, excuses the user's own checks, and does not excuse damage", () => {
  assert.equal(verdictOf(three, { unfit: true }), "unfit");
  assert.equal(verdictOf([], { unfit: true }), "unfit");
  assert.equal(verdictOf([...three, [4, false]], { unfit: true, wanted: [1, 2, 3, 4] }), "unfit");
  assert.equal(verdictOf([...three.slice(0, 2), [3, false]], { unfit: true }), "failed");
});
