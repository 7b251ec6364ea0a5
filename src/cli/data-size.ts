/** How much table data shall be loaded, typed as an option's value: 320MB, 2 GiB, 500 Mo. Powers of 1024. */
import { DrError } from "../core/errors.ts";

const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
/** More table data than this is a benchmark, not a demonstration. */
const DATA_BYTES_MAX = 100 * 2 ** 30;
const DATA_BYTES_MIN = 2 ** 20;

/** A parser for commander. It throws DrError `USAGE_VALUE`. */
export function dataSize(option: {
  readonly name: string;
  readonly command: string;
}): (typed: string) => number {
  return (typed) => {
    const match = /^(\d{1,6})\s*([KMG])(?:i?B|io|o)?$/i.exec(typed);
    const bytes = Number(match?.[1]) * (UNITS[match?.[2]?.toUpperCase() ?? ""] ?? Number.NaN);
    if (!(bytes >= DATA_BYTES_MIN && bytes <= DATA_BYTES_MAX)) {
      throw new DrError("USAGE_VALUE", { ...option, value: typed });
    }
    return bytes;
  };
}
