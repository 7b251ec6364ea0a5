/** Limits of recording and reading the ledger, and of judging by it: as `limits.ts`, which they would make too long. */

/** Of these, how many a process names in its first event: one a day would do, and 400 bytes of a year's 10,000 processes are 4 MB. */
export const ledgerFollowsMax = 3;
/** Chains of a watch whose ends its host remembers, of months and of processes that found their month's cut: each month's is named by the next one's. */
export const watchChainsMax = 3;
/** How long a writer must be quiet to be folded into an anchor's digest: events are recorded seconds after they were made. */
export const anchorFoldMs = 3_600_000;
/** A load test that counts as the month's takes at least so long: what `loadtest.sh` loads when nobody asks for less. */
export const loadTestFullMs = 45 * 60_000;
/** Events that `pra ledger list` shows at most: 20,000 lines of 200 characters are 4 MB. */
export const ledgerShownMax = 20_000;
/** Looks of one kind by one account that are recorded once and then counted: a monitoring that lists every minute writes 24 events a day. */
export const accessQuietMs = 3_600_000;
/** Accounts and kinds of looks that are counted at once; beyond these each look is recorded. */
export const accessCountsMax = 100;
/** Looks are kept in slots of so long: what cron can do, and enough for objectives of an hour. Twelve make an event of an hour. */
export const lookSlotMs = 300_000;
export const lookSlotsPerHour = 12;
/** Hours that wait to be recorded while the watch's memory cannot be written: a weekend. */
export const lookHoursMax = 72;
/** Newest proofs that foretell the next restore: two months of weekly ones and a bit; fewer than three foretell nothing. */
export const rtoIntervalProofs = 10;
export const rtoIntervalProofsMin = 3;
/** How far beyond the slowest and the fastest of them the next may be: a quarter, what a busy host costs. */
export const rtoIntervalFactor = 1.25;
/** Times that a process looks again where another one of this host went on with the same chain: they are two or three. */
export const ledgerGoOnAttemptsMax = 5;
/** Of writers that began so long ago nothing new is expected: a month's chain and a fortnight. A process that writes for longer is seen with `--fresh`. */
export const slaSettledMs = 45 * 86_400_000;
/** Objects of the ledger in which the events of reports are looked for first, some 20 seconds on a local disk; all of it where one has none there. */
export const reportLedgerObjectsMax = 20_000;
/** How long a corrective action that a failed control opened may take: a week. */
export const actionDueMs = 7 * 86_400_000;
/** Failures that open an action are at most so old: a month and some days, so that a month that is over is judged by who looks at its end. */
export const actionFailuresMs = 35 * 86_400_000;
/** Open actions that a host's note holds, the first due of them: more are a list that nobody reads. */
export const actionsNotedMax = 200;
/** Stretches beyond an objective, or unknown, that a report lists: the longest. */
export const reportStretchesMax = 20;
/** Rows of any other list of a report; counts beside it are of all. A month has 720 hourly backups, of which those that failed are listed. */
export const reportRowsMax = 100;
/** Days of history that the METRICS document draws. */
export const metricsHistoryDays = 90;
/** Earlier periods that a report compares with. */
export const reportTrendPeriods = 6;
/** Evidence that is handed over: a year of a busy repository is some 60 MB of events and as much of reports, and stands in memory while it is made. */
export const evidenceBytesMax = 256 * 1024 * 1024;
/** How long a process that proves can have run when it records: a fortnight; the longest that a proof may take is a day. */
export const ledgerProcessMsMax = 14 * 86_400_000;
/** How far the clocks of two hosts of one ledger may differ where one's proof of the other's backup is looked for: a day. */
export const ledgerClockSkewMsMax = 86_400_000;
