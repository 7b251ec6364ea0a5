/**
 * The block pass in WebAssembly with SIMD. It must never be the only one: a runtime can lack SIMD or
 * WebAssembly, then `createWasmBlockPass` returns undefined and `block-pass-plain.ts` does the work.
 *
 * The module has no state of its own: all it reads and writes lies in the region that `block-pass.ts`
 * lays out. There are two builds, because a module says in its import whether the memory is shared.
 */
import { createHash } from "node:crypto";
import { assert } from "../core/assert.ts";
import type { BlockMemory, BlockPass, BlockRun, BlockRunResult } from "./block-pass.ts";
import { assertRun, assertTail, blockMemoryLayout, collectBadPages } from "./block-pass.ts";
import { blockPassModule, blockPassSharedModule } from "./block-pass.wasm.ts";
import type { FingerprintKey } from "./fingerprint-key.ts";
import { webAssembly } from "../core/web-assembly.ts";

interface BlockPassExports {
  readonly fingerprint: (at: number, length: number, key: number, map: number) => bigint;
  readonly pass: (
    at: number,
    count: number,
    length: number,
    blockNumber: number,
    check: number,
    key: number,
    map: number,
    fingerprints: number,
    statuses: number,
  ) => number;
}

function instantiate(memory: BlockMemory): BlockPassExports | undefined {
  const api = webAssembly();
  if (api === undefined || memory.wasm === undefined) {
    return undefined;
  }
  const isShared = memory.buffer instanceof SharedArrayBuffer;
  const { base64, sha256 } = isShared ? blockPassSharedModule : blockPassModule;
  const bytes = Buffer.from(base64, "base64");
  const actual = createHash("sha256").update(bytes).digest("hex");
  assert(actual === sha256, "the block pass module is the one that was built");
  if (!api.validate(bytes)) {
    return undefined;
  }
  const imports = { region: { memory: memory.wasm } };
  return new api.Instance<BlockPassExports>(new api.Module(bytes), imports).exports;
}

/** Both NH keys, interleaved by groups of eight words: 32 bytes of the first, 32 of the second. */
function writeKey(memory: BlockMemory, key: FingerprintKey): void {
  const layout = blockMemoryLayout(memory);
  const words = new Uint32Array(memory.buffer, layout.key, memory.blockBytes / 2);
  for (let group = 0; group * 32 < memory.blockBytes; group++) {
    for (const hash of [0, 1] as const) {
      words.set(key.nh[hash].subarray(group * 8, group * 8 + 8), group * 16 + hash * 8);
    }
  }
  const map = new BigUint64Array(memory.buffer, layout.map, key.multipliers.length + 1);
  map.set([...key.multipliers, key.addend]);
}

/** The WASM pass over a region, or undefined where the runtime lacks WebAssembly or SIMD. */
export function createWasmBlockPass(
  memory: BlockMemory,
  key: FingerprintKey,
): BlockPass | undefined {
  const exports = instantiate(memory);
  if (exports === undefined) {
    return undefined;
  }
  writeKey(memory, key);
  const layout = blockMemoryLayout(memory);
  const { buffer, blockBytes, inputBytes } = memory;
  const allFingerprints = new BigUint64Array(buffer, layout.fingerprints, layout.blocksMax);
  const allStatuses = new Uint8Array(buffer, layout.statuses, layout.blocksMax);
  return {
    kind: "wasm",
    blockBytes,
    input: new Uint8Array(buffer, 0, inputBytes),
    run(run: BlockRun): BlockRunResult {
      assertRun(run, memory, layout.blocksMax);
      const badCount = exports.pass(
        run.offsetBytes,
        run.blockCount,
        blockBytes,
        run.firstBlockNumber,
        run.checkPages ? 1 : 0,
        layout.key,
        layout.map,
        layout.fingerprints,
        layout.statuses,
      );
      const statuses = allStatuses.subarray(0, run.blockCount);
      return {
        fingerprints: allFingerprints.subarray(0, run.blockCount),
        statuses,
        badPages: collectBadPages(run, { statuses, badCount }, memory),
      };
    },
    tail(piece): bigint {
      assertTail(piece, memory);
      return exports.fingerprint(piece.offsetBytes, piece.lengthBytes, layout.key, layout.map);
    },
  };
}
