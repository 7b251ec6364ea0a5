/**
 * Connections to a proof's throw-away server, through its socket only. Aborting the proof closes them, so that a statement that takes hours
 * does not hold back its end.
 */
import type pg from "pg";
import { pgClient } from "../postgres/pg-client.ts";
import type { ThrowawayServer } from "../postgres/throwaway-server.ts";

/** SQLSTATE of a role that does not exist or may not log in. */
const UNKNOWN_ROLE: ReadonlySet<string> = new Set(["28000", "28P01"]);

/** Values as the server wrote them. */
const textOnly = { getTypeParser: () => (value: unknown) => value };

/** Connections under the first name of a superuser that the server knows, or under another name. */
export class Connections {
  readonly #server: Pick<ThrowawayServer, "socketDirectory" | "port">;
  readonly #candidates: readonly string[];
  readonly #signal: AbortSignal;
  #user: string | undefined;

  constructor(
    server: Pick<ThrowawayServer, "socketDirectory" | "port">,
    options: { readonly candidates: readonly string[]; readonly signal: AbortSignal },
  ) {
    this.#server = server;
    this.#candidates = options.candidates;
    this.#signal = options.signal;
  }

  /** As a superuser. Whoever opens it ends it. */
  async open(database: string): Promise<pg.Client> {
    const names = this.#user === undefined ? this.#candidates : [this.#user];
    let refusal: unknown;
    for (const user of names) {
      try {
        const client = await this.#connect(user, database);
        this.#user = user;
        return client;
      } catch (error) {
        if (!UNKNOWN_ROLE.has((error as { readonly code?: string }).code ?? "")) {
          throw error;
        }
        refusal = error;
      }
    }
    throw refusal;
  }

  /** As this role; values come as the server's text. */
  async openAs(user: string, database: string): Promise<pg.Client> {
    return await this.#connect(user, database, textOnly);
  }

  async #connect(user: string, database: string, types?: typeof textOnly): Promise<pg.Client> {
    this.#signal.throwIfAborted();
    const { socketDirectory: host, port } = this.#server;
    // An empty password: else the password file of whoever runs this would be read.
    const client = pgClient({
      host,
      port,
      user,
      database,
      password: "",
      ...(types === undefined ? {} : { types }),
    });
    const close = (): void => {
      client.connection.stream.destroy();
    };
    // What happens to a connection is told by the statement that runs on it.
    client.on("error", close);
    this.#signal.addEventListener("abort", close, { once: true });
    client.once("end", () => {
      this.#signal.removeEventListener("abort", close);
    });
    try {
      await client.connect();
      return client;
    } catch (error) {
      close();
      this.#signal.throwIfAborted();
      throw error;
    }
  }
}
