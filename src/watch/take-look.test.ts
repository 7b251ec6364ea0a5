/** A look's effect on the document: that it can always be read again, and what it notes for the ledger. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { WatchPlayer } from "../../tests/support/watch-player.ts";
import { parseEventContent } from "../ledger/event-kinds.ts";
import type { Observation } from "./observation.ts";
import { takeLook } from "./take-look.ts";
import { decodeWatchDocument, encodeWatchDocument } from "./watch-document.ts";

const text = fc.oneof(fc.string({ unit: "binary", maxLength: 40 }), fc.constant("x".repeat(9000)));
const words = fc.record({ summary: text, hint: text });
const observation: fc.Arbitrary<Observation> = fc.record({
  rule: fc.constantFrom("server", "exposure", "gaps", "jobs", "something-new"),
  subject: text,
  health: fc.constantFrom("well", "ill", "unknown"),
  words: fc.record({ en: words, fr: words }),
});

test("R21 whatever a look finds, the document can be read again, headlines fit, and its events are the ledger's", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(observation, { maxLength: 6 }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: -1e12, max: 1e12 }), { minLength: 8, maxLength: 8 }),
      (looks, steps) => {
        const watch = new WatchPlayer();
        let { document } = watch;
        for (const [index, found] of looks.entries()) {
          watch.pass(200_000);
          const wallMs = watch.moment.wallMs + (steps[index] ?? 0);
          const now = { ...watch.moment, wallMs };
          document = takeLook(document, found, { setup: watch.setup, now });
          document = decodeWatchDocument(encodeWatchDocument(document), "watch");
        }
        for (const { message } of document.outbox.waiting) {
          assert.ok(message.headline.length <= 100, message.headline);
          for (const { alertId, summary } of message.alerts) {
            assert.match(alertId, /^[a-z0-9.-]{1,64}$/);
            assert.doesNotMatch(summary, /\n/);
          }
        }
        for (const event of document.events) {
          assert.ok(parseEventContent({ ...event, version: 1 }) !== undefined, event.kind);
        }
      },
    ),
    { numRuns: 300 },
  );
});
