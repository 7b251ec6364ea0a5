/**
 * The daemon's log: one line an event, to standard output or to a file of its own. Lines are JSON objects, for journald and whatever collects
 * them, or words, for people at a terminal. Secrets of the configuration are hidden in whatever is said. Nothing that the log meets (a full disk,
 * a folder that is gone) is thrown: the daemon is there to watch, and what the file does not take goes to standard output.
 *
 * Our own and not pino: a daemon writes five lines a minute, so that library's strength, many thousands a second, is worth nothing here, and what is
 * needed (a bounded set of files, leaving one that logrotate moved, hiding, going on when the disk is full) it leaves to further packages. Measured,
 * it costs 13 packages, 10 MB of memory of the daemon's 120, and 20 ms of a processor at each start.
 */
import { isDrError } from "../../core/errors.ts";
import { guard } from "../../core/failpoint.ts";
import { maskerOf } from "../mask-secrets.ts";
import type { Environment } from "../environment.ts";
import { LogFile } from "./log-file.ts";

/** How much a line matters. */
export type LogLevel = "info" | "warn" | "error";

/** What else a line says. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Writes one line. */
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

/** How a line looks: an object of JSON, or words. */
export type LogForm = "json" | "text";

type Line = { readonly time: string; readonly level: LogLevel; readonly event: string };

/** What a line says of an error: its code and words; of a defect, which nobody foresaw, also where it happened. */
export function failureFields(error: unknown): LogFields {
  if (isDrError(error)) {
    return { code: error.code, text: error.message };
  }
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  return { code: "defect", text: message, stack };
}

/** A control character would begin a line of its own, or paint a terminal. */
function plainly(text: string): string {
  return /^[^\s"\p{Cc}]+$/u.test(text) ? text : JSON.stringify(text).replaceAll(/\p{Cc}/gu, "?");
}

/** One line, with its end. Pure. */
export function formatLine(line: Line, fields: LogFields, form: LogForm): string {
  const { time, level, event } = line;
  if (form === "json") {
    return `${JSON.stringify({ ...line, ...fields })}\n`;
  }
  const said = Object.entries(fields).map(([name, value]) => ` ${name}=${plainly(String(value))}`);
  return `${time} ${level.padEnd(5)} ${event}${said.join("")}\n`;
}

/** Where lines go and how they look, which the configuration says and may say anew. */
export class DaemonLog implements Disposable {
  readonly #options: {
    readonly write: (line: string) => void;
    readonly isTerminal: boolean;
    readonly now: () => number;
  };
  #file: LogFile | undefined;
  #form: LogForm = "json";
  #mask = (text: string): string => text;
  /** Lines that the file did not take. */
  #astray = 0;

  /** `write`: to standard output. */
  constructor(options: {
    readonly write: (line: string) => void;
    readonly isTerminal: boolean;
    readonly now: () => number;
  }) {
    this.#options = options;
  }

  /** Takes the configuration into account. @throws DrError `CONFIG_LOG_FILE` when the file that it names cannot be written. */
  use(environment: Environment): void {
    const { file: path, bytesMax, filesMax, form } = environment.log;
    this.#mask = guard("L54-daemon-log") ? maskerOf(environment) : (text): string => text;
    this.#form = form ?? (path === undefined && this.#options.isTerminal ? "text" : "json");
    if (this.#file?.path !== path) {
      const next = path === undefined ? undefined : LogFile.open(path);
      this.#file?.[Symbol.dispose]();
      this.#file = next;
    }
    this.#file?.limit({ bytesMax, filesMax });
  }

  /** Opens the file anew: somebody has moved it away. */
  reopen(): void {
    this.#file?.reopen();
  }

  readonly log: Log = (level, event, fields = {}) => {
    const time = new Date(this.#options.now()).toISOString();
    const said: Record<string, LogFields[string]> = { pid: process.pid };
    for (const [name, value] of Object.entries(fields)) {
      said[name] = typeof value === "string" ? this.#mask(value) : value;
    }
    const line = formatLine({ time, level, event }, said, this.#form);
    const reason = this.#file?.write(line);
    if (this.#file !== undefined && reason === undefined) {
      this.#resume();
      return;
    }
    if (reason !== undefined) {
      this.#astray += 1;
    }
    if (reason !== undefined && this.#astray === 1) {
      const about = { pid: process.pid, path: this.#file?.path ?? "", reason };
      this.#options.write(
        formatLine({ time, level: "error", event: "log-unwritable" }, about, this.#form),
      );
    }
    this.#options.write(line);
  };

  /** The file takes lines again: those that it did not take are on standard output. */
  #resume(): void {
    const lines = this.#astray;
    if (lines > 0) {
      this.#astray = 0;
      this.log("warn", "log-writable", { astray: lines });
    }
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
    this.#file = undefined;
  }
}
