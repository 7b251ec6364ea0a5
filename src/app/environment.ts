/**
 * The configuration from flags, environment and `.env`, in this order of precedence, each value with its
 * origin. An empty value counts as not set. For the connection PG_* beat DATABASE_URL, which fills what
 * they leave open; libpq's PGHOST and its kin count last. It reads one file, writes nothing, and never
 * changes `process.env`; a value shown in an error has its secrets masked.
 */
import { dirname, isAbsolute, join, resolve } from "node:path";

import { cutText } from "../core/cut-text.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { type Language, languageOf } from "../core/language.ts";
import { personTextMax } from "../core/watch-limits.ts";
import {
  type ConnectionSettings,
  type ExplicitConnection,
  connectionSettings,
} from "../postgres/connection-settings.ts";
import type { RetentionPolicy } from "../repository/retention-view.ts";
import { type EnvFile, findEnvFile } from "./find-env-file.ts";
import { type Setting, checkSetting, formatOrigin } from "./setting-values.ts";
import { type ServiceManager, serviceManagerOf } from "./service-manager-variables.ts";
import { type SettingName, settingNames, settingsRegistry } from "./settings.ts";
import { type UnknownSetting, unknownSettings } from "./unknown-settings.ts";

/** Values given on the command line, by the setting that they override. */
export type Flags = Readonly<Partial<Record<SettingName, string | undefined>>>;

/** What `backup.sh` makes. */
export type BackupMethod = "physical" | "logical" | "both";

/** The application on the database. */
export type ApplicationSettings = {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly healthUrl: string | undefined;
  readonly healthRetries: number;
  readonly healthIntervalMs: number;
};

/** Who is told. The webhook is a secret. How they are reached, `channels/` reads when it is needed. */
export type AlertSettings = {
  readonly mailTo: readonly string[];
  readonly slackWebhook: string | undefined;
  readonly smsTo: readonly string[];
  /** The program that gets every alert. */
  readonly command: string | undefined;
  /** File of an authority to trust beside the usual ones. */
  readonly authorityFile: string | undefined;
};

/** Where the daemon's log goes; `file` undefined: to standard output. `form` undefined: as it fits there. */
export type LogSettings = {
  readonly file: string | undefined;
  readonly form: "json" | "text" | undefined;
  readonly bytesMax: number;
  readonly filesMax: number;
};

/** What a proof on this host may take, and when one is made by itself. */
export type ProofSettings = {
  readonly nice: number;
  readonly minutesMax: number;
  readonly afterBackup: "no" | "full" | "all";
  /** The database with the heartbeat's table; undefined: there is none. */
  readonly heartbeatDatabase: string | undefined;
};

