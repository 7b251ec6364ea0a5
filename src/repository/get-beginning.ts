/**
 * The first bytes of an object, where its header is. An object that is appended to has room reserved behind its end, and gives it
 * back when its writer closes it: what was its size a moment ago may be more than there is, and that is no damage.
 */
import { isDrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { headerBytesMax } from "../core/limits.ts";
import type { ObjectStore, StoreCall } from "./object-store.ts";

/** At most `length`, what a header needs; or a piece that begins later. @throws DrError what the store throws, but no `STORE_SHORT_READ` for room that was given back. */
export async function getBeginning(
  store: ObjectStore,
  key: string,
  call: StoreCall,
  piece: { readonly offset?: number; readonly length?: number } = {},
): Promise<Buffer> {
  const { offset = 0, length: most = headerBytesMax } = piece;
  const length = Math.max(0, Math.min(most, (await store.size(key, call)) - offset));
  if (length === 0) {
    return Buffer.alloc(0);
  }
  try {
    return await store.get(key, { ...call, range: { offset, length } });
  } catch (error) {
    const left = isDrError(error, "STORE_SHORT_READ") ? error.details["gotBytes"] : undefined;
    if (typeof left !== "number" || !guard("L39-header-room")) {
      throw error;
    }
    return left === 0
      ? Buffer.alloc(0)
      : await store.get(key, { ...call, range: { offset, length: left } });
  }
}
