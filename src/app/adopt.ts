/**
 * `pra adopt`: an isolated copy becomes production. What that turns on is shown first, and it has to be told twice. The copy gets a new
 * incarnation in the repository, so that its WAL never mixes with that of the server it was made from.
 */
import { readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { DrError } from "../core/errors.ts";
import { INCARNATION_SETTING } from "../core/incarnation-setting.ts";
import { errnoOf } from "../files/file-error.ts";
import { syncDirectory } from "../files/directories.ts";
import { parseControlFile } from "../postgres/control-file.ts";
import { runningServerOf } from "../postgres/throwaway-server.ts";
import { adoptIncarnation } from "../repository/incarnation.ts";
import { clusterNameOf } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { settingIn, withSetting, withoutIsolationBlock } from "../restore/isolation.ts";
import { entryExists, putFile } from "../restore/restored-file.ts";
import { UNFINISHED_MARKER } from "../restore/target-directory.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { openRepository } from "./repository-access.ts";

const AUTO_CONF = "postgresql.auto.conf";

/** What was asked for. */
export type AdoptRequest = StoreCall & {
  readonly directory: string;
  readonly allowProduction: boolean;
  readonly confirm: string | undefined;
  /** Told what the copy will do no more, before anything is refused or changed. */
  readonly onSettings: (lines: readonly string[]) => void;
};

/** What was done. */
export type Adopted = {
  readonly dataDirectory: string;
  /** Settings that no longer hold, as they stood in the file. */
  readonly released: readonly string[];
  readonly incarnation: string;
};

async function autoConfOf(directory: string): Promise<string> {
  try {
    return await readFile(join(directory, AUTO_CONF), "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") {
      throw new DrError("RESTORE_NOT_ISOLATED", { directory }, { cause: error });
    }
    throw error;
  }
}

/** The lines of our block that are settings. */
function settingsIn(before: string, after: string): readonly string[] {
  const kept = new Map<string, number>();
  for (const line of after.split("\n")) {
    kept.set(line, (kept.get(line) ?? 0) + 1);
  }
  return before.split("\n").filter((line) => {
    const count = kept.get(line) ?? 0;
    kept.set(line, count - 1);
    return count <= 0 && /^\w[\w.]* = /.test(line);
  });
}

/**
 * Adopts. @throws DrError `RESTORE_NOT_ISOLATED`, `RESTORE_PARTIAL`, `RESTORE_NOT_RECOVERED`, `RESTORE_TARGET_RUNNING`, `RESTORE_ADOPT_UNCONFIRMED`
 * (nothing was changed); those of opening the repository.
 */
export async function adoptCopy(
  adapters: Adapters,
  environment: Environment,
  request: AdoptRequest,
): Promise<Adopted> {
  const { signal } = request;
  const directory = resolve(request.directory);
  const before = await autoConfOf(directory);
  const after = withoutIsolationBlock(before);
  if (after === before) {
    throw new DrError("RESTORE_NOT_ISOLATED", { directory });
  }
  const released = settingsIn(before, after);
  request.onSettings(released);
  if (await entryExists(join(directory, UNFINISHED_MARKER))) {
    throw new DrError("RESTORE_PARTIAL", { directory });
  }
  const running = await runningServerOf(directory);
  if (running !== undefined) {
    throw new DrError("RESTORE_TARGET_RUNNING", { directory, pid: running.pid });
  }
  if (await entryExists(join(directory, "recovery.signal"))) {
    throw new DrError("RESTORE_NOT_RECOVERED", { directory });
  }
  const name = basename(directory);
  if (!request.allowProduction || request.confirm !== name) {
    throw new DrError("RESTORE_ADOPT_UNCONFIRMED", { directory, name });
  }
  const control = parseControlFile(await readFile(join(directory, "global", "pg_control")));
  const { sealed } = await openRepository(adapters, environment, { signal });
  const { systemId: systemIdentifier } = control;
  const place = await adoptIncarnation(
    sealed,
    {
      cluster: clusterNameOf(environment.cluster),
      systemIdentifier,
      named: settingIn(after, INCARNATION_SETTING),
      randomId: adapters.random.bytes(16),
    },
    { signal, nowMs: adapters.clock.now() },
  );
  const { uid, gid } = await stat(directory);
  const owner = process.getuid?.() === 0 ? { uid, gid } : undefined;
  const configuration = withSetting(after, INCARNATION_SETTING, place.incarnation);
  await putFile({ dataDirectory: directory, owner }, AUTO_CONF, configuration);
  await syncDirectory(directory, "RESTORE");
  return { dataDirectory: directory, released, incarnation: place.incarnation };
}
