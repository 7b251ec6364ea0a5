/**
 * `pra check`: what a backup needs, looked at one by one. Each check stands alone, so that one run shows everything that has
 * to be mended. It writes a few probe objects into the repository and deletes them; the server is only read.
 */
import { stat } from "node:fs/promises";
import type { DrError } from "../core/errors.ts";
import { isDrError } from "../core/errors.ts";
import { isLocalHost, placeOf, type ConnectionSettings } from "../postgres/connection-settings.ts";
import { withPasswordFile } from "../postgres/password-file.ts";
import { identifySystem } from "../postgres/replication-commands.ts";
import { ReplicationConnection } from "../postgres/replication-connection.ts";
import { type ServerFacts, readServerFacts } from "../postgres/server-facts.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import type { StoreProbe } from "../stores/probe-store.ts";
import {
  type CheckId,
  type CheckReport,
  type Finding,
  failed,
  found,
  looked,
} from "../core/finding/finding.ts";
import { judgeChannels } from "./channels/judge-channels.ts";
import { judgeServer } from "./check-server.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { judgeRecoveryKey } from "./recovery-key-finding.ts";
import { type OpenRepository, openRepository } from "./repository-access.ts";
import { judgeSettingsCopy } from "./settings-copy-finding.ts";
import { checkApplication } from "./site/application-check.ts";
import { judgeConfiguration } from "./site/configuration-checks.ts";
import { checkDatabases } from "./site/database-checks.ts";
import { checkProgramFiles } from "./site/program-files.ts";

type Call = { readonly signal: AbortSignal };

/** A first full backup of ordinary data takes a third to all of the cluster; below a quarter it cannot fit. */
const SPACE_NEEDED_RATIO = 0.25;

/** Runs one look; an error is a finding, an abort is not. */
async function look<T>(
  id: CheckId,
  findings: Finding[],
  call: Call,
  action: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    call.signal.throwIfAborted();
    if (isDrError(error)) {
      findings.push(failed(id, error));
      return undefined;
    }
    throw error;
  }
}

type SizeAndOverrides = {
  readonly clusterBytes: number | undefined;
  readonly synchronousCommits: readonly string[];
};

async function readExtras(
  connection: ConnectionSettings,
  options: Call & { readonly applicationName: string },
): Promise<SizeAndOverrides> {
  const { signal } = options;
  await using session = await SqlSession.open(connection, options);
  const overrides = await session.query(
    "SELECT unnest(setconfig) AS line FROM pg_catalog.pg_db_role_setting",
    { signal },
  );
  const synchronousCommits = overrides.flatMap(({ line }) => {
    const value = /^synchronous_commit=(.*)$/.exec(line ?? "")?.[1];
    return value === undefined ? [] : [value];
  });
  try {
    const rows = await session.query(
      "SELECT sum(pg_catalog.pg_database_size(oid))::text AS bytes FROM pg_catalog.pg_database",
      { signal },
    );
    return { clusterBytes: Number(rows[0]?.["bytes"] ?? 0), synchronousCommits };
  } catch (error) {
    if (isDrError(error, "PG_RIGHTS")) {
      return { clusterBytes: undefined, synchronousCommits };
    }
    throw error;
  }
}

/** What was learned of the server for the checks that join it with the repository. */
type SeenServer = {
  readonly facts: ServerFacts;
  readonly clusterBytes: number | undefined;
};

async function checkServer(
  connection: ConnectionSettings,
  environment: Environment,
  findings: Finding[],
  call: Call,
): Promise<SeenServer | undefined> {
  const applicationName = environment.slotName;
  const options = { applicationName, ...call };
  const seen = await look("server", findings, call, async () => ({
    facts: await readServerFacts(connection, { ...options, everyDatabase: false }),
    extras: await readExtras(connection, options),
  }));
  if (seen === undefined) {
    return undefined;
  }
  findings.push(found("server", "good", "server-reached", { where: placeOf(connection) }));
  const { synchronousCommits, clusterBytes } = seen.extras;
  const { slotName } = environment;
  const judged = judgeServer(seen.facts, { slotName, synchronousCommits });
  findings.push(...judged.filter(({ id }) => id === "version" || id === "wal-level"));
  findings.push(...judged.filter(({ id }) => id === "replication-right"));
  await look("replication-connection", findings, call, async () => {
    await using replication = await ReplicationConnection.open(connection, options);
    const { timeline } = await identifySystem(replication, call);
    findings.push(found("replication-connection", "good", "replication-connected", { timeline }));
  });
  const later = new Set<CheckId>(["version", "wal-level", "replication-right"]);
  findings.push(...judged.filter(({ id }) => !later.has(id)));
  return { facts: seen.facts, clusterBytes };
}

function probeFaults(probe: StoreProbe): string[] {
  const { refusesSecondCreate, oneWinnerInProcess, readsAfterWrite, readsRanges } = probe;
  const seen = { refusesSecondCreate, oneWinnerInProcess, readsAfterWrite, readsRanges };
  const all = { ...seen, listsAfterWrite: probe.listsAfterWrite };
  return Object.entries(all).flatMap(([name, good]) => (good ? [] : [name]));
}

function judgeSpace(
  freeBytes: number | undefined,
  clusterBytes: number | undefined,
  minBytes: number,
): Finding {
  // S15: asked for by MIN_FREE_GB, whatever the cluster's size.
  if (freeBytes !== undefined && freeBytes < minBytes) {
    const figure = { value: freeBytes, unit: "bytes" };
    return found("space", "bad", "space-below-min", { freeBytes, minBytes }, figure);
  }
  if (freeBytes === undefined || clusterBytes === undefined) {
    return found("space", "note", "space-unknown", freeBytes === undefined ? {} : { freeBytes });
  }
  const values = { freeBytes, clusterBytes };
  const figure = { value: freeBytes, unit: "bytes" };
  if (freeBytes < clusterBytes * SPACE_NEEDED_RATIO) {
    return found("space", "bad", "space-low", values, figure);
  }
  return freeBytes < clusterBytes
    ? found("space", "note", "space-tight", values, figure)
    : found("space", "good", "space-enough", values, figure);
}

