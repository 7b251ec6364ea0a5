/**
 * A page that is drawn again and again on a terminal. It has the alternate screen to itself, so that what stood there before comes back at
 * the end, however that comes: by its owner, by a signal, by a defect, by Ctrl-Z. Each drawing is one write that overwrites line by line and
 * clears nothing first, so nothing flickers; terminals that know synchronised updates show it at once.
 */

/** What it is drawn on: standard output, or a test's own. */
export type LiveTerminal = {
  write(text: string): unknown;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  on(event: "resize", listener: () => void): unknown;
  off(event: "resize", listener: () => void): unknown;
};

// Without its cursor, and without going on in the next line: a line that is too wide must not push the page out of its place.
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";
const BEGIN = "\x1b[?2026h\x1b[H";
const END = "\x1b[J\x1b[?2026l";
const LINE_END = "\x1b[0m\x1b[K";

/** Opened by its constructor, closed by disposing of it. */
export class LiveScreen implements Disposable {
  readonly #terminal: LiveTerminal;
  readonly #page: (size: { readonly columns: number; readonly rows: number }) => readonly string[];
  #open = false;

  /** `page`: the lines for a size; as many as there are rows at most are shown. */
  constructor(
    terminal: LiveTerminal,
    page: (size: { readonly columns: number; readonly rows: number }) => readonly string[],
  ) {
    this.#terminal = terminal;
    this.#page = page;
    this.#enter();
    terminal.on("resize", this.draw);
    process.on("exit", this.#leave);
    process.on("SIGTSTP", this.#suspend);
    process.on("SIGCONT", this.#resume);
  }

  /** Shows the page as it is now. Nothing after the end. */
  readonly draw = (): void => {
    if (this.#open) {
      const { columns = 80, rows = 24 } = this.#terminal;
      const lines = this.#page({ columns, rows }).slice(0, rows);
      this.#terminal.write(`${BEGIN}${lines.join(`${LINE_END}\r\n`)}${LINE_END}${END}`);
    }
  };

  #enter(): void {
    this.#open = true;
    this.#terminal.write(ENTER);
  }

  readonly #leave = (): void => {
    if (this.#open) {
      this.#open = false;
      this.#terminal.write(LEAVE);
    }
  };

  readonly #suspend = (): void => {
    this.#leave();
    process.kill(process.pid, "SIGSTOP");
  };

  readonly #resume = (): void => {
    this.#enter();
    this.draw();
  };

  [Symbol.dispose](): void {
    this.#terminal.off("resize", this.draw);
    process.off("exit", this.#leave);
    process.off("SIGTSTP", this.#suspend);
    process.off("SIGCONT", this.#resume);
    this.#leave();
  }
}
