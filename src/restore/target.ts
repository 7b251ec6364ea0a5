/**
 * Where a restore shall go, as asked for: one of six kinds, and the timeline. Parsed once from what was typed; the plan
 * judges whether it can be reached. Restore points are compared exactly, as PostgreSQL does.
 *
 * Follows section 20.5.5 "Recovery Target" of PostgreSQL's documentation.
 */
import { unreachable } from "../core/assert.ts";
import { DrError } from "../core/errors.ts";
import { type Lsn, formatLsn, parseLsn } from "../core/lsn.ts";
import { type TimelineId, timelineOf } from "../core/wal-name.ts";
import { type TimeContext, formatInstant, parseInstant } from "./target-time.ts";

/** Where to. Time in microseconds since 2000, inclusive. */
export type TargetPoint =
  | { readonly kind: "latest" }
  | { readonly kind: "immediate" }
  | { readonly kind: "time"; readonly timeMicros: bigint }
  | { readonly kind: "lsn"; readonly lsn: Lsn }
  /** The 32 bits that WAL knows. `epoch`: what stood above them in the full form. */
  | { readonly kind: "xid"; readonly xid: number; readonly epoch: number | undefined }
  | { readonly kind: "name"; readonly name: string };

/** Along which timeline: the newest that has a backup, the backup's own, or this one. */
export type TargetTimeline = TimelineId | "latest" | "backup";

/** A restore's target. */
export type RestoreTarget = TargetPoint & { readonly timeline: TargetTimeline };

/** What the command line gives; at most one of the first six. */
export type TargetFlags = {
  readonly at?: string | undefined;
  readonly lsn?: string | undefined;
  readonly xid?: string | undefined;
  readonly name?: string | undefined;
  readonly immediate?: boolean | undefined;
  readonly latest?: boolean | undefined;
  readonly timeline?: string | undefined;
};

/** The longest name of a restore point, in bytes (MAXFNAMELEN - 1). */
const NAME_BYTES_MAX = 63;
const XID_MAX = 0xffff_ffffn;
/** Smaller ones are not transactions of users (FirstNormalTransactionId). */
const XID_MIN = 3n;

/** Reads a transaction id, 32 bits or the full 64. @throws DrError `USAGE_XID`. */
export function parseXid(text: string): {
  readonly xid: number;
  readonly epoch: number | undefined;
} {
  const value = text.trim();
  const full = /^\d{1,20}$/.test(value) ? BigInt(value) : 0n;
  const xid = full & XID_MAX;
  if (full >= 1n << 64n || xid < XID_MIN) {
    throw new DrError("USAGE_XID", { value: value.slice(0, 40) });
  }
  return { xid: Number(xid), epoch: full > XID_MAX ? Number(full >> 32n) : undefined };
}

function parseName(name: string): string {
  if (name === "" || Buffer.byteLength(name) > NAME_BYTES_MAX || name.includes("\0")) {
    throw new DrError("USAGE_RESTORE_POINT", { value: name.slice(0, 100) });
  }
  return name;
}

/** "latest", "backup" (or PostgreSQL's word "current"), or a number, decimal or 0x hexadecimal. */
function parseTimelineChoice(text: string | undefined): TargetTimeline {
  switch (text) {
    case undefined:
    case "latest":
      return "latest";
    case "backup":
    case "current":
      return "backup";
    default:
      if (!/^(?:\d{1,10}|0x[0-9a-f]{1,8})$/i.test(text)) {
        throw new DrError("USAGE_TIMELINE", { value: text });
      }
      return timelineOf(Number(text));
  }
}

function pointOf(flags: TargetFlags, context: TimeContext): TargetPoint {
  if (flags.at !== undefined) {
    return { kind: "time", timeMicros: parseInstant(flags.at, context) };
  }
  if (flags.lsn !== undefined) {
    return { kind: "lsn", lsn: parseLsn(flags.lsn) };
  }
  if (flags.xid !== undefined) {
    return { kind: "xid", ...parseXid(flags.xid) };
  }
  if (flags.name !== undefined) {
    return { kind: "name", name: parseName(flags.name) };
  }
  return { kind: flags.immediate === true ? "immediate" : "latest" };
}

/**
 * The target that flags ask for; without any, the latest. `command`: for the message when two exclude each other.
 * @throws DrError `USAGE_CONFLICT`, `USAGE_LSN`, `USAGE_TIMELINE`, `USAGE_XID`, `USAGE_RESTORE_POINT`, and as `parseInstant`.
 */
export function parseTarget(
  flags: TargetFlags,
  context: TimeContext & { readonly command: string },
): RestoreTarget {
  const given = [
    flags.at === undefined ? [] : ["--at"],
    flags.lsn === undefined ? [] : ["--lsn"],
    flags.xid === undefined ? [] : ["--xid"],
    flags.name === undefined ? [] : ["--name"],
    flags.immediate === true ? ["--immediate"] : [],
    flags.latest === true ? ["--latest"] : [],
  ].flat();
  const [option, other] = given;
  if (option !== undefined && other !== undefined) {
    throw new DrError("USAGE_CONFLICT", { command: context.command, option, other });
  }
  return { ...pointOf(flags, context), timeline: parseTimelineChoice(flags.timeline) };
}

/** For messages: the option and its value, resolved. */
export function describeTarget(target: TargetPoint): string {
  switch (target.kind) {
    case "latest":
    case "immediate":
      return `--${target.kind}`;
    case "time":
      return `--at ${formatInstant(target.timeMicros)}`;
    case "lsn":
      return `--lsn ${formatLsn(target.lsn)}`;
    case "xid":
      return `--xid ${target.xid}`;
    case "name":
      return `--name ${JSON.stringify(target.name)}`;
    default:
      return unreachable(target);
  }
}
