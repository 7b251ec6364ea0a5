/**
 * What an increment stores against what it must: the blocks that changed, end to end in frames of 1 MiB, zstd 1. The changed blocks are
 * found here on their own, by hashing every block of the data directory before and after, so that the program is not its own yardstick.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { constants, zstdCompressSync } from "node:zlib";
import type { Contender } from "./contenders.ts";
import { type Bed, changeBlocks } from "./data-set.ts";

const BLOCK_BYTES = 8192;
const FRAME_BYTES = 1_048_576;
const SHARES = [0.01, 0.1] as const;

/** What a base backup leaves out, so far as it holds bytes that change. */
const LEFT_OUT =
  /^(pg_wal|pg_replslot|pg_stat_tmp|pg_subtrans|pg_notify|pg_serial|pg_snapshots|pg_dynshmem)\/|^(postmaster|current_logfiles)/;

/** Visits every block of every file that a base backup sends. */
function eachBlock(
  dataDirectory: string,
  visit: (name: string, block: number, bytes: Buffer) => void,
): void {
  const buffer = Buffer.alloc(BLOCK_BYTES * 128);
  for (const entry of readdirSync(dataDirectory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(dataDirectory, path);
    if (!entry.isFile() || LEFT_OUT.test(name)) {
      continue;
    }
    const handle = openSync(path, "r");
    try {
      let block = 0;
      for (;;) {
        const length = readSync(handle, buffer, 0, buffer.length, null);
        if (length === 0) {
          break;
        }
        for (let at = 0; at < length; at += BLOCK_BYTES) {
          visit(name, block, buffer.subarray(at, Math.min(at + BLOCK_BYTES, length)));
          block += 1;
        }
      }
    } finally {
      closeSync(handle);
    }
  }
}

function digestOf(bytes: Buffer): string {
  return createHash("md5").update(bytes).digest("base64");
}

function digests(dataDirectory: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  eachBlock(dataDirectory, (name, block, bytes) => {
    found.set(`${name} ${block}`, digestOf(bytes));
  });
  return found;
}

/** The changed blocks' number, and their bytes in zstd-1 frames. */
function yardstick(
  dataDirectory: string,
  before: ReadonlyMap<string, string>,
): { readonly blocks: number; readonly bytes: number } {
  const frame = Buffer.alloc(FRAME_BYTES);
  let [used, blocks, total] = [0, 0, 0];
  const close = (): void => {
    const params = { [constants.ZSTD_c_compressionLevel]: 1 };
    total += used === 0 ? 0 : zstdCompressSync(frame.subarray(0, used), { params }).length;
    used = 0;
  };
  eachBlock(dataDirectory, (name, block, bytes) => {
    if (before.get(`${name} ${block}`) === digestOf(bytes)) {
      return;
    }
    if (used + bytes.length > FRAME_BYTES) {
      close();
    }
    used += bytes.copy(frame, used);
    blocks += 1;
  });
  close();
  return { blocks, bytes: total };
}

function increment(contender: Contender): number {
  const command = contender.incremental?.();
  if (command === undefined) {
    return Number.NaN;
  }
  const before = contender.storedBytesWithoutWal();
  const { uid, gid } = command;
  const result = spawnSync(command.program, command.arguments, {
    env: { ...process.env, ...command.environment },
    encoding: "utf8",
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  if (result.status !== 0) {
    throw new Error(`${contender.name}: ${result.stdout}${result.stderr}`);
  }
  return contender.storedBytesWithoutWal() - before;
}

/** Stored bytes of increments against their yardstick, and how much of it is the same when nothing changed. Markdown. */
export async function storedSection(bed: Bed, contenders: readonly Contender[]): Promise<string> {
  const takers = contenders.filter((contender) => contender.incremental !== undefined);
  const lines = [
    "| changed | blocks | in zstd-1 frames, KiB | program | stored, KiB | ratio | with nothing changed, KiB |",
    "|---|---|---|---|---|---|---|",
  ];
  const kib = (bytes: number): string => (bytes / 1024).toFixed(0);
  for (const share of SHARES) {
    await bed.query("CHECKPOINT");
    for (const taker of takers) {
      increment(taker);
    }
    const idle = new Map(takers.map((taker) => [taker, increment(taker)]));
    const before = digests(bed.dataDirectory);
    await changeBlocks(bed, share);
    const own = yardstick(bed.dataDirectory, before);
    for (const taker of takers) {
      const stored = increment(taker);
      lines.push(
        `| ${share * 100} % | ${own.blocks} | ${kib(own.bytes)} | ${taker.name} | ${kib(stored)} | ${(stored / own.bytes).toFixed(2)} | ${kib(idle.get(taker) ?? Number.NaN)} |`,
      );
    }
  }
  return `## What increments store\n\nMaps and roots are counted, the WAL that a backup of ours carries is not (pgBackRest's here carries none).\n\n${lines.join("\n")}\n`;
}
