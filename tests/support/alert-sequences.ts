/**
 * Real processes that look and deliver, a real receiver over HTTP, and SIGKILL at failpoints: one sequence from a seed. Judged at the end,
 * when everything is well and works.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SeededRandom, randomInteger } from "../../src/core/random.ts";
import { HttpReceiver, type ReceiverAnswer } from "./http-receiver.ts";

const CHILD = fileURLToPath(new URL("./watch-child.ts", import.meta.url));
const ROUNDS = 4;
const QUARTER_MS = 15 * 60_000;

/** Where a process may die. */
const PLACES = [
  "watch.save",
  "watch.saved",
  "watch.locked",
  "watch.deliver",
  "watch.accepted",
  "files.write",
  "files.fsync",
  "files.link",
  "files.linked",
  "files.unlink-temporary",
  "files.numbered-written",
  "files.lock-create",
] as const;

type Message = {
  readonly id: string;
  readonly kind: string;
  readonly alerts: readonly { readonly alertId: string; readonly resolved: object | null }[];
};

/** What one sequence saw. */
export type SequenceReport = {
  readonly kills: number;
  readonly messages: number;
  readonly repeats: number;
};

/** One look and one delivery in a process of its own; false when its failpoint killed it. */
export async function lookAndDeliver(
  directory: string,
  options: {
    readonly webhook: string;
    readonly shiftMs: number;
    readonly found: readonly string[];
    readonly failpoint: string | undefined;
  },
): Promise<boolean> {
  const { webhook, shiftMs, found, failpoint } = options;
  const child = spawn(process.execPath, [CHILD, directory, String(shiftMs), ...found], {
    env: {
      PATH: process.env["PATH"],
      PRA_STATE_DIR: join(directory, "state"),
      PRA_WEBHOOK_URL: webhook,
      PRA_FAILPOINT: failpoint,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const complaints: Buffer[] = [];
  child.stderr.on("data", (piece: Buffer) => complaints.push(piece));
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  if (signal === "SIGKILL" && failpoint !== undefined) {
    return false;
  }
  assert.equal(code, 0, `${signal ?? ""} ${Buffer.concat(complaints).toString()}`);
  return true;
}

class Sequence {
  readonly #random: SeededRandom;
  readonly #directory: string;
  readonly #receiver: HttpReceiver;
  #shiftMs = 0;
  kills = 0;

  constructor(seed: number, directory: string, receiver: HttpReceiver) {
    this.#random = new SeededRandom(seed);
    this.#directory = directory;
    this.#receiver = receiver;
  }

  #chance(probability: number): boolean {
    return this.#random.fraction() < probability;
  }

  /** One process; true when it came to its end. */
  async #process(found: readonly string[], failpoint: string | undefined): Promise<boolean> {
    this.#shiftMs += QUARTER_MS;
    const isWhole = await lookAndDeliver(this.#directory, {
      webhook: `${this.#receiver.origin}/hook`,
      shiftMs: this.#shiftMs,
      found,
      failpoint,
    });
    this.kills += isWhole ? 0 : 1;
    return isWhole;
  }

  #failpoint(): string | undefined {
    if (!this.#chance(0.7)) {
      return undefined;
    }
    const place = PLACES[randomInteger(this.#random, { from: 0, to: PLACES.length - 1 })];
    const hit = randomInteger(this.#random, { from: 1, to: 3 });
    return `${place ?? "watch.save"}:kill:${hit}`;
  }

  async play(): Promise<void> {
    const rules = ["server", "repository", "gaps"];
    for (let round = 0; round < ROUNDS; round += 1) {
      const found = rules.map((rule) => `${rule}=${this.#chance(0.4) ? "ill" : "well"}`);
      await this.#process(found, this.#failpoint());
    }
  }

  async end(): Promise<void> {
    const well = ["server=well", "repository=well", "gaps=well"];
    for (let round = 0; round < 3; round += 1) {
      await this.#process(well, undefined);
    }
  }
}

/** Judges what the receiver kept. `taken`: the calls that it did not turn away. */
function judge(taken: readonly Message[]): number {
  const firsts = new Map<string, Message>();
  for (const message of taken) {
    const before = firsts.get(message.id);
    if (before !== undefined) {
      assert.deepEqual(message, before, "a message that comes twice is the same, byte for byte");
    }
    firsts.set(message.id, before ?? message);
  }
  const ids = [...firsts.keys()];
  // A message's id begins with the time at which it was decided.
  assert.deepEqual(ids, ids.toSorted(), "in order");
  const open = new Map<string, boolean>();
  for (const { alerts } of firsts.values()) {
    for (const { alertId, resolved } of alerts) {
      assert.ok(open.has(alertId) || resolved === null, `${alertId} was resolved before it opened`);
      open.set(alertId, resolved === null);
    }
  }
  assert.deepEqual(
    [...open].filter(([, isOpen]) => isOpen),
    [],
    "told and never resolved",
  );
  return taken.length - firsts.size;
}

/** Plays one sequence with real processes. */
export async function playSequence(seed: number): Promise<SequenceReport> {
  const directory = await mkdtemp(join(tmpdir(), "pra-alerts-"));
  const random = new SeededRandom(seed + 1_000_000);
  let unsure = 0;
  let honest = false;
  const taken: Message[] = [];
  const receiver = await HttpReceiver.start((call): ReceiverAnswer => {
    const turn = random.fraction();
    if (!honest && turn < 0.2) {
      return { status: 503 };
    }
    taken.push(JSON.parse(call.body) as Message);
    if (!honest && turn < 0.35) {
      unsure += 1;
      return "drop";
    }
    return { status: 200 };
  });
  try {
    const sequence = new Sequence(seed, directory, receiver);
    await sequence.play();
    honest = true;
    await sequence.end();
    const repeats = judge(taken);
    const { kills } = sequence;
    assert.ok(
      repeats <= kills + unsure,
      `${repeats} repeats of ${kills} kills, ${unsure} lost answers`,
    );
    return { kills, messages: taken.length, repeats };
  } finally {
    await receiver[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  }
}
