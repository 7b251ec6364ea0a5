/**
 * `pra loadtest`: a throw-away server is loaded, backed up, killed and restored, and each promise is tested with numbers. Production's server is
 * never loaded, and not even spoken to unless the shape of its data is asked for, of which the catalogues are read: of the configuration it
 * uses the objectives, the application, the place for reports, and the repository for its ledger and what it knows of production.
 * Nothing stays but the report, however it ends.
 */
import { rm } from "node:fs/promises";
import { present } from "../../core/assert.ts";
import { isDrError } from "../../core/errors.ts";
import { SeededRandom } from "../../core/random.ts";
import { acquireLocalLock } from "../../files/local-lock.ts";
import { withPasswordFile } from "../../postgres/password-file.ts";
import { serverAccount } from "../../postgres/server-account.ts";
import { type ServerBinaries, findServerBinaries } from "../../postgres/server-binaries.ts";
import { loadBytes } from "../../loadtest/load-bytes.ts";
import { type ServerShape, readShape } from "../../loadtest/production-shape.ts";
import { type ShapedData, shapeData } from "../../loadtest/shaped-data.ts";
import type { Adapters } from "../compose.ts";
import { createRepository } from "../create-repository.ts";
import { demoEnvironment, writeDemoEnvironment } from "../demo/demo-environment.ts";
import { type DemoFolder, makeDemoFolder, roomFor } from "../demo/demo-folder.ts";
import type { Environment } from "../environment.ts";
import { programVersion } from "../program-version.ts";
import { type ApplicationWish, applicationWish } from "./application-step.ts";
import { type Ended, type LoadTestOutcome, concludeLoadTest } from "./conclude-load-test.ts";
import { type HealthWish, healthWish } from "./health-step.ts";
import { loadAndCrash } from "./load-and-crash.ts";
import { type LoadTestEvent, type LoadTestNotes, emptyNotes } from "./load-test-notes.ts";
import { recoverLoaded } from "./recover-loaded.ts";
import { savingIn } from "./save-phases.ts";
import type { SavedPhase } from "./saved-test.ts";
import { settle } from "./settle-load-test.ts";

/** Newest first: one of these is found where nobody asks for another. */
const MAJORS = [18, 17, 16, 15, 14];
/**
 * What a second of load may add to the disk: two MiB of WAL a second were measured at full speed, which lie in `pg_wal` and, sealed, in the
 * repository; the rest is for the tables' growth. A commit was measured to make 600 bytes of WAL, 800 where checkpoints come often.
 */
const LOAD_BYTES = { bytesPerSecond: 5 * 2 ** 20, bytesPerCommit: 4096 };

/** How to run it. */
export type LoadTestRequest = {
  readonly loadMs: number;
  readonly clients: number;
  /** Of table data; with `likeProduction`, at most. */
  readonly dataBytes: number;
  /** Data of the shape that the configured server's has; of that, the catalogues are read. */
  readonly likeProduction: boolean;
  readonly seed: number;
  readonly major: number | undefined;
  /** Undefined: `PRA_PG_BIN_DIR`, else whatever is found, the newest major first. */
  readonly programs: "embedded" | "distribution" | undefined;
  /** Whether the configured application, if there is one, is asked on the restored server. */
  readonly application: boolean;
  readonly folder: string | undefined;
  readonly onEvent: (event: LoadTestEvent) => void;
  readonly signal: AbortSignal;
};

/** Which places are looked in. */
const ORIGINS = {
  embedded: ["embedded"],
  distribution: ["distribution", "pg_config"],
  any: ["embedded", "distribution", "pg_config"],
} as const;

async function findPrograms(
  { request, environment, shape }: Run,
  folder: { readonly programs: string },
): Promise<ServerBinaries> {
  const { signal, major, programs } = request;
  const search = {
    account: await serverAccount(),
    signal,
    cacheDirectories: [folder.programs],
    origins: ORIGINS[programs ?? "any"],
    binDirectory: programs === undefined ? environment.postgresBinDirectory : undefined,
  };
  const wanted = major ?? shape?.major;
  let failure: unknown;
  for (const each of wanted === undefined ? MAJORS : [wanted]) {
    try {
      return await findServerBinaries(each, search);
    } catch (error) {
      if (!isDrError(error)) {
        throw error;
      }
      failure ??= error;
    }
  }
  throw failure;
}

/** What one run is made of. */
type Run = {
  readonly adapters: Adapters;
  readonly environment: Environment;
  readonly request: LoadTestRequest;
  readonly application: ApplicationWish | undefined;
  readonly health: HealthWish | undefined;
  /** Production's, where its shape is wanted, and what is made of it. */
  readonly shape: ServerShape | undefined;
  readonly shaped: ShapedData | undefined;
  readonly notes: LoadTestNotes;
  /** Which version this is, and when it began: for another process that may have to go on. */
  readonly program: string;
  readonly startedAt: string;
};

