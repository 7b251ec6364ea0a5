/** Limits of a load on a server and of its oracle: as `limits.ts`, which they would make too long. */

/** Acknowledged commits kept of one load: 64 bytes each, doubled while they grow, make 640 MB at most; 5 million are 15 minutes at 5,000 a second. */
export const loadAcknowledgedMax = 5_000_000;
/** A loaded server that acknowledges nothing for so long is given up; a checkpoint on a slow disk holds commits up for some seconds. */
export const loadSilenceMaxMs = 30_000;
/** A client that works for a share of its time pauses so long at most: well below that silence, and at 1 % the full pause after a commit of 100 ms. */
export const loadPauseMaxMs = 10_000;
/** Databases of a server whose shape is read; each costs a connection, one after the other. */
export const shapeDatabasesMax = 50;
/** Tables of a database whose shape is read, the largest first: 2,000 of 20 columns are 4 MB of text. */
export const shapeTablesMax = 2000;
/** PostgreSQL's own maximum of columns in a table. */
export const shapeColumnsMax = 1600;
/** Reading a shape is no work for a server; where it is, it is given up. */
export const shapeStatementMs = 30_000;
/** On production a small commit is made so often, to see how it fares: ten a second are no load. */
export const probeEveryMs = 100;
/** Commits whose 99th percentile is judged: the last half a minute. 8 bytes each. */
export const probesKept = 300;
/** With fewer, one slow commit would be the 99th percentile. */
export const probesLeast = 100;
/** What the 99th percentile may rise to: so much where it was low before, so many times what it was. A checkpoint alone makes 100 ms. */
export const strainLatencyLeastMs = 250;
export const strainLatencyFactor = 5;
/** A commit that waits longer than this: people wait, too. */
export const strainSilenceMaxMs = 5000;
/** A standby may fall so far behind where it was: some seconds of replay. */
export const strainStandbyLagBytes = 256 * 2 ** 20;
/** What a load leaves free on any disk that it knows: production needs it more. */
export const strainFreeBytesMin = 2 * 2 ** 30;
/** Connections that a load leaves to others. */
export const strainConnectionsLeftMin = 5;
/** Production is looked at so often while it is loaded. */
export const strainLookEveryMs = 1000;
/** Making the load's own database: before PostgreSQL 15 that waits for two checkpoints. Ctrl-C waits for it. */
export const loadDatabaseMakeMs = 120_000;
/** What the load's own database may still be held by when it is dropped: backups and looks connect to every database for a moment. */
export const loadDatabaseDropMs = 30_000;
/** WAL after the frozen position is waited for, so that a restore can stop there and not behind it. */
export const frozenReachableMs = 15_000;
/** Acknowledged commits written to their file at a time, where the file serves when the load has ended: 40 kB in memory. */
export const acknowledgedWrittenTogether = 256;
/** A saved load test: a thousand points over time, hundreds of windows, and the shape of production's tables at most. */
export const savedTestBytesMax = 64 * 2 ** 20;
