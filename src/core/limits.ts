/**
 * Every maximum of the program, each with the arithmetic that justifies it. A queue, retry, buffer,
 * recursion or listing without a line here is a bug: it works until the day it meets a large cluster.
 * Append at the end, one exported constant each.
 */

const KIB = 1024;
const MIB = 1024 * KIB;

/** A failpoint's `delay` without a number: long enough to lose any race, short enough for a test. */
export const failpointDelayMs = 100;

/** Characters in an object's key: S3 allows 1,024 bytes; half leaves room for a bucket prefix. */
export const storeKeyLengthMax = 512;
/** Characters in one part of a key: NAME_MAX of Linux file systems. */
export const storeKeyPartLengthMax = 255;
/** Entries in one page of a listing: what S3 gives at most; 1,000 keys of 512 characters are 0.5 MiB. */
export const storeListPageMax = 1000;
/** One `get`, and one `put`, in bytes: four times the largest pack (64 MiB); beyond it use ranges or `putFile`. */
export const storeTransferBytesMax = 256 * MIB;
/** Buffer for comparing and copying files: 1 MiB reaches the disk's speed; two of them are in use. */
export const fileCopyBufferBytes = MIB;
/** Buffers handed to one `writev`: IOV_MAX of Linux. */
export const fileWriteBuffersMax = 1024;
/** Attempts to create a file whose directory is removed by somebody else in between; each needs a delete of the
 *  last object there to fall into the same few microseconds. */
export const fileDirectoryRaceAttemptsMax = 20;
/** Depth of directories below a store's root: 512 characters can hold at most 256 parts. */
export const storeDirectoryDepthMax = 256;
/** An unfinished object on a file system without hard links counts as abandoned after this time; a put lasts
 *  256 MiB / 1 MiB/s = 256 s on the slowest disk worth using. */
export const storeUnfinishedAbandonedMs = 600_000;

/** Attempts of one store operation: 1 + 7 retries, waits of 0.1+0.2+0.4+0.8+1.6+3.2+6.4 = 12.7 s in all. */
export const storeAttemptsMax = 8;
/** First wait between two attempts; it doubles each time. */
export const storeRetryDelayMs = 100;
/** Longest wait between two attempts. */
export const storeRetryDelayMsMax = 10_000;

/** Creators that race for one key in a probe inside one process. */
export const probeRaceCreators = 8;
/** Keys that two processes race for before NFS may hold leases (ENGINE: 1,000 races). */
export const probeRacesTwoProcesses = 1000;

/** Block sizes a server can be built with: 1, 2, 4, 8, 16 or 32 KiB. */
export const blockBytesMin = KIB;
export const blockBytesMax = 32 * KIB;
/** Input of one block pass: four times the largest frame that the format allows (4 MiB plain). */
export const blockPassInputBytesMax = 16 * MIB;
/** Plain bytes of one zstd frame: as the block pass; each codec keeps one scratch buffer of this order. */
export const zstdPlainBytesMax = 16 * MIB;

/** What is kept of a short program's output: initdb writes 2 KiB, a page of errors fits eight times. */
export const programOutputBytesMax = 64 * KIB;
/** Parent directories searched for node_modules: deeper than any installation seen (5). */
export const packageSearchDepthMax = 32;
/** Links in one package's list: the packages of 14-18 name 14. */
export const packageLinksMax = 256;
/** Copies of server programs in a cache older than this with a temporary name were left by a killed process; one takes seconds. */
export const binaryCopyAbandonedMs = 3_600_000;
/** A socket's path without its final NUL: sun_path has 108 bytes on Linux (104 elsewhere, where the bind itself refuses). */
export const socketPathBytesMax = 107;
/** Between two looks at a starting or stopping server: its own shortest step takes about as long. */
export const serverPollIntervalMs = 20;
/** A server that replays nothing is ready in under 1 s; 60 s is a machine in trouble. Replays name their own time. */
export const serverStartTimeoutMs = 60_000;
/** A fast shutdown writes a checkpoint; longer than this and the next stronger way is taken or the failure reported. */
export const serverStopTimeoutMs = 60_000;
/** How long a server may take to die from SIGQUIT before SIGKILL: it needs milliseconds; its own children get 5 s. */
export const serverQuitTimeoutMs = 1_000;
/** Lines of a server's log shown with a failure. */
export const serverLogTailLines = 20;
/** Bytes read at once from a server's log: 64 KiB hold about 600 lines. */
export const serverLogReadBytes = 64 * KIB;

