import assert from "node:assert/strict";
import { test } from "node:test";
import {
  strainConnectionsLeftMin,
  strainFreeBytesMin,
  strainLatencyLeastMs,
  strainSilenceMaxMs,
  strainStandbyLagBytes,
} from "../core/load-limits.ts";
import { type StrainReading, judgeStrain, latencyBoundMs } from "./strain.ts";

const CALM: StrainReading = {
  probeP99Ms: 8,
  probeWaitsMs: 3,
  standbyLagBytes: 1000,
  freeBytes: strainFreeBytesMin,
  connectionsLeft: strainConnectionsLeftMin,
};

test("R6 each way in which production suffers ends the load, and is named with its bound", () => {
  assert.equal(judgeStrain(CALM, CALM), undefined);
  const cases: readonly (readonly [string, Partial<StrainReading>, number])[] = [
    ["latency", { probeP99Ms: strainLatencyLeastMs + 1 }, strainLatencyLeastMs],
    ["silence", { probeWaitsMs: strainSilenceMaxMs + 1 }, strainSilenceMaxMs],
    ["standby", { standbyLagBytes: 1001 + strainStandbyLagBytes }, 1000 + strainStandbyLagBytes],
    ["disk", { freeBytes: strainFreeBytesMin - 1 }, strainFreeBytesMin],
    ["connections", { connectionsLeft: strainConnectionsLeftMin - 1 }, strainConnectionsLeftMin],
  ];
  for (const [cause, change, bound] of cases) {
    const found = judgeStrain({ ...CALM, ...change }, CALM);
    assert.equal(found?.cause, cause);
    assert.equal(found?.bound, bound);
  }
});

test("R6 a server that was slow, and a standby that was late, before the load are not the load's doing", () => {
  const slow = { ...CALM, probeP99Ms: 300, standbyLagBytes: 10 * strainStandbyLagBytes };
  assert.ok(latencyBoundMs(300, strainLatencyLeastMs) > 300);
  assert.equal(judgeStrain({ ...CALM, probeP99Ms: 999 }, CALM, 1000), undefined);
  assert.equal(judgeStrain({ ...CALM, probeP99Ms: 1001 }, CALM, 1000)?.bound, 1000);
  assert.equal(judgeStrain(slow, slow), undefined);
  assert.equal(judgeStrain({ ...slow, probeP99Ms: 299 }, slow), undefined);
});

test("R6 what cannot be read is not judged", () => {
  const blind: StrainReading = {
    probeP99Ms: null,
    probeWaitsMs: 0,
    standbyLagBytes: null,
    freeBytes: null,
    connectionsLeft: null,
  };
  assert.equal(judgeStrain(blind, blind), undefined);
  assert.equal(judgeStrain(blind, CALM), undefined);
});
