/**
 * Our lines in a crontab; pure. Bytes that are not ours never change: a crontab is handled as Latin-1 text, one character a byte. The lines
 * are POSIX shell without a variable or a function of any particular shell, each path in quotes, and `%`, which cron takes for a line
 * break, written `\%`. Follows crontab(5) and cron's do_command.c, which drops a backslash before `%` and nowhere else.
 */
import { join } from "node:path";
import { DrError } from "../../core/errors.ts";
import { cronCommandMax } from "../../core/limits.ts";
import { type Job, cronFields } from "./job.ts";

/** Where an installation lies. */
export type LinePlace = {
  readonly cluster: string;
  readonly programDirectory: string;
  readonly logDirectory: string;
  /** What every command is given, so that it finds what the installer saw. */
  readonly commonWords: readonly string[];
};

/** A word for /bin/sh, in quotes where it holds anything but letters, digits and `/._=:,@+-`. */
export function shellWord(word: string): string {
  return /^[\w/.=:,@+-]+$/.test(word) ? word : quoted(word);
}

/** For the command of a crontab's line. A backslash before `%` would be lost, so quotes are closed and opened between them. */
export function cronEscaped(command: string): string {
  return command.replaceAll(/(\\?)%/g, (_whole, backslash: string) =>
    backslash === "" ? String.raw`\%` : String.raw`\''\%`,
  );
}

/** A program of the checkout by its full path; others are given by theirs. */
export function programPath(directory: string, program: string): string {
  return join(program.startsWith("/") ? "/" : directory, program);
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}

/**
 * What cron hands to the shell, before `%` is escaped. An operating script stands there as a person would type it, and starts itself through the
 * recorder when it sees `PRA_JOB`, with `PRA_WHEN` on some days alone; any other program is given to the recorder.
 */
export function jobCommand(job: Job, place: LinePlace): string {
  const { programDirectory, logDirectory, commonWords } = place;
  const typed = (words: readonly string[]): string =>
    words.map((word) => ` ${shellWord(word)}`).join("");
  const program = `${quoted(programPath(programDirectory, job.program))}${typed(job.words)}`;
  const recorder = `${quoted(join(programDirectory, "pra"))} schedule run ${job.id}`;
  const when = cronFields(job.pattern).lastOfMonth ? " PRA_WHEN=last-of-month" : "";
  const start = job.program.endsWith(".sh")
    ? `PRA_JOB=${job.id}${when} ${program}`
    : `${recorder}${job.program.startsWith("/") ? typed(commonWords) : ""} -- ${program}`;
  return `${start} >> ${quoted(join(logDirectory, `${job.id}.log`))} 2>&1`;
}

function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** One line, in bytes. @throws DrError `CONFIG_SCHEDULE_PATH` when a path cannot stand in a crontab. */
export function jobLine(job: Job, place: LinePlace): string {
  const command = cronEscaped(jobCommand(job, place));
  if (/[\0\r\n]/.test(command)) {
    throw new DrError("CONFIG_SCHEDULE_PATH", { path: JSON.stringify(place.programDirectory) });
  }
  const bytes = latin1(command);
  if (bytes.length > cronCommandMax) {
    throw new DrError("CONFIG_SCHEDULE_LONG", {
      job: job.id,
      length: bytes.length,
      max: cronCommandMax,
    });
  }
  return `${cronFields(job.pattern).fields} ${bytes}`;
}

function beginMark(cluster: string): string {
  return `# BEGIN PRA ${cluster}: `;
}

function endMark(cluster: string): string {
  return `# END PRA ${cluster}`;
}

/** Lines with their endings. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function bare(line: string): string {
  return line.replace(/\r?\n?$/, "");
}

/** Our part of a crontab. */
export type CronBlock = {
  /** Number of the first of its lines, from 0 on, and how many there are. */
  readonly at: number;
  readonly count: number;
  /** The installation that wrote it, when it says so. */
  readonly directory: string | undefined;
  /** What lies between the marks. */
  readonly lines: readonly string[];
};

/** Finds our lines; undefined: there are none. @throws DrError `CONFIG_CRONTAB_MARKS` when a mark is missing or there twice. */
export function findBlock(crontab: string, cluster: string): CronBlock | undefined {
  const lines = linesOf(crontab).map(bare);
  const at = lines.findIndex((line) => line.startsWith(beginMark(cluster)));
  const end = lines.indexOf(endMark(cluster));
  const marks = lines.filter(
    (line) => line.startsWith(beginMark(cluster)) || line === endMark(cluster),
  );
  if (marks.length === 0) {
    return undefined;
  }
  if (marks.length !== 2 || at < 0 || end < at) {
    throw new DrError("CONFIG_CRONTAB_MARKS", {
      begin: `${beginMark(cluster)}...`,
      end: endMark(cluster),
    });
  }
  const written = / in (.+)$/.exec(lines[at] ?? "")?.[1];
  return {
    at,
    count: end - at + 1,
    directory: written === undefined ? undefined : Buffer.from(written, "latin1").toString("utf8"),
    lines: lines.slice(at + 1, end),
  };
}

/** A shell named above our lines that would not understand them; assignments hold for all that follows. */
function foreignShell(lines: readonly string[]): string | undefined {
  const shell = lines
    .map((line) => /^\s*SHELL\s*=\s*["']?([^"'\s]*)/.exec(line)?.[1])
    .findLast((value) => value !== undefined);
  return shell === undefined || /(?:^|\/)(?:sh|dash|bash|ksh|zsh|busybox)$/.test(shell)
    ? undefined
    : shell;
}

/** The crontab with our lines in it: where they were, else at the end. Everything else stays, byte for byte. */
export function withBlock(crontab: string, jobs: readonly Job[], place: LinePlace): string {
  const { cluster, programDirectory } = place;
  const old = findBlock(crontab, cluster);
  const lines = linesOf(crontab);
  const before = lines.slice(0, old?.at ?? lines.length);
  const after = old === undefined ? [] : lines.slice(old.at + old.count);
  const last = before.at(-1);
  const shell = foreignShell(before.map(bare));
  const block = [
    latin1(
      `${beginMark(cluster)}"pra schedule" writes and removes these lines, in ${programDirectory}`,
    ),
    ...(shell === undefined ? [] : ["SHELL=/bin/sh"]),
    ...jobs.map((job) => jobLine(job, place)),
    ...(shell === undefined ? [] : [`SHELL=${shell}`]),
    endMark(cluster),
  ];
  return [
    ...before,
    ...(last === undefined || last.endsWith("\n") ? [] : ["\n"]),
    ...block.map((line) => `${line}\n`),
    ...after,
  ].join("");
}

/** The crontab without our lines. */
export function withoutBlock(crontab: string, cluster: string): string {
  const old = findBlock(crontab, cluster);
  const lines = linesOf(crontab);
  return old === undefined ? crontab : lines.toSpliced(old.at, old.count).join("");
}

/** A line of somebody's own that runs backups as well. */
export type ForeignLine = { readonly line: string; readonly full: boolean };

/** Lines outside our part that run a `backup.sh`, or `pra backup`. */
export function foreignBackups(crontab: string, cluster: string): readonly ForeignLine[] {
  return linesOf(withoutBlock(crontab, cluster))
    .map(bare)
    .filter((line) => !/^\s*#/.test(line) && /backup\.sh|\bpra['"]? backup\b/.test(line))
    .filter((line) => !line.includes("PRA_JOB="))
    .map((line) => ({
      line: Buffer.from(line, "latin1").toString("utf8"),
      full: /(?:^|\s)--full(?:\s|$)/.test(line),
    }));
}