/** Plain bytes of one frame of a map: one layer of 65,536 scattered blocks is below 2 MiB; eight times that. */
export const mapFrameBytesMax = 16 * MIB;
/** Plain bytes after which a map's frame is closed: an item is fetched with at most this much beside it. */
export const mapFrameBytes = MIB;
/**
 * Plain bytes of a map's page: half a frame on the average, at most a frame unless one file needs more. The files of 1,024 relations
 * make 200 KiB; of files that are no relation a directory can hold a million, which make some 150 pages.
 */
export const mapPageBytesMin = 256 * KIB;
export const mapPageBytesMax = MIB;
/** A path below the data directory: PATH_MAX of Linux. */
export const pathBytesMax = 4096;

/** Content of one slot, and plain bytes of one frame of a pack, in bytes. Measured: 256 KiB costs 8 % more CPU. */
export const slotBytes = MIB;
/**
 * Files that share a slot, at most. Not fewer: one read of the socket (`connectionReadBufferBytes`) holds the archive's
 * 512-byte headers and blocks of as many files, and the one slot in reserve must take them. More would keep more files open.
 */
export const slotExtentsMax = 256;
/** Slots of one worker: one in work, one ready, two being filled or read back. */
export const slotsPerWorker = 4;
/** Sealed bytes after which a pack is finished: 64 MiB, so that an object store's request stays short. */
export const packBytes = 64 * MIB;
/**
 * Bytes a framed file gathers before it writes: a frame of a MiB that does not compress, or forty that do. Written while
 * they are in the processor's cache; 4 MiB cost twice the CPU of writing, and 3 MiB a file.
 */
export const framedWriteBytes = MIB + 64 * KIB;
/** Workers of one backup, restore or proof, at most. */
export const workersMax = 64;
/** Workers when nobody says how many: the processors there are, and no more than one stream can feed. */
export const workersDefaultMax = 4;

/** Attempts at a local lock: two commands started in the same millisecond may withdraw for each other. */
export const localLockAttemptsMax = 4;
/** Wait between them, more or less by half, so that the two do not meet again. */
export const localLockRetryDelayMs = 50;

/** One message of the server other than CopyData: a timeline history of 100,000 switches is about 4 MB. */
export const serverMessageBytesMax = 16 * MIB;
/** One CopyData message: WAL comes in up to 128 KiB, backup data in 32 KiB; the manifest's pieces are small. */
export const copyMessageBytesMax = 64 * MIB;
/** Archive names and tablespace locations within one CopyData message: MAXPGPATH is 1,024, twice. */
export const copyControlMessageBytesMax = 64 * KIB;
/** A server's backup manifest: about 150 bytes a file, so a GiB holds 7 million files; it waits compressed, a fifth of that. */
export const backupManifestBytesMax = 1024 * MIB;
/** Databases whose extensions are read for a backup's facts: one connection each, one after the other. */
export const factsDatabasesMax = 500;
/** Text kept of one configuration file. */
export const factsFileBytesMax = MIB;
/** Warnings of one backup that are kept word for word; beyond it they are counted. */
export const backupWarningsMax = 10_000;
/** Idle time after which the kernel asks whether the server is still there. */
export const connectionKeepAliveDelayMs = 30_000;
/** One WAL record: PostgreSQL's MaxAllocSize, beyond which no server reads it either. Memory grows only with the
 *  bytes that really arrive, and only commits, aborts and a few settings records are kept whole: 4 bytes a subtransaction. */
