/**
 * What this host has read of the ledger, for `pra sla`, the daily digest, the routines and the reports: a year of twenty clusters is read from the repository in minutes, from here in less
 * than a second. A memory and nothing more: it is made anew when it is missing, damaged, of another version, or knows a writer that the
 * repository does not show any more; `--fresh` does without it. It proves nothing: `pra ledger verify` does.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { CalendarSpan } from "../core/calendar.ts";
import { slaSettledMs } from "../core/ledger-limits.ts";
import type { EventContent } from "../ledger/event-kinds.ts";
import type { LedgerEvent } from "../ledger/event.ts";
import { type FollowedObject, followLedger } from "../ledger/follow-ledger.ts";
import { parseEventContent } from "../ledger/event-kinds.ts";
import { listLedgerWriters } from "../ledger/read-ledger.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { PeriodEvent } from "../queries/period/period-event.ts";
import { SlaCollector, type SlaFacts } from "../sla/sla-facts.ts";
import type { Environment } from "./environment.ts";

/** Changes when what is kept does. */
const VERSION = 4;
/** Objects that are written down together. */
const BATCH = 2000;
const DAY_MS = 86_400_000;
/** Kinds that judging needs, at once and of all time. */
const JUDGED: readonly EventContent["kind"][] = [
  "backupFinished",
  "backupFailed",
  "dumpFinished",
  "dumpFailed",
  "proofFinished",
  "alertOpened",
  "alertResolved",
  "verifyFinished",
  "routineDone",
  "wentLive",
  "loadTestFinished",
  "restoreMeasured",
  "actionOpened",
  "actionAssigned",
  "actionClosed",
];
/** Of which the event itself is not kept: looks are kept by the day, and the beginning of a process tells no report anything. */
const NOT_KEPT: ReadonlySet<EventContent["kind"]> = new Set(["looksSampled", "writerStarted"]);
/** What matters in other periods than that in which it was written: alerts last, are told late, and these few decide whether earlier periods were met. */
const LASTING: readonly EventContent["kind"][] = [
  "alertOpened",
  "alertAcknowledged",
  "alertResolved",
  "databaseRestored",
  "databaseRestoreFailed",
  "loadTestFinished",
  "verifyFinished",
  "walGapOpened",
];

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS writer (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS day (cluster TEXT NOT NULL, at INTEGER NOT NULL, exposures BLOB NOT NULL, rpos BLOB NOT NULL,
    PRIMARY KEY (cluster, at)) STRICT;
  CREATE TABLE IF NOT EXISTS objective (cluster TEXT NOT NULL, at INTEGER NOT NULL, rpo REAL NOT NULL, rto REAL NOT NULL,
    PRIMARY KEY (cluster, at)) STRICT;
  CREATE TABLE IF NOT EXISTS event (writer TEXT NOT NULL, sequence INTEGER NOT NULL, kind TEXT NOT NULL, time TEXT NOT NULL,
    actor TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (writer, sequence)) STRICT;
  CREATE INDEX IF NOT EXISTS event_time ON event (time);
  PRAGMA user_version = ${VERSION};`;

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(
    "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA busy_timeout = 5000;",
  );
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
  if (version !== 0 && version !== VERSION) {
    database.close();
    throw new Error(`version ${version}`);
  }
  database.exec(SCHEMA);
  return database;
}

/** The file's database; a new one when it cannot be used, and one in memory where there can be no file. */
async function openMemory(path: string): Promise<DatabaseSync> {
  for (const attempt of [path, path, ":memory:"]) {
    try {
      return open(attempt);
    } catch {
      // Damaged, of another version, or a directory that takes nothing: it is only a memory.
      await rm(path, { force: true }).catch(() => undefined);
    }
  }
  return open(":memory:");
}

function ints(bytes: unknown): Int32Array {
  const copy = Uint8Array.from(bytes as Uint8Array);
  return new Int32Array(copy.buffer);
}

function blob({ buffer, byteOffset, byteLength }: Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function quoted(kinds: readonly EventContent["kind"][]): string {
  return kinds.map((kind) => `'${kind}'`).join(", ");
}

function contentOf(row: Record<string, unknown>): EventContent | undefined {
  const data: unknown = JSON.parse(String(row["data"]));
  return parseEventContent({ kind: String(row["kind"]), version: 1, data });
}

/** Whom an event is about; null: the whole repository. */
function clusterOf({ data }: EventContent): string | null {
  return "cluster" in data ? data.cluster : null;
}

/** One host's memory of one repository. */
class SlaMemory implements Disposable {
  readonly #database: DatabaseSync;
  readonly collector = new SlaCollector();
  readonly known = new Map<string, number>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  load(): void {
    for (const { name, sequence } of this.#database.prepare("SELECT * FROM writer").all()) {
      this.known.set(String(name), Number(sequence));
    }
    for (const row of this.#database.prepare("SELECT * FROM day").all()) {
      const day = { exposures: ints(row["exposures"]), rpos: ints(row["rpos"]) };
      this.collector.putDay(String(row["cluster"]), Number(row["at"]), day);
    }
    for (const row of this.#database.prepare("SELECT * FROM objective").all()) {
      const fact = {
        fromMs: Number(row["at"]),
        rpoSeconds: Number(row["rpo"]),
        rtoSeconds: Number(row["rto"]),
      };
      this.collector.putObjective(String(row["cluster"]), fact);
    }
    const judged = `SELECT kind, time, actor, data FROM event WHERE kind IN (${quoted(JUDGED)})`;
    for (const row of this.#database.prepare(judged).all()) {
      this.collector.add({ time: String(row["time"]), content: contentOf(row) });
    }
  }

  /** What happened in a span, and of some kinds all, in order of time; of one cluster, or of the repository. */
  events(cluster: string, { fromMs, toMs }: CalendarSpan): readonly PeriodEvent[] {
    const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString());
    const rows = this.#database
      .prepare(
        `SELECT kind, time, actor, data FROM event WHERE (time >= ? AND time < ?) OR kind IN (${quoted(LASTING)})
         ORDER BY time, writer, sequence`,
      )
      .all(from ?? "", to ?? "");
    return rows.flatMap((row) => {
      const content = contentOf(row);
      const of = content === undefined ? undefined : clusterOf(content);
      return content === undefined || (of !== null && of !== cluster)
        ? []
        : [{ atMs: Date.parse(String(row["time"])), actor: String(row["actor"]), content }];
    });
  }

  /** Takes objects into account, and keeps them: all or none. */
  keep(objects: readonly FollowedObject[]): void {
    const database = this.#database;
    const touched = new Map<string, Set<number>>();
    database.exec("BEGIN IMMEDIATE");
    const writer = database.prepare("INSERT OR REPLACE INTO writer VALUES (?, ?)");
    const insert = database.prepare("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?)");
    for (const { writer: name, sequence, events } of objects) {
      for (const event of events) {
        this.collector.add(event);
        this.#note(event, touched);
        const { time, actor, content } = event;
        if (content !== undefined && !NOT_KEPT.has(content.kind)) {
          const data = JSON.stringify(content.data);
          insert.run(name, event.sequence, content.kind, time, actor, data);
        }
      }
      writer.run(name, sequence);
      this.known.set(name, sequence);
    }
    this.#keepDays(touched);
    database.exec("COMMIT");
  }

  #note({ content }: LedgerEvent, touched: Map<string, Set<number>>): void {
    if (content?.kind === "looksSampled") {
      const { cluster, from } = content.data;
      const days = touched.get(cluster) ?? new Set();
      touched.set(cluster, days.add(Math.floor(Date.parse(from) / DAY_MS) * DAY_MS));
    }
  }

  #keepDays(touched: ReadonlyMap<string, ReadonlySet<number>>): void {
    const day = this.#database.prepare("INSERT OR REPLACE INTO day VALUES (?, ?, ?, ?)");
    const objective = this.#database.prepare(
      "INSERT OR REPLACE INTO objective VALUES (?, ?, ?, ?)",
    );
    const before = this.#database.prepare("SELECT * FROM day WHERE cluster = ? AND at = ?");
    for (const [cluster, days] of touched) {
      const { slots, objectives } = this.collector.kept(cluster);
      for (const at of days) {
        // Another process may have kept more of the day since this one read it.
        const kept = before.get(cluster, at);
        if (kept !== undefined) {
          slots.merge(at, { exposures: ints(kept["exposures"]), rpos: ints(kept["rpos"]) });
        }
        const found = slots.days.get(at);
        if (found !== undefined) {
          day.run(cluster, at, blob(found.exposures), blob(found.rpos));
        }
      }
      // One a day, and each that differs from the one before it.
      let last: string | undefined;
      for (const { fromMs, rpoSeconds, rtoSeconds } of [...objectives.values()].toSorted(
        (a, b) => a.fromMs - b.fromMs,
      )) {
        const dayMs = Math.floor(fromMs / DAY_MS) * DAY_MS;
        const mark = `${dayMs} ${rpoSeconds} ${rtoSeconds}`;
        if (mark !== last && days.has(dayMs)) {
          objective.run(cluster, fromMs, rpoSeconds, rtoSeconds);
        }
        last = mark;
      }
    }
  }
}

async function follow(memory: SlaMemory, sealed: SealedStore, call: Call): Promise<void> {
  const { signal, nowMs, onRead } = call;
  const settledBeforeMs = nowMs - slaSettledMs;
  let batch: FollowedObject[] = [];
  let read = 0;
  const { known } = memory;
  for await (const object of followLedger(sealed, { signal, known, settledBeforeMs })) {
    batch.push(object);
    read += 1;
    onRead?.(read);
    if (batch.length >= BATCH) {
      memory.keep(batch);
      batch = [];
    }
  }
  memory.keep(batch);
}

type Repository = { readonly sealed: SealedStore; readonly repositoryId: string };
type Call = StoreCall & {
  readonly nowMs: number;
  readonly fresh: boolean;
  /** Told of each object of the ledger that was not read before. */
  readonly onRead?: ((objects: number) => void) | undefined;
};

/** Reads what is new, and hands the whole memory over. */
async function withMemory<T>(
  environment: Environment,
  { sealed, repositoryId }: Repository,
  call: Call & { readonly use: (memory: SlaMemory) => T },
): Promise<T> {
  const { signal, fresh } = call;
  const directory = join(environment.stateDirectory, "sla");
  const path = join(directory, `${repositoryId}.sqlite`);
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch(() => undefined);
  const writers = new Set<string>(await listLedgerWriters(sealed, { signal }));
  for (let again = fresh; ; again = true) {
    if (again) {
      await rm(path, { force: true }).catch(() => undefined);
    }
    using memory = new SlaMemory(await openMemory(path));
    memory.load();
    if (again || [...memory.known.keys()].every((name) => writers.has(name))) {
      await follow(memory, sealed, call);
      return call.use(memory);
    }
  }
}

/**
 * What the ledger says for judging, up to now. `fresh`: without the memory, which is then made anew. @throws DrError what the store throws, `REPO_*` for
 * an object that is not authentic.
 */
export async function collectSla(
  environment: Environment,
  repository: Repository,
  call: Call,
): Promise<SlaCollector> {
  const use = ({ collector }: SlaMemory): SlaCollector => collector;
  return await withMemory(environment, repository, { ...call, use });
}

/** The same of one cluster, with what happened in a span. @throws as `collectSla`. */
export async function collectPeriod(
  environment: Environment,
  repository: Repository,
  call: Call & { readonly cluster: string; readonly span: CalendarSpan },
): Promise<{ readonly facts: SlaFacts | undefined; readonly events: readonly PeriodEvent[] }> {
  const { cluster, span } = call;
  const use = (memory: SlaMemory): Awaited<ReturnType<typeof collectPeriod>> => ({
    facts: memory.collector.facts().find((one) => one.cluster === cluster),
    events: memory.events(cluster, span),
  });
  return await withMemory(environment, repository, { ...call, use });
}
