/** Two hundred of each way to tamper with a ledger, all found and named; and what an anchor adds. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import type { DrError } from "../core/errors.ts";
import { SeededRandom } from "../core/random.ts";
import {
  createKeyRing,
  createWriterPair,
  enrolWriter,
  publicSide,
} from "../pipeline/sealing/key-ring.ts";
import { parseLedgerWriterName, tryParseObjectKey } from "../repository/object-names.ts";
import { SealedStore } from "../repository/sealed-store.ts";
import {
  never,
  SimulatedRepository,
  testCluster,
} from "../../tests/support/simulated-repository.ts";
import { settledProblem } from "./anchor.ts";
import { decodeEvents, encodeEvents, eventHash, type EventEnvelope } from "./event.ts";
import { LedgerWriter, type LedgerHead, type NewEvent } from "./ledger-writer.ts";
import { type LedgerVerdict, verifyLedger } from "./verify-ledger.ts";

const call = { signal: never };
const RUNS = { numRuns: 200 };
const HOUR_MS = 3_600_000;
/** Events in one object of this ledger. */
const EVENTS_MAX = 2;

type World = {
  readonly repository: SimulatedRepository;
  /** Every object's key, and what it holds. */
  readonly objects: readonly { readonly key: string; readonly bytes: Buffer }[];
  readonly heads: readonly LedgerHead[];
  readonly until: string;
  readonly verdict: LedgerVerdict;
};

let world: World;
/** Keeps its keys, so that each is made into an object of the cryptographic library once. */
let auditor: SealedStore | undefined;

/** Three hosts with five objects each, hours apart. */
async function makeWorld(): Promise<World> {
  const repository = new SimulatedRepository(7, createKeyRing());
  const writers: LedgerWriter[] = [];
  for (const machine of ["a", "b", "c"]) {
    const { clock, sealed } = repository.process(machine);
    writers.push(new LedgerWriter(sealed, { clock, host: machine, pid: 1, program: "pra" }));
    await repository.time.pass(1);
  }
  for (let round = 0; round < 5; round += 1) {
    for (const writer of writers) {
      await repository.time.pass(HOUR_MS);
      await writer.append(
        {
          kind: "accessed",
          data: { what: "list", cluster: testCluster, object: null, repeats: round },
          actor: "root@a",
          reason: "test",
        },
        call,
      );
    }
  }
  const { sealed, clock } = repository.process("judge");
  const until = new Date(clock.now() - 4 * HOUR_MS).toISOString();
  const verdict = await verifyLedger(sealed, { ...call, settledUntil: until });
  const { entries } = await repository.store.list("ledger/", call);
  const objects = await Promise.all(
    entries.map(async ({ key }) => ({ key, bytes: await repository.store.get(key, call) })),
  );
  const heads = verdict.heads.filter(({ time }) => time > until);
  return { repository, objects, heads, until, verdict };
}

before(async () => {
  world = await makeWorld();
});

/** Whoever verifies holds no private key: neither the root's, nor that of any writer. */
function judge(): SealedStore {
  const { repository } = world;
  const { clock, random } = repository.process("judge");
  const pair = createWriterPair();
  const enrolment = enrolWriter(repository.ring, pair.publicKey);
  const ring = publicSide(repository.ring, { ...pair, enrolment });
  assert.equal(ring.private, undefined);
  return new SealedStore({ store: repository.store, ring, clock, random });
}

/** What a verification against the anchor says. */
async function problemsNow(): Promise<readonly DrError[]> {
  const { heads, until, verdict } = world;
  const sealed = (auditor ??= judge());
  const now = await verifyLedger(sealed, { ...call, remembered: heads, settledUntil: until });
  const settled = settledProblem(verdict.settled, now.settled);
  return [...now.problems, ...(settled === undefined ? [] : [settled])];
}

/** Puts objects elsewhere or otherwise, looks, and puts all back. */
async function tampered(
  changes: readonly (readonly [key: string, bytes: Buffer | undefined])[],
): Promise<readonly DrError[]> {
  const { store } = world.repository;
  const were = new Map(world.objects.map(({ key, bytes }) => [key, bytes]));
  changes.forEach(([key, bytes]) => store.tamper(key, bytes));
  try {
    return await problemsNow();
  } finally {
    changes.forEach(([key]) => store.tamper(key, were.get(key)));
  }
}

