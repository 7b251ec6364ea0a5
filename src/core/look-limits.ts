/** Bounds and thresholds of a look and of what judges it, each with its arithmetic. */

/** Age of the newest backup that is worth a word: a daily job and two hours of it; and that is red: a weekly one and a day. */
export const statusBackupAgeNoteMs = 26 * 3_600_000;
export const statusBackupAgeBadMs = 8 * 86_400_000;
/** Age of the newest proof that is worth a word: the weekly restore test and a day. */
export const statusProofAgeNoteMs = 8 * 86_400_000;
/** Age of the newest proof of a recovery key that is worth a word: people move, safes are emptied; twice a year is what audits ask for. */
export const statusKeyCheckAgeNoteMs = 190 * 86_400_000;
/** A look that decides about waking people waits longer than one that a person waits for: ten times as long as the slowest seen. */
export const lookPatientTimeoutMs = 15_000;
/** WAL that an idle slot retains before anybody is told: an hour of a busy server's (30 MB/s are 100 GB; 1 GiB is a quiet day's). */
export const slotRetainedNoteBytes = 1024 ** 3;
/** What the server may still write before it removes WAL that our slot needs, below which it is red: ten minutes at 30 MB/s. */
export const slotSafeBadBytes = 16 * 1024 ** 3;
/** A segment that waits longer for its archiver than ten of the usual archive_timeouts (60 s). */
export const archiverWaitBadMs = 600_000;
/** Free where the repository lies, whatever MIN_FREE_GB says: four segments of WAL, with less of which nothing can be stored any more. */
export const spaceBadBytes = 64 * 1024 ** 2;
/** Below that, a server writing 30 MB/s has a minute left. */
export const walFreeBadBytes = 2 * 1024 ** 3;
/** A night: whoever is woken must have the time to act. */
export const walFillBadMs = 12 * 3_600_000;
/** Growth of pg_wal is believed from so long on: two looks of cron and a bit. */
export const walTrendMinMs = 9 * 60_000;
/** A backup that works for longer is looked at: ten times a terabyte's full at 300 MB/s. */
export const jobStuckMs = 10 * 3_600_000;
/** Clocks of two hosts with NTP differ by milliseconds; a second makes targets by time wrong. */
export const clockOffNoteMs = 1000;
export const clockOffBadMs = 30_000;
/** What renewals by hand take. */
export const certificateNoteMs = 30 * 86_400_000;
export const certificateBadMs = 7 * 86_400_000;
/** A mail relay is asked for its certificate so often, and sooner where it gave none: it is somebody else's machine, and a certificate lives for weeks. */
export const relayCertificateEveryMs = 6 * 3_600_000;
export const relayCertificateRetryMs = 30 * 60_000;
/** What a relay says before TLS: a greeting and a list of what it can, some hundred bytes. */
export const relayWordsBytesMax = 16_384;
/** An upgrade of a major version is a project of half a year. */
export const versionEndNoteMs = 183 * 86_400_000;
/** The day a disk fills is told two weeks ahead, and red three days ahead. */
export const spaceFillNoteMs = 14 * 86_400_000;
export const spaceFillBadMs = 3 * 86_400_000;
/** A trend of free space is believed from a day on: retention deletes once a day. */
export const spaceTrendMinMs = 86_400_000;
/** One sample in five minutes for a day, then one an hour for a fortnight: 288 + 336. */
export const samplesFineMs = 86_400_000;
export const samplesCoarseMs = 15 * 86_400_000;
export const samplesMax = 640;
/** Newest objects of the ledger that a look reads for failures: two days of hourly jobs; each is one small read. */
export const statusLedgerObjectsMax = 60;
/** Of a look's time, what the server and the application get: 1.1 s of 1.5. */
export const lookServerShare = 0.73;
/** What must be closed may drop what comes: within a look's time, the rest of it left. */
export const reachTimeoutMs = 1000;
/** The daemon asks the server so often: a killed one is seen within 4 s, and told within 5. 15 ms of a processor each: 0.4 %. */
export const daemonFastLookMs = 4000;
/** Everything is looked at so often: 150 ms of a processor each, 0.25 %. */
export const daemonFullLookMs = 60_000;
/** What waits for its next attempt is looked for so often. */
export const daemonDeliverEveryMs = 15_000;
/** A receiver that does not end in good order by then is killed: the daemon is to end within 10 s. */
export const daemonStopMs = 8000;
/** However seldom a daemon looks, it turns so often: a third of what systemd waits for, and of what makes a lock nobody's. */
export const daemonTurnMsMax = 30_000;
/** A lock that its daemon has not touched for three looks at everything is nobody's; how often one is watched until then. */
export const daemonLockAgeMs = 3 * daemonFullLookMs;
export const daemonLockLookMs = 5000;
/** A word to systemd takes milliseconds; systemd-notify itself waits 5 s for an answer. */
export const serviceManagerWordMs = 6000;
/** When nothing is due, the schedule is looked at so often: what was installed meanwhile, and a clock that was set. */
export const daemonScheduleLookMs = 60_000;
/** What was missed is made up for so often, as under cron. */
export const daemonCatchUpMs = 300_000;
/** Somebody else receives: looked at again so often. */
export const daemonHeldDelayMs = 30_000;
/** A receiver that reads nothing for so many looks at everything, a minute apart, is replaced: before its alert opens, after two minutes. */
export const daemonIdleLooksMax = 2;
/** Deaths within ten minutes that wake somebody, and the longest pause between two lives. */
export const daemonCrashLoopDeaths = 5;
export const daemonCrashWindowMs = 600_000;
export const daemonRestartDelayMsMax = 60_000;
/** Of a line that the receiver says, in the log and in an alert. */
export const daemonLogLineMax = 300;
/** Published segments that are looked back for a commit, when a receiver told nothing: each is one small read. */
export const exposureSegmentsMax = 4;
/** Who asks for metrics: two Prometheus servers, a person, a load balancer's health check, twice over. */
export const metricsConnectionsMax = 10;
/** A question of theirs: 400 bytes; and how long it may take to arrive. */
export const metricsHeaderBytesMax = 8192;
export const metricsRequestMs = 10_000;
/** Without a look at everything for so long, looking is stuck: two that are due, and a patient one. */
export const metricsStuckMs = 2 * daemonFullLookMs + lookPatientTimeoutMs;
