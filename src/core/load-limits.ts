/** Limits of a load on a server and of its oracle: as `limits.ts`, which they would make too long. */

/** Acknowledged commits kept of one load: 64 bytes each, doubled while they grow, make 640 MB at most; 5 million are 15 minutes at 5,000 a second. */
export const loadAcknowledgedMax = 5_000_000;
/** A loaded server that acknowledges nothing for so long is given up; a checkpoint on a slow disk holds commits up for some seconds. */
export const loadSilenceMaxMs = 30_000;
/** Databases of a server whose shape is read; each costs a connection, one after the other. */
export const shapeDatabasesMax = 50;
/** Tables of a database whose shape is read, the largest first: 2,000 of 20 columns are 4 MB of text. */
export const shapeTablesMax = 2000;
/** PostgreSQL's own maximum of columns in a table. */
export const shapeColumnsMax = 1600;
/** Reading a shape is no work for a server; where it is, it is given up. */
export const shapeStatementMs = 30_000;
