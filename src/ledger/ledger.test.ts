/** Writing, reading and verifying the ledger on a repository in memory, and every way to tamper with it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { errorText } from "../core/errors.ts";
import {
  createKeyRing,
  createWriterPair,
  enrolWriter,
  publicSide,
} from "../pipeline/sealing/key-ring.ts";
import { objectKey } from "../repository/object-names.ts";
import { listAll } from "../repository/object-store.ts";
import { SealedStore } from "../repository/sealed-store.ts";
import {
  never,
  SimulatedRepository,
  testPlace,
  type SimulatedProcess,
} from "../../tests/support/simulated-repository.ts";
import {
  type LedgerEvent,
  encodeEvents,
  eventHash,
  FIRST_PREVIOUS_HASH,
  decodeEvents,
  type EventEnvelope,
} from "./event.ts";
import type { JsonValue } from "./canonical-json.ts";
import { LedgerWriter, type LedgerHead, type NewEvent } from "./ledger-writer.ts";
import { searchNewestEvents } from "./newest-events.ts";
import { readLedger } from "./read-ledger.ts";
import { verifyLedger } from "./verify-ledger.ts";

const ring = createKeyRing();
const HASH = "0".repeat(64);
const call = { signal: never };

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) {
    all.push(item);
  }
  return all;
}

function gap(detail = ""): NewEvent {
  return {
    kind: "walGapOpened",
    data: {
      ...testPlace,
      timeline: 1,
      fromLsn: "0/1000000",
      toLsn: null,
      cause: "slotLost",
      detail,
    },
    actor: "root",
    reason: "watch",
  };
}

function writerOf(process: SimulatedProcess, follows: readonly LedgerHead[] = []): LedgerWriter {
  const { clock, sealed } = process;
  return new LedgerWriter(sealed, { clock, host: "a", pid: 1, program: "pra 0", follows });
}

/** Two writers of three objects each, one event an object but for the first, which also says who writes. */
async function filled(): Promise<{
  repository: SimulatedRepository;
  a: LedgerWriter;
  b: LedgerWriter;
}> {
  const repository = new SimulatedRepository(1, ring);
  const a = writerOf(repository.process("a"));
  await repository.time.pass(1);
  const b = writerOf(repository.process("a"));
  for (let round = 0; round < 3; round += 1) {
    for (const writer of [a, b]) {
      await repository.time.pass(1_000);
      await writer.append(gap(`${round}`), call);
    }
  }
  return { repository, a, b };
}

async function codes(
  repository: SimulatedRepository,
  remembered: readonly LedgerHead[] = [],
): Promise<string[]> {
  const { sealed } = repository.process("judge");
  const verdict = await verifyLedger(sealed, { ...call, remembered });
  return verdict.problems.map(({ code }) => code);
}

function keyOf(writer: LedgerWriter, sequence: number): string {
  return objectKey({ type: "ledger", writer: writer.writer, sequence });
}

test("a ledger of two processes of one host is two whole chains, read in order of time", async () => {
  const { repository, a, b } = await filled();
  assert.notEqual(a.writer, b.writer);
  const { sealed } = repository.process("judge");
  const verdict = await verifyLedger(sealed, call);
  assert.deepEqual(verdict.problems, []);
  assert.deepEqual([verdict.writers, verdict.events], [2, 8]);
  const events = await collect(readLedger(sealed, call));
  assert.deepEqual(
    events.map(({ time }) => time),
    events.map(({ time }) => time).toSorted(),
  );
  assert.deepEqual(
    events.filter(({ writer }) => writer === a.writer).map(({ sequence }) => sequence),
    [1, 2, 3, 4],
  );
  const [first, second] = events;
  assert.equal(first?.content?.kind, "writerStarted");
  assert.equal(
    second?.content?.kind === "walGapOpened" && second.content.data.fromLsn,
    "0/1000000",
  );
  assert.equal(a.head?.sequence, 4);
});

