/** Plays looks on a watch in memory, with time that passes when told, and shows what would be sent. */
import { SeededRandom } from "../../src/core/random.ts";
import type { Route } from "../../src/watch/compose-messages.ts";
import type { Moment } from "../../src/watch/moment.ts";
import type { Observation } from "../../src/watch/observation.ts";
import type { StoredMessage } from "../../src/watch/outbox.ts";
import { type WatchSetup, takeLook } from "../../src/watch/take-look.ts";
import { type WatchDocument, emptyWatchDocument } from "../../src/watch/watch-document.ts";

/** What a look finds: the health of each rule, `rule/subject` for one of several. */
export type Found = Readonly<Record<string, Observation["health"] | number>>;

const mail: Route = {
  id: "email a@example.org",
  channel: "email",
  recipient: "a@example.org",
  language: "en",
  zone: "Europe/Paris",
  minimum: "warning",
  contact: undefined,
};

/** A route for tests. */
export function routeFor(part: Partial<Route>): Route {
  return { ...mail, ...part };
}

function observation(name: string, found: Observation["health"] | number): Observation {
  const [rule = "", subject = ""] = name.split("/");
  const health = typeof found === "number" ? (found >= 3600 ? "ill" : "well") : found;
  const en = { summary: `${rule} is ${health}`, hint: health === "ill" ? "mend it" : "" };
  const words = { en, fr: { summary: `${rule} va ${health}`, hint: "" } };
  const figure = typeof found === "number" ? { figure: { value: found, unit: "s" as const } } : {};
  return { rule, subject, health, words, ...figure };
}

/** A watch in memory. */
export class WatchPlayer {
  document: WatchDocument;
  setup: WatchSetup;
  /** 23 November 2026, 14:02 in Paris. */
  moment: Moment = { wallMs: Date.UTC(2026, 10, 23, 13, 2), uptimeMs: 5_000_000, bootId: "a" };
  #shown = 0;
  readonly #sent: StoredMessage[] = [];

  constructor(setup: Partial<WatchSetup> = {}) {
    const random = new SeededRandom(1);
    this.document = emptyWatchDocument(random);
    this.setup = {
      cluster: "main",
      host: "db1",
      actor: "root@db1",
      routes: [mail],
      contacts: [],
      escalation: [],
      planned: [],
      random,
      ...setup,
    };
  }

  /** Time really passes. */
  pass(ms: number): void {
    const { wallMs, uptimeMs } = this.moment;
    this.moment = { ...this.moment, wallMs: wallMs + ms, uptimeMs: uptimeMs + ms };
  }

  look(found: Found, lookAgeMs = 0): void {
    const observations = Object.entries(found).map(([name, one]) => observation(name, one));
    const { setup, moment: now } = this;
    this.document = takeLook(this.document, observations, { setup, now, lookAgeMs });
    this.#take();
  }

  /** Looks every `stepMs` for `ms`, the same found each time; the first look is a step from now. */
  lookFor(ms: number, found: Found, stepMs = 60_000): void {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.pass(stepMs);
      this.look(found);
    }
  }

  #take(): void {
    this.#sent.push(...this.document.outbox.waiting.map(({ message }) => message));
    this.document = { ...this.document, outbox: { ...this.document.outbox, waiting: [] } };
  }

  /** Messages since the last call. */
  sent(): readonly StoredMessage[] {
    const fresh = this.#sent.slice(this.#shown);
    this.#shown = this.#sent.length;
    return fresh;
  }

  /** Their kinds and rules: `opened server`. */
  told(): readonly string[] {
    return this.sent().map(
      ({ kind, alerts }) =>
        `${kind} ${alerts.map(({ rule, resolved }) => (resolved === null ? rule : `${rule}✓`)).join(" ")}`,
    );
  }
}
