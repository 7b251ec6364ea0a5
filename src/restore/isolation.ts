/**
 * What keeps a restored copy away from production: it does not archive, stream, publish, subscribe, listen, run
 * jobs or wait for standbys until somebody adopts it on purpose (promise 6). The same settings go on the
 * command line of servers we start and into a marked block of `postgresql.auto.conf`, so that a start by hand
 * is isolated too. Pure.
 *
 * A setting that a major does not know would stop its start, so each has the majors that know it; checked on all
 * supported majors by tests/postgres/isolation.test.ts.
 */
import { INCARNATION_SETTING, ISOLATED_COPY } from "../core/incarnation-setting.ts";

type Isolation = {
  readonly name: string;
  readonly value: string;
  readonly from?: number;
  readonly to?: number;
};

const ISOLATION: readonly Isolation[] = [
  // Else the first commit waits for a standby that does not know this copy.
  { name: "synchronous_standby_names", value: "" },
  { name: "archive_mode", value: "off" },
  { name: "archive_command", value: "" },
  { name: "archive_library", value: "", from: 15 },
  { name: "archive_cleanup_command", value: "" },
  { name: "recovery_end_command", value: "" },
  { name: "primary_conninfo", value: "" },
  { name: "primary_slot_name", value: "" },
  { name: "promote_trigger_file", value: "", to: 15 },
  { name: "listen_addresses", value: "" },
  { name: "ssl", value: "off" },
  { name: "external_pid_file", value: "" },
  { name: "logging_collector", value: "off" },
  // A subscription's worker would move the publisher's slot: off before the first start.
  { name: "max_logical_replication_workers", value: "0" },
  { name: "sync_replication_slots", value: "off", from: 17 },
  { name: "event_triggers", value: "off", from: 17 },
  // Names with a dot are accepted whether or not the extension is loaded.
  { name: "cron.launch_active_jobs", value: "off" },
  { name: "timescaledb.max_background_workers", value: "0" },
  { name: "pg_partman_bgw.dbname", value: "" },
  // Refused as a source of backups until somebody adopts it.
  { name: INCARNATION_SETTING, value: ISOLATED_COPY },
];

/** The settings that isolate a copy of this major. */
export function isolationSettings(major: number): Readonly<Record<string, string>> {
  const known = ISOLATION.filter(
    ({ from = 0, to = Number.MAX_SAFE_INTEGER }) => major >= from && major <= to,
  );
  return Object.fromEntries(known.map(({ name, value }) => [name, value]));
}

/** Extensions whose background workers would act on their own: taken out of `shared_preload_libraries`. */
export const JOB_LIBRARIES: ReadonlySet<string> = new Set([
  "pg_cron",
  "pg_partman_bgw",
  "pg_background",
  "pglogical",
  "bdr",
]);

const BEGIN =
  "# >>> pra: this copy is isolated. `pra adopt` shows what this turns off, and removes it.";
const END = "# <<< pra";

/** A value as configuration files want it; a line break in it must not end the setting. */
export function quoteSetting(value: string): string {
  const escaped = value
    .replaceAll("\\", "\\\\")
    .replaceAll("'", "''")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r");
  return `'${escaped}'`;
}

/** The configuration file with our block at its end; an earlier block of ours is replaced. */
export function withIsolationBlock(
  configuration: string,
  settings: Readonly<Record<string, string>>,
): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quoteSetting(value)}`);
  const own = withoutIsolationBlock(configuration);
  const gap = own === "" || own.endsWith("\n") ? "" : "\n";
  return `${own}${gap}${[BEGIN, ...lines, END].join("\n")}\n`;
}

/**
 * The configuration file without our block. `ALTER SYSTEM` on a copy rewrites the file without comments, markers included;
 * the copy still says that it is isolated, and then our lines are known by name and value.
 */
export function withoutIsolationBlock(configuration: string): string {
  const begin = configuration.indexOf(BEGIN);
  const end = configuration.indexOf(END, begin);
  if (begin >= 0 && end >= 0) {
    return `${configuration.slice(0, begin)}${configuration.slice(end + END.length).replace(/^\n/, "")}`;
  }
  return settingIn(configuration, INCARNATION_SETTING) === ISOLATED_COPY
    ? withoutIsolationLines(configuration)
    : configuration;
}

function withoutIsolationLines(configuration: string): string {
  const ours = new Set(ISOLATION.map(({ name, value }) => `${name} = ${quoteSetting(value)}`));
  return withoutRecoverySettings(configuration)
    .split("\n")
    .filter((line) => !ours.has(line.trim()))
    .join("\n");
}

/** Removes what the source server set about its own recovery, which would lead this copy's astray. */
export function withoutRecoverySettings(configuration: string): string {
  const theirs =
    /^\s*(recovery_\w+|restore_command|archive_cleanup_command|primary_conninfo|primary_slot_name|promote_trigger_file)\b/i;
  return configuration
    .split("\n")
    .filter((line) => !theirs.test(line))
    .join("\n");
}

function linesOf(name: string): RegExp {
  return new RegExp(`^\\s*${name.replaceAll(".", "\\.")}\\s*=\\s*'((?:[^']|'')*)'.*$`, "gim");
}

/** The value of a quoted setting in a configuration file: the last line wins. */
export function settingIn(configuration: string, name: string): string | undefined {
  const found = [...configuration.matchAll(linesOf(name))].at(-1)?.[1];
  return found?.replaceAll("''", "'");
}

/** The configuration file with a setting of this value, once. */
export function withSetting(configuration: string, name: string, value: string): string {
  const rest = configuration
    .split("\n")
    .filter((line) => !new RegExp(linesOf(name).source, "i").test(line))
    .join("\n");
  const gap = rest === "" || rest.endsWith("\n") ? "" : "\n";
  return `${rest}${gap}${name} = ${quoteSetting(value)}\n`;
}
