/** Exposure: 0 when nothing is missing, else the age of the newest instant that is held; never less than that. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLsn } from "../core/lsn.ts";
import { ExposureMeter } from "./exposure.ts";

test("nothing is exposed when the newest sample is held, however old the last write", () => {
  const meter = new ExposureMeter(0);
  meter.add({ atMs: 1000, flushLsn: parseLsn("0/100") });
  assert.equal(meter.exposureMs(parseLsn("0/100"), 900_000), 0);
});

test("exposure counts from the newest sample whose end is held", () => {
  const meter = new ExposureMeter(0);
  meter.add({ atMs: 1000, flushLsn: parseLsn("0/100") });
  meter.add({ atMs: 3000, flushLsn: parseLsn("0/200") });
  meter.add({ atMs: 5000, flushLsn: parseLsn("0/300") });
  assert.equal(meter.exposureMs(parseLsn("0/2FF"), 6000), 3000);
});

test("without any held sample exposure grows since the meter began", () => {
  const meter = new ExposureMeter(500);
  assert.equal(meter.exposureMs(undefined, 2500), 2000);
  meter.add({ atMs: 1000, flushLsn: parseLsn("0/100") });
  assert.equal(meter.exposureMs(parseLsn("0/50"), 2500), 2000);
});

test("an hour of samples keeps the oldest one, so that a long outage is not told too short", () => {
  const meter = new ExposureMeter(0);
  for (let second = 0; second < 5000; second++) {
    const flushLsn = parseLsn(`0/${(256 + second).toString(16)}`);
    meter.add({ atMs: second * 1000, flushLsn });
  }
  assert.equal(meter.exposureMs(parseLsn("0/100"), 5_000_000), 5_000_000);
});
