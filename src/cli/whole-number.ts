/** A whole number typed as an option's value, within bounds. */
import { DrError } from "../core/errors.ts";

/** A parser for commander. It throws DrError `USAGE_VALUE`. */
export function wholeNumber(range: {
  readonly name: string;
  readonly command: string;
  readonly min: number;
  readonly max: number;
}): (typed: string) => number {
  return (typed) => {
    const value = /^\d{1,15}$/.test(typed) ? Number(typed) : Number.NaN;
    if (!(value >= range.min && value <= range.max)) {
      throw new DrError("USAGE_VALUE", { name: range.name, value: typed, command: range.command });
    }
    return value;
  };
}
