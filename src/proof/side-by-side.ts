/** Work shared by a few connections: each takes the next item when it has done one. */
import { present } from "../core/assert.ts";

/**
 * Does `work` for every item; results stand in the order of the items. When one fails no further item is begun, and the call rejects
 * with that once every client has come to rest.
 */
export async function sideBySide<C, T, R>(
  clients: readonly C[],
  items: readonly T[],
  work: (client: C, item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Map<number, R>();
  let next = 0;
  const run = async (client: C): Promise<void> => {
    while (next < items.length) {
      const at = next;
      next += 1;
      try {
        results.set(at, await work(client, present(items[at], "the item is there")));
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(clients.map(run));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) {
    throw failed.reason;
  }
  return items.map((_item, at) => present(results.get(at), "every item was done"));
}
