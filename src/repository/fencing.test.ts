import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ObjectId, parseObjectId } from "../core/object-id.ts";
import { testPlace } from "../../tests/support/simulated-repository.ts";
import { acceptedRoots, type Fence, type RootClaim } from "./fencing.ts";

const { incarnation } = testPlace;

function idOf(number: number): ObjectId {
  return parseObjectId(number.toString(16).padStart(32, "0"));
}

test("without any lease every root counts", () => {
  const roots = [{ id: idOf(1), epoch: 0 }];
  assert.deepEqual(acceptedRoots(roots, { incarnation, fence: undefined }), roots);
});

test("a root of another incarnation's list does not count", () => {
  const other = "0000000000000000-00000000000000000000000000000000";
  const fence = { epoch: 2, acceptedRoots: [{ incarnation: other, roots: [idOf(1)] }] };
  assert.deepEqual(acceptedRoots([{ id: idOf(1), epoch: 1 }], { incarnation, fence }), []);
});

/** `take`: somebody takes the lease. `publish`: a holder of `epochsAgo` publishes. `expire`: one root goes. */
const step = fc.oneof(
  fc.record({ kind: fc.constant("take" as const) }),
  fc.record({ kind: fc.constant("publish" as const), epochsAgo: fc.nat({ max: 3 }) }),
  fc.record({ kind: fc.constant("expire" as const), at: fc.nat({ max: 20 }) }),
);

test("L34 exactly the roots published by the holder of the newest epoch count, and they count until they are deleted", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let roots: RootClaim[] = [];
      let fence: Fence | undefined;
      const good = new Set<ObjectId>();
      let epoch = 0;
      for (const [index, one] of steps.entries()) {
        if (one.kind === "take") {
          epoch += 1;
          const listed = acceptedRoots(roots, { incarnation, fence }).map(({ id }) => id);
          fence = { epoch, acceptedRoots: [{ incarnation, roots: listed }] };
        } else if (one.kind === "publish" && epoch > 0) {
          const publisher = Math.max(1, epoch - one.epochsAgo);
          const root = { id: idOf(index), epoch: publisher };
          roots.push(root);
          if (publisher === epoch) {
            good.add(root.id);
          }
        } else if (one.kind === "expire") {
          roots = roots.filter((_, at) => at !== one.at);
        }
        const shown = acceptedRoots(roots, { incarnation, fence }).map(({ id }) => id);
        assert.deepEqual(
          shown,
          roots.map(({ id }) => id).filter((id) => good.has(id)),
        );
      }
    }),
    { numRuns: 500 },
  );
});
