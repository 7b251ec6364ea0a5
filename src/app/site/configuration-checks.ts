/**
 * Whether the configuration is complete and meant: a `.env` that is filled in, no setting that go-live needs left out, no name misspelt,
 * a password that is not guessed. Pure, but for looking at nothing; it judges what was read. Values are never shown, names are.
 */
import type { ConnectionSettings } from "../../postgres/connection-settings.ts";
import { type Finding, found } from "../../core/finding/finding.ts";
import type { Environment } from "../environment.ts";
import { formatOrigin } from "../setting-values.ts";
import { type SettingName, settingNames, settingsRegistry } from "../settings.ts";
import { passwordWeakness } from "./password-strength.ts";

/** S20 to S41: what the go-live list wants set; the others have defaults that hold. */
const wantedSettings: readonly SettingName[] = [
  "PG_HOST",
  "PG_USER",
  "BACKUP_DIR",
  "APP_HOST",
  "APP_PORT",
  "APP_HEALTH_URL",
  "DATABASE_URL",
  "ALERT_EMAIL",
  "SLACK_WEBHOOK",
  "RESTORE_DB",
];

/** S19: a `.env` whose examples nobody replaced is as good as none. */
function judgeEnvFile(environment: Environment): Finding {
  const { envFile, settings } = environment;
  if (envFile === undefined) {
    return found("env-file", "note", "env-none");
  }
  const left = settingNames.filter((name) => {
    const { example, kind } = settingsRegistry[name];
    const setting = settings.get(name);
    const isTelling = /example\.org|XXXX|612345678/.test(example) || kind.type === "web address";
    return isTelling && setting?.origin.kind === "file" && setting.value === example;
  });
  return left.length === 0
    ? found("env-file", "good", "env-found", { path: envFile })
    : found("env-file", "bad", "env-examples", { path: envFile, names: left.join(", ") });
}

function judgeComplete({ settings, connection }: Environment): Finding {
  const byDefault: Partial<Record<SettingName, string | undefined>> = {
    PG_HOST: connection.origins.host,
    PG_USER: connection.origins.user,
  };
  const isSet = (name: SettingName): boolean =>
    settings.has(name) || (byDefault[name] ?? "default") !== "default";
  const missing = wantedSettings.filter((name) => !isSet(name));
  return missing.length === 0
    ? found("settings", "good", "settings-set", { count: wantedSettings.length })
    : found(
        "settings",
        "note",
        "settings-missing",
        { names: missing.join(", ") },
        {
          value: missing.length,
        },
      );
}

function judgeUnknown(environment: Environment): Finding[] {
  return environment.findUnknown().map(({ name, origin, meant }) => {
    const values = { name, origin: formatOrigin(origin) };
    return meant === undefined
      ? found("unknown-settings", "note", "setting-unknown", values)
      : found("unknown-settings", "note", "setting-misspelt", { ...values, meant });
  });
}

/** S22. `connection`: with the password file read. */
function judgePassword(connection: ConnectionSettings): Finding {
  const { password, host, user, database } = connection;
  if (password === undefined) {
    return found("password", "note", "password-none", { user });
  }
  const weakness = passwordWeakness(password.reveal(), [host, user, database]);
  switch (weakness) {
    case undefined:
      return found("password", "good", "password-strong", { user });
    case "short":
      return found("password", "bad", "password-short", { user });
    case "known":
      return found("password", "bad", "password-known", { user });
    case "names":
      return found("password", "bad", "password-names", { user });
  }
}

/** Judges the configuration as it was read. */
export function judgeConfiguration(
  environment: Environment,
  connection: ConnectionSettings,
): readonly Finding[] {
  return [
    judgeEnvFile(environment),
    judgeComplete(environment),
    ...judgeUnknown(environment),
    judgePassword(connection),
  ];
}