async function deviceOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).dev;
  } catch {
    // Not readable, or not there: then it cannot be told.
    return undefined;
  }
}

/** A repository beside the data survives neither the disk nor the host. */
async function judgePlace(
  location: string,
  connection: ConnectionSettings,
  server: SeenServer | undefined,
): Promise<Finding[]> {
  if (server === undefined || !isLocalHost(connection.host)) {
    return [];
  }
  const { dataDirectory } = server.facts;
  const data = dataDirectory.visible ? await deviceOf(dataDirectory.value) : undefined;
  const same = data !== undefined && data === (await deviceOf(location));
  return [found("place", "note", same ? "place-same-disk" : "place-same-host", { location })];
}

function judgeKey(repository: OpenRepository): Finding {
  return repository.keyFile === undefined
    ? found("key", "note", "key-published")
    : found("key", "good", "key-good", { path: repository.keyFile });
}

/** Whether anybody ever proved the recovery key; a word here, red in `pra status`. */
async function judgeRecovery(
  adapters: Adapters,
  repository: OpenRepository,
  call: Call,
): Promise<readonly Finding[]> {
  const { sealed, keyFile } = repository;
  const nowMs = adapters.clock.now();
  return keyFile === undefined
    ? []
    : await judgeRecoveryKey(sealed, { ...call, nowMs, unproved: "note" });
}

/** Errors of opening that are about keys, not about the store. */
function isAboutKeys(error: DrError): boolean {
  return error.code.startsWith("KEY_") || error.code === "REPO_WRITER_UNKNOWN";
}

async function checkRepository(
  adapters: Adapters,
  environment: Environment,
  findings: Finding[],
  call: Call,
): Promise<{ readonly location: string; readonly probe: StoreProbe } | undefined> {
  let keys: Finding;
  let recovery: readonly Finding[] = [];
  let copy: readonly Finding[] = [];
  try {
    const repository = await openRepository(adapters, environment, call);
    keys = judgeKey(repository);
    recovery = await looked("recovery-key", call, () => judgeRecovery(adapters, repository, call));
    const { sealed } = repository;
    copy = await looked("settings-copy", call, () =>
      judgeSettingsCopy(adapters, environment, { ...call, sealed }),
    );
  } catch (error) {
    call.signal.throwIfAborted();
    if (!isDrError(error) || !isAboutKeys(error)) {
      if (isDrError(error)) {
        findings.push(failed("repository", error));
        return undefined;
      }
      throw error;
    }
    keys = failed("key", error);
  }
  const root = environment.backupDirectory ?? "";
  return await look("repository", findings, call, async () => {
    const store = await adapters.openStore(root, { ...call, create: false });
    const probe = await adapters.probe(store, call);
    const { location } = store;
    const faults = probeFaults(probe).join(", ");
    findings.push(
      faults === ""
        ? found("repository", "good", "repository-good", { location })
        : found("repository", "bad", "repository-faulty", { location, faults }),
      keys,
      ...recovery,
      ...copy,
    );
    return { location, probe };
  });
}

/** How to look. */
export type CheckOptions = Call & {
  /** Mend modes and `.gitignore`; each is told. */
  readonly fix?: boolean;
  /** Before the application is asked once more. */
  readonly onWait?: (attempts: number) => void;
};

async function checkSite(
  environment: Environment,
  server: SeenServer | undefined,
  options: CheckOptions & Pick<Adapters, "clock">,
): Promise<readonly Finding[]> {
  const { signal, fix = false } = options;
  const system = server?.facts.systemIdentifier;
  const production = {
    answers: server !== undefined,
    systemIdentifier: system?.visible === true ? system.value : undefined,
  };
  const applicationName = environment.slotName;
  return [
    ...judgeConfiguration(environment, environment.connection),
    ...(await checkProgramFiles(environment, { fix, signal })),
    ...(await checkDatabases(environment, production, { applicationName, signal })),
    ...(await checkApplication(environment.application, options)),
    ...(await looked("channels", { signal }, () =>
      judgeChannels(environment, { signal, failed: "bad" }),
    )),
  ];
}

/** Makes all checks. @throws DrError only what no check stands for; the signal's reason when aborted. */
export async function checkReadiness(
  adapters: Adapters,
  given: Environment,
  options: CheckOptions,
): Promise<CheckReport> {
  const { signal } = options;
  const findings: Finding[] = [];
  const connection = await withPasswordFile(given.connection, { signal });
  const environment = { ...given, connection };
  const server = await checkServer(connection, environment, findings, { signal });
  const store = await checkRepository(adapters, environment, findings, { signal });
  if (store !== undefined) {
    const { leases, capabilities } = store.probe;
    findings.push(
      judgeSpace(capabilities.freeBytes, server?.clusterBytes, environment.freeBytesMin),
      ...(await judgePlace(store.location, connection, server)),
      leases.kind === "allowed"
        ? found("leases", "good", "leases-allowed")
        : found("leases", "bad", "leases-refused", { reason: leases.reason }),
    );
  }
  findings.push(...(await checkSite(environment, server, { ...options, clock: adapters.clock })));
  return { ok: findings.every(({ state }) => state !== "bad"), findings };
}
