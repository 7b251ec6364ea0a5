import assert from "node:assert/strict";
import { test } from "node:test";
import { headerBytesMax } from "../core/limits.ts";
import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import { MemoryStore } from "../stores/memory-store.ts";
import { getBeginning } from "./get-beginning.ts";

configureFailpointsFrom(process.env);

const call = { signal: new AbortController().signal };

/** A store in which room behind every object's end was there when its size was asked for, and is gone when it is read. */
class RoomGivenBack extends MemoryStore {
  override async size(...asked: Parameters<MemoryStore["size"]>): Promise<number> {
    return (await super.size(...asked)) + 1_048_576;
  }
}

test("L39 the beginning of an object whose reserved room is given back meanwhile is what there is of it", async () => {
  for (const length of [300, headerBytesMax, headerBytesMax + 300]) {
    const content = Buffer.alloc(length, 7);
    for (const store of [new MemoryStore(), new RoomGivenBack()]) {
      await store.put("part", [content], call);
      const beginning = await getBeginning(store, "part", call);
      assert.ok(beginning.equals(content.subarray(0, headerBytesMax)), String(length));
    }
  }
});
