/**
 * What a program of ours said before it ended: the line of its failure without the program's name, and what it says to do about it. Whoever
 * is woken should read the cause, and not that there is one. Follows what the command line prints of a failure. Pure.
 */

/** How the program begins to say why it fails, in both languages. */
const FAILURE = /^pra\s?:\s+(?:error:|erreur\s:)?\s*/;

/** The last line of a failure says only where to read more. */
const MORE = /\bpra explain [A-Z]/;

/** Hears one life of a program, line by line. */
export class LastWords {
  #failed = false;
  /** The failure, else the newest line. */
  said = "";
  /** What to do about the failure; empty when it did not say. */
  hint = "";

  hear(line: string): void {
    const text = line.trim();
    if (FAILURE.test(text)) {
      this.#failed = true;
      this.said = text.replace(FAILURE, "");
      this.hint = "";
    } else if (!this.#failed) {
      this.said = text;
    } else if (this.hint === "" && !MORE.test(text)) {
      this.hint = text;
    }
  }
}
