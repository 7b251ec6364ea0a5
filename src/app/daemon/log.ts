/** The daemon's log: one JSON object a line, for journald, a file, or whatever collects it. Never a secret: callers give words and codes. */

/** How much a line matters. */
export type LogLevel = "info" | "warn" | "error";

/** What else a line says. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Writes one line. */
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

/** A log that writes lines to `write`; `now` is the wall clock. */
export function lineLog(write: (line: string) => void, now: () => number): Log {
  return (level, event, fields = {}) => {
    const time = new Date(now()).toISOString();
    write(`${JSON.stringify({ time, level, event, pid: process.pid, ...fields })}\n`);
  };
}