/** The checked configuration. Paths are absolute. */
export type Environment = {
  readonly connection: ConnectionSettings;
  readonly cluster: string;
  /** Name of the replication slot, and the connections' application_name. */
  readonly slotName: string;
  readonly backupDirectory: string | undefined;
  readonly keyFile: string | undefined;
  /** Where a key file lies when PRA_KEY_FILE is not set: `<keyDirectory>/<repository id>.key`. */
  readonly keyDirectory: string;
  readonly stateDirectory: string;
  readonly spoolDirectory: string;
  readonly postgresBinDirectory: string | undefined;
  readonly language: Language;
  readonly failpoint: string | undefined;
  readonly backupMethod: BackupMethod;
  /** Undefined: as fast as it goes. */
  readonly backupKibPerSecondMax: number | undefined;
  /** What BACKUP_DIR must have free; 0: nothing is asked for. */
  readonly freeBytesMin: number;
  /** What `pra expire` keeps. */
  readonly retention: RetentionPolicy;
  /** How long a look waits for all it asks. */
  readonly statusTimeoutMs: number;
  readonly application: ApplicationSettings;
  readonly alerts: AlertSettings;
  /** Where tests restore: `host` undefined means the production server's. */
  readonly restore: { readonly host: string | undefined; readonly database: string | undefined };
  /** What losses and restores are held against. */
  readonly objectives: {
    readonly rpoSeconds: number;
    readonly rtoSeconds: number;
    /** Share of the time in which the exposure must be within the RPO, 0 to 1. */
    readonly share: number;
  };
  readonly proof: ProofSettings;
  readonly log: LogSettings;
  /** The `pra.yaml` that was named; it must exist. */
  readonly configFile: string | undefined;
  /** Where else one is looked for, in order. */
  readonly configFolders: readonly string[];
  /** Where the checkout or the installed package lies, with its scripts. */
  readonly programDirectory: string;
  /** From where the person came, as far as the system tells: "ssh 192.0.2.7", "sudo alice". */
  readonly cameFrom: string | undefined;
  /** What systemd gave its service; both undefined elsewhere. */
  readonly serviceManager: ServiceManager;
  /** The `.env` that was read. */
  readonly envFile: string | undefined;
  /** Names that look like settings and are none. Takes 10 ms: each is compared with every setting. */
  readonly findUnknown: () => readonly UnknownSetting[];
  /** Every setting that is set, with its origin; secrets are not masked. */
  readonly settings: ReadonlyMap<SettingName, Setting>;
  /** Values that do not fit and were left out: see `strict`. */
  readonly passedOver: readonly DrError[];
};

/** What the process gives; all of it injected, so that tests need no process of their own. */
export type EnvironmentInput = {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly checkoutDirectory: string;
  readonly homeDirectory: string;
  readonly userName: string;
  readonly isRoot: boolean;
  readonly flags?: Flags;
  /** From `--env-file`; it must exist. */
  readonly envFile?: string | undefined;
  /**
   * False: for what must go on at any hour. A wrong value of a setting that neither WAL nor a restore uses is left out and told in
   * `passedOver`, in place of stopping all.
   */
  readonly strict?: boolean;
  /**
   * True: of a configuration that is refused, what telling people of it takes, the channels and the state directory; nothing that could reach a
   * server or a repository, for that may be another one than was meant.
   */
  readonly salvage?: boolean;
};

/** An error budget is said of 30 days. */
const BUDGET_MINUTES = 30 * 24 * 60;
/** A disk's gigabyte, as makers and `.env` count it. */
const BYTES_PER_GB = 1e9;

function settingOf(
  name: SettingName,
  input: EnvironmentInput,
  file: EnvFile | undefined,
): Setting | undefined {
  const flag = input.flags?.[name];
  if (flag !== undefined) {
    return { value: flag, origin: { kind: "flag" } };
  }
  const variable = input.variables[name];
  if (variable !== undefined && variable !== "") {
    return { value: variable, origin: { kind: "environment", variable: name } };
  }
  const entry = file?.values.get(name);
  if (file !== undefined && entry !== undefined && entry.value !== "") {
    return { value: entry.value, origin: { kind: "file", path: file.path, line: entry.line } };
  }
  return undefined;
}

const connectionFlags = [
  ["host", "PG_HOST"],
  ["port", "PG_PORT"],
  ["user", "PG_USER"],
  ["password", "PG_PASSWORD"],
] as const;

/** A connection error that names a variable, told with the file and line when it stands in the `.env`. */
function withPlace(
  error: unknown,
  file: EnvFile | undefined,
  variables: EnvironmentInput["variables"],
): unknown {
  if (!isDrError(error)) {
    return error;
  }
  const name = String(error.details["origin"]);
  const entry = file?.values.get(name);
  if (file === undefined || entry === undefined || (variables[name] ?? "") !== "") {
    return error;
  }
  const origin = `${name}, ${file.path}:${entry.line}`;
  const value = String(error.details["value"]);
  const { code } = error;
  if (code === "CONFIG_PORT" || code === "CONFIG_SSLMODE" || code === "CONFIG_CONNECT_TIMEOUT") {
    return new DrError(code, { origin, value });
  }
  if (code === "CONFIG_DATABASE_URL" || code === "CONFIG_SEVERAL_HOSTS") {
    return new DrError(code, { origin });
  }
  return error;
}

