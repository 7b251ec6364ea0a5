/**
 * Level 4: what must be true of the restored data, as its owner states it in SQL. Each assertion runs by itself, in a read-only transaction
 * that is rolled back, as a role that can do nothing but read, through a cursor: that takes one query, no command, and never
 * more of its answer than is judged. What throws, never ends or answers anything but one value has failed; the others go on.
 */
import { setTimeout as wait } from "node:timers/promises";
import type pg from "pg";
import type { Clock } from "../core/clock.ts";
import { cutText } from "../core/cut-text.ts";
import { assertionAnswerBytesMax, assertionGraceMs, assertionTextMax } from "../core/limits.ts";
import type { AssertionOutcome } from "../core/proof-words.ts";
import type { Connections } from "./connections.ts";
import { fits, parseExpectation } from "./expectation.ts";
import type { RestrictedRole } from "./restricted-role.ts";

/** What is asserted. */
export type Assertion = {
  readonly name: string;
  readonly database: string;
  readonly sql: string;
  readonly expect: string;
  readonly timeoutMs: number;
};

/** What became of one. */
export type AssertionResult = {
  readonly name: string;
  readonly database: string;
  readonly expect: string;
  readonly ok: boolean;
  readonly outcome: AssertionOutcome;
  /** What it answered, cut where it is long. */
  readonly value: string | null;
  /** What the server said of an error. */
  readonly message: string | null;
  readonly durationMs: number;
};

/** One value, or why there is none. */
export type Answer =
  | { readonly kind: "value"; readonly value: string | null }
  | { readonly kind: Exclude<AssertionOutcome, "fits" | "differs" | "null" | "error"> }
  | { readonly kind: "error"; readonly message: string; readonly sqlstate: string | undefined };

/** What asking needs. */
export type Asking = {
  readonly connections: Connections;
  readonly role: RestrictedRole;
  /** ISO 8601: the instant that was restored to, for queries as `current_setting('pra.instant')`. */
  readonly instant: string;
  readonly signal: AbortSignal;
};

const QUERY_CANCELED = "57014";
const BOOLEAN = 16;

function cut(text: string): string {
  return text.length > assertionTextMax ? `${cutText(text, assertionTextMax)}…` : text;
}

type ExtendedQuery = pg.QueryConfig & { readonly queryMode: "extended" };
type RowsQuery = pg.QueryArrayConfig;

/** Through a cursor, which the server makes of one query only. */
async function fetched(client: pg.Client, query: Query, instant: string): Promise<Answer> {
  const { sql, timeoutMs } = query;
  await client.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${timeoutMs}`);
  await client.query("SELECT set_config('pra.instant', $1, true)", [instant]);
  const declared: ExtendedQuery = {
    text: `DECLARE pra_assertion NO SCROLL CURSOR FOR ${sql}`,
    queryMode: "extended",
  };
  await client.query(declared);
  const twoRows: RowsQuery = { text: "FETCH 2 FROM pra_assertion", rowMode: "array" };
  const { rows, fields } = await client.query<(string | null)[]>(twoRows);
  if (fields.length !== 1) {
    return { kind: "not-one-column" };
  }
  const [row] = rows;
  if (row === undefined || rows.length > 1) {
    return { kind: row === undefined ? "no-row" : "several-rows" };
  }
  const value = row[0] ?? null;
  const isBoolean = fields[0]?.dataTypeID === BOOLEAN;
  return { kind: "value", value: isBoolean && value !== null ? String(value === "t") : value };
}

/** Ends a session that does not hear the server's own time limit: one that catches its own cancellation. */
async function endSession({ connections }: Asking, client: pg.Client): Promise<void> {
  const { processID } = client as pg.Client & { readonly processID: number | null };
  if (processID !== null) {
    const superuser = await connections.open("postgres");
    try {
      await superuser.query("SELECT pg_terminate_backend($1)", [processID]);
    } finally {
      await superuser.end();
    }
  }
  client.connection.stream.destroy();
}

/** Bounds the time and the bytes of `work`; resolves with what was exceeded. The session is of no use then. */
async function watched(
  asking: Asking,
  client: pg.Client,
  timeoutMs: number,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const { stream } = client.connection;
  const over = new AbortController();
  let bytes = 0;
  let expired = false;
  const large = new Promise<Answer>((resolve) => {
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > assertionAnswerBytesMax) {
        stream.destroy();
        resolve({ kind: "too-large" });
      }
    });
  });
  const late = wait(timeoutMs + assertionGraceMs, undefined, {
    signal: AbortSignal.any([over.signal, asking.signal]),
  }).then(async (): Promise<Answer> => {
    expired = true;
    await endSession(asking, client);
    return { kind: "time-limit" };
  });
  const done = work().catch((error: unknown): Answer => {
    const { code, message } = error as { readonly code?: string; readonly message?: string };
    return expired || code === QUERY_CANCELED
      ? { kind: "time-limit" }
      : { kind: "error", message: message ?? String(error), sqlstate: code };
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([large, late, done]);
  } finally {
    over.abort();
  }
}

/** A query, and where it runs. */
export type Query = {
  readonly database: string;
  readonly sql: string;
  readonly timeoutMs: number;
};

/** Asks one query for one value. Resolves whatever the query is like; rejects when aborted. */
export async function askOneValue(asking: Asking, query: Query): Promise<Answer> {
  const { connections, role, instant, signal } = asking;
  const { database, timeoutMs } = query;
  let client: pg.Client | undefined;
  try {
    await role.enter(database);
    const opened = await connections.openAs(role.name, database);
    client = opened;
    const answer = await watched(asking, opened, timeoutMs, () => fetched(opened, query, instant));
    signal.throwIfAborted();
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    // No such database, or one that nobody may be let into.
    const { code, message } = error as { readonly code?: string; readonly message?: string };
    return { kind: "error", message: message ?? String(error), sqlstate: code };
  } finally {
    await closed(client);
  }
}

/** A session that is gone is what was asked for. */
async function closed(client: pg.Client | undefined): Promise<void> {
  if (client !== undefined && !client.connection.stream.destroyed) {
    await client.end();
  }
}

function judged(
  assertion: Assertion,
  answer: Answer,
): Pick<AssertionResult, "outcome" | "value" | "message"> {
  switch (answer.kind) {
    case "value": {
      const { value } = answer;
      const holds = fits(value, parseExpectation(assertion.expect));
      return {
        outcome: holds ? "fits" : value === null ? "null" : "differs",
        value: value === null ? null : cut(value),
        message: null,
      };
    }
    case "error":
      return { outcome: "error", value: null, message: cut(answer.message) };
    case "no-row":
    case "several-rows":
    case "not-one-column":
    case "too-large":
    case "time-limit":
      return { outcome: answer.kind, value: null, message: null };
  }
}

/** Runs all of them, one after the other. `mask` hides secrets in what comes back. Rejects only when aborted. */
export async function runAssertions(
  asking: Asking,
  assertions: readonly Assertion[],
  options: { readonly clock: Clock; readonly mask: (text: string) => string },
): Promise<readonly AssertionResult[]> {
  const { clock, mask } = options;
  const results: AssertionResult[] = [];
  for (const assertion of assertions) {
    const { name, database, expect } = assertion;
    const began = clock.monotonic();
    const { outcome, value, message } = judged(assertion, await askOneValue(asking, assertion));
    results.push({
      name,
      database,
      expect,
      ok: outcome === "fits",
      outcome,
      value: value === null ? null : mask(value),
      message: message === null ? null : mask(message),
      durationMs: Math.round(clock.monotonic() - began),
    });
  }
  return results;
}
