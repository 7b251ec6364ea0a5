/**
 * `pra loadtest --resume FOLDER`: goes on with a load test whose process was killed after its load, from the last phase that ended. The pause is
 * told, and is part of every time that it lies in: a restore that is made again counts from the crash.
 */
import { rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DrError } from "../../core/errors.ts";
import { type LocalLock, acquireLocalLock } from "../../files/local-lock.ts";
import { Acknowledged } from "../../loadtest/acknowledged.ts";
import { measurementOf } from "../../loadtest/latency-record.ts";
import { serverAccount } from "../../postgres/server-account.ts";
import type { Adapters } from "../compose.ts";
import { type DemoFolder, demoFolderAt } from "../demo/demo-folder.ts";
import type { Environment } from "../environment.ts";
import { programVersion } from "../program-version.ts";
import { type ApplicationWish, applicationWish } from "./application-step.ts";
import { type Ended, type LoadTestOutcome, concludeLoadTest } from "./conclude-load-test.ts";
import { type HealthWish, healthWish } from "./health-step.ts";
import type { LoadTestEvent, LoadTestNotes } from "./load-test-notes.ts";
import { recoverLoaded } from "./recover-loaded.ts";
import { type SavedPhase, type SavedTest, readSavedTest, resumesAt } from "./saved-test.ts";
import { savingIn } from "./save-phases.ts";
import { settle } from "./settle-load-test.ts";

/** What was asked for. */
export type ResumeRequest = {
  readonly folder: string;
  readonly onEvent: (event: LoadTestEvent) => void;
  readonly signal: AbortSignal;
};

type Found = {
  readonly phase: SavedPhase;
  readonly test: SavedTest;
  readonly folder: DemoFolder;
  readonly acknowledged: Acknowledged;
  /** What the configuration says now of what it was begun with. */
  readonly application: ApplicationWish | undefined;
  readonly health: HealthWish | undefined;
};

/** Everything that can be wrong with what lies there and with the configuration. @throws DrError `CONFIG_LOADTEST_RESUME_*`, `CONFIG_YAML_*`. */
async function findTest(
  root: string,
  environment: Environment,
  { program, nowMs }: { readonly program: string; readonly nowMs: number },
): Promise<Found> {
  const saved = await readSavedTest(root, { program });
  if (saved === undefined) {
    throw new DrError("CONFIG_LOADTEST_RESUME_EARLY", { folder: root });
  }
  const { test } = saved;
  const { cluster } = environment;
  if (test.cluster !== cluster) {
    const begun = test.cluster;
    throw new DrError("CONFIG_LOADTEST_RESUME_CLUSTER", { folder: root, begun, cluster });
  }
  if (nowMs < Date.parse(test.savedAt)) {
    throw new DrError("CONFIG_LOADTEST_RESUME_CLOCK", { folder: root, at: test.savedAt });
  }
  const folder = { ...demoFolderAt(root), binDirectory: test.binaries.binDirectory };
  const acknowledged = await Acknowledged.read(folder.acknowledged);
  if (acknowledged.count !== test.acknowledged) {
    throw new DrError("CONFIG_LOADTEST_RESUME_DAMAGED", { file: folder.acknowledged });
  }
  const { applicationWanted, healthWanted } = test.notes;
  const application = applicationWanted ? await applicationWish(environment) : undefined;
  const health = healthWanted ? healthWish(environment) : undefined;
  return { ...saved, folder, acknowledged, application, health };
}

/** @throws DrError `CONFIG_LOADTEST_RESUME_NONE`; `RESTORE_LOCKED` while its process lives. */
async function takeFolder(
  adapters: Adapters,
  root: string,
  signal: AbortSignal,
): Promise<LocalLock> {
  try {
    await stat(join(root, "keys", "demo.key"));
  } catch {
    throw new DrError("CONFIG_LOADTEST_RESUME_NONE", { folder: root });
  }
  return await acquireLocalLock(root, { ...adapters, signal });
}

async function goOn(
  adapters: Adapters,
  about: {
    readonly request: ResumeRequest;
    readonly found: Found;
    readonly notes: LoadTestNotes;
    readonly program: string;
  },
): Promise<void> {
  const { request, found, notes, program } = about;
  const { signal, onEvent: tell } = request;
  const { phase, test, folder, application, health } = found;
  const { clock } = adapters;
  const { binaries } = test;
  const act = { adapters, folder, binaries, account: await serverAccount(), notes, tell, signal };
  const sinceCrashMs = (): number => clock.now() - test.crashEpochMs;
  await recoverLoaded(
    {
      ...act,
      application,
      health,
      sinceCrashMs,
      save: savingIn({ ...act, program, test }),
    },
    resumesAt[phase],
  );
}

/**
 * Goes on. @throws DrError `CONFIG_LOADTEST_RESUME_*`, `CONFIG_YAML_*`, `RESTORE_LOCKED`: nothing was changed.
 */
export async function resumeLoadTest(
  adapters: Adapters,
  environment: Environment,
  request: ResumeRequest,
): Promise<LoadTestOutcome> {
  const { clock } = adapters;
  const { signal, onEvent } = request;
  const root = resolve(request.folder);
  const lock = await takeFolder(adapters, root, signal);
  const program = await programVersion(environment.programDirectory);
  let found: Found;
  try {
    found = await findTest(root, environment, { program, nowMs: clock.now() });
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
  const { phase, test, acknowledged } = found;
  const { startedAt, loadMs, seed, clients, savedAt } = test;
  const resumedAt = new Date(clock.now()).toISOString();
  const at = resumesAt[phase];
  const notes: LoadTestNotes = {
    ...test.notes,
    load: { beganMs: 0, record: measurementOf(test.measurement), acknowledged },
    production: undefined,
    resumed: [...test.notes.resumed, { phase: at, lastKnownAt: savedAt, resumedAt }],
  };
  onEvent({ kind: "resumed", folder: root, phase: at, savedAt });
  const ended: Ended = await settle({ notes, signal }, async () => {
    try {
      await goOn(adapters, { request, found, notes, program });
    } finally {
      await lock[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
      onEvent({ kind: "folderRemoved", folder: root });
    }
  });
  const beganMs = clock.monotonic() - (clock.now() - Date.parse(startedAt));
  const about = { notes, beganMs, startedAt, loadMs, seed, clients, ...ended };
  return concludeLoadTest({ adapters, environment }, about);
}
