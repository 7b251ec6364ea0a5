/**
 * Watches production while a load test is on it: a small commit ten times a second, as somebody's application would make it, and once a second what
 * else may suffer. The first time that it does, `suffered` is aborted, and the test ends. What this role may not see is not judged.
 */
import { statfs } from "node:fs/promises";
import type { Clock } from "../../core/clock.ts";
import { DrError, isDrError } from "../../core/errors.ts";
import {
  probeEveryMs,
  probesKept,
  probesLeast,
  strainLookEveryMs,
} from "../../core/load-limits.ts";
import type { ConnectionSettings } from "../../postgres/connection-settings.ts";
import { type SqlRow, SqlSession } from "../../postgres/sql-session.ts";
import { type Strain, type StrainReading, judgeStrain } from "../../loadtest/strain.ts";

const APPLICATION = "pra_loadtest_watch";

/** Standbys but our own receiver and backups, whose names begin as those of everything of ours. */
const FACTS = `SELECT
  (pg_catalog.current_setting('max_connections')::bigint
    - pg_catalog.current_setting('superuser_reserved_connections')::bigint
    - (SELECT pg_catalog.sum(numbackends) FROM pg_catalog.pg_stat_database))::text AS left,
  (SELECT pg_catalog.max(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), replay_lsn))
    FROM pg_catalog.pg_stat_replication WHERE application_name <> $1 AND application_name NOT LIKE 'pra\\_%')::text AS lag`;

function strainError({ cause, value, bound }: Strain): DrError {
  const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);
  switch (cause) {
    case "latency":
      return new DrError("PG_LOADTEST_SLOW", { ms: Math.round(value), boundMs: Math.round(bound) });
    case "silence":
      return new DrError("PG_LOADTEST_SILENT", { ms: Math.round(value) });
    case "standby":
      return new DrError("PG_LOADTEST_STANDBY", { mib: mib(value), boundMib: mib(bound) });
    case "disk":
      return new DrError("PG_LOADTEST_DISK", { mib: mib(value), boundMib: mib(bound) });
    case "connections":
      return new DrError("PG_LOADTEST_CONNECTIONS", { left: value, bound });
  }
}