async function runActs(run: Run, made: Omit<DemoFolder, "binDirectory">): Promise<void> {
  const { adapters, environment, request, application, shaped, notes } = run;
  const { signal, onEvent: tell, seed, loadMs, clients, dataBytes } = request;
  const account = await serverAccount();
  const binaries = await findPrograms(run, made);
  const folder: DemoFolder = { ...made, binDirectory: binaries.binDirectory };
  await createRepository(adapters, demoEnvironment(folder), {
    encryption: "on",
    recoveryKey: "write",
    signal,
  });
  await writeDemoEnvironment(folder);
  const common = { adapters, folder, binaries, account, application, notes, tell, signal };
  const random = new SeededRandom(seed);
  await loadAndCrash({ ...common, random, dataBytes, shaped, loadMs, clients });
  // A server that was lost before its first backup has nothing to come back from.
  if (!notes.backups.some(({ state }) => state === "finished")) {
    return;
  }
  const { clock } = adapters;
  const { monotonicMs } = present(notes.crash, "the load ends with the crash");
  const sinceCrashMs = (): number => clock.monotonic() - monotonicMs;
  const crashEpochMs = Math.round(clock.now() - sinceCrashMs());
  const { program, startedAt } = run;
  const { cluster } = environment;
  const test = { cluster, startedAt, loadMs, seed, clients, binaries, crashEpochMs };
  const save = savingIn({ ...common, program, test });
  // Beside the restore, which does not wait for it: its time is measured.
  const loaded = save("loaded");
  loaded.catch(() => undefined);
  const saved = async (phase: SavedPhase): Promise<void> => {
    await loaded;
    await save(phase);
  };
  await recoverLoaded({ ...common, health: run.health, sinceCrashMs, save: saved }, "restore");
}

/** What the made data will take. */
function shapedBytes(shaped: ShapedData | undefined): number | undefined {
  return shaped === undefined ? undefined : Math.ceil(shaped.tableBytes * shaped.share);
}

/** Runs both acts in a folder that is gone afterwards. @throws what came before the load: then there is nothing to report. */
async function runAway(run: Run): Promise<Ended> {
  const { adapters, request, notes } = run;
  const { signal, dataBytes, loadMs, seed, onEvent } = request;
  const account = await serverAccount();
  const made = await makeDemoFolder({
    purpose: "loadtest",
    wished: request.folder,
    account,
    neededBytes: roomFor(shapedBytes(run.shaped) ?? dataBytes) + loadBytes(loadMs, LOAD_BYTES),
    nowMs: adapters.clock.now(),
    signal,
  });
  return settle({ notes, signal }, async () => {
    try {
      await using _lock = await acquireLocalLock(made.root, { ...adapters, signal });
      onEvent({ kind: "begun", folder: made.root, seed });
      await runActs(run, made);
    } finally {
      // A program that was killed may have had a child that still writes.
      await rm(made.root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
      onEvent({ kind: "folderRemoved", folder: made.root });
    }
  });
}

/**
 * Runs it. Interrupted or failed under load, it reports what was measured. @throws DrError `CONFIG_*`, `PG_*`: nothing was begun;
 * the signal's reason before the load.
 */
export async function runLoadTest(
  adapters: Adapters,
  environment: Environment,
  request: LoadTestRequest,
): Promise<LoadTestOutcome> {
  const { clock } = adapters;
  const { loadMs, seed, clients } = request;
  const [beganMs, startedAt] = [clock.monotonic(), new Date(clock.now()).toISOString()];
  const notes = emptyNotes();
  const application = request.application ? await applicationWish(environment) : undefined;
  const health = request.application ? healthWish(environment) : undefined;
  notes.applicationWanted = application !== undefined;
  notes.healthWanted = health !== undefined;
  const { signal } = request;
  const shape = request.likeProduction
    ? await readShape(await withPasswordFile(environment.connection, { signal }), { signal })
    : undefined;
  const shaped = shape === undefined ? undefined : shapeData(shape.databases, request.dataBytes);
  notes.shaped = shaped;
  const ended = await runAway({
    adapters,
    environment,
    request,
    application,
    health,
    shape,
    shaped,
    notes,
    program: await programVersion(environment.programDirectory),
    startedAt,
  });
  return concludeLoadTest(
    { adapters, environment },
    { notes, beganMs, startedAt, loadMs, seed, clients, ...ended },
  );
}
