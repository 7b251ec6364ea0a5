/**
 * The judge of every recovery: compares what a server holds with what clients were told. It reads in one
 * snapshot and changes nothing. Its verdict is made of facts: what is lost, what lies beyond the target,
 * where a chain is broken, whether money appeared or vanished.
 *
 * An entry must be there when its acknowledgement lies before the target, and must not be there when it
 * was sent after it; in between (the commit was under way) both are right. Times are compared with the
 * clock of the load's machine: give time targets only where that is the server's machine too.
 */
import type { ClientBase } from "pg";
import type { Lsn } from "../core/lsn.ts";
import type { Acknowledged, AcknowledgedCommit } from "./acknowledged.ts";
import { entryHashSql, initialBalance, loadSchema } from "./load-schema.ts";

/** Up to where the server was recovered. A time is inclusive, as `recovery_target_time` is by default. */
export type OracleTarget =
  | { readonly kind: "all" }
  | { readonly kind: "time"; readonly epochMs: number }
  | { readonly kind: "lsn"; readonly lsn: Lsn };

/** One entry of a client's chain. */
export type ChainPosition = { readonly client: number; readonly sequence: number };

/** A chain that does not hold. */
export type ChainFault = ChainPosition & {
  readonly fault: "missing before" | "wrong link" | "wrong hash" | "differs from acknowledged";
};

/** What was found. `ok`: nothing lost, nothing beyond, no chain broken, every balance right. */
export type OracleVerdict = {
  readonly ok: boolean;
  readonly acknowledged: number;
  /** Acknowledged before the target: what had to be found. */
  readonly required: number;
  readonly found: number;
  readonly lost: readonly ChainPosition[];
  readonly beyond: readonly ChainPosition[];
  readonly chainBroken: readonly ChainFault[];
  readonly sumOk: boolean;
  /** Accounts whose balance is not what their transfers make of it. */
  readonly wrongAccounts: readonly number[];
  /** When the last entry found was written, by the server's clock. */
  readonly lastWrittenAt: string | undefined;
};

type Found = {
  readonly count: number;
  readonly lastSequence: number;
  readonly hashes: ReadonlyMap<number, string>;
};

async function findChainFaults(client: ClientBase): Promise<readonly ChainFault[]> {
  const result = await client.query<{
    client: number;
    sequence: string;
    fault: "missing before" | "wrong link" | "wrong hash";
  }>(`
    SELECT client, sequence,
           CASE WHEN sequence <> before + 1 THEN 'missing before'
                WHEN previous <> link THEN 'wrong link'
                ELSE 'wrong hash' END AS fault
      FROM (SELECT *, ${entryHashSql} AS computed,
                   lag(sequence, 1, 0::bigint) OVER chain AS before,
                   lag(hash, 1, repeat('0', 64)) OVER chain AS link
              FROM ${loadSchema}.ledger
            WINDOW chain AS (PARTITION BY client ORDER BY sequence)) AS entry
     WHERE sequence <> before + 1 OR previous <> link OR hash <> computed
     ORDER BY client, sequence`);
  return result.rows.map((row) => ({ ...row, sequence: Number(row.sequence) }));
}

/** What a client's chain holds now. Its hashes are fetched whole: about 150 bytes an entry. */
async function readFound(client: ClientBase, number: number): Promise<Found> {
  const result = await client.query<[string, string]>({
    text: `SELECT sequence, hash FROM ${loadSchema}.ledger WHERE client = $1 ORDER BY sequence`,
    values: [number],
    rowMode: "array",
  });
  const hashes = new Map(result.rows.map(([sequence, hash]) => [Number(sequence), hash]));
  return {
    count: hashes.size,
    lastSequence: Number(result.rows.at(-1)?.[0] ?? 0),
    hashes,
  };
}

/**
 * Must it be there, must it not, or are both right? `neighbours` are the same client's commits around it.
 * Times are whole milliseconds, cut: a commit acknowledged in the target's own millisecond may have its
 * time stamp after the target. A target position also takes in the first record that begins at or after
 * it, so absence is certain only for the commit after that.
 */
export function expectationOf(
  commit: AcknowledgedCommit,
  neighbours: {
    readonly before: AcknowledgedCommit | undefined;
    readonly after: AcknowledgedCommit | undefined;
  },
  target: OracleTarget,
): "present" | "absent" | "either" {
  switch (target.kind) {
    case "all":
      return "present";
    case "time":
      if (commit.ackedEpochMs < target.epochMs) {
        return "present";
      }
      return commit.sentEpochMs > target.epochMs ? "absent" : "either";
    case "lsn": {
      // The commit record begins at or after insertLsn and ends at or before the next one's.
      const { before, after } = neighbours;
      if (after !== undefined && after.insertLsn <= target.lsn) {
        return "present";
      }
      return before !== undefined && before.insertLsn >= target.lsn ? "absent" : "either";
    }
  }
}

type Comparison = {
  required: number;
  found: number;
  readonly lost: ChainPosition[];
  readonly beyond: ChainPosition[];
  readonly differing: ChainFault[];
};