class Reader {
  readonly settings: ReadonlyMap<SettingName, Setting>;
  readonly #input: EnvironmentInput;

  constructor(input: EnvironmentInput, settings: ReadonlyMap<SettingName, Setting>) {
    this.#input = input;
    this.settings = settings;
  }

  /** Relative to the file that names it, else to the working directory; `~/` is the home folder. */
  path(name: SettingName): string | undefined {
    const setting = this.settings.get(name);
    if (setting === undefined) {
      return undefined;
    }
    const { value, origin } = setting;
    if (value === "~" || value.startsWith("~/")) {
      return join(this.#input.homeDirectory, value.slice(1));
    }
    const base = origin.kind === "file" ? join(origin.path, "..") : this.#input.workingDirectory;
    return resolve(base, value);
  }

  text(name: SettingName): string | undefined {
    return this.settings.get(name)?.value;
  }

  /** A whole number, checked before; what the registry gives when it is not set. */
  number(name: SettingName): number {
    return Number(this.text(name) ?? settingsRegistry[name].fallback);
  }

  retention(): RetentionPolicy {
    return {
      days: this.number("RETENTION_DAYS"),
      minBackups: this.number("PRA_RETENTION_MIN_BACKUPS"),
      daily: this.number("PRA_RETENTION_DAILY"),
      weekly: this.number("PRA_RETENTION_WEEKLY"),
      monthly: this.number("PRA_RETENTION_MONTHLY"),
      yearly: this.number("PRA_RETENTION_YEARLY"),
    };
  }

  list(name: SettingName): readonly string[] {
    return (this.text(name) ?? "").split(",").flatMap((part) => {
      const trimmed = part.trim();
      return trimmed === "" ? [] : [trimmed];
    });
  }

  backupMethod(): BackupMethod {
    const value = this.text("BACKUP_METHOD");
    return value === "logical" || value === "both" ? value : "physical";
  }

  backupRate(): number | undefined {
    return this.settings.has("PRA_BACKUP_RATE") ? this.number("PRA_BACKUP_RATE") * 1024 : undefined;
  }

  application(): ApplicationSettings {
    return {
      host: this.text("APP_HOST"),
      port: this.settings.has("APP_PORT") ? this.number("APP_PORT") : undefined,
      healthUrl: this.text("APP_HEALTH_URL"),
      healthRetries: this.number("HEALTH_CHECK_RETRIES"),
      healthIntervalMs: this.number("HEALTH_CHECK_INTERVAL") * 1000,
    };
  }

  proof(): ProofSettings {
    const after = this.text("PRA_PROVE_AFTER_BACKUP");
    return {
      nice: this.number("PRA_PROOF_NICE"),
      minutesMax: this.number("PRA_PROOF_TIME_LIMIT"),
      afterBackup: after === "full" || after === "all" ? after : "no",
      heartbeatDatabase: this.text("PRA_HEARTBEAT_DATABASE"),
    };
  }

  log(): LogSettings {
    const form = this.text("PRA_LOG_FORMAT");
    return {
      file: this.path("PRA_LOG_FILE"),
      form: form === "json" || form === "text" ? form : undefined,
      bytesMax: this.number("PRA_LOG_MB") * 1e6,
      filesMax: this.number("PRA_LOG_FILES"),
    };
  }

  cluster(): string {
    const setting = this.settings.get("PRA_CLUSTER");
    if (setting === undefined) {
      return "main";
    }
    if (!/^[a-z][a-z0-9_]{0,39}$/.test(setting.value)) {
      const origin = formatOrigin(setting.origin);
      throw new DrError("CONFIG_CLUSTER_NAME", { value: setting.value, origin });
    }
    return setting.value;
  }

  language(): Language {
    const setting = this.settings.get("PRA_LANG");
    if (setting === undefined) {
      return languageOf(this.#input.variables);
    }
    const text = setting.value.toLowerCase();
    if (!/^(en|fr)([_.-].*)?$/.test(text)) {
      const origin = formatOrigin(setting.origin);
      throw new DrError("CONFIG_LANGUAGE", { value: setting.value, origin });
    }
    return text.startsWith("fr") ? "fr" : "en";
  }

  /** What postgres/ makes of it all; the origin in its errors gets the file and line. */
  connection(file: EnvFile | undefined): ConnectionSettings {
    const { flags, variables, userName, homeDirectory } = this.#input;
    const merged: Record<string, string | undefined> = {};
    for (const [name, entry] of file?.values ?? []) {
      if (name.startsWith("PG_") || name === "DATABASE_URL") {
        merged[name] = entry.value;
      }
    }
    for (const [name, value] of Object.entries(variables)) {
      if (value !== undefined && value !== "") {
        merged[name] = value;
      }
    }
    const explicit: Partial<Record<keyof ExplicitConnection, string>> = {};
    for (const [key, name] of connectionFlags) {
      const value = flags?.[name];
      if (value !== undefined) {
        explicit[key] = value;
      }
    }
    try {
      return connectionSettings(
        {
          ...merged,
          ...(flags?.DATABASE_URL === undefined ? {} : { DATABASE_URL: flags.DATABASE_URL }),
        },
        { explicit, account: { user: userName, home: homeDirectory } },
      );
    } catch (error) {
      throw withPlace(error, file, variables);
    }
  }

  /** The folder of the XDG rules for a person, `forRoot` for the system's account. */
  ownDirectory(variable: string, inHome: string, forRoot: string): string {
    if (this.#input.isRoot) {
      return forRoot;
    }
    const base = this.#input.variables[variable];
    return base !== undefined && isAbsolute(base)
      ? join(base, "pra")
      : join(this.#input.homeDirectory, inHome, "pra");
  }
}

/** Why a value does not fit. */
function settingError(name: SettingName, setting: Setting): DrError | undefined {
  try {
    checkSetting(name, setting);
    return undefined;
  } catch (error) {
    if (isDrError(error)) {
      return error;
    }
    throw error;
  }
}

/** The client's address of sshd, and who called sudo; what somebody else could have written there is cut and cleaned. */
function cameFromOf(variables: EnvironmentInput["variables"]): string | undefined {
  const { SSH_CONNECTION: ssh = "", SUDO_USER: sudo = "" } = variables;
  const [address = ""] = ssh.split(" ");
  const parts = [address === "" ? "" : `ssh ${address}`, sudo === "" ? "" : `sudo ${sudo}`];
  const text = parts.filter((part) => part !== "").join(", ");
  return text === "" ? undefined : cutText(text.replace(/\p{Cc}/gu, "?"), personTextMax);
}

/** What reaching the server and the repository takes. */
function isVital(name: SettingName): boolean {
  const { group } = settingsRegistry[name];
  return group === "server" || group === "program" || name === "BACKUP_DIR";
}

/** What telling people takes. */
function tellsPeople(name: SettingName): boolean {
  const { group } = settingsRegistry[name];
  return group === "alerts" || group === "program";
}

/** Nowhere that anybody has named. */
function noConnection({
  userName: user,
  homeDirectory: home,
}: EnvironmentInput): ConnectionSettings {
  return connectionSettings({}, { explicit: {}, account: { user, home } });
}

type ReadSettings = Pick<Environment, "settings" | "passedOver">;

/** Every setting that is set and fits. @throws DrError for one that does not, unless it is passed over. */
function readSettings(input: EnvironmentInput, file: EnvFile | undefined): ReadSettings {
  const settings = new Map<SettingName, Setting>();
  const passedOver: DrError[] = [];
  const names = input.salvage === true ? settingNames.filter(tellsPeople) : settingNames;
  for (const name of names) {
    const setting = settingOf(name, input, file);
    const error = setting === undefined ? undefined : settingError(name, setting);
    const mayThrow = input.strict !== false || isVital(name);
    if (error !== undefined && mayThrow && input.salvage !== true) {
      throw error;
    }
    if (error !== undefined) {
      passedOver.push(error);
    } else if (setting !== undefined) {
      settings.set(name, setting);
    }
  }
  return { settings, passedOver };
}

/**
 * Reads the configuration. Only what is set is checked; what a command needs and nobody set is refused
 * by `requireSetting`. @throws DrError `CONFIG_…` with the file, the line and the value.
 */
export function readEnvironment(input: EnvironmentInput): Environment {
  const file = findEnvFile({ ...input, salvage: input.salvage === true });
  const { settings, passedOver } = readSettings(input, file);
  const reader = new Reader(input, settings);
  const cluster = reader.cluster();
  return {
    connection: input.salvage === true ? noConnection(input) : reader.connection(file),
    cluster,
    slotName: `pra_${cluster}`,
    backupDirectory: reader.path("BACKUP_DIR"),
    keyFile: reader.path("PRA_KEY_FILE"),
    keyDirectory: reader.ownDirectory("XDG_CONFIG_HOME", ".config", "/etc/pra"),
    stateDirectory:
      reader.path("PRA_STATE_DIR") ??
      reader.ownDirectory("XDG_STATE_HOME", ".local/state", "/var/lib/pra"),
    spoolDirectory:
      reader.path("PRA_SPOOL_DIR") ??
      join(reader.ownDirectory("XDG_STATE_HOME", ".local/state", "/var/spool/pra"), "spool"),
    postgresBinDirectory: reader.path("PRA_PG_BIN_DIR"),
    language: reader.language(),
    failpoint: reader.text("PRA_FAILPOINT"),
    backupMethod: reader.backupMethod(),
    backupKibPerSecondMax: reader.backupRate(),
    freeBytesMin: reader.number("MIN_FREE_GB") * BYTES_PER_GB,
    retention: reader.retention(),
    statusTimeoutMs: reader.number("PRA_STATUS_TIMEOUT_MS"),
    application: reader.application(),
    alerts: {
      mailTo: reader.list("ALERT_EMAIL"),
      slackWebhook: reader.text("SLACK_WEBHOOK"),
      smsTo: reader.list("ALERT_SMS"),
      command: reader.path("PRA_ALERT_COMMAND"),
      authorityFile: reader.path("PRA_ALERT_CA"),
    },
    restore: { host: reader.text("RESTORE_HOST"), database: reader.text("RESTORE_DB") },
    objectives: {
      rpoSeconds: reader.number("PRA_RPO_MINUTES") * 60,
      rtoSeconds: reader.number("PRA_RTO_MINUTES") * 60,
      share: 1 - reader.number("PRA_BUDGET_MINUTES") / BUDGET_MINUTES,
    },
    proof: reader.proof(),
    log: reader.log(),
    configFile: reader.path("PRA_CONFIG"),
    configFolders:
      file === undefined ? [input.workingDirectory, input.checkoutDirectory] : [dirname(file.path)],
    programDirectory: input.checkoutDirectory,
    cameFrom: cameFromOf(input.variables),
    serviceManager: serviceManagerOf(input.variables),
    envFile: file?.path,
    findUnknown: () => unknownSettings(input.variables, file),
    settings,
    passedOver,
  };
}

/** `value`, which `name` gives. @throws DrError `CONFIG_MISSING` when it is not set. */
export function requireSetting<T>(value: T | undefined, name: SettingName): T {
  if (value === undefined) {
    throw new DrError("CONFIG_MISSING", { name });
  }
  return value;
}
