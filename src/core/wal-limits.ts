/** Limits of receiving WAL that no commit waits for. See `limits.ts`. */

/** How long the socket rests after storing, while no commit waits: twenty syncs and wake-ups a second in place of thousands. */
export const walRestMs = 50;
/** What comes within this time after a rest is stored as one: TLS hands over record by record what lay in the socket. */
export const walGatherMs = 2;
