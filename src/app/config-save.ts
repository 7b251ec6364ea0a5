/**
 * Keeping the `.env` in the repository, and comparing hosts by it: `pra config save` and `compare`, and by itself after `init` and
 * before a backup, whenever what is set has changed. Values leave this file only sealed; what is told is names and hosts.
 */
import { readFile } from "node:fs/promises";
import { DrError, isDrError } from "../core/errors.ts";
import { savedSettingsTextMax } from "../core/limits.ts";
import {
  type SavedSettings,
  hashOfSettings,
  hostIdOf,
  listSettings,
  newestSettings,
  putSettings,
  readSettings,
} from "../repository/saved-settings.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { Adapters } from "./compose.ts";
import { parseEnvFile } from "./env-file.ts";
import type { Environment } from "./environment.ts";
import { openRepository } from "./repository-access.ts";
import { isSettingName } from "./settings.ts";

type Call = { readonly signal: AbortSignal };

/** Paths of one host: two hosts may differ in them. */
const OWN = new Set(["PRA_KEY_FILE", "PRA_STATE_DIR", "PRA_SPOOL_DIR", "PRA_PG_BIN_DIR"]);

/** What became of a save. */
export type SettingsSaved = {
  readonly kind: "saved" | "unchanged";
  readonly number: number;
  readonly path: string;
};

/** One host beside this one. `names`: the settings that differ, when the private side is here to tell. */
export type ComparedHost = {
  readonly id: string;
  readonly host: string | undefined;
  readonly savedAt: string | undefined;
  readonly isThisHost: boolean;
  readonly same: boolean;
  readonly names: readonly string[] | undefined;
};

/** This host's `.env` beside what each host saved. */
export type SettingsComparison = {
  readonly path: string;
  readonly same: boolean;
  readonly saved: boolean;
  readonly hosts: readonly ComparedHost[];
};

type OwnSettings = { readonly path: string; readonly text: string; readonly values: Values };
type Values = ReadonlyMap<string, string>;

function sharedValues(text: string, path: string): Values {
  const entries = [...parseEnvFile(text, path)].flatMap(([name, { value }]) =>
    isSettingName(name) && !OWN.has(name) && value !== "" ? [[name, value] as const] : [],
  );
  return new Map(entries);
}

async function ownSettings({ envFile: path }: Environment): Promise<OwnSettings> {
  if (path === undefined) {
    throw new DrError("CONFIG_NO_ENV_FILE", {});
  }
  const text = await readFile(path, "utf8");
  if (text.length > savedSettingsTextMax) {
    throw new DrError("CONFIG_ENV_FILE_LARGE", { path, max: savedSettingsTextMax });
  }
  return { path, text, values: sharedValues(text, path) };
}

/** Saves into an open repository, unless the newest that was saved is the same. @throws DrError `CONFIG_*`, `STORE_*`, `REPO_*`. */
export async function saveSettings(
  adapters: Pick<Adapters, "clock" | "observer">,
  environment: Environment,
  call: Call & { readonly sealed: SealedStore },
): Promise<SettingsSaved> {
  const { sealed, signal } = call;
  const { path, text, values } = await ownSettings(environment);
  const { machine, host: name } = adapters.observer.self;
  const host = hostIdOf(sealed, machine);
  const hash = hashOfSettings(sealed, [...values]);
  const newest = await newestSettings(sealed, host, { signal });
  if (newest?.hash === hash) {
    return { kind: "unchanged", number: newest.number, path };
  }
  const savedAt = new Date(adapters.clock.now()).toISOString();
  const document = { version: 1, host: name, path, savedAt, text } as const;
  const { number } = await putSettings(sealed, { host, hash }, document, { signal });
  return { kind: "saved", number, path };
}

/** `pra config save`. */
export async function saveConfiguration(
  adapters: Adapters,
  environment: Environment,
  call: Call,
): Promise<SettingsSaved> {
  const { sealed } = await openRepository(adapters, environment, call);
  return await saveSettings(adapters, environment, { ...call, sealed });
}

/** As `saveSettings`, where it is a courtesy: no `.env` is no fault, and a fault is told, not thrown. */
export async function keepSettings(
  adapters: Pick<Adapters, "clock" | "observer">,
  environment: Environment,
  call: Call & { readonly sealed: SealedStore },
): Promise<DrError | undefined> {
  if (environment.envFile === undefined) {
    return undefined;
  }
  try {
    await saveSettings(adapters, environment, call);
    return undefined;
  } catch (error) {
    call.signal.throwIfAborted();
    if (isDrError(error)) {
      return error;
    }
    throw error;
  }
}

function namesThatDiffer(ours: Values, theirs: Values): readonly string[] {
  return [...new Set([...ours.keys(), ...theirs.keys()])].filter(
    (name) => ours.get(name) !== theirs.get(name),
  );
}

async function comparedHost(
  sealed: SealedStore,
  saved: SavedSettings,
  own: OwnSettings & { readonly id: string; readonly hash: string },
  call: Call,
): Promise<ComparedHost> {
  const same = saved.hash === own.hash;
  const about = { id: saved.host, isThisHost: saved.host === own.id, same };
  if (sealed.ring.private === undefined) {
    return { ...about, host: undefined, savedAt: undefined, names: undefined };
  }
  const { host, savedAt, text, path } = await readSettings(sealed, saved, call);
  const names = same ? [] : namesThatDiffer(own.values, sharedValues(text, path));
  return { ...about, host, savedAt, names };
}

/** Compares in an open repository. */
export async function compareSettings(
  adapters: Pick<Adapters, "observer">,
  environment: Environment,
  call: Call & { readonly sealed: SealedStore },
): Promise<SettingsComparison> {
  const { sealed, signal } = call;
  const own = await ownSettings(environment);
  const id = hostIdOf(sealed, adapters.observer.self.machine);
  const hash = hashOfSettings(sealed, [...own.values]);
  const hosts: ComparedHost[] = [];
  for (const saved of await listSettings(sealed, { signal })) {
    hosts.push(await comparedHost(sealed, saved, { ...own, id, hash }, { signal }));
  }
  const same = hosts.every((one) => one.same);
  const saved = hosts.some((one) => one.isThisHost && one.same);
  return { path: own.path, same, saved, hosts };
}

/** `pra config compare`. */
export async function compareConfiguration(
  adapters: Adapters,
  environment: Environment,
  call: Call,
): Promise<SettingsComparison> {
  const { sealed } = await openRepository(adapters, environment, call);
  return await compareSettings(adapters, environment, { ...call, sealed });
}
