/**
 * How a command ends, as a number. One switch decides, one table explains; `docs/exit-codes.md` is
 * generated from the table. What is not known here is a failure, never a success.
 */
import { unreachable } from "../core/assert.ts";
import { type ErrorCode, isDrError } from "../core/errors.ts";
import type { Language } from "../core/language.ts";

/** How a command ended. */
export type Outcome =
  | { readonly kind: "done" }
  /** It did its work and found something wrong: a failed proof, damage, an open gap. */
  | { readonly kind: "problems" }
  /** It did its work and something deserves a look: bad pages kept and flagged, say. */
  | { readonly kind: "warnings" }
  /** `wal fetch` only: the index proves that the segment does not exist. */
  | { readonly kind: "absent" }
  /** The convention of monitoring plug-ins: 0 good, 1 warning, 2 critical, 3 unknown. */
  | { readonly kind: "nagios"; readonly level: 0 | 1 | 2 | 3 }
  /** `schedule run` only: as the program that it ran. */
  | { readonly kind: "program"; readonly code: number }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "interrupted" };

/** Each number with its meaning. */
export const exitCodeTable: readonly {
  readonly code: number;
  readonly meaning: Readonly<Record<Language, string>>;
}[] = [
  { code: 0, meaning: { en: "Done, and all is good.", fr: "Terminé, tout est bon." } },
  {
    code: 1,
    meaning: {
      en: "Failed. `wal push` also answers 1 when it is interrupted.",
      fr: "Échec. `wal push` répond aussi 1 quand on l'interrompt.",
    },
  },
  {
    code: 2,
    meaning: {
      en: "Wrong usage or configuration; nothing was done.",
      fr: "Mauvais usage ou mauvaise configuration ; rien n'a été fait.",
    },
  },
  {
    code: 3,
    meaning: {
      en: "Refused for safety; nothing was changed.",
      fr: "Refusé par sécurité ; rien n'a été modifié.",
    },
  },
  {
    code: 4,
    meaning: {
      en: "Done, and problems were found: a check is red, a proof failed, a target cannot be reached.",
      fr: "Terminé, et des problèmes ont été trouvés : un contrôle est rouge, une preuve a échoué, une cible est hors d'atteinte.",
    },
  },
  {
    code: 5,
    meaning: {
      en: "Done, with warnings: bad pages were found and kept, for example.",
      fr: "Terminé, avec des avertissements : par exemple des pages abîmées ont été trouvées et gardées.",
    },
  },
  {
    code: 64,
    meaning: {
      en: "Only `wal fetch`: the segment is proved not to exist.",
      fr: "Seulement `wal fetch` : il est prouvé que le segment n'existe pas.",
    },
  },
  {
    code: 130,
    meaning: {
      en: "Interrupted by SIGINT or SIGTERM.",
      fr: "Interrompu par SIGINT ou SIGTERM.",
    },
  },
];

/**
 * Errors that mean "refused for safety, nothing was changed". A new code of this kind is added here; a plan
 * that cannot be carried out (`PLAN_`) always is one.
 */
