/**
 * What a recovered throw-away server holds: levels 3 to 5 of a proof. The order keeps the evidence: what only reads comes first, then the
 * application, which may write, and the pages last, when the server has stopped and nothing writes any more.
 */
import { join } from "node:path";
import type pg from "pg";
import { guard } from "../core/failpoint.ts";
import type { ThrowawayServer } from "../postgres/throwaway-server.ts";
import {
  type ApplicationCheck,
  type ApplicationResult,
  runApplicationCheck,
} from "./application-command.ts";
import { type AssertionResult, type Asking, runAssertions } from "./assertions.ts";
import { type DatabaseChecks, checkDatabases } from "./check-databases.ts";
import { Connections } from "./connections.ts";
import { differingCollations, missingChecksums, missingExtensions } from "./fitness.ts";
import { readHeartbeat } from "./heartbeat-reading.ts";
import { type PageCheck, checkPages } from "./page-checksums.ts";
import { releasePrepared } from "./prepared-transactions.ts";
import { type ProofRecord, levelOf } from "./proof-record.ts";
import type { ProofFinding } from "./proof-result.ts";
import type { ProveOptions } from "./prove-options.ts";
import { RestrictedRole } from "./restricted-role.ts";
import { superuserCandidates } from "./superuser.ts";

/** Where the tablespaces of a proof lie, by their number. */
export function tablespacePlaces(
  options: Pick<ProveOptions, "root" | "workDirectory">,
): ReadonlyMap<number, string> {
  const { root, workDirectory } = options;
  return new Map(
    root.tablespaces.map(({ oid }) => [oid, join(workDirectory, `tablespace-${oid}`)]),
  );
}

async function checkPagesOf(options: ProveOptions, server: ThrowawayServer): Promise<PageCheck> {
  const { root, signal } = options;
  if (!root.server.dataChecksums) {
    return { files: 0, pages: 0, wrong: [] };
  }
  const { blockBytes, segmentBlocks } = root.server;
  const { dataDirectory } = server;
  const tablespaces = tablespacePlaces(options);
  return await checkPages({ dataDirectory, tablespaces, blockBytes, segmentBlocks }, { signal });
}

function assertionFinding({
  name,
  outcome,
  expect,
  value,
  message,
}: AssertionResult): ProofFinding {
  const answered = outcome === "differs" ? `answered ${value ?? ""}, wanted ${expect}` : outcome;
  return { kind: "assertion", text: `${name}: ${message ?? answered}` };
}

function applicationFinding({
  outcome,
  exitCode,
  reason,
  output,
}: ApplicationResult): ProofFinding {
  const how = [outcome, exitCode ?? reason ?? ""].join(" ").trim();
  return { kind: "application", text: output === "" ? how : `${how}\n${output.trimEnd()}` };
}

/** The owner of a database, as whom an application without a role of its own connects; undefined when there is no such one. */
async function ownerOf(connections: Connections, database: string): Promise<string | undefined> {
  const client: pg.Client = await connections.open("postgres");
  try {
    const { rows } = await client.query<{ owner: string }>(
      "SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1",
      [database],
    );
    return rows[0]?.owner;
  } finally {
    await client.end();
  }
}

async function checkApplication(
  options: ProveOptions,
  server: ThrowawayServer,
  connections: Connections,
  check: ApplicationCheck,
): Promise<ApplicationResult> {
  const { application, account, clock, mask, signal } = options;
  const { database, command } = check;
  const owner = await ownerOf(connections, database);
  if (owner === undefined) {
    const rest = { exitCode: null, reason: database, health: null, output: "", durationMs: 0 };
    return { command, ok: false, outcome: "no-database", ...rest };
  }
  const { socketDirectory, port } = server;
  const place = { socketDirectory, port, user: check.user ?? owner, database };
  const directory = application?.directory ?? "/";
  return await runApplicationCheck(check, place, { account, directory, clock, mask, signal });
}

