import assert from "node:assert/strict";
import { test } from "node:test";
import { loadPauseMaxMs, loadSilenceMaxMs, strainSilenceMaxMs } from "../core/load-limits.ts";
import { Pace } from "./pace.ts";

/** Clients who each take so long for a commit, one event after the other; answers the commits and whether a measured one was held up. */
function play(
  pace: Pace,
  load: {
    readonly clients: number;
    readonly loadMs: number;
    readonly commitMs: number;
    readonly measured: (atMs: number) => boolean;
  },
): { readonly commits: number; readonly measuredPauses: number } {
  const next = Array.from({ length: load.clients }, () => load.commitMs);
  let [commits, measuredPauses] = [0, 0];
  for (;;) {
    const atMs = Math.min(...next);
    if (atMs >= load.loadMs) {
      return { commits, measuredPauses };
    }
    const measuring = load.measured(atMs) && pace.mayMeasure;
    pace.measure(measuring);
    const pauseMs = pace.afterCommit(atMs, load.commitMs);
    measuredPauses += measuring && pauseMs > 0 ? 1 : 0;
    next[next.indexOf(atMs)] = atMs + load.commitMs + pauseMs;
    commits += 1;
  }
}

test("R6 however fast commits are, fewer are acknowledged than can be kept, and none of a measured window is held up", () => {
  for (const commitMs of [0.5, 2, 20]) {
    const load = { clients: 4, loadMs: 60_000 };
    const pace = new Pace({ ...load, commitsMax: 40_000 });
    const measured = (atMs: number): boolean => atMs % 10_000 < 2000;
    const { commits, measuredPauses } = play(pace, { ...load, commitMs, measured });
    assert.ok(commits < 40_000, `${commits} commits of ${commitMs} ms`);
    assert.ok(commits > 11_000, `${commits} commits of ${commitMs} ms`);
    assert.equal(measuredPauses, 0);
    assert.equal(pace.paused, commitMs < 20);
  }
});

test("R6 a load that is short enough is never paced", () => {
  const load = { clients: 16, loadMs: 20_000, commitMs: 4, measured: () => false };
  const pace = new Pace({ ...load, commitsMax: 5_000_000 });
  const { commits } = play(pace, load);
  assert.ok(commits > 79_000, `${commits} commits`);
  assert.equal(pace.paused, false);
});

test("R6 clients that work for a share of their time give way as the server slows, in measured windows too", () => {
  for (const commitMs of [2, 8]) {
    const load = { clients: 4, loadMs: 20_000, commitMs, measured: (atMs: number) => atMs > 9000 };
    const pace = new Pace({ ...load, share: 0.25, commitsMax: 5_000_000 });
    const { commits } = play(pace, load);
    const atFullSpeed = (load.clients * load.loadMs) / commitMs;
    assert.ok(Math.abs(commits / atFullSpeed - 0.25) < 0.01, `${commits} of ${atFullSpeed}`);
    assert.equal(pace.paused, false, "that is no pace that was kept to");
  }
});

test("R6 a client never pauses so long that its server would be held for lost, however small its share and slow its commit", () => {
  const pace = new Pace({ clients: 1, loadMs: 60_000, share: 0.01, commitsMax: 5_000_000 });
  assert.equal(Math.round(pace.afterCommit(1000, 50)), 50 * 99);
  assert.equal(pace.afterCommit(2000, strainSilenceMaxMs), loadPauseMaxMs);
  assert.ok(loadPauseMaxMs + 2 * strainSilenceMaxMs < loadSilenceMaxMs);
});