function numberOf(value: string | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** The last latencies of the probe; 2.4 kB. */
class Latencies {
  readonly #last: number[] = [];

  add(latencyMs: number): void {
    this.#last.push(latencyMs);
    if (this.#last.length > probesKept) {
      this.#last.shift();
    }
  }

  clear(): void {
    this.#last.length = 0;
  }

  /** Null: too few to say. */
  p99Ms(least: number): number | null {
    const sorted = this.#last.toSorted((a, b) => a - b);
    return sorted.length < least
      ? null
      : (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? null);
  }
}

/** One watch. Disposing of it ends its connections. */
export class ProductionWatch implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #probe: SqlSession;
  readonly #facts: SqlSession;
  readonly #slot: string;
  readonly #slowestMs: number | undefined;
  readonly #directories: readonly string[];
  readonly #latencies = new Latencies();
  readonly #suffered = new AbortController();
  readonly #ending = new AbortController();
  #sentMs: number | undefined;
  #facing: Pick<StrainReading, "standbyLagBytes" | "connectionsLeft" | "freeBytes"> = {
    standbyLagBytes: null,
    connectionsLeft: null,
    freeBytes: null,
  };
  #before: StrainReading | undefined;
  #worstMs: number | null = null;
  #work: Promise<unknown> = Promise.resolve();

  private constructor(parts: {
    readonly clock: Clock;
    readonly probe: SqlSession;
    readonly facts: SqlSession;
    readonly slot: string;
    readonly slowestMs: number | undefined;
    readonly directories: readonly string[];
  }) {
    this.#clock = parts.clock;
    this.#probe = parts.probe;
    this.#facts = parts.facts;
    this.#slot = parts.slot;
    this.#slowestMs = parts.slowestMs;
    this.#directories = parts.directories;
  }

  /** Connects and begins to probe; nothing is judged yet. `directories`: on whose disks room must stay. @throws DrError `PG_*`. */
  static async open(
    settings: ConnectionSettings,
    options: {
      readonly database: string;
      readonly slot: string;
      /** What the probe's 99th percentile may rise to in any case. */
      readonly slowestMs: number | undefined;
      readonly directories: readonly string[];
      readonly clock: Clock;
      readonly signal: AbortSignal;
    },
  ): Promise<ProductionWatch> {
    const { database, slot, slowestMs, directories, clock, signal } = options;
    const session = { database, applicationName: APPLICATION, signal };
    await using stack = new AsyncDisposableStack();
    const probe = stack.use(await SqlSession.open(settings, session));
    const facts = stack.use(await SqlSession.open(settings, session));
    await probe.query("CREATE TABLE pra_probe AS SELECT pg_catalog.now() AS at", { signal });
    const watch = new ProductionWatch({ clock, probe, facts, slot, slowestMs, directories });
    await watch.#look(signal);
    stack.move();
    watch.#work = Promise.all([watch.#keepProbing(), watch.#keepLooking()]);
    // Whoever waits for `suffered` is told.
    watch.#work.catch(() => undefined);
    return watch;
  }

  /** Aborted, with the DrError that says how, when production suffers or is lost. */
  get suffered(): AbortSignal {
    return this.#suffered.signal;
  }

  /** The probe's 99th percentiles: before the load, and the highest of any half minute since. */
  get latency(): { readonly beforeMs: number | null; readonly worstMs: number | null } {
    return { beforeMs: this.#before?.probeP99Ms ?? null, worstMs: this.#worstMs };
  }

  /** From now on it is judged, against what was read until now. @throws DrError `PG_LOADTEST_*`: it suffers already. */
  begin(): void {
    const before = this.#reading(1);
    const strain = judgeStrain(before, before, this.#slowestMs);
    if (strain !== undefined) {
      throw strainError(strain);
    }
    this.#before = before;
    this.#latencies.clear();
  }

  #reading(probes: number): StrainReading {
    const waits = this.#sentMs === undefined ? 0 : this.#clock.monotonic() - this.#sentMs;
    return {
      probeP99Ms: this.#latencies.p99Ms(probes),
      probeWaitsMs: waits,
      ...this.#facing,
    };
  }

  async #keepProbing(): Promise<void> {
    const { signal } = this.#ending;
    const sql = "UPDATE pra_probe SET at = pg_catalog.clock_timestamp()";
    for (;;) {
      const sentMs = this.#clock.monotonic();
      this.#sentMs = sentMs;
      await this.#orLost(() => this.#probe.query(sql, { signal }));
      this.#sentMs = undefined;
      this.#latencies.add(this.#clock.monotonic() - sentMs);
      await this.#clock.sleep(probeEveryMs, { signal });
    }
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#ending;
    let looking = false;
    for (;;) {
      if (!looking) {
        looking = true;
        void this.#orLost(() => this.#look(signal)).then(
          () => {
            looking = false;
          },
          () => undefined,
        );
      }
      await this.#clock.sleep(strainLookEveryMs, { signal });
      this.#judge();
    }
  }

  #judge(): void {
    if (this.#before === undefined) {
      return;
    }
    const reading = this.#reading(probesLeast);
    const { probeP99Ms } = reading;
    if (probeP99Ms !== null) {
      this.#worstMs = Math.max(this.#worstMs ?? 0, probeP99Ms);
    }
    const strain = judgeStrain(reading, this.#before, this.#slowestMs);
    if (strain !== undefined) {
      this.#suffered.abort(strainError(strain));
    }
  }

  /** A connection that breaks is the server's loss to everybody. */
  async #orLost<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!this.#ending.signal.aborted) {
        this.#suffered.abort(error);
      }
      throw error;
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const row = await this.#ask(signal);
    const free = await Promise.all(this.#directories.map(freeBytesOf));
    const known = free.filter((bytes) => bytes !== null);
    this.#facing = {
      standbyLagBytes: numberOf(row?.["lag"]),
      connectionsLeft: numberOf(row?.["left"]),
      freeBytes: known.length === 0 ? null : Math.min(...known),
    };
  }

  async #ask(signal: AbortSignal): Promise<SqlRow | undefined> {
    try {
      return (await this.#facts.query(FACTS, { values: [this.#slot], signal }))[0];
    } catch (error) {
      if (isDrError(error, "PG_RIGHTS")) {
        return undefined;
      }
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error("the load test is over"));
    await this.#work.catch(() => undefined);
    await Promise.all([this.#probe.close(), this.#facts.close()]);
  }
}

/** Null: it is another machine's, or out of reach. */
async function freeBytesOf(directory: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return null;
  }
}
