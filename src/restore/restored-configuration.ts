/**
 * The configuration of a restored directory: what came with the backup, minus what would lead this copy astray, plus recovery
 * and isolation; what lay outside the data directory is made. It must start on its own, and never start
 * something else: paths that point to the source's own places are turned here.
 *
 * Follows sections 19.1 "Setting Parameters" and 19.2 "File Locations" of PostgreSQL's documentation.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { guard } from "../core/failpoint.ts";
import { socketPathBytesMax } from "../core/limits.ts";
import type { ControlFile } from "../postgres/control-file.ts";
import { isolationSettings, withIsolationBlock, withoutRecoverySettings } from "./isolation.ts";
import {
  type LeftOutLibrary,
  type PreloadedLibraries,
  librariesIn,
  preloadSettingIn,
  preloadedLibraries,
} from "./preload-libraries.ts";
import { type RestoreTarget, entryExists, putFile } from "./restored-file.ts";

const AUTO_CONF = "postgresql.auto.conf";
const CONF = "postgresql.conf";

/** `/.s.PGSQL.65535` */
const SOCKET_NAME_BYTES = 15;

/** What makes the copy use its own files and socket, wherever the source's lay. */
function ownPlaces(dataDirectory: string): Readonly<Record<string, string>> {
  const places = {
    hba_file: join(dataDirectory, "pg_hba.conf"),
    ident_file: join(dataDirectory, "pg_ident.conf"),
  };
  const fits = Buffer.byteLength(dataDirectory) + SOCKET_NAME_BYTES <= socketPathBytesMax;
  return fits ? { ...places, unix_socket_directories: dataDirectory } : places;
}

/** What is known of the libraries that the source loads, and of those that stand beside the programs that will start the copy. */
export type PreloadKnowledge = {
  /** As the backup recorded it; undefined where the role was not shown it. */
  readonly recorded: string | undefined;
  /** Those of the names that are not installed here. */
  readonly missing: (names: readonly string[]) => Promise<ReadonlySet<string>>;
};

/** What the copy shall load, when the source loads anything. */
async function preloadOf(
  directory: string,
  autoConf: string,
  knowledge: PreloadKnowledge | undefined,
): Promise<PreloadedLibraries | undefined> {
  if (knowledge === undefined) {
    return undefined;
  }
  const conf = join(directory, CONF);
  const written =
    preloadSettingIn(autoConf) ??
    ((await entryExists(conf)) ? preloadSettingIn(await readFile(conf, "latin1")) : undefined);
  const value = knowledge.recorded ?? written ?? "";
  const names = librariesIn(value);
  return names.length === 0 ? undefined : preloadedLibraries(value, await knowledge.missing(names));
}

/** A server that replays needs at least the source's values of these. */
function generatedConfiguration(control: ControlFile): string {
  const values = {
    max_connections: control.maxConnections,
    max_worker_processes: control.maxWorkerProcesses,
    max_wal_senders: control.maxWalSenders,
    max_prepared_transactions: control.maxPreparedTransactions,
    max_locks_per_transaction: control.maxLocksPerTransaction,
  };
  const lines = Object.entries(values).map(([name, value]) => `${name} = ${value}\n`);
  return `# Made by pra: the cluster kept its configuration outside the data directory.\n${lines.join("")}`;
}

/** Turns off `data_directory`, with which a start on this copy would start the source's directory. */
export function withoutDataDirectory(configuration: string): string {
  return configuration.replaceAll(/^(?=[ \t]*data_directory\b)/gim, "# pra: ");
}

/** Files of the backup that were changed, with their content, and libraries that the copy does not load. */
export type ConfiguredCopy = {
  readonly changed: ReadonlyMap<string, Buffer>;
  readonly leftOut: readonly LeftOutLibrary[];
};

/**
 * Writes the configuration; answers what it changed. Names are durable
 * when the directory is synced. @throws errors of the operating system.
 */
export async function configureRestored(
  target: RestoreTarget,
  options: {
    readonly major: number;
    readonly control: ControlFile;
    /** A tablespace lies below `pg_tblspc` itself: without leave for that, recovery panics. */
    readonly inPlaceTablespaces: boolean;
    readonly settings: Readonly<Record<string, string>>;
    /** Not given: what the source loads is left as it is. */
    readonly libraries: PreloadKnowledge | undefined;
  },
): Promise<ConfiguredCopy> {
  const { dataDirectory } = target;
  const changed = new Map<string, Buffer>();
  const autoConf = join(dataDirectory, AUTO_CONF);
  const theirs = (await entryExists(autoConf)) ? await readFile(autoConf, "utf8") : "";
  const preload = await preloadOf(dataDirectory, theirs, options.libraries);
  const isolated = {
    ...(guard("L16-isolation") ? isolationSettings(options.major) : {}),
    ...(guard("L30-own-places") ? ownPlaces(dataDirectory) : {}),
    ...(options.inPlaceTablespaces ? { allow_in_place_tablespaces: "on" } : {}),
    ...(preload === undefined ? {} : { shared_preload_libraries: preload.value }),
    ...options.settings,
  };
  await putFile(target, AUTO_CONF, withIsolationBlock(withoutRecoverySettings(theirs), isolated));
  const conf = join(dataDirectory, CONF);
  if (await entryExists(conf)) {
    const text = await readFile(conf, "latin1");
    const safe = withoutDataDirectory(text);
    if (safe !== text) {
      const content = Buffer.from(safe, "latin1");
      await putFile(target, CONF, content);
      changed.set(CONF, content);
    }
  } else {
    await putFile(target, CONF, generatedConfiguration(options.control));
  }
  for (const name of ["pg_hba.conf", "pg_ident.conf"]) {
    if (!(await entryExists(join(dataDirectory, name)))) {
      const rule = name === "pg_hba.conf" ? "local all all trust\n" : "";
      await putFile(target, name, `# Made by pra: this copy only.\n${rule}`);
    }
  }
  await putFile(target, "recovery.signal", "");
  return { changed, leftOut: preload?.leftOut ?? [] };
}