test("a search goes from the newest writer and event back, stops when told, and says when it did not see all", async () => {
  const { repository, a, b } = await filled();
  const { sealed } = repository.process("judge");
  const seen: string[] = [];
  const search = async (objectsMax: number, until?: string): Promise<string> => {
    seen.length = 0;
    const visit = ({ writer, sequence }: LedgerEvent): boolean => {
      seen.push(`${writer === a.writer ? "a" : "b"}${sequence}`);
      return seen.at(-1) === until;
    };
    return await searchNewestEvents(sealed, visit, { ...call, objectsMax });
  };
  assert.equal(await search(100), "whole");
  assert.deepEqual(seen, ["b4", "b3", "b2", "b1", "a4", "a3", "a2", "a1"]);
  assert.notEqual(a.writer, b.writer);
  assert.equal(await search(4), "bounded");
  assert.deepEqual(seen, ["b4", "b3", "b2", "b1", "a4"]);
  assert.equal(await search(100, "b3"), "found");
});

test("L36 a search names what it cannot read and what is missing, and shows all the rest", async () => {
  const { repository, a } = await filled();
  const { sealed } = repository.process("judge");
  const objects = (await collect(listAll(repository.store, `ledger/${a.writer}/`, call))).map(
    ({ key }) => key,
  );
  const [first = "", second = ""] = objects;
  const content = await repository.store.get(second, call);
  await repository.store.delete(second, call);
  const seen: string[] = [];
  const visit = ({ writer, sequence }: LedgerEvent): boolean => {
    seen.push(`${writer === a.writer ? "a" : "b"}${sequence}`);
    return false;
  };
  const search = async (): Promise<readonly string[]> => {
    seen.length = 0;
    const problems: string[] = [];
    const onUnread = ({ code }: { readonly code: string }): void => void problems.push(code);
    await searchNewestEvents(sealed, visit, { ...call, objectsMax: 100, onUnread });
    return problems;
  };
  assert.deepEqual(await search(), ["LEDGER_GAP"]);
  assert.ok(seen.includes("a1") && seen.includes("a4") && seen.includes("b1"), seen.join());
  await repository.store.put(second, [content.fill(1, content.length - 40)], call);
  const [damaged] = await search();
  assert.match(damaged ?? "", /^REPO_/);
  await repository.store.delete(second, call);
  await repository.store.delete(first, call);
  assert.deepEqual(await search(), ["LEDGER_GAP"]);
  await assert.rejects(
    async () => {
      await repository.store.put(second, [content], call);
      await searchNewestEvents(sealed, visit, { ...call, objectsMax: 100 });
    },
    { code: /^REPO_/ },
  );
});

test("a reader that knows some events gets the others", async () => {
  const { repository, a, b } = await filled();
  const { sealed } = repository.process("judge");
  const known = new Map([
    [a.writer, 1],
    [b.writer, 4],
  ]);
  const events = await collect(readLedger(sealed, { ...call, known }));
  assert.deepEqual(
    events.map(({ sequence }) => sequence),
    [2, 3, 4],
  );
});

test("a daemon's events are recorded together, and a failed flush keeps them", async () => {
  const repository = new SimulatedRepository(2, ring);
  const writer = writerOf(repository.process("a"));
  for (let count = 0; count < 5; count += 1) {
    writer.add(gap());
  }
  repository.store.setFaults({ fail: 1 });
  await assert.rejects(writer.flush(call), { code: "STORE_UNAVAILABLE" });
  assert.equal(writer.pendingEvents, 6);
  repository.store.setFaults({ lostAck: 1 });
  await assert.rejects(writer.flush(call), { code: "STORE_UNAVAILABLE" });
  repository.store.setFaults({});
  writer.add(gap());
  await writer.flush(call);
  assert.equal(writer.pendingEvents, 0);
  const { problems, events } = await verifyLedger(repository.process("judge").sealed, call);
  assert.deepEqual([problems.length, events], [0, 7]);
});