function compareClient(
  number: number,
  commits: readonly AcknowledgedCommit[],
  found: Found,
  target: OracleTarget,
  into: Comparison,
): void {
  into.found += found.count;
  for (const [index, commit] of commits.entries()) {
    const position = { client: number, sequence: commit.sequence };
    const hash = found.hashes.get(commit.sequence);
    const expected = expectationOf(
      commit,
      { before: commits[index - 1], after: commits[index + 1] },
      target,
    );
    into.required += expected === "present" ? 1 : 0;
    if (hash === undefined) {
      if (expected === "present") {
        into.lost.push(position);
      }
    } else if (expected === "absent") {
      into.beyond.push(position);
    } else if (hash !== commit.hash) {
      into.differing.push({ ...position, fault: "differs from acknowledged" });
    }
  }
}

async function findWrongAccounts(client: ClientBase): Promise<readonly number[]> {
  const result = await client.query<{ id: number }>(`
    SELECT account.id
      FROM ${loadSchema}.account
      LEFT JOIN (SELECT id, sum(amount) AS amount
                   FROM (SELECT credit AS id, amount FROM ${loadSchema}.ledger
                         UNION ALL
                         SELECT debit, -amount FROM ${loadSchema}.ledger) AS movement
                  GROUP BY id) AS moved ON moved.id = account.id
     WHERE balance <> ${initialBalance} + coalesce(moved.amount, 0)
     ORDER BY account.id`);
  return result.rows.map((row) => row.id);
}

async function judge(
  client: ClientBase,
  acknowledged: Acknowledged,
  target: OracleTarget,
): Promise<OracleVerdict> {
  const comparison: Comparison = { required: 0, found: 0, lost: [], beyond: [], differing: [] };
  const known = await client.query<{ client: number }>(
    `SELECT DISTINCT client FROM ${loadSchema}.ledger`,
  );
  for (const number of new Set([...acknowledged.clients, ...known.rows.map((row) => row.client)])) {
    const found = await readFound(client, number);
    compareClient(number, acknowledged.of(number), found, target, comparison);
  }
  const chainBroken = [...(await findChainFaults(client)), ...comparison.differing];
  const wrongAccounts = await findWrongAccounts(client);
  const totals = await client.query<{ ok: boolean | null; last: Date | null }>(
    `SELECT (SELECT sum(balance) = count(*) * ${initialBalance} FROM ${loadSchema}.account) AS ok,
            (SELECT max(written_at) FROM ${loadSchema}.ledger) AS last`,
  );
  const sumOk = totals.rows[0]?.ok === true;
  const { required, found, lost, beyond } = comparison;
  return {
    ok: sumOk && lost.length + beyond.length + chainBroken.length + wrongAccounts.length === 0,
    acknowledged: acknowledged.count,
    required,
    found,
    lost,
    beyond,
    chainBroken,
    sumOk,
    wrongAccounts,
    lastWrittenAt: totals.rows[0]?.last?.toISOString(),
  };
}

/**
 * Compares a server with what was acknowledged, in one read-only snapshot, so it works on a standby and
 * on a paused recovery. Memory: about 400 bytes an entry of the largest client.
 */
export async function verifyOracle(
  client: ClientBase,
  acknowledged: Acknowledged,
  options: { readonly upTo?: OracleTarget } = {},
): Promise<OracleVerdict> {
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  try {
    return await judge(client, acknowledged, options.upTo ?? { kind: "all" });
  } finally {
    await client.query("ROLLBACK");
  }
}

/** The verdict on a server that does not have the load's database at all. */
export function verdictOfAbsence(
  acknowledged: Acknowledged,
  options: { readonly upTo: OracleTarget },
): OracleVerdict {
  const comparison: Comparison = { required: 0, found: 0, lost: [], beyond: [], differing: [] };
  const nothing: Found = { count: 0, lastSequence: 0, hashes: new Map() };
  for (const client of acknowledged.clients) {
    compareClient(client, acknowledged.of(client), nothing, options.upTo, comparison);
  }
  const { required, lost } = comparison;
  return {
    ok: lost.length === 0,
    acknowledged: acknowledged.count,
    required,
    found: 0,
    lost,
    beyond: [],
    chainBroken: [],
    sumOk: true,
    wrongAccounts: [],
    lastWrittenAt: undefined,
  };
}

/** From the first acknowledgement that was lost to the kill; 0 when none was. */
export function lostTimeMs(
  acknowledged: Acknowledged,
  verdict: Pick<OracleVerdict, "lost">,
  killedEpochMs: number,
): number {
  // A client's commits are acknowledged in the order of their sequences: its first one that was lost counts.
  const firstLost = new Map<number, number>();
  for (const { client, sequence } of verdict.lost) {
    firstLost.set(client, Math.min(sequence, firstLost.get(client) ?? Infinity));
  }
  return [...firstLost].reduce((longest, [client, sequence]) => {
    const commit = acknowledged.of(client).find((each) => each.sequence === sequence);
    return Math.max(longest, killedEpochMs - (commit?.ackedEpochMs ?? killedEpochMs));
  }, 0);
}
