/**
 * The heartbeat's table: one row a cluster with the server's own time, written on the primary every so often. Restored, it says how old
 * the newest thing is that came back. It lies in a database of the user's, so it is made by its owner, never by us.
 */

/** What the owner of the database runs, once. `role`: who writes the beats. */
export function heartbeatStatements(role: string): readonly string[] {
  const name = `"${role.replaceAll('"', '""')}"`;
  return [
    "CREATE TABLE IF NOT EXISTS public.pra_heartbeat (cluster text PRIMARY KEY, beat timestamptz NOT NULL, beats bigint NOT NULL);",
    `GRANT SELECT, INSERT, UPDATE ON public.pra_heartbeat TO ${name};`,
  ];
}

/** Writes one beat; the first parameter is the cluster. Answers the instant in seconds since 1970, and how many there were. */
export const WRITE_BEAT = `
  INSERT INTO public.pra_heartbeat AS old (cluster, beat, beats)
  VALUES ($1, pg_catalog.clock_timestamp(), 1)
  ON CONFLICT (cluster) DO UPDATE SET beat = excluded.beat, beats = old.beats + 1
  RETURNING extract(epoch FROM beat)::text AS seconds, beats::text AS beats`;

/** The newest beat in seconds since 1970; NULL when there is none. */
export const NEWEST_BEAT = "SELECT extract(epoch FROM max(beat)) FROM public.pra_heartbeat";
