/**
 * A password on its way from the configuration to the server. It must never reach a log, a report, an
 * error or `ps` (loss class 54): printing, inspecting or serialising one shows a mask, and only `reveal`
 * gives it up.
 */
import { inspect } from "node:util";

const MASK = "********";

/** Text that shows itself only when asked by `reveal`. */
export class SecretText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The secret itself, for the one call that needs it. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
