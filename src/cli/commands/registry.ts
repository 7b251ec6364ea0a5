/**
 * Which commands exist. `pra --help` lists what stands here, so only what works does.
 *
 * To add a command `NAME`:
 * 1. `src/cli/text/NAME-text.ts`: its texts, `const en: Messages`, `const fr: Messages` (a missing key
 *    does not compile), exported as `nameText: Record<Language, Messages>`; `Messages` extends
 *    `CommandText` from `program.ts` (summary, examples).
 * 2. `src/cli/commands/NAME.ts`: `export function registerName(program, frame)`: `defineCommand(...)`,
 *    then arguments and options of commander, then `.action(async (...) => {...})`. The action imports
 *    its use case inside (`await import("../../app/....ts")`; the architecture test insists), passes
 *    `{ signal: frame.signal }`, prints once with `frame.result(value, render)`, reports with
 *    `frame.progress.update`, throws a `DrError` to fail, and calls `frame.conclude({ kind })` when the
 *    end is neither success nor failure. A value typed wrong is refused by a parser that throws a `DrError`.
 * 3. One line below. A group (`wal receive`, `wal push`) is one entry: `defineGroup`, then its commands.
 */
import type { Command } from "commander";

import type { Frame } from "../frame.ts";

/** A command or group, loaded only when it is typed or when all are listed. */
export type CommandEntry = {
  readonly name: string;
  readonly load: () => Promise<(program: Command, frame: Frame) => void>;
};

/** All commands in the order of the help page. */
export const commandEntries: readonly CommandEntry[] = [
  { name: "init", load: async () => (await import("./init.ts")).registerInit },
  { name: "check", load: async () => (await import("./check.ts")).registerCheck },
  { name: "status", load: async () => (await import("./status.ts")).registerStatus },
  { name: "config", load: async () => (await import("./config.ts")).registerConfig },
  { name: "role", load: async () => (await import("./role.ts")).registerRole },
  { name: "backup", load: async () => (await import("./backup.ts")).registerBackup },
  { name: "dump", load: async () => (await import("./dump.ts")).registerDump },
  { name: "prove", load: async () => (await import("./prove.ts")).registerProve },
  {
    name: "heartbeat",
    load: async () => (await import("./heartbeat.ts")).registerHeartbeat,
  },
  { name: "verify", load: async () => (await import("./verify.ts")).registerVerify },
  { name: "demo", load: async () => (await import("./demo.ts")).registerDemo },
  { name: "loadtest", load: async () => (await import("./loadtest.ts")).registerLoadtest },
  { name: "list", load: async () => (await import("./list.ts")).registerList },
  { name: "wal", load: async () => (await import("./wal.ts")).registerWal },
  { name: "window", load: async () => (await import("./window.ts")).registerWindow },
  { name: "plan", load: async () => (await import("./plan.ts")).registerPlan },
  { name: "restore", load: async () => (await import("./restore.ts")).registerRestore },
  {
    name: "restore-db",
    load: async () => (await import("./restore-db.ts")).registerRestoreDb,
  },
  { name: "peek", load: async () => (await import("./peek.ts")).registerPeek },
  { name: "diff", load: async () => (await import("./diff.ts")).registerDiff },
  { name: "rescue", load: async () => (await import("./rescue.ts")).registerRescue },
  { name: "stop", load: async () => (await import("./stop.ts")).registerStop },
  { name: "adopt", load: async () => (await import("./adopt.ts")).registerAdopt },
  { name: "expire", load: async () => (await import("./expire.ts")).registerExpire },
  { name: "key", load: async () => (await import("./key.ts")).registerKey },
  { name: "hold", load: async () => (await import("./hold.ts")).registerHold },
  { name: "release", load: async () => (await import("./hold.ts")).registerRelease },
  { name: "daemon", load: async () => (await import("./daemon.ts")).registerDaemon },
  { name: "watch", load: async () => (await import("./watch.ts")).registerWatch },
  { name: "schedule", load: async () => (await import("./schedule.ts")).registerSchedule },
  { name: "alert", load: async () => (await import("./alert.ts")).registerAlert },
  {
    name: "maintenance",
    load: async () => (await import("./maintenance.ts")).registerMaintenance,
  },
  { name: "golive", load: async () => (await import("./golive.ts")).registerGolive },
  { name: "sla", load: async () => (await import("./sla.ts")).registerSla },
  { name: "action", load: async () => (await import("./action.ts")).registerAction },
  { name: "ledger", load: async () => (await import("./ledger.ts")).registerLedger },
  { name: "report", load: async () => (await import("./report.ts")).registerReport },
  { name: "evidence", load: async () => (await import("./evidence.ts")).registerEvidence },
  { name: "docs", load: async () => (await import("./docs.ts")).registerDocs },
  { name: "explain", load: async () => (await import("./explain.ts")).registerExplain },
  { name: "version", load: async () => (await import("./version.ts")).registerVersion },
];
