/**
 * What clients of the load were told is committed: the yardstick of every recovery. It lives outside the
 * server under test, in memory and, when wanted, in a file that survives this process (not a power cut
 * of its own machine). An entry is noted only after the server's answer arrived and carried no warning:
 * a cancelled wait for a synchronous standby commits locally and acknowledges nothing.
 */
import { closeSync, createReadStream, openSync, writeSync } from "node:fs";
import { present } from "../core/assert.ts";
import { DrError } from "../core/errors.ts";
import { loadAcknowledgedMax } from "../core/load-limits.ts";
import { type Lsn, formatLsn, lsnOf, parseLsn } from "../core/lsn.ts";

/**
 * One acknowledged commit. Its commit record was written between `sentEpochMs` and `ackedEpochMs`, and
 * begins at or after `insertLsn`.
 */
export type AcknowledgedCommit = {
  readonly client: number;
  readonly sequence: number;
  /** SHA-256 of the entry, in hexadecimal; it includes the hash before it. */
  readonly hash: string;
  readonly xid: bigint;
  readonly insertLsn: Lsn;
  readonly sentEpochMs: number;
  readonly ackedEpochMs: number;
};

function toLine(commit: AcknowledgedCommit): string {
  return [
    commit.client,
    commit.sequence,
    commit.hash,
    commit.xid,
    formatLsn(commit.insertLsn),
    commit.sentEpochMs,
    commit.ackedEpochMs,
  ].join(" ");
}

function fromLine(line: string): AcknowledgedCommit {
  const match = /^(\d+) (\d+) ([0-9a-f]{64}) (\d+) (\S+) ([\d.]+) ([\d.]+)$/.exec(line);
  if (match === null) {
    throw new DrError("USAGE_ACKNOWLEDGED_FILE", { line: line.slice(0, 100) });
  }
  const field = (index: number): string => present(match[index], "a matched group has text");
  return {
    client: Number(field(1)),
    sequence: Number(field(2)),
    hash: field(3),
    xid: BigInt(field(4)),
    insertLsn: parseLsn(field(5)),
    sentEpochMs: Number(field(6)),
    ackedEpochMs: Number(field(7)),
  };
}

const HASH_BYTES = 32;
/** Room for so many commits of a client at first; it doubles. */
const ROOM_LEAST = 1024;

/**
 * One client's commits in columns: of millions of objects the collector of garbage would visit each, again and again, on the thread whose
 * waiting is being measured.
 */
class ClientCommits {
  #count = 0;
  #room = ROOM_LEAST;
  /** Sequence, sent, acknowledged. */
  #numbers = new Float64Array(3 * ROOM_LEAST);
  /** Transaction, insert position. */
  #positions = new BigUint64Array(2 * ROOM_LEAST);
  #hashes = new Uint8Array(HASH_BYTES * ROOM_LEAST);

  get count(): number {
    return this.#count;
  }

  add({ sequence, hash, xid, insertLsn, sentEpochMs, ackedEpochMs }: AcknowledgedCommit): void {
    if (this.#count === this.#room) {
      this.#grow();
    }
    const index = this.#count;
    this.#numbers.set([sequence, sentEpochMs, ackedEpochMs], 3 * index);
    this.#positions.set([xid, insertLsn], 2 * index);
    this.#hashes.set(Buffer.from(hash, "hex"), HASH_BYTES * index);
    this.#count += 1;
  }

  #grow(): void {
    this.#room *= 2;
    const numbers = this.#numbers;
    const positions = this.#positions;
    const hashes = this.#hashes;
    this.#numbers = new Float64Array(3 * this.#room);
    this.#numbers.set(numbers);
    this.#positions = new BigUint64Array(2 * this.#room);
    this.#positions.set(positions);
    this.#hashes = new Uint8Array(HASH_BYTES * this.#room);
    this.#hashes.set(hashes);
  }

  at(client: number, index: number): AcknowledgedCommit {
    const number = (column: number): number => this.#numbers[3 * index + column] ?? 0;
    const hash = this.#hashes.subarray(HASH_BYTES * index, HASH_BYTES * (index + 1));
    return {
      client,
      sequence: number(0),
      hash: Buffer.from(hash).toString("hex"),
      xid: this.#positions[2 * index] ?? 0n,
      insertLsn: lsnOf(this.#positions[2 * index + 1] ?? 0n),
      sentEpochMs: number(1),
      ackedEpochMs: number(2),
    };
  }
}