export const walRecordBytesMax = 0x3fffffff;
/** The record buffer kept between records; a longer record's buffer is dropped after use. One million
 *  subtransactions take 4 MB, so nearly every record fits for good. */
export const walRecordBufferKeptBytesMax = MIB;

/** Directories a disk store remembers as durable: 20,000 paths of 200 bytes are 4 MiB; beyond it forgets and syncs anew. */
export const diskDirectoriesKnownMax = 20_000;
/** Sealed bytes after which a map object is finished: the maps of 1 TiB; read by ranges, never whole. */
export const mapObjectBytes = 1024 * MIB;

/** Frames in one object: the nonce's index has 64 bits, 2^32 keeps AES-GCM far below its bound for one key. */
export const sealedFramesMax = 2 ** 32;
/** Plain bytes of one frame, as docs/format.md fixes it; what a reader must be ready to allocate. */
export const framePlainBytesMax = 16 * MIB;
/** Plain bytes of one frame of an object that is written whole. */
export const wholeFramePlainBytes = 4 * MIB;
/** Content of an object that is written whole: a root with 10^6 pages of 200 bytes is 200 MB. */
export const wholeContentBytesMax = 256 * MIB;
/** A header: 260 fixed, 80 wrapped key, 56 facts, 64 signature = 460; the rest is for later versions' facts. */
export const headerBytesMax = 1024;
/** How much of a growing part of WAL is read at a time, to see how far it is filled: a daemon looks each minute, and must not keep 16 MiB for it. */
export const partPieceBytes = 256 * KIB;
/** Content frames of an object with a directory: a 64 MiB pack of the smallest frames (64 bytes) has 2^20. */
export const directoryFramesMax = 2 ** 20;
/** Bytes read from an object's end to find its directory in one request: room for some 10,000 frames. */
export const directoryGuessBytes = 64 * KIB;
/** Changes that a store in memory can take back in a stale listing. */
export const memoryStoreHistoryMax = 5;
/** Findings of a check that are kept; the rest of a broken relation says the same again. */
export const findingsKeptMax = 1000;
/** Plain bytes of one unit of a restore: 32 frames of a MiB, so that two workers end within a twentieth of a second. */
export const restoreUnitBytes = 32 * MIB;
/** Runs of one unit of a restore: as many small files take as long. */
export const restoreUnitRuns = 256;
/** Sealed bytes a restore worker reads at once: four of the largest usual frames. */
export const restoreReadBytes = 4 * MIB;
/** Bytes between two needed frames that are read along: less than another read costs on a disk that turns. */
export const restoreReadGapBytesMax = 64 * KIB;
/** What is read at once of a file that is compared: a quarter of a place of a worker's memory. */
export const restoreCompareBytes = MIB;
/** Files in one request to set sizes, owners and sync. */
export const restoreFinishFilesMax = 64;
/** Opened map frames that a reader keeps: 24 of about a MiB serve a stretch with sixteen deltas and its neighbours. */
export const mapCacheFrames = 24;

