/**
 * Every probe of a look, in the order of the page: what it asks, and which pure rule judges the answer. A probe whose ground is missing
 * (a server that does not answer, a repository that does not open) says nothing: the one line about that ground says it for all.
 */
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import type { CheckId, Finding } from "../../core/finding/finding.ts";
import { found } from "../../core/finding/finding.ts";
import { firstWeekDay, firstWeekDays, firstWeekEndMs } from "../../core/first-week.ts";
import { isLocalHost, placeOf } from "../../postgres/connection-settings.ts";
import { withPasswordFile } from "../../postgres/password-file.ts";
import { identifySystem } from "../../postgres/replication-commands.ts";
import { ReplicationConnection } from "../../postgres/replication-connection.ts";
import type { ServerHealth, SlotHealth } from "../../postgres/server-health.ts";
import { clusterNameOf } from "../../repository/object-names.ts";
import { readNewestLease } from "../../repository/read-lease.ts";
import { judgeActions } from "../../watch/probes/actions.ts";
import { judgeArchiver } from "../../watch/probes/archiver.ts";
import { judgeCertificate } from "../../watch/probes/certificates.ts";
import { judgeClock } from "../../watch/probes/clock.ts";
import { type BackupHolder, judgeJobs } from "../../watch/probes/jobs.ts";
import { judgePages } from "../../watch/probes/pages.ts";
import { judgeReadiness } from "../../watch/probes/readiness.ts";
import { judgeReceiver } from "../../watch/probes/receiver.ts";
import { judgeRoutineFindings } from "../../watch/probes/routines.ts";
import { judgeRuns } from "../../watch/probes/runs.ts";
import { judgeSchedule } from "../../watch/probes/schedule.ts";
import { judgeSlots } from "../../watch/probes/slots.ts";
import { judgeVersionEnd } from "../../watch/probes/version-end.ts";
import { judgeWrites } from "../../watch/probes/writes.ts";
import { judgeChannels } from "../channels/judge-channels.ts";
import { jobRuns } from "../schedule/job-runs.ts";
import { readRoutines } from "../schedule/read-routines.ts";
import { readInstalled } from "../schedule/schedule-files.ts";
import { judgeProofs } from "../judge-proof.ts";
import { judgeRecoveryKey } from "../recovery-key-finding.ts";
import { judgeSettingsCopy } from "../settings-copy-finding.ts";
import { checkApplication } from "../site/application-check.ts";
import { checkProgramFiles } from "../site/program-files.ts";
import { findFailedBackup } from "./failed-backup.ts";
import { judgeExposure, judgeGaps, judgeNewestBackup, judgeSpace } from "./judge-repository.ts";
import { lookAtWays } from "./look-at-ways.ts";
import { type Sight, unlessFailed } from "./sight.ts";

type Call = { readonly signal: AbortSignal };

/** One probe. `check` stands for it when it cannot be made; `ground` is what it needs and another probe tells of. */
export type Probe = {
  readonly check: CheckId;
  readonly ground: "server" | "repository" | "none";
  run(sight: Sight, call: Call): Promise<readonly Finding[]>;
};

const server: Probe = {
  check: "server",
  ground: "none",
  run: async (sight) => {
    await sight.server();
    const where = placeOf(sight.environment.connection);
    return [found("server", "good", "server-reached", { where })];
  },
};

function ownSlot(sight: Sight, { slots: all }: ServerHealth): SlotHealth | undefined {
  return all.find(({ name }) => name === sight.environment.slotName);
}

/** What the server tells of itself. */
const serverHealth: Probe = {
  check: "writes",
  ground: "server",
  run: async (sight) => {
    const health = await sight.server();
    const version = judgeVersionEnd(health.version.major, sight.nowMs);
    const slot = ownSlot(sight, health);
    return [
      judgeWrites(health),
      judgeArchiver(health.archiver, { nowMs: health.nowMs, streamed: slot?.active === true }),
      judgeClock(health.clockOffMs),
      // A dump needs neither.
      ...(sight.environment.backupMethod === "logical" ? [] : judgeReadiness(health)),
      ...(version === undefined ? [] : [version]),
    ];
  },
};

