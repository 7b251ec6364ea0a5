/** Fills the throw-away server with data of production's shape, by two connections at a time. */
import type { Client, ClientConfig } from "pg";
import type { ShapedData, ShapedDatabase, ShapedTable } from "../../loadtest/shaped-data.ts";
import { pgClient } from "../../postgres/pg-client.ts";
import { quoteIdentifier } from "../../postgres/replication-connection.ts";
import type { DemoSocket } from "../demo/demo-environment.ts";
import { clientConfig, withClient } from "../demo/demo-server.ts";

const CONNECTIONS = 2;

type Piece = { readonly table: ShapedTable; readonly from: number; readonly to: number };

function* piecesOf({ tables }: ShapedDatabase): Generator<Piece> {
  for (const table of tables) {
    for (let from = 1; from <= table.rows; from += table.pieceRows) {
      yield { table, from, to: Math.min(table.rows, from + table.pieceRows - 1) };
    }
  }
}

/** Runs what is left of the work on a connection of its own. Aborting cuts it off. */
async function work<T>(
  config: ClientConfig,
  left: Iterator<T>,
  options: {
    readonly run: (client: Client, one: T) => Promise<unknown>;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { run, signal } = options;
  const client = pgClient(config);
  client.on("error", () => undefined);
  const cut = (): void => {
    client.connection.stream.destroy();
  };
  signal.addEventListener("abort", cut, { once: true });
  try {
    await client.connect();
    for (let next = left.next(); next.done !== true; next = left.next()) {
      signal.throwIfAborted();
      await run(client, next.value);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", cut);
    await client.end().catch(() => undefined);
  }
}

async function byAll<T>(
  config: ClientConfig,
  left: Iterator<T>,
  options: {
    readonly run: (client: Client, one: T) => Promise<unknown>;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  await Promise.all(
    Array.from({ length: CONNECTIONS }, () =>
      work(config, left, { ...options, signal }).catch((error: unknown) => {
        failed.abort(error);
        throw error;
      }),
    ),
  );
}

/** Makes and fills every database. Aborting stops at once; what was made stays. */
export async function fillShape(
  server: DemoSocket,
  data: ShapedData,
  options: {
    readonly onRows: (done: number, all: number) => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { onRows, signal } = options;
  const tables = data.databases.flatMap((database) => database.tables);
  const all = tables.reduce((sum, { rows }) => sum + rows, 0);
  let done = 0;
  const fill = async (client: Client, { table, from, to }: Piece): Promise<void> => {
    await client.query(table.fill, [from, to]);
    done += to - from + 1;
    onRows(done, all);
  };
  for (const database of data.databases) {
    if (database.name !== "postgres") {
      const create = `CREATE DATABASE ${quoteIdentifier(database.name)} TEMPLATE template0 ENCODING 'UTF8'`;
      await withClient(server, (client) => client.query(create), { signal });
    }
    const config = { ...clientConfig(server), database: database.name };
    const makes = database.tables.map(({ create }) => create).values();
    await work(config, makes, { run: (client, create) => client.query(create), signal });
    await byAll(config, piecesOf(database), { run: fill, signal });
    const indexes = database.tables.flatMap((table) => table.indexes).values();
    await byAll(config, indexes, { run: (client, create) => client.query(create), signal });
  }
  await withClient(server, (client) => client.query("CHECKPOINT"), { signal });
}