/** A lease's time to live at most: a day; longer and a dead host blocks a repository for a day. */
export const leaseTtlSecondsMax = 86_400;
/** The time to live when nothing else is set: three renewals a minute apart may be lost but one. */
export const leaseTtlSeconds = 180;
/** The longest pause between two renewals: at most one object a minute, 1,440 a day. */
export const leaseRenewalSecondsMax = 60;
/** Attempts to read a lease's newest renewal while expire removes older ones and the holder writes newer ones. */
export const leaseReadAttemptsMax = 5;
/** First wait after a failed renewal: a TTL of 180 s leaves more than a hundred attempts. */
export const leaseRetryDelayMs = 1_000;
/** Keys in one condemn object: 10,000 keys of 120 characters are 1.2 MB. */
export const condemnedKeysMax = 10_000;
/** Events in one object of the ledger: a daemon writes one object a minute, 100 events a second fill it. */
export const ledgerBatchEventsMax = 6_000;
/** Bytes of one event's data as canonical JSON: a report's findings, not a log. */
export const ledgerEventBytesMax = 256 * KIB;
/** Writers of the ledger whose newest event a host remembers, one small listing each: every writer names those before it. */
export const seenWritersMax = 16;
/** Attempts to write the next numbered file while other commands of this host write theirs. */
export const numberedFileAttemptsMax = 16;
/** Objects that one run of expire deletes: memory for their names, 100,000 of 120 characters are 12 MB. The rest waits. */
export const leftoversMax = 100_000;
/** Files that a dead writer staged go after this time without being touched: a writer touches its own every few seconds. */
export const stagedAbandonedMs = 86_400_000;
/** Findings of one level of a proof that are kept word for word; the rest are counted. */
export const proofFindingsMax = 100;
/** Bytes a page check reads at once. */
export const pageCheckReadBytes = 4 * MIB;
/** How long a throw-away server may take to reach its target: an hour of replay, twice the RTO objective. */
export const proofRecoveryMsMax = 3_600_000;
/** How long a worker thread may take to end when told to: one fsync of a busy disk; beyond it the disk hangs. */
export const workerEndTimeoutMs = 10_000;
/** Map objects of one backup: a GiB each describes a TiB of cluster. */
export const mapObjectsMax = 64;
/** Tickets of map objects that are ready before they are needed: one to open, one in case two are opened in one turn. */
export const mapTicketsAhead = 2;
/** Damaged pages that a root lists; the pages of files list them all. 10,000 lines of 60 bytes. */
export const corruptPagesListedMax = 10_000;
/** Target files open at once in all workers of a restore: half the usual limit of 1,024 descriptors. */
export const restoreOpenTargetsMax = 512;
/** Damaged objects that verify names; the rest are counted: a list that a person can still read. */
export const verifyFindingsMax = 1_000;
/** Faults of one object that are kept word for word. */
export const verifyFaultsPerObjectMax = 5;
/** Blocks held against packs at once: 4 Mi of 20 bytes are 80 MiB, 32 GiB of 8 KiB blocks; more go in further batches. */
export const verifyClaimsMax = 4_194_304;
/** Worker threads that verify frames at most: each reads as fast as one core decrypts and unpacks. */
export const verifyWorkersMax = 8;

/** Between two looks for the WAL of a backup that a receiver elsewhere stores: a listing of the incarnation's WAL each. */
export const backupWalPollMs = 500;
/** How long a finished backup waits for WAL when none comes: two receivers' reconnections, a server's restart. */
export const backupWalStalledMsMax = 120_000;
/** How long a command waits for the ledger to take an event: several retries of the store. */
export const ledgerRecordTimeoutMs = 20_000;
/** Zeros written ahead in a part while commits wait, so that a sync need not grow the file: a usual segment, which its frames rarely exceed. */
export const walPartReserveBytesMax = 16 * MIB;
/** zstd level of backups: level 1 packs at several hundred MB/s a core; 3 saves a tenth for twice the time. */
export const backupZstdLevel = 1;

