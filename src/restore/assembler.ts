/**
 * Puts windows of a file together in memory, out of all frames that their blocks lie in, and has each written once
 * (`assembly-plan.ts`). A frame whose blocks keep their distances is decompressed right where they belong; blocks that
 * newer frames replaced are then covered by those. What is left of them where nothing belongs is never written.
 *
 * As everywhere, a frame is authenticated before, and a block held against its fingerprint after it was put in its place.
 */
import { present } from "../core/assert.ts";
import { DrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { assemblyWindowBytes } from "../core/limits.ts";
import type { FramePlace, FrameSources } from "./frame-sources.ts";
import type { AssemblyUnit } from "./scatter-messages.ts";
import type { VerifiedWrites } from "./verified-writes.ts";

/** Runs of one window, `to` exclusive, and where its first block's fingerprint is. */
type Window = {
  readonly startBytes: number;
  readonly from: number;
  readonly to: number;
  readonly firstBlock: number;
};

/** A frame as one window needs it. */
type FrameUse = {
  readonly frame: number;
  readonly runs: number[];
  bytes: number;
  /** Where the frame would begin in the window if it lay there whole; undefined: its blocks have moved. */
  shift: number | undefined;
};

function usesOf({ runs }: AssemblyUnit, window: Window): readonly FrameUse[] {
  const uses = new Map<number, FrameUse>();
  for (let run = window.from; run < window.to; run++) {
    const frame = runs.frame[run] ?? 0;
    const shift = (runs.at[run] ?? 0) - window.startBytes - (runs.frameOffset[run] ?? 0);
    let use = uses.get(frame);
    if (use === undefined) {
      use = { frame, runs: [], bytes: 0, shift };
      uses.set(frame, use);
    }
    use.runs.push(run);
    use.bytes += runs.length[run] ?? 0;
    use.shift = use.shift === shift ? shift : undefined;
  }
  return [...uses.values()].sort((a, b) => (a.shift ?? -1) - (b.shift ?? -1));
}

/** The last run of each frame. */
function lastRuns({ runs, frames }: AssemblyUnit): Uint32Array {
  const last = new Uint32Array(frames.index.length);
  runs.frame.forEach((frame, run) => {
    last[frame] = run;
  });
  return last;
}

/** One a worker. */
export class Assembler {
  readonly #writes: VerifiedWrites;
  readonly #sources: FrameSources;

  constructor(writes: VerifiedWrites, sources: FrameSources) {
    this.#writes = writes;
    this.#sources = sources;
  }

  /** Begins all writes of a unit. @throws DrError `REPO_*`, `STORE_IO`, `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`. */
  async assemble(unit: AssemblyUnit): Promise<void> {
    const last = lastRuns(unit);
    for (const window of this.#windows(unit)) {
      const place = await this.#writes.places.take(assemblyWindowBytes);
      this.#fill(unit, window, { place, last });
      await this.#write(unit, window, place);
    }
  }

  *#windows({ runs }: AssemblyUnit): Generator<Window> {
    const { blockBytes } = this.#writes;
    let firstBlock = 0;
    for (let from = 0; from < runs.runs;) {
      const number = Math.floor((runs.at[from] ?? 0) / assemblyWindowBytes);
      let to = from;
      let blocks = 0;
      while (to < runs.runs && Math.floor((runs.at[to] ?? 0) / assemblyWindowBytes) === number) {
        blocks += Math.ceil((runs.length[to] ?? 0) / blockBytes);
        to += 1;
      }
      yield { startBytes: number * assemblyWindowBytes, from, to, firstBlock };
      from = to;
      firstBlock += blocks;
    }
  }

  #fill(
    unit: AssemblyUnit,
    window: Window,
    at: { readonly place: number; readonly last: Uint32Array },
  ): void {
    const target = this.#writes.memory.subarray(at.place, at.place + assemblyWindowBytes);
    const moved: FrameUse[] = [];
    let filledTo = 0;
    for (const use of usesOf(unit, window)) {
      const { shift } = use;
      const isLastUse = (at.last[use.frame] ?? 0) < window.to;
      const placed =
        shift !== undefined && shift >= filledTo && isLastUse
          ? this.#decompressInPlace(unit, { ...use, shift }, target)
          : undefined;
      if (placed === undefined) {
        moved.push(use);
      } else {
        filledTo = placed;
      }
    }
    for (const use of moved) {
      const content = this.#sources.content(placeOf(unit, use.frame));
      for (const run of use.runs) {
        const from = unit.runs.frameOffset[run] ?? 0;
        const to = from + (unit.runs.length[run] ?? 0);
        this.#requireInside(unit, run, content.length);
        content.copy(target, (unit.runs.at[run] ?? 0) - window.startBytes, from, to);
      }
    }
  }

  /** Where it ends; undefined: it has to be copied from where it is kept, or does not fit. */
  #decompressInPlace(
    unit: AssemblyUnit,
    use: FrameUse & { readonly shift: number },
    target: Uint8Array,
  ): number | undefined {
    const place = placeOf(unit, use.frame);
    // A frame whose blocks are mostly elsewhere would be in the way of others.
    if (this.#sources.isKept(place) || use.bytes < place.plainBytes / 2) {
      return undefined;
    }
    const end = use.shift + place.plainBytes;
    if (end > target.length) {
      return undefined;
    }
    const frame = this.#sources.open(place);
    if (frame.plainLength !== place.plainBytes) {
      throw this.#mismatch(unit, present(use.runs[0], "a use has a run"));
    }
    use.runs.forEach((run) => this.#requireInside(unit, run, frame.plainLength));
    this.#sources.decompress(frame, target.subarray(use.shift, end));
    return end;
  }

  #requireInside(unit: AssemblyUnit, run: number, frameBytes: number): void {
    const from = unit.runs.frameOffset[run] ?? 0;
    if (from + (unit.runs.length[run] ?? 0) > frameBytes || from % 8 !== 0) {
      throw this.#mismatch(unit, run);
    }
  }

  /** Verifies and writes what lies end to end, as one piece. */
  async #write(unit: AssemblyUnit, window: Window, place: number): Promise<void> {
    const { runs } = unit;
    const { blockBytes } = this.#writes;
    let block = window.firstBlock;
    for (let from = window.from; from < window.to;) {
      const at = runs.at[from] ?? 0;
      let to = from;
      let lengthBytes = 0;
      while (to < window.to && runs.at[to] === at + lengthBytes) {
        lengthBytes += runs.length[to] ?? 0;
        to += 1;
      }
      const piece = { offsetBytes: place + at - window.startBytes, lengthBytes };
      const blocks = Math.ceil(lengthBytes / blockBytes);
      const expected = runs.fingerprints.subarray(block, block + blocks);
      const wrong = guard("L40-fingerprint-at-restore")
        ? this.#writes.firstMismatch(piece, expected)
        : undefined;
      if (wrong !== undefined) {
        throw this.#mismatch(unit, runAt(unit, at + wrong * blockBytes));
      }
      await this.#writes.write(unit.file, piece, unit.fileOffset + at);
      from = to;
      block += blocks;
    }
  }

  #mismatch(unit: AssemblyUnit, run: number): DrError {
    const { pack, index } = placeOf(unit, unit.runs.frame[run] ?? 0);
    return new DrError("REPO_BLOCK_MISMATCH", {
      pack: pack.ticket.objectId,
      frame: index,
      path: unit.file.path,
      offset: unit.fileOffset + (unit.runs.at[run] ?? 0),
    });
  }
}

function placeOf(
  { packs, frames }: AssemblyUnit,
  frame: number,
): FramePlace & { readonly plainBytes: number } {
  return {
    pack: present(packs[frames.pack[frame] ?? 0], "a unit brings the packs of its frames"),
    index: frames.index[frame] ?? 0,
    offset: frames.offset[frame] ?? 0,
    bytes: frames.bytes[frame] ?? 0,
    plainBytes: frames.plainBytes[frame] ?? 0,
  };
}

/** The run that holds a byte of the unit. */
function runAt({ runs }: AssemblyUnit, at: number): number {
  const next = runs.at.findIndex((start) => start > at);
  return (next < 0 ? runs.runs : next) - 1;
}
