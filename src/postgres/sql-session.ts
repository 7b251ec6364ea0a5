/**
 * One ordinary session for reading facts and giving the few commands a backup needs. Values come back as
 * the server's text, so that 64-bit numbers and times are never rounded on the way; whoever asks parses
 * them. A session belongs to one caller; queries run one after the other.
 */
import { TLSSocket } from "node:tls";
import type pg from "pg";
import { DrError } from "../core/errors.ts";
import { errorOfFault, serverFaultOf } from "./connection-errors.ts";
import { type ConnectionSettings, placeOf } from "./connection-settings.ts";
import { openConnection } from "./open-connection.ts";

/** A row by column name, in text form; null is SQL's NULL. */
export type SqlRow = Readonly<Record<string, string | null>>;

/** An open session. Use `await using`, or call `close`. */
export class SqlSession implements AsyncDisposable {
  readonly #client: pg.Client;
  readonly #settings: ConnectionSettings;
  readonly #database: string;

  private constructor(client: pg.Client, settings: ConnectionSettings, database: string) {
    this.#client = client;
    this.#settings = settings;
    this.#database = database;
  }

  /** Opens a session on `database` (by default the settings' own). @throws as `openConnection`. */
  static async open(
    settings: ConnectionSettings,
    options: {
      readonly database?: string;
      readonly applicationName: string;
      readonly signal: AbortSignal;
    },
  ): Promise<SqlSession> {
    const { database = settings.database, applicationName, signal } = options;
    const client = await openConnection(settings, {
      database,
      applicationName,
      replication: false,
      signal,
    });
    return new SqlSession(client, settings, database);
  }

  /**
   * Runs one statement. Aborting closes the session; the server then cancels the statement when it next
   * looks at the connection. @throws DrError `PG_RIGHTS`, `PG_COMMAND_FAILED`, `PG_SHUTTING_DOWN`,
   * `PG_CONNECTION_LOST`.
   */
  async query(
    text: string,
    options: { readonly values?: readonly string[]; readonly signal: AbortSignal },
  ): Promise<readonly SqlRow[]> {
    const { signal, values = [] } = options;
    signal.throwIfAborted();
    const abort = (): void => {
      this.#client.connection.stream.destroy();
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      const result = await this.#client.query<Record<string, string | null>>(text, [...values]);
      return result.rows;
    } catch (error) {
      signal.throwIfAborted();
      throw this.#meaningOf(error);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #meaningOf(error: unknown): DrError {
    const fault = serverFaultOf(error);
    const settings = this.#settings;
    if (fault !== undefined) {
      const purpose = { settings, database: this.#database, replication: false };
      return errorOfFault(fault, purpose, { connecting: false });
    }
    const reason = error instanceof Error ? error.message : "unknown";
    return new DrError(
      "PG_CONNECTION_LOST",
      { where: placeOf(settings), reason },
      { cause: error },
    );
  }

  /** When the certificate ends that the server showed, in milliseconds since 1970; undefined without TLS. */
  get certificateEndsMs(): number | undefined {
    const { stream } = this.#client.connection;
    const endsMs =
      stream instanceof TLSSocket ? Date.parse(stream.getPeerCertificate().valid_to) : NaN;
    return Number.isNaN(endsMs) ? undefined : endsMs;
  }

  /** Ends the session. Never throws: a session that is already gone is what was asked for. */
  async close(): Promise<void> {
    const { stream } = this.#client.connection;
    if (!stream.destroyed) {
      const closed = new Promise<void>((resolve) => {
        stream.once("close", () => {
          resolve();
        });
      });
      // A terminate message, then our end of the socket; the server closes its own.
      this.#client.connection.end();
      const timer = setTimeout(() => stream.destroy(), 1000);
      await closed;
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