/** The buffer a replication connection reads into: eight backup messages, or two of WAL, a system call. */
export const connectionReadBufferBytes = 256 * KIB;
/** WAL gathered for one part object where a store cannot append: a segment of 16 MiB makes 16 of them under load. */
export const walPartBatchBytes = MIB;
/** Longest wait of received WAL for company, where a store cannot append: what a sync commit waits at most for us. */
export const walPartLingerMs = 1_000;
/** Pause before an answer that repeats a position: a server that shuts down asks again at once, 30,000 times a second. */
export const walReplyPauseMs = 100;
/** Plain bytes of one frame of WAL: of a published segment always, of a part at most. */
export const walFrameBytes = MIB;
/** Between two statuses to an idle server: a twelfth of wal_sender_timeout (60 s). */
export const walStatusIntervalMs = 5_000;
/** Between two frames that only say that nothing was written: 8,640 a day of 112 bytes each. */
export const walKnownAtIntervalMs = 10_000;
/** Segments of the receiver in memory: one filling, one publishing, one waiting: 48 MiB at 16 MiB each. */
export const walSegmentsInMemoryMax = 3;
/** WAL of a segment that is copied into other memory at once: a tenth of a millisecond. */
export const walMoveBytesMax = MIB;
/** WAL received and not yet durable after which the socket is held: two seconds at 4 MiB/s, what a busy store may lag. */
export const walPendingBytesMax = 8 * MIB;
/** How long a store may refuse WAL while the server is still answered; then it is left, so that it can be shut down. */
export const walStoreOutageMsMax = 60_000;
/** First wait before connecting again; doubles, up to the second one: a server restarts in seconds, a failover in a minute. */
export const walReconnectDelayMs = 100;
export const walReconnectDelayMsMax = 5_000;
/** WAL kept to read a record that reaches from one segment into the first of the next timeline. */
export const walTailKeptBytesMax = MIB;
/** Parents of one timeline: PostgreSQL itself reads a history line by line without a limit; a promotion a day for 270 years. */
export const timelineAncestorsMax = 100_000;
/** Index objects of WAL kept open by a reader: 64 of up to 3 MiB each serve plan's forward reading. */
export const walIndexesKeptMax = 64;
/** Between two looks at the end of the server's WAL while receiving: exposure is known to this resolution. */
export const exposureSampleIntervalMs = 2_000;
/** Heaps, and indexes, of one database that a proof checks whole: 16 GiB take amcheck minutes; of more a random sample. */
export const proofWholeBytesMax = 16 * 1024 * MIB;
/** A proof's directory without any trace of its maker counts as abandoned after an hour. */
export const proofAbandonedMs = 3_600_000;
/** A piece of WAL shorter than this is not compressed in a part: a sync commit sends some 300 bytes. */
export const walPartStoredBytesMax = 2 * KIB;
/** Segments before a backup in which a plan looks for the last transaction: 1 GiB of 16 MiB segments without one is rarer than a clock that errs. */
export const planLookBackSegmentsMax = 64;
/** How long a restored server may replay before its start counts as failed: a week of WAL at a hundredth of its speed is hours. */
export const restoreReplayMsMax = 7 * 86_400_000;
/** Reads of a `pg_control` that its server is writing: a write takes far less than a millisecond. */
export const controlFileReadsMax = 20;
/** Between two of them: at most 0.2 s in all. */
export const controlFileRetryMs = 10;
/** Events of one writer of the ledger that a search for the newest word reads: a daemon's last days at a few an hour. */
export const ledgerTailEventsMax = 1_000;
/** Objects of the ledger that a status reads for the newest proofs: half a second. */
export const ledgerListObjectsMax = 500;
/** Earlier restores that a prediction is made from: a month of daily proofs. */
export const predictionMeasurementsMax = 30;
/** Objects of the ledger that are read for them: a fifth of a second. */
export const predictionObjectsMax = 200;
/** Objects read to learn whether a slot that is not there was there once: seconds, at the start of a receiver without its slot. */
export const ledgerSlotObjectsMax = 10_000;
/**
 * Pieces of a file that are worth a write past the page cache. Smaller ones the kernel gathers better: with 64 KiB, a restore
 * from increments of scattered blocks took 2.3 s in place of 1.9.
 */
export const directWriteBytesMin = 512 * KIB;
/** Bytes after which it is judged whether writing past the cache is fast enough: a tenth of a second of a good disk. */
export const directWriteTrialBytes = 64 * MIB;
/** Bytes a second and thread below which the cache is left to do it: a disk that waits for nothing but its own. */
export const directWriteRateMin = 200 * MIB;
/**
 * Files of a backup from which on its heap is kept small: each costs 4 KB for a moment, of which V8 would let 60 MiB gather. At
 * 200,000 files 190 in place of 255 MiB, for a tenth more CPU; from 20,000 on the heap had grown by then and stayed at 230.
 */
