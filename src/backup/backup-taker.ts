/**
 * The sink of one backup: passes entries and content to a filler, which can only be made when the source has
 * begun, because pages newer than the start are judged by it.
 */
import { assert } from "../core/assert.ts";
import type { Ms } from "../core/units.ts";
import type { ServerManifest } from "../postgres/server-manifest.ts";
import type { BackupSink, BackupStart, SourceEntry } from "../source/backup-source.ts";
import type { FileMapper } from "./file-mapper.ts";
import type { SlotFiller } from "./slot-filler.ts";

/** How far a backup is. */
export type BackupProgress = {
  readonly readBytes: number;
  /** What the server estimated; 0 = not known. */
  readonly expectedBytes: number;
};

/** What a backup that has begun works with. */
export type Begun = {
  readonly start: BackupStart;
  readonly mapper: FileMapper;
  readonly filler: SlotFiller;
};

/** Progress is told at the end of each file, and at least this often within one. */
const PROGRESS_STEP_BYTES = 1_048_576;

/** See the file's comment. */
export class BackupTaker implements BackupSink {
  readonly #make: (start: BackupStart) => Omit<Begun, "start">;
  readonly #onProgress: ((progress: BackupProgress) => void) | undefined;
  #begun: Begun | undefined;
  #expectedBytes = 0;
  #untoldBytes = 0;

  constructor(
    make: (start: BackupStart) => Omit<Begun, "start">,
    onProgress: ((progress: BackupProgress) => void) | undefined,
  ) {
    this.#make = make;
    this.#onProgress = onProgress;
  }

  /** What it works with. The source has begun. */
  get begun(): Begun {
    assert(this.#begun !== undefined, "a source begins before all else");
    return this.#begun;
  }

  begin(start: BackupStart): void {
    this.#begun = { start, ...this.#make(start) };
    this.#expectedBytes = start.tablespaces.reduce(
      (sum, { sizeBytes }) => sum + (sizeBytes ?? 0),
      0,
    );
  }

  entry(entry: SourceEntry): void {
    this.begun.filler.entry(entry);
  }

  data(chunk: Uint8Array): void {
    this.begun.filler.data(chunk);
    this.#untoldBytes += chunk.length;
    if (this.#untoldBytes >= PROGRESS_STEP_BYTES) {
      this.#tellProgress();
    }
  }

  endEntry(): void {
    this.begun.filler.endEntry();
    this.#tellProgress();
  }

  pressure(): Promise<void> | undefined {
    return this.#begun?.filler.pressure();
  }

  /** The server's manifest, stored as the last file. */
  async manifest(manifest: ServerManifest, modifiedAtMs: Ms): Promise<void> {
    this.entry({
      tablespaceOid: 0,
      path: "backup_manifest",
      kind: "file",
      sizeBytes: manifest.sizeBytes,
      mode: 0o600,
      modifiedAtSeconds: Math.floor(modifiedAtMs / 1000),
    });
    for (const piece of manifest.pieces()) {
      await this.pressure();
      this.data(piece);
    }
    this.endEntry();
  }

  #tellProgress(): void {
    this.#untoldBytes = 0;
    const { readBytes } = this.begun.filler;
    this.#onProgress?.({ readBytes, expectedBytes: this.#expectedBytes });
  }
}
