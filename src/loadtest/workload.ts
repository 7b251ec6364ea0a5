/**
 * The load: clients that commit one transfer after the other, each a link of its own hash chain, and note
 * what was acknowledged. It must never note what the server did not confirm, and it outlives the server:
 * a client whose connection breaks ends quietly, and the commit it was waiting for counts as unknown,
 * neither acknowledged nor lost.
 *
 * One commit is one statement, so it costs one round trip; the ledger's answer carries the transaction's
 * id and a WAL position that its commit record cannot precede.
 */
import type { Client, ClientConfig } from "pg";
import { assert, present } from "../core/assert.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { guard } from "../core/failpoint.ts";
import { parseLsn } from "../core/lsn.ts";
import { Acknowledged } from "./acknowledged.ts";
import { loadClient } from "./connect-client.ts";
import {
  type LedgerEntry,
  accountsPerClient,
  chainStart,
  createLoadSchema,
  entryHash,
  loadClientsMax,
  loadSchema,
} from "./load-schema.ts";

/** How to load a server. */
export type WorkloadOptions = {
  readonly connection: ClientConfig;
  readonly clients: number;
  /** Ends the load, as `stop` does. */
  readonly signal: AbortSignal;
  /** Notes acknowledged commits here as well. */
  readonly acknowledgedFile?: string;
  /** So many at a time. */
  readonly acknowledgedTogether?: number;
  /** Ends the load after so many commits of each client. */
  readonly commitsPerClient?: number;
  readonly clock?: Clock;
  /** A pause after each commit of a client; asked anew each time, with how long that commit took. */
  readonly pauseMs?: number | ((latencyMs: number) => number);
  /** Told of each acknowledged commit, with how long its client waited for it. */
  readonly onCommit?: (latencyMs: number) => void;
  /** Told at once of a client whose connection or statement failed; the others go on. */
  readonly onBroken?: (reason: string) => void;
};

/** Why a client ended. "broken": its connection or a statement failed. */
export type ClientEnding =
  | { readonly client: number; readonly kind: "stopped"; readonly commits: number }
  | {
      readonly client: number;
      readonly kind: "broken";
      readonly commits: number;
      readonly reason: string;
      /** The sequence whose commit was under way: found or not found after a recovery, both are right. */
      readonly unknownSequence: number | undefined;
    };

/** What a load did. */
export type WorkloadSummary = {
  readonly commits: number;
  /** Committed, but not acknowledged: the wait for a synchronous standby was cancelled. */
  readonly unacknowledged: number;
  readonly durationMs: number;
  readonly endings: readonly ClientEnding[];
};

const COMMIT_SQL = `
  WITH moved AS (
    UPDATE ${loadSchema}.account
       SET balance = balance + CASE WHEN id = $5::int THEN -$7::int ELSE $7::int END
     WHERE id IN ($5::int, $6::int)
  )
  INSERT INTO ${loadSchema}.ledger (client, sequence, previous, hash, debit, credit, amount)
  VALUES ($1::int, $2::bigint, $3::text, $4::text, $5::int, $6::int, $7::int)
  RETURNING pg_current_xact_id()::text AS xid, pg_current_wal_insert_lsn()::text AS lsn`;

/** A transfer that depends on client and sequence alone, so that every run writes the same chain. */
export function transferOf(client: number, sequence: number): LedgerEntry {
  const mixed = Math.imul(sequence * 64 + client, 0x9e3779b1) >>> 0;
  const first = mixed % accountsPerClient;
  const second = (first + 1 + ((mixed >>> 8) % (accountsPerClient - 1))) % accountsPerClient;
  const base = client * accountsPerClient;
  return {
    client,
    sequence,
    debit: base + first,
    credit: base + second,
    amount: 1 + ((mixed >>> 16) % 100),
  };
}