export const leanHeapFiles = 2_000;
/** Bytes that an append past the page cache writes at once: a batch of WAL under full load. */
export const directAppendBytes = MIB;
/** Files that a restore worker makes durable at once: one commit of a journal serves them all. */
export const restoreSyncsMax = 8;
/** Memory in which a restore puts a piece of a file together: a quarter of what a worker has for content on its way. */
export const assemblyWindowBytes = 4 * MIB;
/** Windows that go to one worker, so that frames which feed several are opened there once: as `restoreUnitBytes`. */
export const assemblyUnitBytes = 8 * assemblyWindowBytes;
/** Content from which on a piece of a file is put together before it is written: as `directWriteBytesMin`. */
export const assemblyBytesMin = 512 * KIB;
/** Frames that a restore worker keeps decompressed: one a backup for a chain of 16 increments. */
export const assemblyCacheBytes = 16 * MIB;
/** Packs that a restore worker keeps open to assemble: twice the layers of a stretch. */
export const assemblyPacksMax = 32;

/** Changes between a name that is not read and the setting that was meant: two typing errors; at three, short names all look alike. */
export const settingDistanceMax = 2;
/**
 * How far behind the newest backup the window's beginning is counted: a day is two weekly jobs' drift and any pause that is no
 * outage. When backups stop coming, or the clock runs ahead, nothing more is given up from then on.
 */
export const retentionGraceMs = 86_400_000;
/** A pause between backups that may as well be a clock set forward: longer than the week between two backups at the rarest usual schedule. */
export const retentionPauseMs = 8 * 86_400_000;
/** By how much the clock of the host that takes backups may differ from the server's without taking an instant out of the window. */
export const retentionSkewMs = 15 * 60_000;

/** Bytes read of a health page: a status page with everything on it is below 100 KiB; an answer that goes on is not read. */
export const healthBodyBytesMax = MIB;

/** Bits below which a password counts as weak: ten random characters of a keyboard, or twelve letters and digits. */
export const passwordBitsMin = 60;
/** Databases that a check connects to, one after the other: 10 ms each are 2 s. */
export const checkDatabasesMax = 200;
/** Numbers tried for a hold while others write one for the same backup: people, not programs. */
export const holdAttemptsMax = 8;
/** Characters of a hold's reason, and of who gave it. */
export const holdTextMax = 1_000;

/** Streams of a dump at work at once when nobody says otherwise: two processes of the server read for us. */
export const dumpJobsDefault = 2;
/** And at most: each is a connection of the server and a core of its machine. */
export const dumpJobsMax = 16;
/** A table from this size on has a stream of its own, so that large ones are dumped and restored beside each other: below, starting
 *  a program (0.1 s and a look at the catalogues) costs more than it gains. */
export const dumpOwnStreamBytes = 64 * MIB;
/** Tables of one database with a stream of their own: their names are arguments of one program, 64 x 140 bytes. */
export const dumpOwnStreamsMax = 64;
/** How long a lock on a table is waited for: ordinary work never holds it back, a migration may for longer than this. */
export const dumpLockWaitMs = 60_000;
/** Snapshots taken anew because a table vanished between the snapshot and its lock. */
export const dumpSnapshotAttemptsMax = 3;
/** Tables locked by one statement: 500 names of 130 characters are 64 KiB of SQL. */
export const dumpLockBatch = 500;
/** Tables named in an error; more are counted. */
export const dumpNamesShownMax = 5;
/** What is kept of a program's complaints: the last of them say why it ended. */
export const dumpErrorTextBytesMax = 8 * KIB;
/** Sealed bytes of a dump read at once, the last frame whole: six frames of 300 KiB, for which opening the file costs a twentieth. */
export const dumpReadBytes = 2 * MIB;
/** How long a program may take to end after SIGTERM before it is killed: it has nothing to tidy. */
export const dumpProgramEndMs = 5000;
/** Objects of the ledger read when a history's newest backup is gone, to learn whether it was given up: as `ledgerSlotObjectsMax`. */
export const ledgerGivenUpObjectsMax = 10_000;
/** Ids shown when a backup was asked for that is not there. */
export const nearestBackupsShown = 3;
/** Backups that are looked into, on either side of an instant at which a table was not there: enough to find one among 2^6. */
export const seenLooksMax = 12;
/** How long all of that may take: each reads a backup's maps, a tenth of a second a GiB of them. */
export const seenLookMs = 30_000;
/** What is kept of a program's output: a table of contents of 100,000 entries of 160 bytes. */
export const dumpProgramOutputBytesMax = 16 * MIB;
/** Sessions named when a database is in use; more are counted. */
export const restoreDbHoldersMax = 5;
/** Differences kept of a restored database: a report that lists more says nothing more. */
export const restoreDbFindingsMax = 200;
/** A schema kept in memory so that several programs may seek in it: the largest seen has 30 MB; beyond this one program reads it in order. */
export const restoreDbSchemaBytesMax = 256 * MIB;