test("a removed object in the middle is LEDGER_GAP, with its place", async () => {
  const { repository, a } = await filled();
  repository.store.tamper(keyOf(a, 3), undefined);
  const { sealed } = repository.process("judge");
  const { problems } = await verifyLedger(sealed, call);
  const [problem] = problems;
  assert.equal(problem?.message, `events 3 to 3 of ${a.writer} are missing from the ledger`);
  assert.match(problem?.hint ?? "", /Somebody removed them/);
  assert.match(
    problem === undefined ? "" : errorText(problem, "fr").message,
    /manquent au journal/,
  );
});

test("a removed end, and a removed writer, show where somebody remembers", async () => {
  const { repository, a, b } = await filled();
  const heads = [a.head, b.head].filter((head) => head !== undefined);
  assert.deepEqual(await codes(repository, heads), []);
  repository.store.tamper(keyOf(a, 4), undefined);
  assert.deepEqual(await codes(repository), []);
  assert.deepEqual(await codes(repository, heads), ["LEDGER_SHORTENED"]);
  const next = writerOf(repository.process("a"), heads);
  await next.append(gap(), call);
  assert.deepEqual(await codes(repository), ["LEDGER_SHORTENED"]);
  for (const sequence of [1, 3, 4]) {
    repository.store.tamper(keyOf(b, sequence), undefined);
  }
  assert.deepEqual(await codes(repository), ["LEDGER_SHORTENED", "LEDGER_SHORTENED"]);
});

test("an edited, a swapped and a foreign object are LEDGER_FORGED", async () => {
  const { repository, a, b } = await filled();
  const get = (key: string): Promise<Buffer> => repository.store.get(key, call);
  const edited = await get(keyOf(a, 3));
  edited.writeUInt8(edited.readUInt8(edited.length - 1) ^ 1, edited.length - 1);
  repository.store.tamper(keyOf(a, 3), edited);
  assert.deepEqual((await codes(repository)).slice(0, 1), ["LEDGER_FORGED"]);
  repository.store.tamper(keyOf(b, 3), await get(keyOf(b, 4)));
  assert.ok((await codes(repository)).filter((code) => code === "LEDGER_FORGED").length >= 2);
});

test("an object that another enrolled host sealed under this writer's name is LEDGER_FORGED", async () => {
  const { repository, a } = await filled();
  const pair = createWriterPair();
  const other = { ...pair, enrolment: enrolWriter(ring, pair.publicKey) };
  const { clock, random } = repository.process("x");
  const sealed = new SealedStore({
    store: repository.store,
    ring: publicSide(ring, other),
    clock,
    random,
  });
  const name = { type: "ledger", writer: a.writer, sequence: 5 } as const;
  const { content } = await sealed.getWhole({ ...name, sequence: 4 }, call);
  const [last] = decodeEvents(content, "");
  assert.ok(last !== undefined);
  const forged = { ...last, sequence: 5, previousHash: eventHash(last) };
  await sealed.putWhole(name, encodeEvents([forged]), call);
  assert.deepEqual(await codes(repository), ["LEDGER_FORGED"]);
});

/** Replaces what a writer recorded with other events, sealed by the writer's own key. */
async function rewrite(
  repository: SimulatedRepository,
  writer: LedgerWriter,
  change: { readonly sequence: number; readonly event: (old: EventEnvelope) => EventEnvelope },
): Promise<void> {
  const { sealed } = repository.process("thief");
  const name = { type: "ledger", writer: writer.writer, sequence: change.sequence } as const;
  const { content } = await sealed.getWhole(name, call);
  const events = decodeEvents(content, "").map(change.event);
  repository.store.tamper(objectKey(name), undefined);
  await sealed.putWhole(name, encodeEvents(events), call);
}

test("an event rewritten with the writer's own key breaks the chain behind it", async () => {
  const { repository, a } = await filled();
  await rewrite(repository, a, { sequence: 3, event: (old) => ({ ...old, reason: "nothing" }) });
  const { problems } = await verifyLedger(repository.process("judge").sealed, call);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ["LEDGER_CHAIN_BROKEN"],
  );
  assert.equal(
    problems[0]?.message,
    `event 4 in ${keyOf(a, 4)} does not continue what was recorded before`,
  );
});

