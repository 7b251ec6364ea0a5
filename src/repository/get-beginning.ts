/**
 * The first bytes of an object, where its header is. An object that is appended to has room reserved behind its end, and gives it
 * back when its writer closes it: what was its size a moment ago may be more than there is, and that is no damage.
 */
import { isDrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { headerBytesMax } from "../core/limits.ts";
import type { ObjectStore, StoreCall } from "./object-store.ts";

/** At most `bytesMax`: what a header needs. @throws DrError what the store throws, but no `STORE_SHORT_READ` for room that was given back. */
export async function getBeginning(
  store: ObjectStore,
  key: string,
  call: StoreCall,
  bytesMax = headerBytesMax,
): Promise<Buffer> {
  const length = Math.min(bytesMax, await store.size(key, call));
  try {
    return await store.get(key, { ...call, range: { offset: 0, length } });
  } catch (error) {
    const left = isDrError(error, "STORE_SHORT_READ") ? error.details["gotBytes"] : undefined;
    if (typeof left !== "number" || !guard("L39-header-room")) {
      throw error;
    }
    return await store.get(key, { ...call, range: { offset: 0, length: left } });
  }
}