/** Characters of a `.env` that is saved: every setting with its explanation in both languages is below 12,000. */
export const savedSettingsTextMax = 256 * KIB;
/** Attempts at the next number of saved settings: one host's commands race for it, a handful at the most. */
export const savedSettingsAttemptsMax = 8;
/** Segments in which an expiry looks for the last transaction of a branch: a year of one an hour, at 1 ms each. */
export const retentionLookBackSegmentsMax = 10_000;
/** Writing a report and syncing it: three files of some KiB, on a disk in trouble. */
export const reportWriteMs = 60_000;

/** Bytes of a `pra.yaml`: a thousand assertions with long queries. */
export const praYamlBytesMax = MIB;
/** Assertions of a proof: each is a line of its report. */
export const assertionsMax = 1000;
/** What an assertion may take when nobody says otherwise: a count over a large table reads 50 MB/s at worst. */
export const assertionSecondsDefault = 300;
/** What is read of an assertion's answer: one value that a person can read; more is no answer. */
export const assertionAnswerBytesMax = MIB;
/** Characters of an assertion's value, and of the server's message, that a report shows. */
export const assertionTextMax = 500;
/** After its time limit an assertion's statement is cancelled by the server; a session that is still there so much later is ended. */
export const assertionGraceMs = 3000;
/** What the application's command may take when nobody says otherwise: a start, migrations, a health check. */
export const proofCommandSecondsDefault = 300;
/** What is kept of its output: the end says why. */
export const proofCommandOutputBytesMax = 4 * KIB;
/** How long a command may take to end after SIGTERM before it is killed. */
export const proofCommandEndMs = 5000;
/** How long the rest of its output is waited for once it has ended: it is in a pipe of this machine. */
export const proofCommandOutputMs = 1000;
/** Between two calls of an address that the command is to bring up. */
export const proofHealthIntervalMs = 1000;
/** Room of a throw-away server beyond files and WAL: what replay makes of it is a twentieth of the files and temporary files, at least this. */
export const throwawayRoomMarginBytes = 512 * MIB;
/** Temporary files of one process of a throw-away server: a runaway sort must not fill production's disk. */
export const proofTemporaryBytesMax = 256 * MIB;
/** Writing one row: longer, and the server has other troubles. */
export const heartbeatTimeoutMs = 10_000;
/** Attempts to draw an instant that a plan reaches: a window may hide WAL that cannot be replayed. */
export const proofDrawsMax = 20;

/** A catalogue that is looked into before a partial restore: a million relations make 300 MB of pg_class. Larger ones are not, and what
 *  they would have told is found out by the recovered server. */
export const selectionCatalogueBytesMax = 512 * MIB;
/** Restores until a partial copy has all that it needs: by the backup's catalogues, by the recovered server's, and everything. */
export const partialCopyAttemptsMax = 3;