/**
 * A problem names what lies under a key: the object itself; a stretch that holds its event; the event that should have followed it; or its writer's end,
 * from before that event on.
 */
function names(problems: readonly DrError[], key: string): boolean {
  const [, writer = "", digits = ""] = key.split("/");
  const sequence = Number(digits);
  return problems.some(({ code, details }) => {
    const { object, writer: of, from, to, found } = details;
    const [, objectWriter] = String(object ?? "").split("/");
    const at = Number(details["sequence"]);
    return (
      object === key ||
      (code === "LEDGER_GAP" &&
        of === writer &&
        Number(from) <= sequence &&
        sequence <= Number(to)) ||
      (code === "LEDGER_SHORTENED" && of === writer && Number(found) < sequence + EVENTS_MAX) ||
      (code === "LEDGER_CHAIN_BROKEN" &&
        objectWriter === writer &&
        at >= sequence &&
        at <= sequence + EVENTS_MAX)
    );
  });
}

const anyObject = fc.nat({ max: 14 });

function objectAt(index: number): World["objects"][number] {
  const object = world.objects[index % world.objects.length];
  assert.ok(object !== undefined);
  return object;
}

test("R16 the ledger that is tampered with below is whole, and so is it with the anchor", async () => {
  assert.equal(world.objects.length, 15);
  assert.deepEqual(await problemsNow(), []);
  assert.ok(world.heads.length > 0 && world.heads.length < 6);
});

test("R16 each of 200 edits of an object is found and named", async () => {
  const kinds = fc.constantFrom("flip", "cut", "add", "empty");
  await fc.assert(
    fc.asyncProperty(anyObject, fc.nat(), kinds, async (index, at, kind) => {
      const { key, bytes } = objectAt(index);
      const edited = Buffer.from(bytes);
      const place = at % edited.length;
      edited.writeUInt8(edited.readUInt8(place) ^ (1 + (at % 255)), place);
      const forms = {
        flip: edited,
        cut: bytes.subarray(0, place),
        add: Buffer.concat([bytes, Buffer.from([at % 256])]),
        empty: Buffer.alloc(0),
      };
      assert.ok(names(await tampered([[key, forms[kind]]]), key), `${kind} ${place} of ${key}`);
    }),
    RUNS,
  );
});

test("R16 each of 200 removals, of the end too, is found and named", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(anyObject, { minLength: 1, maxLength: 15 }), async (gone) => {
      const keys = gone.map((index) => objectAt(index).key);
      const problems = await tampered(keys.map((key) => [key, undefined]));
      assert.ok(
        keys.every((key) => names(problems, key)),
        keys.join(" "),
      );
    }),
    RUNS,
  );
});

test("R16 each of 200 swaps of two objects is found and both are named", async () => {
  await fc.assert(
    fc.asyncProperty(anyObject, fc.integer({ min: 1, max: 14 }), async (index, by) => {
      const [one, two] = [objectAt(index), objectAt(index + by)];
      const problems = await tampered([
        [one.key, two.bytes],
        [two.key, one.bytes],
      ]);
      assert.ok(names(problems, one.key) && names(problems, two.key), `${one.key} ${two.key}`);
    }),
    RUNS,
  );
});

test("R16 each of 200 replays of an object under another name is found and named", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyObject,
      anyObject,
      fc.integer({ min: 7, max: 99 }),
      async (from, to, at) => {
        const { bytes, key: own } = objectAt(from);
        const [, writer = ""] = objectAt(to).key.split("/");
        const key = `ledger/${writer}/${String(at).padStart(12, "0")}`;
        const other = objectAt(to).key;
        assert.ok(names(await tampered([[key, bytes]]), key), key);
        if (other !== own) {
          assert.ok(names(await tampered([[other, bytes]]), other), other);
        }
      },
    ),
    RUNS,
  );
});

/** What somebody with the public keys, and a key of his own, can seal. */
function thief(enrolled: boolean): SealedStore {
  const { repository } = world;
  const { ring, store } = repository;
  const pair = createWriterPair();
  const stranger = createKeyRing();
  const enrolment = enrolWriter(enrolled ? ring : stranger, pair.publicKey);
  const { clock, random } = repository.process("thief");
  return new SealedStore({ store, ring: publicSide(ring, { ...pair, enrolment }), clock, random });
}