/** One client of the load: where its chain stands and its connection. */
class LoadClient {
  readonly #number: number;
  readonly #client: Client;
  readonly #acknowledged: Acknowledged;
  readonly #clock: Clock;
  readonly #onCommit: WorkloadOptions["onCommit"];
  readonly #onBroken: WorkloadOptions["onBroken"];
  #sequence = 0;
  #hash = chainStart;
  #warnings = 0;
  #committed = 0;
  #unacknowledged = 0;
  #underWay: number | undefined;

  constructor(
    number: number,
    options: Pick<WorkloadOptions, "connection" | "onCommit" | "onBroken"> & {
      readonly clock: Clock;
    },
    acknowledged: Acknowledged,
  ) {
    const { connection, clock } = options;
    this.#onCommit = options.onCommit;
    this.#onBroken = options.onBroken;
    this.#clock = clock;
    this.#number = number;
    this.#acknowledged = acknowledged;
    this.#client = loadClient({ application_name: `pra_load_${number}`, ...connection });
    this.#client.on("notice", () => {
      this.#warnings += 1;
    });
  }

  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** Connects and continues the chain where the server has it. */
  async begin(): Promise<void> {
    await this.#client.connect();
    const result = await this.#client.query<{ sequence: string; hash: string }>(
      `SELECT sequence, hash FROM ${loadSchema}.ledger WHERE client = $1 ORDER BY sequence DESC LIMIT 1`,
      [this.#number],
    );
    const last = result.rows[0];
    if (last !== undefined) {
      this.#sequence = Number(last.sequence);
      this.#hash = last.hash;
    }
  }

  /** Cuts its connection: whatever it waits for ends at once. */
  cut(): void {
    this.#client.connection.stream.destroy();
  }

  /** Closes it without a load. */
  async abandon(): Promise<void> {
    await this.#client.end();
  }

  /** Answers how long it took. */
  async #commitOne(): Promise<number> {
    const entry = transferOf(this.#number, this.#sequence + 1);
    const hash = entryHash(this.#hash, entry);
    const sentEpochMs = this.#clock.now();
    const sentMs = this.#clock.monotonic();
    const warningsBefore = this.#warnings;
    this.#underWay = entry.sequence;
    const result = await this.#client.query<{ xid: string; lsn: string }>({
      name: "pra_load_commit",
      text: COMMIT_SQL,
      values: [
        entry.client,
        entry.sequence,
        this.#hash,
        hash,
        entry.debit,
        entry.credit,
        entry.amount,
      ],
    });
    const latencyMs = this.#clock.monotonic() - sentMs;
    this.#underWay = undefined;
    this.#sequence = entry.sequence;
    this.#hash = hash;
    // The statement itself never warns; a warning says that the wait for the standby was cancelled.
    if (this.#warnings !== warningsBefore && guard("L7-cancelled-wait")) {
      this.#unacknowledged += 1;
      return latencyMs;
    }
    const row = present(result.rows[0], "a commit of the load returns a row");
    this.#committed += 1;
    this.#onCommit?.(latencyMs);
    this.#acknowledged.note({
      client: this.#number,
      sequence: entry.sequence,
      hash,
      xid: BigInt(row.xid),
      insertLsn: parseLsn(row.lsn),
      sentEpochMs,
      ackedEpochMs: this.#clock.now(),
    });
    return latencyMs;
  }

  /** Told to stop, it does not wait for the end of its pause. */
  async #pause(pauseMs: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(pauseMs, { signal });
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
  }

  /** Commits until told to stop or until its connection breaks. Never rejects for what the server does. */
  async run(
    signal: AbortSignal,
    limits: { readonly commits: number; readonly pauseMs: (latencyMs: number) => number },
  ): Promise<ClientEnding> {
    const client = this.#number;
    try {
      for (let done = 0; done < limits.commits && !signal.aborted; done++) {
        const pauseMs = limits.pauseMs(await this.#commitOne());
        if (pauseMs > 0) {
          await this.#pause(pauseMs, signal);
        }
      }
      await this.#client.end();
      return { client, kind: "stopped", commits: this.#committed };
    } catch (error) {
      // Its connection is lost or useless; closing it cannot fail in a way that matters.
      this.#client.end().catch(() => undefined);
      const reason = error instanceof Error ? error.message : String(error);
      this.#onBroken?.(reason);
      const unknownSequence = this.#underWay;
      return { client, kind: "broken", commits: this.#committed, reason, unknownSequence };
    }
  }
}

/** A load under way. */
export class Workload implements AsyncDisposable {
  readonly acknowledged: Acknowledged;
  readonly #clock: Clock;
  readonly #clients: readonly LoadClient[];
  readonly #stopping = new AbortController();
  readonly #summary: Promise<WorkloadSummary>;

  constructor(
    clients: readonly LoadClient[],
    acknowledged: Acknowledged,
    options: WorkloadOptions,
  ) {
    this.acknowledged = acknowledged;
    this.#clients = clients;
    const signal = AbortSignal.any([options.signal, this.#stopping.signal]);
    const { pauseMs = 0 } = options;
    const limits = {
      commits: options.commitsPerClient ?? Number.POSITIVE_INFINITY,
      pauseMs: typeof pauseMs === "function" ? pauseMs : () => pauseMs,
    };
    const clock = options.clock ?? systemClock;
    this.#clock = clock;
    const startedMs = clock.monotonic();
    this.#summary = Promise.all(clients.map((client) => client.run(signal, limits))).then(
      (endings) => {
        acknowledged.close();
        return {
          commits: endings.reduce((sum, ending) => sum + ending.commits, 0),
          unacknowledged: clients.reduce((sum, client) => sum + client.unacknowledged, 0),
          durationMs: clock.monotonic() - startedMs,
          endings,
        };
      },
    );
  }

  /** Resolves when every client has ended, of itself or because the server did. Rejects when what was acknowledged could not be written. */
  get ended(): Promise<WorkloadSummary> {
    return this.#summary;
  }

  /** Lets every client finish its commit under way, then ends it. */
  async stop(): Promise<WorkloadSummary> {
    this.#stopping.abort();
    return this.#summary;
  }

  /** As `stop`, on a server that may hang: after so long its connections are cut. */
  async stopWithin(limitMs: number): Promise<WorkloadSummary> {
    const timer = setTimeout(() => {
      this.#clients.forEach((client) => client.cut());
    }, limitMs);
    try {
      return await this.stop();
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits until so many commits are acknowledged, or the load ended. Aborting leaves the load running. */
  async untilCommits(count: number, options: { readonly signal: AbortSignal }): Promise<void> {
    let ended = false;
    const onEnd = (): void => {
      ended = true;
    };
    void this.#summary.then(onEnd, onEnd);
    while (this.acknowledged.count < count && !ended) {
      await this.#clock.sleep(5, { signal: options.signal });
    }
  }

  /** Why it ended badly is told by `ended`, and must not hide what its user is told. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => undefined);
  }
}

/**
 * Makes the tables when absent and starts the clients; resolves when all are connected. The chains
 * continue where the server has them. Rejects when a first connection fails.
 */
export async function startWorkload(options: WorkloadOptions): Promise<Workload> {
  assert(options.clients >= 1 && options.clients <= loadClientsMax, "the load has 1 to 64 clients");
  options.signal.throwIfAborted();
  const setup = loadClient(options.connection);
  await setup.connect();
  try {
    await createLoadSchema(setup);
  } finally {
    await setup.end();
  }
  const clock = options.clock ?? systemClock;
  const acknowledged = new Acknowledged(
    options.acknowledgedFile === undefined
      ? {}
      : { file: options.acknowledgedFile, together: options.acknowledgedTogether ?? 1 },
  );
  const clients = Array.from(
    { length: options.clients },
    (_, number) => new LoadClient(number, { ...options, clock }, acknowledged),
  );
  try {
    await Promise.all(clients.map((client) => client.begin()));
  } catch (error) {
    await Promise.all(clients.map((client) => client.abandon()));
    acknowledged.close();
    throw error;
  }
  return new Workload(clients, acknowledged, options);
}
