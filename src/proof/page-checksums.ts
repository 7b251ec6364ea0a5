/**
 * Every page checksum of a stopped cluster, read from its files. Done after the proof's server was stopped cleanly, so
 * that no page is in the middle of being written and what recovery made is judged too.
 */
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { pageCheckReadBytes } from "../core/limits.ts";
import { type BlockPass, allocateBlockMemory } from "../pipeline/block-pass.ts";
import { deriveFingerprintKey } from "../pipeline/fingerprint-key.ts";
import { selectBlockPass } from "../pipeline/select-block-pass.ts";
import { classifyPath } from "../source/classify-path.ts";

/** A page whose checksum is wrong. */
export type WrongPage = { readonly path: string; readonly block: number };

/** What was looked at. */
export type PageCheck = {
  readonly files: number;
  readonly pages: number;
  readonly wrong: readonly WrongPage[];
};

/** Where the files of a cluster lie. */
export type ClusterFiles = {
  readonly dataDirectory: string;
  /** Locations of tablespaces by oid. */
  readonly tablespaces: ReadonlyMap<number, string>;
  readonly blockBytes: number;
  readonly segmentBlocks: number;
};

type Checked = { readonly pages: number; readonly wrong: readonly number[] };

async function checkFile(
  path: string,
  firstBlockNumber: number,
  pass: BlockPass,
): Promise<Checked> {
  await using file = await open(path, "r");
  const wrong: number[] = [];
  let pages = 0;
  for (;;) {
    const { bytesRead } = await file.read(
      pass.input,
      0,
      pass.input.length,
      pages * pass.blockBytes,
    );
    const blockCount = Math.floor(bytesRead / pass.blockBytes);
    if (blockCount === 0) {
      return { pages, wrong };
    }
    const run = {
      offsetBytes: 0,
      blockCount,
      firstBlockNumber: firstBlockNumber + pages,
      checkPages: true,
    };
    const first = pages;
    wrong.push(...pass.run(run).badPages.map((page) => first + page.index));
    pages += blockCount;
  }
}

/** Checks all relation files. Peak memory: 4 MiB and a list of names of one directory tree. Aborts between files. */
export async function checkPages(
  cluster: ClusterFiles,
  options: { readonly signal: AbortSignal },
): Promise<PageCheck> {
  const { blockBytes, segmentBlocks } = cluster;
  const size = { blockBytes, inputBytes: pageCheckReadBytes, shared: false };
  // Fingerprints come with the pass and are not looked at: any key will do.
  const key = deriveFingerprintKey(new Uint8Array(32), new Uint8Array(16));
  const pass = selectBlockPass(allocateBlockMemory(size), key);
  const wrong: WrongPage[] = [];
  let files = 0;
  let pages = 0;
  for (const [tablespaceOid, root] of [
    [0, cluster.dataDirectory],
    ...cluster.tablespaces,
  ] as const) {
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      options.signal.throwIfAborted();
      const full = join(entry.parentPath, entry.name);
      const path = full.slice(root.length + 1);
      const found = classifyPath({ tablespaceOid, path });
      if (entry.isFile() && found.kind === "relation") {
        const firstBlock = found.relation.segment * segmentBlocks;
        const checked = await checkFile(full, firstBlock, pass);
        files += 1;
        pages += checked.pages;
        wrong.push(...checked.wrong.map((block) => ({ path, block })));
      }
    }
  }
  return { files, pages, wrong };
}
