/** What is new in the ledger since it was last read whole: each writer's events behind the last one known, object by object, in no order between writers. */
import { objectIdTimeMs, parseObjectId } from "../core/object-id.ts";
import { objectKey, type LedgerWriterName } from "../repository/object-names.ts";
import { listAll, type StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { decodeEvents, understood, type LedgerEvent } from "./event.ts";
import { listLedgerWriters } from "./read-ledger.ts";

/** One object's events. */
export type FollowedObject = {
  readonly writer: LedgerWriterName;
  /** Of its last event: known from now on. */
  readonly sequence: number;
  readonly events: readonly LedgerEvent[];
};

/**
 * `known`: the last event of each writer, of objects that were read whole. `settledBeforeMs`: of writers that began before, and are known, nothing
 * new is looked for. @throws DrError what the store throws, `REPO_*` for an object that is not authentic.
 */
export async function* followLedger(
  sealed: SealedStore,
  call: StoreCall & {
    readonly known: ReadonlyMap<string, number>;
    readonly settledBeforeMs: number;
  },
): AsyncGenerator<FollowedObject, void, undefined> {
  const { signal, known, settledBeforeMs } = call;
  for (const writer of await listLedgerWriters(sealed, { signal })) {
    const after = known.get(writer);
    const beganMs = objectIdTimeMs(parseObjectId(writer.slice(17)));
    if (after !== undefined && beganMs < settledBeforeMs) {
      continue;
    }
    const prefix = `ledger/${writer}/`;
    const startAfter = `${prefix}${String(after ?? 0).padStart(12, "0")}`;
    for await (const { key } of listAll(sealed.store, prefix, { signal, startAfter })) {
      const name = { type: "ledger", writer, sequence: Number(key.slice(prefix.length)) } as const;
      const { content } = await sealed.getWhole(name, { signal });
      const events = decodeEvents(content, objectKey(name)).map(understood);
      yield { writer, sequence: events.at(-1)?.sequence ?? name.sequence, events };
    }
  }
}
