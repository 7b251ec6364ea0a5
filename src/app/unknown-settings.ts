/**
 * Names that look like settings and are none: a misspelt `PG_PASWORD` must not be silence. In the `.env` whatever is within two
 * changes of a setting's name, or begins like one of ours; in the environment, which belongs to others too, the same, but never
 * the variables of libpq and of the shell. Pure, and it tells names only, never values.
 */
import { settingDistanceMax } from "../core/limits.ts";
import type { EnvFileValue } from "./env-file.ts";
import { type Origin, editDistance } from "./setting-values.ts";
import { isSettingName, settingNames } from "./settings.ts";

/** A name that is not read; `meant`: the setting that is nearest. */
export type UnknownSetting = {
  readonly name: string;
  readonly origin: Origin;
  readonly meant: string | undefined;
};

/** Read by the program's entry and its tests, on purpose not settings. */
const INTERNAL: ReadonlySet<string> = new Set(["PRA_GUARD_OFF", "PRA_FAILPOINT_LOG"]);

/** The setting that a misspelt name is nearest to. */
export function nearestSetting(name: string): string | undefined {
  const near = settingNames
    .map((known) => ({ known, distance: editDistance(name, known) }))
    .filter(({ distance }) => distance <= settingDistanceMax)
    .toSorted((a, b) => a.distance - b.distance);
  return near[0]?.known;
}

function judge(name: string, origin: Origin): readonly UnknownSetting[] {
  if (isSettingName(name) || INTERNAL.has(name)) {
    return [];
  }
  const meant = nearestSetting(name);
  return meant !== undefined || /^(?:PRA|PG)_/.test(name) ? [{ name, origin, meant }] : [];
}

/** The names in the `.env`, then those of the environment. */
export function unknownSettings(
  variables: Readonly<Record<string, string | undefined>>,
  file: { readonly path: string; readonly values: ReadonlyMap<string, EnvFileValue> } | undefined,
): readonly UnknownSetting[] {
  const inFile = [...(file?.values ?? [])].flatMap(([name, { line }]) =>
    judge(name, { kind: "file", path: file?.path ?? "", line }),
  );
  const inEnvironment = Object.keys(variables).flatMap((name) =>
    // libpq's PGHOST is one change from PG_HOST, and means what it says.
    /^(?:PG[A-Z]|[A-Z]+$)/.test(name) && !name.startsWith("PRA_")
      ? []
      : judge(name, { kind: "environment", variable: name }),
  );
  return [...inFile, ...inEnvironment];
}