/** Parameters of a key slot: a label of 80 characters, an actor of 300, a public key: below 1 KiB even when escaped. */
export const slotParametersBytesMax = 4 * KIB;
/** scrypt's N for passphrases: 128 bytes x 8 x 2^17 = 128 MiB, about half a second: a guess must cost as much. */
export const passphraseScryptCost = 2 ** 17;
/** scrypt's N that a reader accepts from a slot: 1 GiB, so that a hostile store cannot ask for more. */
export const passphraseScryptCostMax = 2 ** 20;
/** Characters of a passphrase: 12 of a diceware phrase have 30 bits less than needed, but below 12 nobody has chosen with care. */
export const passphraseLengthMin = 12;
/** Key slots read of one generation: people and machines that may open a repository are tens, not hundreds. */
export const keySlotsMax = 256;
/** Names, keys and left out objects that a rescue shows of a kind; more are counted. */
export const rescueNamesMax = 5;
/** Rows that a look into the past shows of a query unless told otherwise, and at most: they are held in memory, 100 MB at 1 KiB each. */
export const peekRowsDefault = 1000;
export const peekRowsMax = 100_000;
/** How long one of its queries may take. */
export const peekStatementMs = 600_000;
/** Findings of a level, and assertions, that a ledger's event holds, and characters of each: 5 levels of 30 are 150 KiB of 256. */
export const proofEventFindingsMax = 30;
export const proofEventAssertionsMax = 100;
export const proofEventTextMax = 1000;
/** Rows that a comparison reads by one statement: 2,000 keys and hashes are 200 KB, and take an index 10 ms. Copied, each is a parameter. */
export const rescueStretchRows = 2000;
/** How long one statement of a comparison may take on production: a stretch takes milliseconds, counting a table without a key minutes. */
export const rescueStatementMs = 600_000;
/** Tables of a rescue that share a stream: their names are arguments of one program, 64 x 140 bytes. */
export const rescueTablesOfStream = 64;
/** Writers of the ledger looked at for the newest proofs of key slots, one object each: two seconds, a year of five commands a day. */
export const keyCheckWritersMax = 2_000;
/** Segments behind the last one that a closed generation of keys may still bear: an archiver pushes one at a time, and one is to spare. */
export const closingSegmentsAhead = 2;
/** How long a check of a proof waits for a lock: nobody else works in a throw-away server, so it waits for nobody who will end. */
export const proofLockWaitMs = 10_000;
/** Tables of a rescue that a ledger's event names: an object of 100 KB. */
export const rescueEventTablesMax = 1000;
/** Connections that check one database of a proof side by side: more would only wait for the disk. */
export const proofCheckersMax = 4;
/** Runs of one job that are remembered: two days of hourly backups, four hours of five-minute checks; 48 of 400 bytes are 20 KB. */
export const scheduleRunsKeptMax = 48;
/** The first runs after an installation, kept for good: what shows that a schedule has come alive. */
export const scheduleFirstRunsMax = 5;
/** A run that is not there so long after it was due has been missed: two looks of status, and a slow start under load is seconds. */
export const scheduleGraceMs = 600_000;
/** Clocks of a scheduler and of a record differ by rounding and small corrections, not by more. */
export const scheduleClockSlackMs = 90_000;
/** Runs that did not happen, counted back one by one: three days of five-minute checks. */
export const scheduleMissedMax = 1000;
/** A run whose process cannot be looked at (another container) counts as going on for so long: the longest restore test. */
export const scheduleUnknownRunMs = 86_400_000;
/** Attempts at noting a run, each lost to another process that noted one meanwhile. */
export const scheduleNoteAttemptsMax = 20;
/** Bytes of a run's last words in which its error code is looked for. */
export const scheduleTailBytes = 4096;
/** How long a run's output is read after its end, while something it left behind still holds it open. */
export const scheduleDrainMs = 2000;
/** A user's crontab: cron itself reads 256 KiB at most; four times that. */
export const crontabBytesMax = MIB;
/** The command of one line: Debian's cron refuses more than 998 characters. */
export const cronCommandMax = 998;
/** How long the crontab and systemctl programs, and noting the end of a run, may take: they need milliseconds. */
export const scheduleProgramMs = 30_000;
/** How long a forecast may look at the repository before an installation goes on without it. */
export const scheduleForecastMs = 20_000;
/** How often a run's log that is a full pipe is tried again, and after how long: 5 s in all, then the run goes on without it. */
export const scheduleLogAttemptsMax = 250;
export const scheduleLogRetryMs = 20;
