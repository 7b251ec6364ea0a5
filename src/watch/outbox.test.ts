/** The pure steps of delivery, and a pass over several routes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { WatchPlayer, routeFor } from "../../tests/support/watch-player.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { SeededRandom } from "../core/random.ts";
import { deliveryRetryMs, deliveryRetryMsMax } from "../core/watch-limits.ts";
import type { NumberedState } from "../files/numbered-file.ts";
import { deliverPass } from "./delivery.ts";
import type { DeliveryOutcome, Notifier, OutgoingMessage } from "./notifier.ts";
import { retryPauseMs } from "./outbox.ts";
import { encodeWatchDocument } from "./watch-document.ts";
import { WatchMemory } from "./watch-memory.ts";

const { signal } = new AbortController();

test("R21 pauses double from attempt to attempt, within half of them by chance, up to ten minutes", () => {
  const random = new SeededRandom(3);
  for (let attempt = 1; attempt <= 40; attempt += 1) {
    const full = Math.min(deliveryRetryMsMax, deliveryRetryMs * 2 ** (attempt - 1));
    const pause = retryPauseMs(attempt, random);
    assert.ok(pause >= full / 2 && pause <= full, `${attempt}: ${pause}`);
  }
});

/** A watch's memory in memory, with notifiers that answer as told. */
class Lab {
  readonly watch: WatchPlayer;
  state: NumberedState | undefined;
  readonly taken: string[] = [];
  readonly answers = new Map<string, () => Promise<DeliveryOutcome> | DeliveryOutcome>();
  readonly memory: WatchMemory;
  /** Sleeping takes no time, but comes after everything else that can happen. */
  readonly clock: Clock = {
    ...systemClock,
    sleep: async (_durationMs, options) => {
      await setImmediate();
      options.signal.throwIfAborted();
    },
  };

  constructor() {
    const routes = [
      routeFor({ id: "email a" }),
      routeFor({ id: "slack b", channel: "slack", recipient: "b" }),
    ];
    this.watch = new WatchPlayer({ routes });
    const file = {
      read: (): Promise<NumberedState | undefined> => Promise.resolve(this.state),
      write: (state: NumberedState): Promise<boolean> => {
        const isNext = state.number === (this.state?.number ?? 0) + 1;
        this.state = isNext ? state : this.state;
        return Promise.resolve(isNext);
      },
    };
    const random = new SeededRandom(1);
    this.memory = new WatchMemory({ directory: "x", clock: this.clock, random, file });
  }

  /** Ill and well again, and so on: each is a message on each route. */
  async change(times: number): Promise<void> {
    const { takeLook } = await import("./take-look.ts");
    let { document } = this.watch;
    for (let index = 0; index < times; index += 1) {
      this.watch.pass(1000);
      const health = index % 2 === 0 ? "ill" : "well";
      const words = { summary: health, hint: "" };
      const seen = {
        rule: "server",
        subject: "",
        health,
        words: { en: words, fr: words },
      } as const;
      document = takeLook(document, [seen], { setup: this.watch.setup, now: this.watch.moment });
    }
    this.state = { number: 1, content: encodeWatchDocument(document) };
  }

  async deliver(): Promise<void> {
    const { setup } = this.watch;
    const notifiers = new Map(
      setup.routes.map(({ id, channel, recipient }): [string, Notifier] => [
        id,
        {
          channel,
          recipient,
          preview: () => "",
          deliver: async (message: OutgoingMessage): Promise<DeliveryOutcome> => {
            const answer =
              this.answers.get(id) ?? ((): DeliveryOutcome => ({ state: "accepted", said: "" }));
            const outcome = await answer();
            this.taken.push(`${id} ${message.kind} ${outcome.state}`);
            return outcome;
          },
        },
      ]),
    );
    const { memory, clock } = this;
    const moment = (): WatchPlayer["moment"] => this.watch.moment;
    await deliverPass({ memory, setup, notifiers, moment, clock, signal });
  }
}

test("R21 a route whose first message must wait lets none overtake it, and the other route goes on", async () => {
  const lab = new Lab();
  await lab.change(3);
  lab.answers.set("email a", () => ({ state: "later", said: "greylisted", afterMs: 300_000 }));
  await lab.deliver();
  assert.deepEqual(lab.taken.toSorted(), [
    "email a opened later",
    "slack b opened accepted",
    "slack b opened accepted",
    "slack b resolved accepted",
  ]);
  lab.taken.length = 0;
  lab.answers.clear();
  lab.watch.pass(299_000);
  await lab.deliver();
  assert.deepEqual(lab.taken, [], "the other side said when to come again");
  lab.watch.pass(2000);
  await lab.deliver();
  assert.deepEqual(lab.taken, [
    "email a opened accepted",
    "email a resolved accepted",
    "email a opened accepted",
  ]);
});

test("R21 a refused message holds none back, and is told on the other channels, once", async () => {
  const lab = new Lab();
  await lab.change(2);
  lab.answers.set("email a", () => ({ state: "refused", said: "550 no such user" }));
  await lab.deliver();
  await lab.deliver();
  assert.deepEqual(
    lab.taken.filter((line) => line.startsWith("email")),
    ["email a opened refused", "email a resolved refused"],
  );
  const { outbox, alerts } = await lab.memory.read({ signal });
  const told = outbox.history.filter(({ headline }) => headline.includes("alert channel"));
  assert.deepEqual(
    told.map(({ route, headline }) => `${route}: ${headline.slice(0, 45)}`),
    ["slack b: PRA main: an alert channel fails (email a) si"],
  );
  assert.equal(alerts.tracks[0]?.words.en.summary, "it refused a message: 550 no such user");
});

test("R21 a channel that hangs, or breaks, keeps no other waiting and counts as an attempt", async () => {
  const lab = new Lab();
  await lab.change(1);
  lab.answers.set("email a", () => new Promise(() => undefined));
  lab.answers.set("slack b", () => Promise.reject(new TypeError("an adapter's fault")));
  await lab.deliver();
  const { outbox } = await lab.memory.read({ signal });
  assert.deepEqual(
    outbox.waiting.map(({ route, attempts, said }) => `${route} ${attempts} ${said}`),
    ["email a 1 no answer in time", "slack b 1 failure"],
  );
});

test("R21 a message outlives its channel's configuration for a day, because somebody may be editing it", async () => {
  const lab = new Lab();
  await lab.change(1);
  const { routes } = lab.watch.setup;
  lab.watch.setup = { ...lab.watch.setup, routes: routes.slice(1) };
  lab.watch.pass(23 * 3_600_000);
  await lab.deliver();
  const { outbox } = await lab.memory.read({ signal });
  assert.deepEqual(
    outbox.waiting.map(({ route, said }) => `${route}: ${said}`),
    ["email a: this channel is not configured any more"],
  );
  lab.watch.setup = { ...lab.watch.setup, routes };
  lab.watch.pass(600_000);
  await lab.deliver();
  assert.ok(lab.taken.includes("email a opened accepted"));
});

test("R21 when the address of everybody who was told is changed, the new one hears how it ended", () => {
  const watch = new WatchPlayer({ routes: [routeFor({ id: "email old" })] });
  watch.look({ server: "ill" });
  watch.setup = { ...watch.setup, routes: [routeFor({ id: "email new" })] };
  watch.lookFor(60_000, { server: "well" });
  assert.deepEqual(watch.told(), ["opened server", "resolved server✓"]);
});
