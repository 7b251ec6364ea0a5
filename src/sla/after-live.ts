/**
 * What is due once, days after the go-live: the reviews of days 14 and 30, and the full load test of day 30. One table for the schedule, which tells
 * what is missed, and for the documents that show what was done.
 */

const DAY_MS = 86_400_000;

/** Every duty, in the order in which they are due. */
export const afterLiveIds = ["review-14", "load-test-30", "review-30"] as const;

/** One of them: the name of its routine. */
export type AfterLiveId = (typeof afterLiveIds)[number];

/** When it is due; done so much earlier it counts, and so late it is missed. */
export type AfterLiveDuty = {
  readonly days: number;
  readonly earlyMs: number;
  readonly graceMs: number;
};

/** The table. A load test is planned by the month: one within the week before is the one of day 30. */
export const afterLiveDuties: Readonly<Record<AfterLiveId, AfterLiveDuty>> = {
  "review-14": { days: 14, earlyMs: 3 * DAY_MS, graceMs: 7 * DAY_MS },
  "load-test-30": { days: 30, earlyMs: 7 * DAY_MS, graceMs: 7 * DAY_MS },
  "review-30": { days: 30, earlyMs: 3 * DAY_MS, graceMs: 7 * DAY_MS },
};

/** From when on a deed counts, and until when it is in time. */
export function afterLiveSpan(
  id: AfterLiveId,
  liveAtMs: number,
): { readonly fromMs: number; readonly untilMs: number } {
  const { days, earlyMs, graceMs } = afterLiveDuties[id];
  const dueMs = liveAtMs + days * DAY_MS;
  return { fromMs: dueMs - earlyMs, untilMs: dueMs + graceMs };
}
