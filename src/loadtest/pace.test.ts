import assert from "node:assert/strict";
import { test } from "node:test";
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
    const pauseMs = pace.afterCommit(atMs);
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
