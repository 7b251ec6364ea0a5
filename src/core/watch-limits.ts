/**
 * Limits of watching, telling and scheduling: as `limits.ts`, which they would make too long. A maximum for every queue, retry and listing, each
 * with its arithmetic.
 */

/** Characters of one text that the watch remembers of an observation: an error's message and hint are below 1,000. */
export const watchTextMax = 2_000;
/** Rules and subjects that are followed at once: 60 rules, and hosts, jobs, certificates by the dozen; at 3 KB each 1.5 MB. */
export const watchTracksMax = 500;
/** What was exposed is told of a look that is so old at most: two looks of cron. */
export const exposedBeforeMs = 11 * 60_000;
/** Openings of one alert in an hour after which it is held open: three are a bad hour, more are a thing that flaps. */
export const flapOpeningsMax = 4;
/** How long a flapping one must be well to be over. */
export const flapHoldMs = 15 * 60_000;
/** What nobody looks at any more is closed after so long: a daily check that runs two hours late is not that. */
export const watchForgetMs = 26 * 3_600_000;
/** Time after which the memory of the watch is written though nothing changed: what a reboot may cost in exactness. */
export const watchSaveEveryMs = 60_000;
/** Attempts at the next number of the watch's memory while others write it: status, daemon and delivery of one host. */
export const watchSaveAttemptsMax = 100;
/** Pause between two of them, at most. */
export const watchSaveRetryMs = 20;
/** Messages of one route in an hour; what would be more is summed up. Nobody reads more than one in three minutes. */
export const messagesPerHourMax = 20;
/** Summaries come this far apart, sooner when they hold something critical that was not told. */
export const digestEveryMs = 15 * 60_000;
export const digestCriticalEveryMs = 5 * 60_000;
/** Alerts that one message names; one look's more than these make several messages. */
export const messageAlertsMax = 20;
/** Alerts kept to be summed up, a route; more are counted. */
export const heldAlertsMax = 50;
/** Messages that wait on one route; when a channel is away for days, what comes next is summed up: 100 of 2 KB are 200 KB. */
export const outboxWaitingMax = 100;
/** Delivered and refused messages that are remembered for `pra alert list`: some days of a bad week. */
export const outboxHistoryMax = 100;
/** Pause after the first attempt at a message, doubling with each, and at most: a relay that returns is noticed in minutes. */
export const deliveryRetryMs = 15_000;
export const deliveryRetryMsMax = 10 * 60_000;
/** One attempt at most: a mail relay that greets slowly is given half a minute. */
export const deliveryAttemptMs = 30_000;
/** What one delivery process lives at most: below the five minutes between two of cron's. */
export const deliveryLifeMs = 4 * 60_000;
/** A message that waits longer than this means that its channel fails. */
export const deliveryLateMs = 15 * 60_000;
/** Age of a delivery's lock whose holder cannot be looked at, after which it is nobody's: three lives. */
export const deliveryLockAgeMs = 3 * deliveryLifeMs;
/** Events that wait for the repository: a month of bad days. */
export const watchEventsMax = 1_000;
/** Silences and maintenance windows at once. */
export const quietsMax = 100;
/** Writing events to the ledger after a delivery: it must not keep the next delivery waiting. */
export const watchLedgerMs = 20_000;
/** Contacts and steps of escalation of a `pra.yaml`: a team, its night shift and its managers. */
export const contactsMax = 50;
/** Days for which alerts may be kept quiet at most: what is silent for longer is to be mended, or its rule changed. */
export const quietDaysMax = 31;
/** Characters of a reason or of a name that a person gives. */
export const personTextMax = 300;
/** How long a message waits for a channel that is not configured any more: a day's mistake in a configuration loses nothing. */
export const routeGoneMs = 24 * 3_600_000;
/** Rules, quiet rules and characters of a text in a sign of life: 60 rules exist, quiets are `quietsMax`; 10 KB at most. */
export const signRulesMax = 100;
export const signQuietsMax = 200;
export const signTextMax = 255;
/** Claims of digests that are carried on: as many ways to readers as contacts have, of some days; 100 bytes each. */
export const signDigestsMax = 200;
/** Watchers that leave a sign while another claims: as many hosts as there are, each some seconds a minute. */
export const signClaimAttemptsMax = 10;
/** A daemon leaves a sign of life so often; looks by cron, which come every five minutes, each time. 720 small objects a day, deleted by the daily expire. */
export const signEveryMs = 120_000;
export const signEveryUnderCronMs = 300_000;
/** Leaving one is given up after so long: it must hold nothing else up. */
export const signPutMs = 20_000;
/** Signs that may be missing before a watcher counts as silent: one may be late by a look and a slow store. And never sooner than that. */
export const signsMissing = 3;
export const silenceMsMin = 5 * 60_000;
/**
 * What the first watcher does not tell although it lives, the second tells after so long: above the delays of the first's critical rules and two signs,
 * below what makes an unknown of 15 minutes an alert.
 */
export const secondPatienceMs = 12 * 60_000;
/** The ledger gets an event with each backup, hourly as a rule; a daily one and two hours of it. */
export const ledgerSilenceMs = 26 * 3_600_000;
/** Newest objects of the ledger in which its newest event is looked for: as many writers, each a small read. */
export const ledgerNewestObjectsMax = 8;
/** A receiver renews its lease three times in its time to live; so many of these may pass. */
export const receiverSilenceTtls = 3;
/** What people have said in the ledger is read again so often, and given up after so long: it must hold no delivery up. */
export const agendaEveryMs = 3_600_000;
export const agendaLedgerMs = 60_000;
/** A daily digest that leaves later than this says so: three looks of cron. */
export const digestLateMs = 15 * 60_000;
/** Days that one digest covers at most, after a host was away. */
export const digestDaysMax = 7;
/** A file that goes with a mail: many relays take ten megabytes, and base64 adds a third. */
export const attachmentBytesMax = 6_000_000;
/** Characters of an anchor that stand in a message itself: with its title below the 3,000 that Slack takes; some fifteen writers of the last hour. */
export const anchorBodyMax = 2_800;
/** Anchors that were sent and are kept on the host, the newest: a daily one of three months, a kilobyte each. */
export const anchorFilesMax = 100;
/** Lines of one part of a digest; more are counted. 8 parts of 12 lines are two pages. */
export const digestLinesMax = 12;
/** A report that was just made is handed over within this time, or waits for the next look: each channel has its own, shorter, limit. */
export const reportSendMs = 300_000;
