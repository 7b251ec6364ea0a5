/**
 * `pra config show`: what every setting amounts to, and where its value comes from. Values are masked here, so that nothing
 * behind this file holds a secret.
 */
import { DrError } from "../core/errors.ts";
import type { Language } from "../core/language.ts";
import type { ConnectionSettings } from "../postgres/connection-settings.ts";
import { type Environment, requireSetting } from "./environment.ts";
import { formatOrigin, maskSetting } from "./setting-values.ts";
import {
  type SettingName,
  fallbackOf,
  isSettingName,
  settingNames,
  settingsRegistry,
} from "./settings.ts";
import { type UnknownSetting, nearestSetting } from "./unknown-settings.ts";

/** One setting as it is shown. `value` undefined: nothing is set, and nothing holds instead. */
export type ShownSetting = {
  readonly name: SettingName;
  readonly value: string | undefined;
  /** `/path/.env:3`, `$NAME`, `--`, `default`, `-`. */
  readonly origin: string;
  readonly secret: boolean;
};

/** The whole configuration. */
export type ShownConfiguration = {
  readonly envFile: string | undefined;
  readonly settings: readonly ShownSetting[];
  readonly unknown: readonly UnknownSetting[];
};

const ofConnection = {
  PG_HOST: "host",
  PG_PORT: "port",
  PG_USER: "user",
  PG_DATABASE: "database",
  PG_SSLMODE: "sslMode",
  PG_SSLROOTCERT: "sslRootCert",
  PG_SSLCERT: "sslCert",
  PG_SSLKEY: "sslKey",
  PG_PASSFILE: "passwordFile",
} as const;

function isOfConnection(name: SettingName): name is keyof typeof ofConnection {
  return Object.hasOwn(ofConnection, name);
}

/** What another variable gives: DATABASE_URL, or libpq's own. */
function fromElsewhere(
  name: SettingName,
  connection: ConnectionSettings,
): Pick<ShownSetting, "value" | "origin"> | undefined {
  const { origins, password, connectTimeoutMs } = connection;
  if (name === "PG_PASSWORD") {
    return password === undefined ? undefined : { value: "***", origin: origins.password ?? "-" };
  }
  if (name === "PG_CONNECT_TIMEOUT") {
    return { value: String(connectTimeoutMs / 1000), origin: origins.connectTimeout ?? "-" };
  }
  if (!isOfConnection(name)) {
    return undefined;
  }
  const key = ofConnection[name];
  const value = connection[key];
  return value === undefined ? undefined : { value: String(value), origin: origins[key] ?? "-" };
}

/** What the program works with where nobody sets it; paths in full, set or not. */
function worked(environment: Environment): Readonly<Partial<Record<SettingName, string>>> {
  const { backupDirectory, keyFile, postgresBinDirectory } = environment;
  return {
    ...(backupDirectory === undefined ? {} : { BACKUP_DIR: backupDirectory }),
    ...(postgresBinDirectory === undefined ? {} : { PRA_PG_BIN_DIR: postgresBinDirectory }),
    PRA_STATE_DIR: environment.stateDirectory,
    PRA_SPOOL_DIR: environment.spoolDirectory,
    PRA_KEY_FILE: keyFile ?? `${environment.keyDirectory}/….key`,
    PRA_LANG: environment.language,
    RESTORE_HOST: environment.connection.host,
  };
}

function shown(name: SettingName, environment: Environment, language: Language): ShownSetting {
  const secret = settingsRegistry[name].secret !== undefined;
  const setting = environment.settings.get(name);
  if (setting !== undefined) {
    const isPath = settingsRegistry[name].kind.type === "path";
    const full = isPath ? worked(environment)[name] : undefined;
    const value = full ?? maskSetting(name, setting.value);
    return { name, value, origin: formatOrigin(setting.origin), secret };
  }
  const elsewhere = fromElsewhere(name, environment.connection);
  if (elsewhere !== undefined) {
    const { origin } = elsewhere;
    return {
      name,
      value: elsewhere.value,
      origin: /^[A-Z]/.test(origin) ? `$${origin}` : origin,
      secret,
    };
  }
  const value = worked(environment)[name] ?? fallbackOf(name, language);
  return { name, value, origin: value === undefined ? "-" : "default", secret };
}

/** Everything that is read, in the order of `.env.example`. */
export function showConfiguration(
  environment: Environment,
  language: Language,
): ShownConfiguration {
  const settings = settingNames
    .filter((name) => settingsRegistry[name].group !== "expert" || environment.settings.has(name))
    .map((name) => shown(name, environment, language));
  return { envFile: environment.envFile, settings, unknown: environment.findUnknown() };
}

/**
 * What one setting amounts to. @throws DrError `CONFIG_UNKNOWN_SETTING`; `CONFIG_SECRET`, because what is printed ends up in
 * logs; `CONFIG_MISSING` when it is not set and nothing holds instead.
 */
export function valueOfSetting(
  environment: Environment,
  typed: string,
  language: Language,
): string {
  if (!isSettingName(typed)) {
    throw new DrError("CONFIG_UNKNOWN_SETTING", {
      name: typed,
      meant: nearestSetting(typed) ?? "-",
    });
  }
  const { value, secret } = shown(typed, environment, language);
  if (secret) {
    throw new DrError("CONFIG_SECRET", { name: typed });
  }
  return requireSetting(value, typed);
}
