/** A look at a site where all is well, for whoever shows looks. */
import { readEnvironment, type Environment } from "../../src/app/environment.ts";
import type { SeenLook } from "../../src/app/metrics/scrape.ts";
import { type Finding, found } from "../../src/core/finding/finding.ts";
import { parseLsn } from "../../src/core/lsn.ts";
import { versionOfNumber } from "../../src/core/pg-version.ts";
import type { ServerHealth } from "../../src/postgres/server-health.ts";
import type { Readings } from "../../src/watch/readings.ts";

/** When it was made. */
export const sampleAtMs = Date.UTC(2026, 10, 23, 8);

/** A configuration with these variables and nothing else. */
export function sampleEnvironment(variables: Readonly<Record<string, string>> = {}): Environment {
  return readEnvironment({
    variables: { PRA_CLUSTER: "akig", ...variables },
    workingDirectory: "/nowhere",
    checkoutDirectory: process.cwd(),
    homeDirectory: "/nowhere",
    userName: "pra",
    isRoot: false,
  });
}

/** What its server says. */
export const sampleServer: ServerHealth = {
  systemId: "7300000000000000000",
  version: versionOfNumber(180_004),
  inRecovery: false,
  readOnly: false,
  walLevel: "replica",
  role: { name: "akig_backup", replicates: true },
  flushLsn: parseLsn("0/3000000"),
  nowMs: sampleAtMs,
  clockOffMs: 0,
  synchronousNames: "",
  synchronousConnected: false,
  waitingCommits: 0,
  slots: [
    {
      name: "pra_akig",
      active: true,
      retainedBytes: 16_777_216,
      walStatus: "reserved",
      safeBytes: undefined,
    },
  ],
  archiver: {
    mode: "on",
    lastArchivedWal: "000000010000000000000002",
    lastArchivedMs: sampleAtMs - 30_000,
    lastFailedWal: undefined,
    lastFailedMs: undefined,
    failures: 0,
    waiting: { count: 0, oldestMs: undefined },
  },
  pageFailures: [],
  certificateEndsMs: undefined,
  dataDirectory: undefined,
};

/** All its figures. */
export const sampleReadings: Readings = {
  ownSlot: "pra_akig",
  server: sampleServer,
  wal: { exposureSeconds: 0, lagBytes: 0, openGaps: 0, receiverAlive: true },
  backup: {
    startedAtMs: sampleAtMs - 3_700_000,
    finishedAtMs: sampleAtMs - 3_600_000,
    clusterBytes: 5e9,
    storedBytes: 1e8,
    corruptPages: 0,
  },
  unreadableBackups: 0,
  proofs: { backups: 3, unproved: 1, newest: { atMs: sampleAtMs - 86_400_000, proven: true } },
  repositoryFreeBytes: 1e12,
  walFreeBytes: 5e10,
  repositoryFullAtMs: sampleAtMs + 30 * 86_400_000,
  certificates: [{ where: "db.example.org:5432", endsMs: sampleAtMs + 90 * 86_400_000 }],
  jobs: [
    {
      job: "backup",
      runs: 24,
      missed: 0,
      running: false,
      nextRunAtMs: sampleAtMs + 600_000,
      lastRun: {
        startedAtMs: sampleAtMs - 3_700_000,
        finishedAtMs: sampleAtMs - 3_600_000,
        durationMs: 100_000,
        exitCode: 0,
      },
    },
  ],
};

/** The look itself, with what differs. */
export function sampleLook(difference: Partial<SeenLook> = {}): SeenLook {
  const findings: readonly Finding[] = [
    found("server", "good", "server-reached", { where: "db" }),
    found("repository", "good", "repository-opens", { location: "/srv/pra" }),
    found("gaps", "good", "gaps-none"),
    found("proof", "note", "proof-missing", { count: 1, total: 3 }),
  ];
  return {
    ok: true,
    findings,
    atMs: sampleAtMs,
    durationMs: 420,
    readings: sampleReadings,
    alerts: { open: [], waiting: 0 },
    ...difference,
  };
}

/** A look that learned nothing. */
export const blindReadings: Readings = {
  ownSlot: "pra_akig",
  server: undefined,
  wal: undefined,
  backup: undefined,
  unreadableBackups: undefined,
  proofs: undefined,
  repositoryFreeBytes: undefined,
  walFreeBytes: undefined,
  repositoryFullAtMs: undefined,
  certificates: [],
  jobs: undefined,
};
