/**
 * One line of /proc/PID/stat, by which a process is told from a later one of the same number: it names the tick at which the
 * process started. Pure. Follows proc(5).
 */

/** What is used of it. `zombie`: it runs nothing and holds no file, only its exit status is left. */
export type ProcStat = {
  readonly pid: number;
  readonly parent: number;
  /** Ticks after boot, as they stand there. */
  readonly started: string;
  readonly zombie: boolean;
};

/** Parses it; the command in parentheses may hold spaces and parentheses itself. Undefined when it is not such a line. */
export function parseProcStat(content: string): ProcStat | undefined {
  const end = content.lastIndexOf(")");
  const fields = content.slice(end + 2).split(" ");
  const pid = Number.parseInt(content, 10);
  const [state, parent] = fields;
  const started = fields[19];
  if (end < 0 || !Number.isInteger(pid) || started === undefined) {
    return undefined;
  }
  return { pid, started, parent: Number(parent), zombie: state === "Z" || state === "X" };
}