/** Whether pg_hba.conf still lets us stream. While a receiver does, nobody has to try. */
const replication: Probe = {
  check: "replication-connection",
  ground: "server",
  run: async (sight, call) => {
    const { backupMethod, slotName } = sight.environment;
    if (backupMethod === "logical") {
      return [];
    }
    if (ownSlot(sight, await sight.server())?.active === true) {
      return [found("replication-connection", "good", "replication-streams", { slot: slotName })];
    }
    const connection = await withPasswordFile(sight.environment.connection, call);
    const options = { ...call, applicationName: slotName };
    await using opened = await ReplicationConnection.open(connection, options);
    const { timeline } = await identifySystem(opened, call);
    return [found("replication-connection", "good", "replication-connected", { timeline })];
  },
};

const repository: Probe = {
  check: "repository",
  ground: "none",
  run: async (sight, call) => {
    const { location, keyFile, sealed } = await sight.repository();
    // Asking the store what it can do makes files and removes them: a disk that went read-only still opens.
    await sealed.store.capabilities(call);
    return [
      found("repository", "good", "repository-opens", { location }),
      keyFile === undefined
        ? found("key", "note", "key-published")
        : found("key", "good", "key-good", { path: keyFile }),
    ];
  },
};

const recoveryKey: Probe = {
  check: "recovery-key",
  ground: "repository",
  run: async (sight, call) => {
    const { sealed, keyFile } = await sight.repository();
    const { nowMs } = sight;
    return keyFile === undefined
      ? []
      : await judgeRecoveryKey(sealed, { ...call, nowMs, unproved: "bad" });
  },
};

const newestBackup: Probe = {
  check: "newest-backup",
  ground: "repository",
  run: async (sight) =>
    judgeNewestBackup(await sight.newestBackup(), sight.nowMs, await sight.thresholds()),
};

const pages: Probe = {
  check: "corruption",
  ground: "none",
  run: async (sight) => {
    const health = await unlessFailed(sight.server());
    const newest = await unlessFailed(sight.newestBackup());
    const root = newest?.root;
    const stored = root && { id: root.id, corruptPages: root.corruptPages.length };
    const known = { failures: health?.pageFailures, newest: newest && (stored ?? null) };
    return judgePages(known, health?.nowMs ?? sight.nowMs);
  },
};

const jobs: Probe = {
  check: "jobs",
  ground: "repository",
  run: async (sight, call) => {
    const { sealed } = await sight.repository();
    const cluster = clusterNameOf(sight.environment.cluster);
    const { root } = await sight.newestBackup();
    const since = root?.finishedAt;
    const last = await findFailedBackup(sealed, { cluster, since }, call);
    // While the server is still away one line tells it; once it answers again a backup is missing.
    const isExplained =
      last?.code === "PG_UNREACHABLE" && (await unlessFailed(sight.server())) === undefined;
    const failed = isExplained ? undefined : last;
    const lease = await readNewestLease(sealed, { cluster, purpose: "backup" }, call);
    const holder: BackupHolder | undefined =
      lease === undefined || lease.state === "released"
        ? undefined
        : {
            host: lease.holder.host,
            pid: lease.holder.pid,
            sinceMs: Date.parse(lease.acquiredAt),
            liveness: sight.adapters.observer.livenessOf(lease.holder),
          };
    return judgeJobs({ failed, holder }, sight.nowMs);
  },
};

const wal: Probe = {
  check: "exposure",
  ground: "repository",
  run: async (sight) => {
    const state = await sight.wal();
    const { rpoSeconds } = sight.environment.objectives;
    const health = await unlessFailed(sight.server());
    const slot = health && ownSlot(sight, health);
    return [
      judgeExposure(state, rpoSeconds, await sight.thresholds()),
      judgeGaps(state),
      judgeReceiver(state.receiver, slot),
    ];
  },
};

const slots: Probe = {
  check: "slots",
  ground: "server",
  run: async (sight) => {
    const health = await sight.server();
    const state = await unlessFailed(sight.wal());
    const own = sight.environment.slotName;
    return judgeSlots(health.slots, { own, expected: state?.receiver !== undefined });
  },
};

const proofs: Probe = {
  check: "proof",
  ground: "repository",
  run: async (sight) => judgeProofs(await sight.proofs(), sight.nowMs, await sight.thresholds()),
};

const settingsCopy: Probe = {
  check: "settings-copy",
  ground: "repository",
  run: async (sight, call) => {
    const { sealed } = await sight.repository();
    return await judgeSettingsCopy(sight.adapters, sight.environment, { ...call, sealed });
  },
};

