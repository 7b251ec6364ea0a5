/**
 * A small world for alerts, played from a seed: rules fall ill and recover, channels fail in every way, clocks are set, machines reboot, disks
 * fill, and processes die at any step of looking and delivering. What was asked of the channels and what they took is kept, and judged
 * at the end, when everything has been well for long.
 */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../src/core/clock.ts";
import { DrError } from "../../src/core/errors.ts";
import { SeededRandom, randomInteger } from "../../src/core/random.ts";
import { type Ms, msOf } from "../../src/core/units.ts";
import { messagesPerHourMax } from "../../src/core/watch-limits.ts";
import type { NumberedState } from "../../src/files/numbered-file.ts";
import type { Route } from "../../src/watch/compose-messages.ts";
import { deliverPass } from "../../src/watch/delivery.ts";
import type { Moment } from "../../src/watch/moment.ts";
import type { DeliveryOutcome, Notifier, OutgoingMessage } from "../../src/watch/notifier.ts";
import type { Observation } from "../../src/watch/observation.ts";
import { type WatchSetup, takeLook } from "../../src/watch/take-look.ts";
import { type WatchDocument, decodeWatchDocument } from "../../src/watch/watch-document.ts";
import { WatchMemory } from "../../src/watch/watch-memory.ts";

const RULES = ["server", "repository", "exposure", "gaps", "receiver", "proof", "slots"] as const;
const MINUTE = 60_000;
/** Single ones, and a summary every five minutes. */
const MESSAGES_AN_HOUR = messagesPerHourMax + 12 + 1;

/** A process that dies; everything it held in memory is gone. */
class Killed extends Error {}

type Mood = "takes" | "later" | "refuses" | "hangs" | "loses-answers" | "breaks";

/** One channel's other side. */
class Receiver {
  mood: Mood = "takes";
  /** Ids in the order in which they came. */
  readonly taken: string[] = [];
  readonly refused = new Set<string>();
}

type Queued = { readonly message: OutgoingMessage; readonly queuedMs: number };