const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "BACKUP_PARENT_FOREIGN",
  "BACKUP_TABLESPACE_LEFT_OUT",
  "KEY_ALREADY_ENCRYPTED",
  "KEY_CHECK_FAILED",
  "KEY_GENERATION_AHEAD",
  "KEY_GENERATION_BEHIND",
  "KEY_IMPORT_LOSES",
  "KEY_NOT_ENCRYPTED",
  "KEY_OTHER_REPOSITORY",
  "KEY_ROOT_DIFFERS",
  "KEY_ROTATED_MEANWHILE",
  "KEY_ROTATION_UNFINISHED",
  "KEY_SLOT_KEEPS_OLDER",
  "KEY_SLOT_LAST",
  "KEY_SLOT_UNCHECKED",
  "PG_LOADTEST_DATABASE",
  "PG_LOADTEST_ONCE",
  "PG_LOADTEST_OTHER_NAME",
  "PG_MAJOR_UNTESTED",
  "REPO_CONDEMNED",
  "REPO_DIRECTORY_FOREIGN",
  "REPO_EXISTS_OTHER_KEY",
  "REPO_ISOLATED_COPY",
  "REPO_LEASE_HELD",
  "REPO_ROLLED_BACK",
  "RESTORE_ADOPT_UNCONFIRMED",
  "RESTORE_DB_BUSY",
  "RESTORE_DB_NEWER",
  "RESTORE_DB_NOT_OURS",
  "RESTORE_DB_PRODUCTION",
  "RESTORE_DB_RESERVED",
  "RESTORE_DELTA_FOREIGN",
  "RESTORE_DELTA_UNCONFIRMED",
  "RESTORE_LOCKED",
  "RESTORE_NOT_ISOLATED",
  "RESTORE_NOT_RECOVERED",
  "RESTORE_PARTIAL",
  "RESTORE_RESCUE_ABSENT",
  "RESTORE_RESCUE_INTO",
  "RESTORE_RESCUE_NO_DATABASE",
  "RESTORE_RESCUE_NO_KEY",
  "RESTORE_RESCUE_UNCONFIRMED",
  "RESTORE_RESCUE_WHICH",
  "RESTORE_RESOURCE_MANAGER_MISSING",
  "RESTORE_ROOM",
  "RESTORE_TABLESPACE_UNPLACED",
  "RESTORE_TARGETS_OVERLAP",
  "RESTORE_TARGET_NOT_EMPTY",
  "RESTORE_TARGET_RUNNING",
  "WATCH_DAEMON_RUNNING",
  "WATCH_LIVE_ALREADY",
]);

/** What was typed does not fit the backup: as wrong as a word that nobody knows. */
const misusages: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "KEY_NO_TERMINAL",
  "KEY_PASSPHRASE_DIFFERS",
  "KEY_PASSPHRASE_SHORT",
  "KEY_RECIPIENT_INVALID",
  "KEY_ROOT_UNKNOWN",
  "KEY_SLOT_UNKNOWN",
  "LEDGER_ANCHOR_FILE",
  "LEDGER_EVIDENCE_FUTURE",
  "LEDGER_KIND_UNKNOWN",
  "LEDGER_PERIOD",
  "LEDGER_REPORT_PERIOD",
  "LEDGER_REPORT_UNKNOWN",
  "PROOF_HEARTBEAT_OFF",
  "RESTORE_TABLESPACE_UNKNOWN",
  "WATCH_ACTION_CLOSED",
  "WATCH_ACTION_DUE",
  "WATCH_ACTION_UNKNOWN",
  "WATCH_ALERT_UNKNOWN",
  "WATCH_CODE_EXPIRED",
  "WATCH_CODE_LOCKED",
  "WATCH_CODE_NONE",
  "WATCH_CODE_USED",
  "WATCH_CODE_WRONG",
  "WATCH_QUIET_UNKNOWN",
  "WATCH_REASON",
  "WATCH_ROUTINE_UNKNOWN",
  "WATCH_RULE_UNKNOWN",
  "WATCH_UNTIL",
]);

function exitCodeOfError(error: unknown): number {
  if (!isDrError(error)) {
    return 1;
  }
  if (error.code === "USAGE_INTERRUPTED") {
    return 130;
  }
  if (refusals.has(error.code) || error.code.startsWith("PLAN_")) {
    return 3;
  }
  return /^(?:USAGE|CONFIG)_/.test(error.code) || misusages.has(error.code) ? 2 : 1;
}

/**
 * What a command, typed as `path`, answers for a code. `wal push` answers 0 or 1: a server takes more than 125 as a reason to end its
 * archiver, and nothing between as worth another look.
 */
export function exitCodeFor(path: string, code: number): number {
  return path === "wal push" && code !== 0 ? 1 : code;
}

/** The process's exit code. */
export function exitCodeOf(outcome: Outcome): number {
  switch (outcome.kind) {
    case "done":
      return 0;
    case "failed":
      return exitCodeOfError(outcome.error);
    case "problems":
      return 4;
    case "warnings":
      return 5;
    case "absent":
      return 64;
    case "nagios":
      return outcome.level;
    case "program":
      return outcome.code;
    case "interrupted":
      return 130;
    default:
      return unreachable(outcome);
  }
}