/** What the user asked for beyond the server itself. */
async function judgeData(
  options: ProveOptions,
  server: ThrowawayServer,
  connections: Connections,
  record: ProofRecord,
): Promise<void> {
  const { assertions, heartbeat, application, instant, clock, random, mask, signal } = options;
  const role = new RestrictedRole(connections, random);
  const asking: Asking = { connections, role, instant, signal };
  if (heartbeat !== undefined) {
    record.heartbeat = await readHeartbeat(asking, heartbeat);
  }
  if (assertions.length > 0) {
    options.onPhase?.("assertions");
    const began = clock.monotonic();
    record.assertions = await runAssertions(asking, assertions, { clock, mask });
    const findings = record.assertions.filter(({ ok }) => !ok).map(assertionFinding);
    const counts = { assertions: assertions.length };
    record.levels.push(levelOf(4, clock.monotonic() - began, findings, counts));
  }
  if (application !== undefined) {
    options.onPhase?.("application");
    const { check } = application;
    const result = await checkApplication(options, server, connections, check);
    record.application = result;
    record.levels.push(
      levelOf(5, result.durationMs, result.ok ? [] : [applicationFinding(result)]),
    );
  }
}

async function judgeStructures(
  options: ProveOptions,
  connections: Connections,
  record: ProofRecord,
): Promise<DatabaseChecks> {
  const { root, random, workers, signal } = options;
  const prepared = await releasePrepared(connections);
  const client = await connections.open("postgres");
  try {
    record.unfit = await missingExtensions(client, root.server);
    record.environment = [
      ...(await differingCollations(client, root.server.major)),
      ...missingChecksums(root.server),
      ...prepared,
    ];
  } finally {
    await client.end();
  }
  const open = (database: string): Promise<pg.Client> => connections.open(database);
  const content = await checkDatabases(open, { random, workers, signal });
  record.unfit = [...record.unfit, ...(guard("L51-untold-is-unfit") ? content.unfit : [])];
  return content;
}

/** The same, where a server that cannot be asked is a finding: it crashed on what came back, say. Only a lack of room is this host's fault. */
async function structuresOrFinding(
  options: ProveOptions,
  connections: Connections,
  record: ProofRecord,
): Promise<DatabaseChecks> {
  try {
    return await judgeStructures(options, connections, record);
  } catch (error) {
    options.signal.throwIfAborted();
    const { code, message } = error as { readonly code?: string; readonly message?: string };
    if (code?.startsWith(OUT_OF_RESOURCES) === true) {
      throw error;
    }
    const text = [code, message ?? String(error)].filter((part) => part !== undefined).join(" ");
    return { findings: [{ kind: "server", text }], unfit: [], counts: {} };
  }
}

/** Class of SQLSTATE: disk full, out of memory, too many connections. */
const OUT_OF_RESOURCES = "53";

/** Judges all of it and stops the server. Rejects when the checks themselves could not be made, or aborted. */
export async function judgeContent(
  options: ProveOptions,
  server: ThrowawayServer,
  record: ProofRecord,
): Promise<void> {
  const { root, clock, signal } = options;
  options.onPhase?.("checks");
  const candidates = superuserCandidates(root.server);
  const connections = new Connections(server, { candidates, signal });
  const began = clock.monotonic();
  try {
    const content = await structuresOrFinding(options, connections, record);
    const structuresMs = clock.monotonic() - began;
    await judgeData(options, server, connections, record);
    options.onPhase?.("pages");
    const pagesBegan = clock.monotonic();
    await server.stop("fast", { signal });
    const pages = await checkPagesOf(options, server);
    const findings = [
      ...content.findings,
      ...pages.wrong.map(({ path, block }) => ({
        kind: "page checksum",
        text: `${path} block ${block}`,
      })),
    ];
    const counts = { ...content.counts, files: pages.files, pages: pages.pages };
    const spentMs = structuresMs + clock.monotonic() - pagesBegan;
    record.levels.splice(2, 0, levelOf(3, spentMs, findings, counts));
  } catch (error) {
    // A connection that was closed because the proof is to end is no finding.
    signal.throwIfAborted();
    throw error;
  }
}