/** One world. */
export class AlertWorld {
  readonly #random: SeededRandom;
  #elapsedMs = 0;
  #wallStepMs = 0;
  #bootedMs = 0;
  #boots = 1;
  #state: NumberedState | undefined;
  #diskFull = false;
  /** Steps until the running process dies. */
  #stepsLeft = Infinity;
  #process = new AbortController();
  readonly receivers: ReadonlyMap<string, Receiver>;
  readonly #routes: readonly Route[];
  readonly #healths = new Map<string, Observation["health"]>();
  readonly #events: WatchDocument["events"][number][] = [];
  /** Every message that was ever queued, by route, in order. */
  readonly queued = new Map<string, Queued[]>();
  /** Taken by a channel that said so, and not known to be recorded. */
  #inHand = new Set<string>();
  /** Faults of the product that showed on the way. */
  readonly faults: string[] = [];
  /** Messages that were taken twice, for a reason that no sender can help. */
  repeats = 0;
  #silences = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    const about = { language: "en", zone: "Europe/Paris", contact: undefined } as const;
    this.#routes = [
      { ...about, id: "email a", channel: "email", recipient: "a", minimum: "warning" },
      { ...about, id: "slack b", channel: "slack", recipient: "b", minimum: "warning" },
      { ...about, id: "sms c", channel: "sms", recipient: "c", minimum: "critical" },
    ];
    this.receivers = new Map(this.#routes.map(({ id }) => [id, new Receiver()]));
    for (const rule of RULES) {
      this.#healths.set(rule, "well");
    }
  }

  #chance(probability: number): boolean {
    return this.#random.fraction() < probability;
  }

  #pick<T>(items: readonly [T, ...T[]]): T {
    return items[randomInteger(this.#random, { from: 0, to: items.length - 1 })] ?? items[0];
  }

  readonly #moment = (): Moment => ({
    wallMs: Math.floor(Date.UTC(2026, 10, 23) + this.#elapsedMs + this.#wallStepMs),
    uptimeMs: this.#elapsedMs - this.#bootedMs,
    bootId: String(this.#boots),
  });

  readonly #clock: Clock = {
    now: (): Ms => msOf(this.#moment().wallMs),
    monotonic: (): Ms => msOf(this.#elapsedMs),
    sleep: async (durationMs, { signal }) => {
      await setImmediate();
      signal.throwIfAborted();
      this.#elapsedMs += durationMs;
    },
  };

  /** Every place at which a process may die. */
  #step(): void {
    this.#stepsLeft -= 1;
    if (this.#stepsLeft < 0) {
      const killed = new Killed();
      this.#process.abort(killed);
      throw killed;
    }
  }

  readonly #file = {
    read: (): Promise<NumberedState | undefined> => Promise.resolve(this.#state),
    write: (state: NumberedState): Promise<boolean> => {
      this.#step();
      if (this.#diskFull) {
        throw new DrError("STORE_DISK_FULL", { path: "watch", freeBytes: 0 });
      }
      if (state.number !== (this.#state?.number ?? 0) + 1) {
        return Promise.resolve(false);
      }
      this.#state = state;
      this.#noteQueued(decodeWatchDocument(state.content, "watch"));
      // Written, and its directory could not be synced: nobody knows.
      if (this.#chance(0.02)) {
        throw new DrError("STORE_IO", { operation: "fsync", path: "watch", reason: "EIO" });
      }
      this.#step();
      return Promise.resolve(true);
    },
  };

  #noteQueued(document: WatchDocument): void {
    for (const { route, message, queuedMs } of document.outbox.waiting) {
      const known = this.queued.get(route) ?? [];
      this.queued.set(route, known);
      if (!known.some(({ message: { id } }) => id === message.id)) {
        const alerts = message.alerts.map((one) => ({
          ...one,
          resolved: one.resolved ?? undefined,
        }));
        const inReplyTo = message.inReplyTo ?? undefined;
        known.push({ message: { ...message, inReplyTo, alerts, code: undefined }, queuedMs });
      }
    }
  }

  #isWaiting(id: string): boolean {
    return this.document.outbox.waiting.some(({ message }) => message.id === id);
  }

  #memory(): WatchMemory {
    const options = { directory: "watch", clock: this.#clock, random: this.#random };
    return new WatchMemory({ ...options, file: this.#file });
  }

  #setup(): WatchSetup {
    return {
      cluster: "main",
      host: "h",
      actor: "tester@h",
      routes: this.#routes,
      contacts: [],
      escalation: [],
      planned: [],
      random: this.#random,
    };
  }

  #notifier(route: Route, receiver: Receiver): Notifier {
    return {
      channel: route.channel,
      recipient: route.recipient,
      preview: () => "",
      deliver: async (message, { signal }): Promise<DeliveryOutcome> => {
        this.#step();
        await Promise.resolve();
        const { mood } = receiver;
        if (mood === "later") {
          const afterMs = this.#chance(0.5) ? 45_000 : undefined;
          return { state: "later", said: "come back", afterMs };
        }
        if (mood === "refuses") {
          receiver.refused.add(message.id);
          return { state: "refused", said: "no" };
        }
        if (mood === "breaks") {
          throw new TypeError("an adapter's own fault");
        }
        if (mood === "hangs") {
          return await new Promise((_resolve, reject) => {
            const end = (): void => reject(signal.reason as Error);
            signal.addEventListener("abort", end, { once: true });
          });
        }
        if (!this.#isWaiting(message.id)) {
          this.faults.push(`${message.id} was sent after its outcome was recorded`);
        }
        if (this.#inHand.has(message.id)) {
          this.faults.push(`${message.id} was taken, and sent again by the same process`);
        }
        this.repeats += receiver.taken.includes(message.id) ? 1 : 0;
        receiver.taken.push(message.id);
        this.#step();
        if (mood === "loses-answers") {
          return { state: "later", said: "connection lost", afterMs: undefined };
        }
        this.#inHand.add(message.id);
        return { state: "accepted", said: "ok" };
      },
    };
  }

  /** Runs a process that may be killed, or find the disk full; true when it came to its end. */
  async #run(...actions: readonly ((signal: AbortSignal) => Promise<void>)[]): Promise<boolean> {
    this.#process = new AbortController();
    const { signal } = this.#process;
    const results = await Promise.allSettled(actions.map((action) => action(signal)));
    for (const result of results) {
      const error: unknown = result.status === "rejected" ? result.reason : undefined;
      if (error !== undefined && !(error instanceof Killed) && !(error instanceof DrError)) {
        throw error as Error;
      }
    }
    return results.every(({ status }) => status === "fulfilled");
  }

  #observe(): readonly Observation[] {
    return RULES.flatMap((rule): readonly Observation[] => {
      const health = this.#healths.get(rule) ?? "well";
      const one = { summary: `${rule} ${health}`, hint: "do" };
      const words = { en: one, fr: one };
      const figure = { value: health === "ill" ? this.#elapsedMs / 1000 : 0, unit: "s" } as const;
      const about = { rule, subject: "", health, words };
      return this.#chance(0.05) ? [] : [rule === "exposure" ? { ...about, figure } : about];
    });
  }

  readonly #look = async (signal: AbortSignal): Promise<void> => {
    const observations = this.#observe();
    await this.#memory().update(
      (document) => {
        const setup = this.#setup();
        const after = takeLook(document, observations, { setup, now: this.#moment() });
        return { document: after, result: undefined };
      },
      { signal },
    );
  };

  /** What the ledger would get. */
  #drain(): void {
    const state = this.#state;
    if (state !== undefined) {
      const document = decodeWatchDocument(state.content, "watch");
      this.#events.push(...document.events);
      const content = Buffer.from(JSON.stringify({ ...document, events: [] }));
      this.#state = { number: state.number + 1, content };
    }
  }

  readonly #deliver = async (signal: AbortSignal): Promise<void> => {
    const memory = this.#memory();
    const notifiers = new Map(
      this.#routes.map((route) => {
        const receiver = this.receivers.get(route.id) ?? new Receiver();
        return [route.id, this.#notifier(route, receiver)] as const;
      }),
    );
    const moment = this.#moment;
    const setup = this.#setup();
    await deliverPass({ memory, setup, notifiers, moment, clock: this.#clock, signal });
  };

  /** A look, a delivery, or both at once. */
  async #work(...actions: readonly ("look" | "deliver")[]): Promise<void> {
    const isWhole = await this.#run(
      ...actions.map((name) => (name === "look" ? this.#look : this.#deliver)),
    );
    for (const id of isWhole ? this.#inHand : []) {
      if (this.#isWaiting(id)) {
        this.faults.push(`${id} was taken, and nothing kept that from being recorded`);
      }
    }
    this.#inHand = new Set();
    this.#drain();
  }

  async #silence(): Promise<void> {
    this.#silences += 1;
    await this.#run(async (signal) => {
      await this.#memory().update(
        (document) => {
          const { wallMs } = this.#moment();
          const watchMs = document.alerts.time?.watchMs ?? 0;
          const quiet = {
            id: `q${this.#silences}`,
            kind: "silence" as const,
            rule: this.#pick(["all", "server", "gaps"]),
            by: "t",
            reason: "t",
            from: { watchMs, wallMs },
            untilWallMs: wallMs + randomInteger(this.#random, { from: 1, to: 60 }) * MINUTE,
          };
          const quiets = [...document.quiets, quiet];
          return { document: { ...document, quiets }, result: undefined };
        },
        { signal },
      );
    });
  }

  #change(fast: boolean): void {
    for (const rule of RULES) {
      if (this.#chance(fast ? 0.5 : 0.15)) {
        this.#healths.set(rule, this.#pick(["well", "well", "ill", "unknown"]));
      }
    }
    for (const receiver of this.receivers.values()) {
      if (this.#chance(0.15)) {
        const moods = ["takes", "takes", "takes", "later", "refuses", "hangs"] as const;
        receiver.mood = this.#pick([...moods, "loses-answers", "breaks"]);
      }
    }
    this.#diskFull = this.#chance(0.05);
    if (this.#chance(0.05)) {
      this.#wallStepMs += randomInteger(this.#random, { from: -600, to: 600 }) * MINUTE;
    }
    if (this.#chance(0.03)) {
      this.#boots += 1;
      this.#elapsedMs += MINUTE;
      this.#bootedMs = this.#elapsedMs;
    }
    this.#elapsedMs += fast
      ? randomInteger(this.#random, { from: 10, to: 2000 })
      : randomInteger(this.#random, { from: 1, to: 600 }) * 1000;
  }

  /** Plays, then lets everything be well until nothing is left to tell. */
  async play(looks: number, options: { readonly silences: boolean }): Promise<void> {
    const fast = this.#chance(0.3);
    // Fast ones change so much that messages have to be summed up.
    for (let number = 0; number < (fast ? 4 * looks : looks); number += 1) {
      this.#change(fast);
      this.#stepsLeft = this.#chance(0.3)
        ? randomInteger(this.#random, { from: 0, to: 12 })
        : Infinity;
      if (options.silences && this.#chance(0.05)) {
        await this.#silence();
      }
      if (this.#chance(0.3)) {
        await this.#work("look", "deliver");
      } else {
        await this.#work("look");
        await this.#work(...(this.#chance(0.7) ? (["deliver"] as const) : []));
      }
    }
    this.#stepsLeft = Infinity;
    this.#diskFull = false;
    for (const receiver of this.receivers.values()) {
      receiver.mood = "takes";
    }
    for (const rule of RULES) {
      this.#healths.set(rule, "well");
    }
    for (let round = 0; round < 400 && !this.#isQuiet(); round += 1) {
      this.#elapsedMs += 5 * MINUTE;
      await this.#work("look");
      await this.#work("deliver");
    }
  }

  #isQuiet(): boolean {
    const { alerts, outbox } = this.document;
    const held = Object.values(outbox.routes).some((route) => route.held.length > 0);
    return alerts.tracks.length === 0 && outbox.waiting.length === 0 && !held;
  }

  /** The document at the end. */
  get document(): WatchDocument {
    assert.ok(this.#state !== undefined);
    return decodeWatchDocument(this.#state.content, "watch");
  }

  /** Everything that must hold, whatever happened. */
  judge(options: { readonly silences: boolean }): void {
    const { alerts, outbox } = this.document;
    assert.deepEqual(alerts.tracks, [], "nothing is open when all is well");
    assert.deepEqual(outbox.waiting, [], "nothing waits when the channels work");
    assert.deepEqual(this.faults, []);
    for (const route of this.#routes) {
      this.#judgeRoute(route, options);
    }
  }

  #judgeRoute({ id: route, minimum }: Route, { silences }: { readonly silences: boolean }): void {
    const receiver = this.receivers.get(route) ?? new Receiver();
    const queued = this.queued.get(route) ?? [];
    const ids = queued.map(({ message }) => message.id);
    const { taken, refused } = receiver;
    // No loss: what was queued was taken or refused, and nothing else came.
    const lost = ids.filter((id) => !taken.includes(id) && !refused.has(id));
    assert.deepEqual(lost, [], `${route} lost messages`);
    assert.deepEqual(
      taken.filter((id) => !ids.includes(id)),
      [],
      `${route}: not from the outbox`,
    );
    // Order, by what came first.
    const firsts = [...new Set(taken)];
    assert.deepEqual(
      firsts,
      ids.filter((id) => firsts.includes(id)),
      `${route}: order`,
    );
    // What was told has ended aloud.
    const told = new Map<string, boolean>();
    for (const { message } of queued) {
      for (const { alertId, resolved } of message.alerts) {
        told.set(alertId, resolved === undefined);
      }
    }
    const unresolved = [...told].filter(([, isOpen]) => isOpen);
    assert.deepEqual(unresolved, [], `${route}: told and never resolved`);
    // What opened was told, unless somebody had asked for silence.
    for (const { kind, data } of this.#events) {
      const isOwn = data["rule"] === "channel" && data["subject"] === route;
      const isFit = minimum === "warning" || data["severity"] === "critical";
      if (kind === "alertOpened" && !silences && !isOwn && isFit) {
        assert.ok(
          told.has(String(data["alert"])),
          `${route}: not told of ${String(data["alert"])}`,
        );
      }
    }
    const times = queued.map(({ queuedMs }) => queuedMs);
    for (const [index, time] of times.entries()) {
      const within = times.slice(index).filter((at) => at - time < 3_600_000).length;
      assert.ok(within <= MESSAGES_AN_HOUR, `${route}: ${within} messages in an hour`);
    }
  }
}
