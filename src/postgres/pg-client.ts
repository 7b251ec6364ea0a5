/**
 * The one way to make a client of the `pg` package, which takes what nobody gave it from the environment of this process: PGSSLMODE and PGSSLNEGOTIATION,
 * by which a server without TLS is refused, and PGOPTIONS and PGREPLICATION, which go to the server. With `synchronous_commit=off` there a
 * commit would be acknowledged that can be lost.
 */
import pg from "pg";

/** As `pg` has it. */
export type PgClientConfig = pg.ClientConfig & { readonly replication?: string };

/** What `pg` sends when it connects; its types do not tell. */
type Sent = {
  readonly connectionParameters: {
    options: string | undefined;
    replication: string | undefined;
  };
};

/** A client that has what is given, and nothing else. Not connected yet. */
export function pgClient(config: PgClientConfig): pg.Client {
  const { ssl = false, sslnegotiation = "postgres" } = config;
  const client = new pg.Client({ ...config, ssl, sslnegotiation });
  const { connectionParameters } = client as pg.Client & Sent;
  connectionParameters.options = config.options;
  connectionParameters.replication = config.replication;
  return client;
}
