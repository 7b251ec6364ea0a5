/**
 * What kind of file system a directory is on, because "create only if absent" means different things on them: on a local one
 * the kernel decides; on NFS a server does, and repeats are possible; on SMB and FUSE nobody promises
 * anything, and a lease that two hosts hold is two receivers writing one history.
 *
 * Numbers: linux/magic.h, and statfs(2).
 */
import { statfs } from "node:fs/promises";

const NAMES: Readonly<Record<string, string>> = {
  "1021994": "tmpfs",
  "1021997": "9p",
  "2011bab0": "exfat",
  "2fc12fc1": "zfs",
  "4d44": "vfat",
  "517b": "smb",
  "58465342": "xfs",
  "6969": "nfs",
  "65735546": "fuse",
  "786f4256": "vboxsf",
  "794c7630": "overlay",
  "9123683e": "btrfs",
  c36400: "ceph",
  ca451a4e: "bcachefs",
  ef53: "ext4",
  f2f52010: "f2fs",
  fe534d42: "smb",
  ff534d42: "smb",
};

const LOCAL = new Set(["bcachefs", "btrfs", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs"]);

/** A file system's name and the bytes that an ordinary user may still write. */
export type FileSystemFacts = { readonly fileSystem: string; readonly freeBytes: number };

/** The file system's name, or `0x` and its number. ext2, ext3 and ext4 share one number. */
export function fileSystemName(type: bigint): string {
  const number = (type & 0xffff_ffffn).toString(16);
  return NAMES[number] ?? `0x${number}`;
}

/** Asks the kernel about an existing path. */
export async function fileSystemFactsOf(path: string): Promise<FileSystemFacts> {
  const { type, bavail, bsize } = await statfs(path, { bigint: true });
  return { fileSystem: fileSystemName(type), freeBytes: Number(bavail * bsize) };
}

/**
 * Whether leases may live there: `safe` on local file systems; `race-probe` on NFS and unknown ones, where two
 * processes have to win the races of the probe; `refused` on SMB, FUSE and their like, whatever a probe says.
 */
export function leaseSafetyOf(fileSystem: string): "safe" | "race-probe" | "refused" {
  if (LOCAL.has(fileSystem)) {
    return "safe";
  }
  return ["smb", "fuse", "9p", "vboxsf"].includes(fileSystem) ? "refused" : "race-probe";
}
