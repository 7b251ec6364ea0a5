/** Limits of a load on a server and of its oracle: as `limits.ts`, which they would make too long. */

/** Acknowledged commits kept of one load: 64 bytes each, doubled while they grow, make 640 MB at most; 5 million are 15 minutes at 5,000 a second. */
export const loadAcknowledgedMax = 5_000_000;
/** A loaded server that acknowledges nothing for so long is given up; a checkpoint on a slow disk holds commits up for some seconds. */
export const loadSilenceMaxMs = 30_000;