const space: Probe = {
  check: "space",
  ground: "repository",
  run: async (sight, call) => {
    const { sealed } = await sight.repository();
    const { freeBytes } = await sealed.store.capabilities(call);
    return judgeSpace(freeBytes, sight.environment.freeBytesMin);
  },
};

const files: Probe = {
  check: "env-mode",
  ground: "none",
  run: async ({ environment }, { signal }) =>
    (await checkProgramFiles(environment, { fix: false, signal })).filter(
      ({ id, state }) => state === "bad" || id === "env-mode" || id === "backup-folder",
    ),
};

const application: Probe = {
  check: "application",
  ground: "none",
  run: async ({ environment, adapters, serverLimitMs }, call) => {
    // Once, and no longer than a look: trying again is what the next look does.
    const healthIntervalMs = Math.min(environment.application.healthIntervalMs, serverLimitMs);
    const asked = { ...environment.application, healthRetries: 1, healthIntervalMs };
    return await checkApplication(asked, { ...call, clock: adapters.clock });
  },
};

/** A channel that refuses an alert is told by the others; here only what a test has shown. */
const channels: Probe = {
  check: "channels",
  ground: "none",
  run: async ({ environment }, call) =>
    await judgeChannels(environment, { ...call, failed: "note" }),
};

const certificates: Probe = {
  check: "certificate",
  ground: "none",
  run: async (sight) =>
    (await sight.certificates()).map((end) => judgeCertificate(end, sight.nowMs)),
};

const reachability: Probe = {
  check: "reachability",
  ground: "none",
  run: async ({ environment, adapters }, { signal }) =>
    await lookAtWays(environment, { host: adapters.observer.self.host, signal }),
};

const schedule: Probe = {
  check: "schedule",
  ground: "none",
  run: async (sight, call) => {
    if ((await readInstalled(sight.environment, call)) === undefined) {
      return [];
    }
    const missed = (await sight.jobs()).flatMap((job) => job.missed ?? []);
    return judgeSchedule(missed, sight.nowMs);
  },
};

const runs: Probe = {
  check: "runs",
  ground: "none",
  run: async (sight, call) => {
    const installed = await readInstalled(sight.environment, call);
    return installed === undefined
      ? []
      : judgeRuns(jobRuns(await sight.jobs(), installed), sight.nowMs);
  },
};

const routines: Probe = {
  check: "routines",
  ground: "none",
  run: async (sight, { signal }) => {
    const { environment, nowMs } = sight;
    const agenda = await sight.agenda();
    const planned = await readRoutines(environment, { nowMs, agenda, signal });
    return judgeRoutineFindings(planned, nowMs);
  },
};

const actions: Probe = {
  check: "actions",
  ground: "none",
  run: async (sight) => judgeActions((await sight.agenda())?.actions ?? [], sight.nowMs),
};

/** In the first week what is judged more closely is said, and until when. */
const firstWeek: Probe = {
  check: "first-week",
  ground: "none",
  run: async (sight) => {
    const { atMs } = (await sight.live()) ?? {};
    const day = firstWeekDay(atMs, sight.nowMs);
    if (atMs === undefined || day === undefined) {
      return [];
    }
    const until = new Date(firstWeekEndMs(atMs)).toISOString().slice(0, 10);
    const figure = { value: day, unit: "days" };
    return [found("first-week", "good", "first-week", { day, days: firstWeekDays, until }, figure)];
  },
};

/** All of them. */
export const probes: readonly Probe[] = [
  firstWeek,
  server,
  serverHealth,
  replication,
  repository,
  recoveryKey,
  newestBackup,
  pages,
  jobs,
  wal,
  slots,
  proofs,
  space,
  files,
  settingsCopy,
  application,
  channels,
  certificates,
  reachability,
  schedule,
  runs,
  routines,
  actions,
];

/** Free bytes where the server's pg_wal lies, when the server is on this host and tells where. */
export async function walFreeBytes(sight: Sight): Promise<number | undefined> {
  const { environment } = sight;
  const { dataDirectory } = await sight.server();
  if (dataDirectory === undefined || !isLocalHost(environment.connection.host)) {
    return undefined;
  }
  for (const path of [join(dataDirectory, "pg_wal"), dataDirectory]) {
    try {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    } catch (error) {
      // The data directory is the server's own: its disk is seen without looking into it. In a container it is not here at all.
      if (!["EACCES", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) {
        throw error;
      }
    }
  }
  return undefined;
}
