/**
 * Reading pins and condemn objects. What is removed between listing and reading is left out; what is not authentic stops
 * the reader: an expiry that guesses who needs what is worse than none.
 */
import { isDrError } from "../core/errors.ts";
import type { ObjectId } from "../core/object-id.ts";
import { decodeCondemn, type CondemnDocument } from "./condemn-document.ts";
import type { StoreCall } from "./object-store.ts";
import { decodePin, pinSeries, type PinDocument, type PinSeries } from "./pin-rules.ts";
import type { SealedStore, WholeName } from "./sealed-store.ts";

async function contentIfPresent(
  sealed: SealedStore,
  name: WholeName,
  call: StoreCall,
): Promise<Buffer | undefined> {
  try {
    return (await sealed.getWhole(name, call)).content;
  } catch (error) {
    if (isDrError(error, "STORE_MISSING")) {
      return undefined;
    }
    throw error;
  }
}

/** Every pin there is, and the series whose release is there without any pin. */
export async function readPins(
  sealed: SealedStore,
  call: StoreCall,
): Promise<{ readonly series: readonly PinSeries[]; readonly strayReleases: readonly ObjectId[] }> {
  const pins: PinDocument[] = [];
  const released = new Set<ObjectId>();
  for await (const { key, name } of sealed.listNames("pins/", call)) {
    if (name?.type === "pinReleased") {
      released.add(name.id);
    } else if (name?.type === "pin") {
      const content = await contentIfPresent(sealed, name, call);
      if (content !== undefined) {
        pins.push(decodePin(content, key));
      }
    }
  }
  const series = pinSeries(pins, released);
  const known = new Set(series.map(({ newest }) => newest.series));
  return { series, strayReleases: [...released].filter((id) => !known.has(id)) };
}

/** Every condemn object there is. Peak memory: one page of names and one object. */
export async function* readCondemned(
  sealed: SealedStore,
  call: StoreCall,
): AsyncGenerator<CondemnDocument, void, undefined> {
  for await (const { key, name } of sealed.listNames("condemned/", call)) {
    if (name?.type === "condemn") {
      const content = await contentIfPresent(sealed, name, call);
      if (content !== undefined) {
        yield decodeCondemn(content, key);
      }
    }
  }
}
