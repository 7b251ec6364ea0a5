/**
 * The setting by which a server says which history it is. Two servers with one system identifier can run at once (production, and
 * a restored copy that was adopted); only the server itself can tell them apart, so it carries the name with its
 * data directory, in `postgresql.auto.conf`. PostgreSQL accepts and shows any setting with a dot in its name.
 */

/** Absent on a server that was never restored. */
export const INCARNATION_SETTING = "pra.incarnation";

/** What an isolated copy says: it is not to be backed up before somebody adopts it. */
export const ISOLATED_COPY = "isolated";