async function eventsOf(key: string): Promise<EventEnvelope[]> {
  const { sealed } = world.repository.process("judge");
  const name = tryParseObjectKey(key);
  assert.ok(name?.type === "ledger");
  return decodeEvents((await sealed.getWhole(name, call)).content, key);
}

test("R16 each of 200 forgeries with the public keys alone is found and named", async () => {
  const ways = fc.constantFrom("replace", "continue", "insert");
  await fc.assert(
    fc.asyncProperty(anyObject, ways, fc.boolean(), async (index, way, enrolled) => {
      const { repository } = world;
      const { key } = objectAt(index);
      const [, writer = ""] = key.split("/");
      const last = (await eventsOf(key)).at(-1);
      assert.ok(last !== undefined);
      const sequence =
        way === "replace" ? Number(key.slice(-12)) : last.sequence + (way === "continue" ? 1 : 5);
      const forged: EventEnvelope = {
        ...last,
        sequence,
        previousHash: way === "replace" ? last.previousHash : eventHash(last),
        reason: "nothing happened",
      };
      const target = `ledger/${writer}/${String(sequence).padStart(12, "0")}`;
      const were = world.objects.find((object) => object.key === target);
      repository.store.tamper(target, undefined);
      const name = { type: "ledger", writer: parseLedgerWriterName(writer), sequence } as const;
      await thief(enrolled).putWhole(name, encodeEvents([forged]), call);
      try {
        assert.ok(names(await problemsNow(), target), `${way} ${target}`);
      } finally {
        repository.store.tamper(target, were?.bytes);
      }
    }),
    RUNS,
  );
});

test("R16 a cut end without an anchor shows no problem, and the verdict says up to which event it goes", async () => {
  const last = world.objects.at(-1);
  assert.ok(last !== undefined);
  world.repository.store.tamper(last.key, undefined);
  const { sealed } = world.repository.process("judge");
  const verdict = await verifyLedger(sealed, call);
  world.repository.store.tamper(last.key, last.bytes);
  assert.deepEqual(verdict.problems, []);
  const writer = last.key.split("/")[1];
  const head = verdict.heads.find((one) => one.writer === writer);
  assert.equal(head?.sequence, 5);
  assert.deepEqual(
    (await tampered([[last.key, undefined]])).map(({ code }) => code),
    ["LEDGER_SHORTENED"],
  );
});

test("R16 what is recorded after an anchor, with a clock an hour behind too, leaves it true", async () => {
  const { repository } = world;
  const { clock, sealed } = repository.process("d", -HOUR_MS / 2);
  const writer = new LedgerWriter(sealed, { clock, host: "d", pid: 1, program: "pra" });
  const data = { writers: 1, events: 1, digest: "0".repeat(64) };
  await writer.append({ kind: "anchorMade", data, actor: "d", reason: "" }, call);
  assert.deepEqual(await problemsNow(), []);
  const key = `ledger/${writer.writer}/${"1".padStart(12, "0")}`;
  repository.store.tamper(key, undefined);
});

test("R16 of two writers with the same name the second is refused, and the first one's chain stays whole", async () => {
  const repository = new SimulatedRepository(3, createKeyRing());
  const { clock } = repository.process("a");
  const { store, ring } = repository;
  // A machine that was cloned while it ran draws the same ids.
  const cloned = (): LedgerWriter =>
    new LedgerWriter(new SealedStore({ store, ring, clock, random: new SeededRandom(5) }), {
      clock,
      host: "a",
      pid: 1,
      program: "pra",
    });
  const [one, two] = [cloned(), cloned()];
  assert.equal(one.writer, two.writer);
  const event: NewEvent = {
    kind: "rollbackAccepted",
    data: { missing: [] },
    actor: "a",
    reason: "",
  };
  await one.append(event, call);
  const other = { ...event, actor: "b" };
  await assert.rejects(two.append(other, call), { code: "STORE_CONFLICT" });
  const verdict = await verifyLedger(repository.process("judge").sealed, call);
  assert.deepEqual([verdict.problems, verdict.events], [[], 2]);
});

test("R16 an empty ledger is whole", async () => {
  const { sealed } = new SimulatedRepository(4, createKeyRing()).process("a");
  const { problems, writers, events } = await verifyLedger(sealed, call);
  assert.deepEqual([problems, writers, events], [[], 0, 0]);
});
