/** A connection of the load. A server that is killed under it breaks the statement under way, which tells; an idle one breaks quietly. */
import type { Client, ClientConfig } from "pg";
import { pgClient } from "../postgres/pg-client.ts";

/** A client whose connection may break at any time without ending the process. Not connected yet. */
export function loadClient(config: ClientConfig): Client {
  const client = pgClient(config);
  client.on("error", () => undefined);
  return client;
}