/** Lists in lists. */
function nested(depth: number): JsonValue {
  return depth === 0 ? [] : [nested(depth - 1)];
}

/** What a key that was stolen can seal although no program would write it: it has no hash, or names no writer. */
const senseless: Readonly<Record<string, readonly [number, Partial<EventEnvelope>]>> = {
  "half a character in its reason": [3, { reason: "\ud83d" }],
  "half a character in its data": [3, { data: { detail: ["\udc00"] } }],
  "half a character in a member's name": [3, { data: { "\udc00": 1 } }],
  "data that is nested too deep": [3, { data: nested(70) }],
  "a first event that follows no writer's name": [
    1,
    {
      kind: "writerStarted",
      data: { host: "a", pid: 1, program: "", follows: [{ writer: "x", sequence: 1, hash: HASH }] },
    },
  ],
};

for (const [what, [sequence, change]] of Object.entries(senseless)) {
  test(`R16 L40 an object with ${what} is LEDGER_FORGED, and hides no other`, async () => {
    const { repository, a, b } = await filled();
    await rewrite(repository, a, { sequence, event: (old) => ({ ...old, ...change }) });
    repository.store.tamper(keyOf(b, 3), await repository.store.get(keyOf(b, 4), call));
    const { problems } = await verifyLedger(repository.process("judge").sealed, call);
    const forged = problems.filter(({ code }) => code === "LEDGER_FORGED");
    const objects = new Set(forged.map(({ details }) => details["object"]));
    assert.deepEqual(objects, new Set([keyOf(a, sequence), keyOf(b, 3)]));
  });
}

test("R16 data that is nested without end is REPO_ENCODING", () => {
  const event = writerOf(new SimulatedRepository(5, ring).process("a")).add(gap());
  const text = encodeEvents([{ ...event, data: "DEEP" }]).toString();
  const deep = text.replace('"DEEP"', "[".repeat(100_000) + "]".repeat(100_000));
  assert.throws(() => decodeEvents(Buffer.from(deep), "x"), { code: "REPO_ENCODING" });
});

test("an event under another sequence than its object's is LEDGER_ORDER", async () => {
  const { repository, a } = await filled();
  await rewrite(repository, a, { sequence: 4, event: (old) => ({ ...old, sequence: 2 }) });
  assert.deepEqual(await codes(repository), ["LEDGER_ORDER", "LEDGER_ORDER"]);
});

test("a kind of a later version is kept, chained and not understood", async () => {
  const repository = new SimulatedRepository(3, ring);
  const process = repository.process("a");
  const { writer } = writerOf(process);
  const event: EventEnvelope = {
    id: process.sealed.newId(),
    kind: "somethingNew",
    version: 7,
    time: "2026-01-01T00:00:00.000Z",
    writer,
    sequence: 1,
    previousHash: FIRST_PREVIOUS_HASH,
    actor: "",
    reason: "",
    data: { anything: [1] },
  };
  await process.sealed.putWhole(
    { type: "ledger", writer, sequence: 1 },
    encodeEvents([event]),
    call,
  );
  const [read] = await collect(readLedger(process.sealed, call));
  assert.equal(read?.kind, "somethingNew");
  assert.equal(read?.content, undefined);
  assert.deepEqual(await codes(repository), []);
});

test("an event that is too large, and one too many, are refused before they are chained", () => {
  const repository = new SimulatedRepository(4, ring);
  const writer = writerOf(repository.process("a"));
  const large: NewEvent = {
    kind: "verifyFinished",
    data: {
      cluster: null,
      depth: "deep",
      objects: 1,
      bytes: 1,
      damaged: Array.from({ length: 5_000 }, () => ({ key: "k".repeat(100), code: "X" })),
      durationMs: 1,
    },
    actor: "",
    reason: "",
  };
  assert.throws(() => writer.add(large), { code: "LEDGER_EVENT_TOO_LARGE" });
  assert.throws(
    () => {
      for (;;) {
        writer.add(gap());
      }
    },
    { code: "LEDGER_FULL" },
  );
});
