/**
 * Whether a backup is full or incremental, and why. Pure. An increment is as whole as a full backup; what a full one adds is that it
 * refers to no older pack, so that a damaged one cannot be inherited for ever.
 */
import { guard } from "../core/failpoint.ts";
import type { BackupRoot, ServerIdentity } from "../repository/root.ts";

/** What was asked for; `policy`: nothing. */
export type WantedKind = "policy" | "full" | "incremental";

/**
 * Why it became what it is. `no-parent`: there is none; `layout-changed`: blocks or segments have another size; `keys-rotated`: the newest
 * one is sealed with keys of an earlier generation, by which its packs could be read and forged; `parent-damaged`: what the newest
 * backup says of its files cannot be read.
 */
export type KindReason =
  | "asked"
  | "no-parent"
  | "layout-changed"
  | "keys-rotated"
  | "weekly"
  | "between-fulls"
  | "parent-damaged";

/** The decision. */
export type ChosenKind =
  | { readonly kind: "full"; readonly reason: KindReason }
  | { readonly kind: "incremental"; readonly reason: KindReason; readonly parent: BackupRoot };

/** A full backup at least this often, when nobody says otherwise. */
const FULL_EVERY_MS = 7 * 86_400_000;

/** Backups that run a little earlier than a week after the last full one still count as a week: cron drifts. */
const FULL_EARLY_MS = 6 * 3_600_000;

/** Chooses. `newest` is the newest backup that counts, `newestFullAt` when the newest full one began. */
export function chooseKind(input: {
  readonly wanted: WantedKind;
  readonly newest: BackupRoot | undefined;
  readonly newestFullAt: string | undefined;
  /** The newest backup is sealed with the keys that this one would be sealed with. */
  readonly sameKeys: boolean;
  readonly server: Pick<ServerIdentity, "blockBytes" | "segmentBlocks">;
  readonly nowMs: number;
}): ChosenKind {
  const { wanted, newest, newestFullAt, server, nowMs } = input;
  if (wanted === "full") {
    return { kind: "full", reason: "asked" };
  }
  if (newest === undefined) {
    return { kind: "full", reason: "no-parent" };
  }
  if (!input.sameKeys && guard("L41-no-parent-across-keys")) {
    return { kind: "full", reason: "keys-rotated" };
  }
  const { blockBytes, segmentBlocks } = newest.server;
  if (blockBytes !== server.blockBytes || segmentBlocks !== server.segmentBlocks) {
    return { kind: "full", reason: "layout-changed" };
  }
  if (wanted === "incremental") {
    return { kind: "incremental", reason: "asked", parent: newest };
  }
  const due =
    newestFullAt === undefined || nowMs - Date.parse(newestFullAt) >= FULL_EVERY_MS - FULL_EARLY_MS;
  return due
    ? { kind: "full", reason: "weekly" }
    : { kind: "incremental", reason: "between-fulls", parent: newest };
}
