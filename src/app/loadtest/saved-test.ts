/**
 * What a load test has come to, in its folder, so that another process can go on when this one was killed: written once for each phase that ended,
 * and durable before the next one is relied on. Under the load nothing is written: a load that was cut off has measured nothing that could be
 * gone on with. A file names the hash of what it holds and the version that wrote it; any other is not read.
 */
import { createHash } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { DrError } from "../../core/errors.ts";
import { savedTestBytesMax } from "../../core/load-limits.ts";
import { errnoOf } from "../../files/file-error.ts";
import { writeDurably } from "../../files/write-durably.ts";
import type { KeptMeasurement } from "../../loadtest/latency-record.ts";
import type { ServerBinaries } from "../../postgres/server-binaries.ts";
import type { ResumePhase } from "../../queries/load-test-facts.ts";
import type { LoadTestNotes } from "./load-test-notes.ts";

/** What had ended, the last first. */
const PHASES = ["judged", "restored", "loaded"] as const;

/** A phase that ended. */
export type SavedPhase = (typeof PHASES)[number];

/** Where the next process begins. */
export const resumesAt: Readonly<Record<SavedPhase, ResumePhase>> = {
  loaded: "restore",
  restored: "judge",
  judged: "verify",
};

/** Everything but the acknowledged commits, which lie in a file of their own. */
export type SavedTest = {
  /** Whose objectives judge it, and whose ledger it goes into. */
  readonly cluster: string;
  readonly startedAt: string;
  readonly savedAt: string;
  readonly loadMs: number;
  readonly seed: number;
  readonly clients: number;
  readonly binaries: ServerBinaries;
  /** When the server's end began, by the wall clock: of the clock that the RTO is measured by, another process knows nothing. */
  readonly crashEpochMs: number;
  readonly acknowledged: number;
  readonly measurement: KeptMeasurement;
  readonly notes: Omit<LoadTestNotes, "load" | "production">;
};

const envelope = z.object({ program: z.string(), sha256: z.string(), test: z.string() });

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

const fileOf = (root: string, phase: SavedPhase): string => join(root, `${phase}.json`);

/** Makes durable what was acknowledged. */
export async function syncFile(path: string): Promise<void> {
  await using handle = await open(path, "r");
  await handle.datasync();
}

/** Writes it. @throws DrError `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`. */
export async function saveTest(
  root: string,
  phase: SavedPhase,
  test: SavedTest,
  options: { readonly program: string; readonly signal: AbortSignal },
): Promise<void> {
  const { program, signal } = options;
  const text = JSON.stringify(test);
  const content = JSON.stringify({ program, sha256: hashOf(text), test: text });
  const finalPath = fileOf(root, phase);
  await writeDurably({ finalPath, parts: [Buffer.from(content)], group: "RESTORE", signal });
}

async function readPhase(
  root: string,
  phase: SavedPhase,
  program: string,
): Promise<SavedTest | undefined> {
  const file = fileOf(root, phase);
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") {
      return undefined;
    }
    throw error;
  }
  try {
    const found = bytes.length > savedTestBytesMax ? undefined : bytes.toString("utf8");
    const saved = envelope.parse(JSON.parse(found ?? ""));
    if (saved.program === program && hashOf(saved.test) === saved.sha256) {
      // Byte for byte what this version wrote.
      return JSON.parse(saved.test) as SavedTest;
    }
  } catch {
    // No JSON, or not of this form: told below.
  }
  throw new DrError("CONFIG_LOADTEST_RESUME_DAMAGED", { file });
}

/** The last phase that ended; undefined: none did. @throws DrError `CONFIG_LOADTEST_RESUME_DAMAGED`. */
export async function readSavedTest(
  root: string,
  options: { readonly program: string },
): Promise<{ readonly phase: SavedPhase; readonly test: SavedTest } | undefined> {
  for (const phase of PHASES) {
    const test = await readPhase(root, phase, options.program);
    if (test !== undefined) {
      return { phase, test };
    }
  }
  return undefined;
}
