/**
 * Finding the highest number, or the names one level down, with a few small listings. A store lists in ascending order
 * only; a lease renewed for a year has half a million objects, and an incarnation may hold millions of packs that
 * nobody wants to page through to learn its name.
 */
import { assert } from "../core/assert.ts";
import { storeListPageMax } from "../core/limits.ts";
import type { ObjectStore, StoreCall } from "./object-store.ts";

/** After every key that begins with what stands before it: no key contains a tilde. */
const AFTER = "~";

function numberAt(key: string | undefined, prefix: string, digits: number): number | undefined {
  const text = key?.slice(prefix.length, prefix.length + digits + 1) ?? "";
  const number = text.slice(0, digits);
  const rest = text.slice(digits);
  const matches = number.length === digits && /^\d+$/.test(number) && (rest === "" || rest === "/");
  return matches ? Number(number) : undefined;
}

/**
 * The highest number that stands in a key right behind `prefix`, in `digits` digits, as its last part or followed by a slash;
 * undefined when there is none. One listing up to a page of keys, else about two for each power of two.
 */
export async function newestNumber(
  store: ObjectStore,
  of: { readonly prefix: string; readonly digits: number },
  call: StoreCall,
): Promise<number | undefined> {
  const { prefix, digits } = of;
  const firstFrom = async (from: number): Promise<number | undefined> => {
    const startAfter = `${prefix}${String(from - 1).padStart(digits, "0")}${AFTER}`;
    const page = await store.list(prefix, { ...call, startAfter, limit: 1 });
    return numberAt(page.entries[0]?.key, prefix, digits);
  };
  const page = await store.list(prefix, { ...call, limit: storeListPageMax });
  const low = page.entries
    .map(({ key }) => numberAt(key, prefix, digits))
    .findLast((number) => number !== undefined);
  if (!page.more || low === undefined) {
    return low;
  }
  return await searchUpwards(low, 10 ** digits, firstFrom);
}

/** The highest number there is, from one that there is: doubling steps, then halving them. */
async function searchUpwards(
  from: number,
  limit: number,
  firstFrom: (from: number) => Promise<number | undefined>,
): Promise<number> {
  let low = from;
  let beyond = limit;
  for (let step = 1; low + step < limit; step *= 2) {
    const found: number | undefined = await firstFrom(low + step);
    if (found === undefined) {
      beyond = low + step;
      break;
    }
    assert(found > low, "a listing goes on behind its starting point");
    low = found;
  }
  while (low + 1 < beyond) {
    const middle: number = low + Math.floor((beyond - low) / 2);
    const found: number | undefined = await firstFrom(middle);
    if (found === undefined) {
      beyond = middle;
    } else {
      low = found;
    }
  }
  return low;
}

/**
 * The names one level below `prefix` (which ends with a slash) that have something below them, in order: about one listing each,
 * however much lies below. `limit`: keys asked for at once; more than 1 where most names have little below them.
 */
export async function* listChildren(
  store: ObjectStore,
  prefix: string,
  call: StoreCall & { readonly limit?: number },
): AsyncGenerator<string, void, undefined> {
  const { signal, limit = 1 } = call;
  let after: string | undefined;
  let last: string | undefined;
  for (;;) {
    const startAfter = after === undefined ? {} : { startAfter: after };
    const page = await store.list(prefix, { signal, limit, ...startAfter });
    for (const { key } of page.entries) {
      const [child = "", ...below] = key.slice(prefix.length).split("/");
      after = key;
      if (below.length > 0) {
        if (child !== last) {
          yield child;
        }
        last = child;
        after = `${prefix}${child}/${AFTER}`;
      }
    }
    if (!page.more) {
      return;
    }
  }
}