/** The acknowledged commits of one load, in order per client. 64 bytes of memory a commit, and as much again in room to grow. */
export class Acknowledged {
  readonly #byClient = new Map<number, ClientCommits>();
  readonly #file: number | undefined;
  readonly #together: number;
  #waiting: string[] = [];
  /** Why the file lacks what was noted. */
  #failure: Error | undefined;
  #count = 0;

  /**
   * With `file`, each commit is appended to it before `note` returns; with `together`, so many at once, and the last ones when it is closed:
   * for whoever wants the whole file or nothing, and measures what else this thread does.
   */
  constructor(options: { readonly file?: string; readonly together?: number } = {}) {
    this.#file = options.file === undefined ? undefined : openSync(options.file, "a", 0o600);
    this.#together = options.together ?? 1;
  }

  get count(): number {
    return this.#count;
  }

  get clients(): readonly number[] {
    return [...this.#byClient.keys()].sort((a, b) => a - b);
  }

  /** One client's commits, by rising sequence. About 250 bytes of memory each, for as long as they are held. */
  of(client: number): readonly AcknowledgedCommit[] {
    const commits = this.#byClient.get(client);
    return Array.from({ length: commits?.count ?? 0 }, (_, index) =>
      present(commits, "a client that committed has commits").at(client, index),
    );
  }

  /** All commits by the time they were acknowledged. */
  all(): readonly AcknowledgedCommit[] {
    return [...this.#byClient.keys()]
      .flatMap((client) => this.of(client))
      .sort((a, b) => a.ackedEpochMs - b.ackedEpochMs);
  }

  /** The commit acknowledged last, if any. */
  latest(): AcknowledgedCommit | undefined {
    let latest: AcknowledgedCommit | undefined;
    for (const [client, commits] of this.#byClient) {
      const last = commits.at(client, commits.count - 1);
      if (latest === undefined || last.ackedEpochMs > latest.ackedEpochMs) {
        latest = last;
      }
    }
    return latest;
  }

  note(commit: AcknowledgedCommit): void {
    if (this.#count >= loadAcknowledgedMax) {
      throw new DrError("USAGE_LOAD_TOO_LONG", { commitsMax: loadAcknowledgedMax });
    }
    if (this.#file !== undefined) {
      this.#waiting.push(`${toLine(commit)}\n`);
      if (this.#waiting.length >= this.#together) {
        this.#write(this.#file);
      }
    }
    this.#keep(commit);
  }

  #write(file: number): void {
    const bytes = Buffer.from(this.#waiting.join(""));
    this.#waiting = [];
    try {
      for (let done = 0; done < bytes.length;) {
        done += writeSync(file, bytes, done);
      }
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  #keep(commit: AcknowledgedCommit): void {
    const { client } = commit;
    const commits = this.#byClient.get(client) ?? new ClientCommits();
    this.#byClient.set(client, commits);
    commits.add(commit);
    this.#count += 1;
  }

  /** Closes the file; what was noted stays readable. Throws when the file is not whole, now or since a write before. */
  close(): void {
    if (this.#file === undefined) {
      return;
    }
    try {
      this.#write(this.#file);
    } finally {
      closeSync(this.#file);
    }
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
  }

  /**
   * Reads a file back. A last line without its end was cut by the writer's death and is not counted: its
   * commit was acknowledged, but nobody had been told so. @throws DrError `USAGE_ACKNOWLEDGED_FILE`.
   */
  static async read(file: string): Promise<Acknowledged> {
    const acknowledged = new Acknowledged();
    let rest = "";
    for await (const piece of createReadStream(file, { encoding: "utf8" })) {
      const lines = (rest + String(piece)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        acknowledged.#keep(fromLine(line));
      }
    }
    return acknowledged;
  }
}
