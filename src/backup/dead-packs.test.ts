/**
 * How much dead content the repository carries when backups are only ever increments and old ones are given up: the rule by which
 * packs are rewritten, simulated block by block over months.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { slotBytes } from "../core/limits.ts";
import { SeededRandom } from "../core/random.ts";
import { isMostlyDead } from "./live-count.ts";

const BLOCK_BYTES = 8192;
/** A cluster of 256 MiB in packs of 16 MiB: the same ratios as a large one in packs of 64 MiB. */
const BLOCKS = 32_768;
const PACK_BLOCKS = 2048;

type Pack = { blocks: number };
type Root = ReadonlyMap<number, number>;

/** Increments day by day; `share` of the blocks change each day, everywhere or mostly in one place. */
class Repository {
  readonly packs: Pack[] = [];
  readonly #packOf = new Int32Array(BLOCKS);
  readonly #version = new Int32Array(BLOCKS);
  roots: { readonly uses: Root; readonly versions: Int32Array }[] = [];
  rewrittenBlocks = 0;
  #open: Pack | undefined;
  #day = 0;

  backUp(changed: (block: number) => boolean): void {
    const dead = this.#mostlyDead();
    const first = this.roots.length === 0;
    this.#day += 1;
    this.#open = undefined;
    const uses = new Map<number, number>();
    for (let block = 0; block < BLOCKS; block += 1) {
      if (first || changed(block)) {
        this.#version[block] = this.#day;
        this.#put(block);
      } else if (dead.has(this.#packOf[block] ?? 0)) {
        this.#put(block);
        this.rewrittenBlocks += 1;
      }
      const pack = this.#packOf[block] ?? 0;
      uses.set(pack, (uses.get(pack) ?? 0) + 1);
    }
    this.roots.push({ uses, versions: this.#version.slice() });
  }

  #mostlyDead(): ReadonlySet<number> {
    const previous = [...(this.roots.at(-1)?.uses ?? [])];
    const dead = previous.filter(([pack, live]) => {
      const plainBytes = (this.packs[pack]?.blocks ?? 0) * BLOCK_BYTES;
      return isMostlyDead({ plainBytes, liveBytes: live * BLOCK_BYTES });
    });
    return new Set(dead.map(([pack]) => pack));
  }

  #put(block: number): void {
    if (this.#open === undefined || this.#open.blocks >= PACK_BLOCKS) {
      this.#open = { blocks: 0 };
      this.packs.push(this.#open);
    }
    this.#open.blocks += 1;
    this.#packOf[block] = this.packs.length - 1;
  }

  /** Blocks in packs that a kept root names, and different blocks that the kept roots need. */
  stored(): { readonly stored: number; readonly needed: number } {
    const kept = new Set(this.roots.flatMap(({ uses }) => [...uses.keys()]));
    const stored = [...kept].reduce((sum, pack) => sum + (this.packs[pack]?.blocks ?? 0), 0);
    let needed = 0;
    for (let block = 0; block < BLOCKS; block += 1) {
      needed += new Set(this.roots.map(({ versions }) => versions[block])).size;
    }
    return { stored, needed };
  }
}

/** The largest factors over what is live and over what the kept backups need, and what was rewritten a day. */
function simulate(
  days: number,
  keep: number,
  place: (fraction: number) => number,
): {
  readonly overLive: number;
  readonly overNeeded: number;
  readonly rewrittenShare: number;
} {
  const random = new SeededRandom(7);
  const repository = new Repository();
  repository.backUp(() => true);
  let overLive = 0;
  let overNeeded = 0;
  for (let day = 1; day <= days; day += 1) {
    const changed = new Set<number>();
    while (changed.size < BLOCKS * 0.05) {
      changed.add(Math.floor(place(random.fraction()) * BLOCKS));
    }
    repository.backUp((block) => changed.has(block));
    repository.roots = repository.roots.slice(-keep);
    const { stored, needed } = repository.stored();
    overLive = Math.max(overLive, stored / BLOCKS);
    overNeeded = Math.max(overNeeded, stored / needed);
  }
  const rewrittenShare = repository.rewrittenBlocks / days / BLOCKS;
  return { overLive, overNeeded, rewrittenShare };
}

test("60 daily increments with 5 % change, 14 kept, store at most 3.5 times the live data and 2.1 times what they need", () => {
  assert.ok(slotBytes <= PACK_BLOCKS * BLOCK_BYTES, "the packs are large enough to be rewritten");
  for (const place of [(at: number) => at, (at: number) => at ** 4]) {
    const { overLive, overNeeded, rewrittenShare } = simulate(60, 14, place);
    assert.ok(overLive < 3.5, `${overLive} times the live data`);
    assert.ok(overNeeded < 2.1, `${overNeeded} times what is needed`);
    assert.ok(rewrittenShare > 0.002 && rewrittenShare < 0.02, `${rewrittenShare} a day`);
  }
});

test("150 days of increments without a full one store no more than 60", () => {
  const { overLive } = simulate(150, 14, (at) => at);
  assert.ok(overLive < 3.5, `${overLive} times the live data`);
});
