/** Limits of stores. See `limits.ts`, which they would make too long. */

/** Room kept on a repository's disk for clearing away: a lease, a list of 10,000 objects, entries of the ledger and an index take less than 4 MiB. */
export const emergencyRoomBytes = 4 * 1024 * 1024;
/** It is made only where so much is free: of a disk that is nearly full it would take what backups need. */
export const emergencyRoomFreeBytesMin = 256 * 1024 * 1024;
