/**
 * What a recovered server's databases hold: amcheck on heaps and B-trees, both ways of counting every table, and that each
 * relation of the catalogue has its file. Runs in every database that accepts connections, one after the other,
 * over a few connections each.
 */
import type { ClientBase } from "pg";
import { guard } from "../core/failpoint.ts";
import type { Random } from "../core/random.ts";
import { proofCheckersMax, proofLockWaitMs, proofWholeBytesMax } from "../core/limits.ts";
import type { FitnessFinding } from "./fitness.ts";
import type { ProofFinding } from "./proof-result.ts";
import { type TwoCounts, checkRelations, countBothWays, sampleOf } from "./relation-checks.ts";
import { sideBySide } from "./side-by-side.ts";

/** Opens a database of the throw-away server. */
export type ConnectTo = (database: string) => Promise<ClientBase & { end(): Promise<void> }>;

/** What was looked at and found. */
export type DatabaseChecks = {
  readonly findings: readonly ProofFinding[];
  /** What this host could not tell, and why. */
  readonly unfit: readonly FitnessFinding[];
  readonly counts: Readonly<Record<string, number>>;
};

/** Tables with an index that alone can count them. */
const COUNTABLE = `
  SELECT DISTINCT format('%I.%I', n.nspname, c.relname) AS name, c.relpages AS pages
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_index i ON i.indrelid = c.oid
    JOIN pg_class x ON x.oid = i.indexrelid
    JOIN pg_am a ON a.oid = x.relam
   WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
     AND n.nspname NOT LIKE 'pg_toast%' AND a.amname = 'btree' AND i.indisvalid AND i.indpred IS NULL
     AND c.relrowsecurity = false AND c.relispopulated`;

/** Relations of the catalogue without a file. Mapped and shared ones have a path too. */
const FILELESS = `
  SELECT c.oid::regclass::text AS name, pg_relation_filepath(c.oid) AS path
    FROM pg_class c
   WHERE c.relpersistence = 'p' AND c.relkind IN ('r', 'i', 't', 'm', 'S')
     AND pg_relation_filepath(c.oid) IS NOT NULL
     AND (pg_stat_file(pg_relation_filepath(c.oid), true)).size IS NULL`;

/** Both counts, or why the table cannot be counted: a page that cannot be read ends a count. */
async function counted(client: ClientBase, name: string): Promise<TwoCounts | string> {
  try {
    return await countBothWays(client, name);
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message?: string };
    if (code === undefined || !code.startsWith("XX")) {
      throw error;
    }
    return message ?? code;
  }
}

async function countFinding(
  client: ClientBase,
  database: string,
  name: string,
): Promise<readonly ProofFinding[]> {
  const counts = await counted(client, name);
  if (typeof counts === "string") {
    return [{ kind: "count", text: `${database} ${name}: ${counts}` }];
  }
  const { forced, indexOnly, sequential } = counts;
  const text = `${database} ${name}: ${indexOnly} by index alone, ${sequential} by heap`;
  return forced && indexOnly !== sequential ? [{ kind: "index-only count", text }] : [];
}

async function checkCounts(
  clients: Clients,
  database: string,
  random: Random,
): Promise<readonly ProofFinding[]> {
  const { rows } = await clients[0].query<{ name: string; pages: number }>(COUNTABLE);
  const { chosen } = sampleOf(rows, { random, bytesMax: proofWholeBytesMax });
  const largestFirst = chosen.toSorted((a, b) => b.pages - a.pages);
  const found = await sideBySide(clients, largestFirst, (client, { name }) =>
    countFinding(client, database, name),
  );
  return found.flat();
}

/** Connections to one database. */
type Clients = readonly [ClientBase, ...ClientBase[]];

async function checkDatabase(
  clients: Clients,
  database: string,
  random: Random,
): Promise<DatabaseChecks> {
  const [client, ...beside] = clients;
  for (const each of clients) {
    await each.query(
      `SET session_replication_role = replica; SET statement_timeout = 0; SET lock_timeout = ${proofLockWaitMs}`,
    );
  }
  const { rows: fileless } = await client.query<{ name: string; path: string }>(FILELESS);
  const sampling = { random, bytesMax: proofWholeBytesMax };
  const relations = await checkRelations(client, sampling, undefined, beside);
  const findings: ProofFinding[] = [
    ...fileless.map(({ name, path }) => ({
      kind: "missing file",
      text: `${database} ${name}: ${path}`,
    })),
    ...relations.findings
      .filter(({ unfit }) => unfit === undefined)
      .map(({ relation, finding }) => ({
        kind: "amcheck",
        text: `${database} ${relation}: ${finding}`,
      })),
    ...(await checkCounts(clients, database, random)),
  ];
  const { heaps, indexes, leftOut } = relations;
  const unfit = relations.findings.flatMap(({ relation, finding, unfit: kind }) =>
    kind === undefined ? [] : [{ kind, name: `${database} ${relation}`, detail: finding }],
  );
  const amcheck = relations.amcheck ? 1 : 0;
  return { findings, unfit, counts: { heaps, indexes, leftOut, amcheck } };
}

/** A database, or why this host cannot even open it: its locale is not installed here, say. */
async function opened(
  connectTo: ConnectTo,
  database: string,
): Promise<Awaited<ReturnType<ConnectTo>> | string> {
  try {
    return await connectTo(database);
  } catch (error) {
    const { code, message, detail } = error as {
      readonly code?: string;
      readonly message?: string;
      readonly detail?: string;
    };
    if (
      guard("L51-unopened-is-unfit") &&
      code !== undefined &&
      /locale|collation/.test(message ?? "")
    ) {
      return [message, detail].filter((text) => text !== undefined).join(": ");
    }
    throw error;
  }
}

/** Checks every database that accepts connections. Aborting stops between two of them. */
export async function checkDatabases(
  connectTo: ConnectTo,
  options: { readonly random: Random; readonly workers: number; readonly signal: AbortSignal },
): Promise<DatabaseChecks> {
  const first = await connectTo("postgres");
  const { rows } = await first.query<{ datname: string }>(
    "SELECT datname FROM pg_database WHERE datallowconn ORDER BY datname",
  );
  await first.end();
  const findings: ProofFinding[] = [];
  const unfit: FitnessFinding[] = [];
  const counts = { databases: 0, heaps: 0, indexes: 0, leftOut: 0, amcheck: 0 };
  for (const { datname } of rows) {
    options.signal.throwIfAborted();
    const client = await opened(connectTo, datname);
    if (typeof client === "string") {
      unfit.push({ kind: "locale", name: datname, detail: client });
      continue;
    }
    const clients: [typeof client, ...(typeof client)[]] = [client];
    try {
      while (clients.length < Math.min(options.workers, proofCheckersMax)) {
        clients.push(await connectTo(datname));
      }
      const checked = await checkDatabase(clients, datname, options.random);
      findings.push(...checked.findings);
      unfit.push(...checked.unfit);
      counts.databases += 1;
      counts.heaps += checked.counts["heaps"] ?? 0;
      counts.indexes += checked.counts["indexes"] ?? 0;
      counts.leftOut += checked.counts["leftOut"] ?? 0;
      counts.amcheck += checked.counts["amcheck"] ?? 0;
    } finally {
      await Promise.all(clients.map((each) => each.end()));
    }
  }
  return { findings, unfit, counts };
}
