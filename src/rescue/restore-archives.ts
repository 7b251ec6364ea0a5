/**
 * Brings a database back from archives: definitions, then data, several streams beside each other, then indexes and constraints. Several
 * `pg_restore` on one archive need a file to seek in; here each stream of data is read once, by a program of its own, and only the
 * definitions, which are small, are held in memory for several programs to seek in: in a file without a name, on no disk.
 *
 * Follows "pg_restore" in PostgreSQL's documentation and RestoreArchive of pg_backup_archiver.c: sections may be restored by
 * different runs.
 */
import { type FileHandle, open, statfs, unlink } from "node:fs/promises";
import { join } from "node:path";
import { cutText } from "../core/cut-text.ts";
import type { Clock } from "../core/clock.ts";
import { DrError } from "../core/errors.ts";
import { failpointAsync } from "../core/failpoint.ts";
import { restoreDbSchemaBytesMax } from "../core/limits.ts";
import type { Random } from "../core/random.ts";
import { type ByteSource, feedProgram } from "../dump/feed-program.ts";
import { databaseWord, libpqEnvironment } from "../dump/libpq.ts";
import type { ProgramEnd, StreamProgram } from "../dump/stream-messages.ts";
import type { ConnectionSettings } from "../postgres/connection-settings.ts";

/** Archives of one database: all definitions, and data in streams that need no order among themselves. */
export type DatabaseArchives = {
  readonly schema: () => ByteSource;
  readonly schemaBytes: number;
  readonly data: readonly (() => ByteSource)[];
};

/** Where to, and with what. */
export type RestoreArchivesOptions = {
  readonly settings: ConnectionSettings;
  readonly database: string;
  /** Of `pg_restore`. */
  readonly directory: string;
  readonly applicationName: string;
  /** Programs at a time. */
  readonly jobs: number;
  readonly keepOwners: boolean;
  /** A list of the definitions to restore, as `--use-list` takes it; all without one. Tablespaces are left aside with it. */
  readonly only?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly onPhase: (phase: RestorePhase) => void;
  readonly signal: AbortSignal;
};

/** The parts of a restore, in their order. */
export type RestorePhase = "definitions" | "data" | "indexes";

/** How long each took. */
export type TimedPhase = { readonly name: string; readonly durationMs: number };

const TMPFS = 0x01021994;
const MEMORY_FILES = "/dev/shm";

/** What a bad end means. @returns undefined when it ended well. */
export function restoreFailureOf(program: string, end: ProgramEnd): DrError | undefined {
  if (end.code === 0) {
    return undefined;
  }
  const lines = end.text.split("\n").filter((line) => line !== "");
  const text = cutText(lines.slice(-6).join("; "), 2000);
  const lost = /server closed the connection|connection to server .* failed|no connection to the/;
  if (end.code === null || lost.test(end.text)) {
    return new DrError("RESTORE_DB_INTERRUPTED", {
      program,
      text: text === "" ? (end.signal ?? "?") : text,
    });
  }
  return new DrError("RESTORE_DB_FAILED", { program, code: end.code, text });
}

/** A file in memory that nobody else can open; undefined where there is no room of this kind. */
async function memoryFile(source: ByteSource, random: Random): Promise<FileHandle | undefined> {
  try {
    if ((await statfs(MEMORY_FILES)).type !== TMPFS) {
      return undefined;
    }
  } catch {
    // No such directory: a system without it.
    return undefined;
  }
  const path = join(MEMORY_FILES, `.pra-${Buffer.from(random.bytes(12)).toString("hex")}`);
  const file = await open(path, "wx+", 0o600);
  try {
    await unlink(path);
    for await (const chunk of source) {
      await file.appendFile(chunk);
    }
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

class ArchiveRestore {
  readonly #options: RestoreArchivesOptions;
  readonly #failed = new AbortController();
  readonly #signal: AbortSignal;

  constructor(options: RestoreArchivesOptions) {
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#failed.signal]);
  }

  #program(section: string, ...more: readonly string[]): StreamProgram {
    const { directory, settings, database, applicationName, keepOwners, only } = this.#options;
    // Data comes in archives of their own, which hold nothing else.
    const listed = only === undefined || section === "data" ? [] : [`--use-list=${only}`];
    return {
      path: join(directory, "pg_restore"),
      words: [
        `--section=${section}`,
        "--exit-on-error",
        "--no-password",
        // A subscription would take its publisher's changes away from production.
        "--no-subscriptions",
        ...(keepOwners ? [] : ["--no-owner", "--no-privileges"]),
        ...(only === undefined ? [] : ["--no-tablespaces"]),
        ...listed,
        databaseWord(database),
        ...more,
      ],
      environment: {
        ...libpqEnvironment(settings, applicationName),
        PGOPTIONS: "-c synchronous_commit=off",
      },
    };
  }

  async run(program: StreamProgram, source: ByteSource, extraFile?: number): Promise<void> {
    await failpointAsync("restore-db.program", { signal: this.#signal });
    const { end } = await feedProgram(program, source, { signal: this.#signal, extraFile });
    const failure = restoreFailureOf("pg_restore", end);
    if (failure !== undefined) {
      throw failure;
    }
  }

  async definitions({ schema }: DatabaseArchives): Promise<void> {
    await this.run(this.#program("pre-data"), schema());
  }

  /** As many streams at a time as there are jobs; the first failure ends the others. */
  async data({ data }: DatabaseArchives): Promise<void> {
    const waiting = [...data];
    const lane = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        await this.run(this.#program("data"), next());
      }
    };
    const lanes = Array.from({ length: this.#options.jobs }, async () => {
      try {
        await lane();
      } catch (error) {
        this.#failed.abort(error);
        throw error;
      }
    });
    await Promise.allSettled(lanes);
    await Promise.all(lanes);
  }

  async indexes({ schema, schemaBytes }: DatabaseArchives): Promise<void> {
    const { jobs, random } = this.#options;
    const seekable =
      jobs > 1 && schemaBytes <= restoreDbSchemaBytesMax
        ? await memoryFile(schema(), random)
        : undefined;
    await using file = seekable;
    if (file === undefined) {
      await this.run(this.#program("post-data"), schema());
      return;
    }
    // Each of its processes opens the descriptor anew, and so has a place of its own in the file.
    const program = this.#program("post-data", `--jobs=${jobs}`, "/dev/fd/3");
    await this.run(program, nothing(), file.fd);
  }
}

/**
 * Restores into a database that is empty. @throws DrError `RESTORE_DB_FAILED`, `RESTORE_DB_INTERRUPTED`; what the sources throw; the
 * signal's reason: then what is there is incomplete.
 */
export async function restoreArchives(
  archives: DatabaseArchives,
  options: RestoreArchivesOptions,
): Promise<readonly TimedPhase[]> {
  const { clock, onPhase } = options;
  const restore = new ArchiveRestore(options);
  const phases: TimedPhase[] = [];
  for (const name of ["definitions", "data", "indexes"] as const) {
    onPhase(name);
    const began = clock.monotonic();
    await restore[name](archives);
    phases.push({ name, durationMs: Math.round(clock.monotonic() - began) });
  }
  return phases;
}
