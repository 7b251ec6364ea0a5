/** Slots of layout 2 and rings of several generations: what opens what, and what nothing opens. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../core/random.ts";
import { decodeKeyFile, encodeKeyFile } from "./key-file.ts";
import { generationKeys, generationsOf, namingKey, nextKeyRing, publicSide } from "./key-ring.ts";
import { ringOfSlot, slotFacts } from "./key-slot.ts";
import { agreementPublicKey } from "./raw-keys.ts";
import { createRecoveryKey } from "./recovery-key.ts";
import { openSlot, sealSlot, type SlotLock, type SlotUnlock } from "./slot-methods.ts";
import { codeOf, testObjectId, testRing, withBitFlipped } from "./test-keys.ts";
import { openWhole, sealWhole } from "./whole-object.ts";

const ring = testRing(1);
const next = nextKeyRing(ring, new SeededRandom(9));
const about = { label: "safe in Lyon", actor: "dba@db1" };
const recoveryText = createRecoveryKey(new SeededRandom(7));
const passphrase = "correct horse battery staple";
const recipientKey = new SeededRandom(8).bytes(32);
const recipient = agreementPublicKey(recipientKey);

const ways: readonly {
  readonly lock: SlotLock;
  readonly unlock: Exclude<SlotUnlock, "published">;
  readonly wrong: Exclude<SlotUnlock, "published">;
}[] = [
  {
    lock: { recoveryText },
    unlock: { recoveryText },
    wrong: { recoveryText: createRecoveryKey(new SeededRandom(10)) },
  },
  {
    lock: { passphrase },
    unlock: { passphrase },
    wrong: { passphrase: "correct horse battery stable" },
  },
  {
    lock: { recipient },
    unlock: { recipientKey },
    wrong: { recipientKey: new SeededRandom(11).bytes(32) },
  },
  {
    lock: { later: next.private },
    unlock: { later: next.private },
    wrong: { later: ring.private },
  },
];

const { dataPrivateKey, rootPrivateKey } = ring.private;
const secrets = { dataPrivateKey, rootPrivateKey, metadataKey: ring.metadataKey };

for (const { lock, unlock, wrong } of ways) {
  const method = Object.keys(lock).join();
  test(`R15 a slot for ${method} opens with it, and with nothing else, elsewhere or changed`, async () => {
    const slot = await sealSlot(ring, lock, about);
    assert.deepEqual(await openSlot(slot, unlock, ring), secrets);
    assert.equal(await openSlot(slot, wrong, ring), undefined);
    assert.equal(await openSlot(slot, unlock, { ...ring, generation: 2 }), undefined);
    assert.equal(await openSlot(slot, unlock, testRing(2)), undefined);
    const { label, actor } = slotFacts(slot);
    assert.deepEqual({ label, actor }, about);
    // A passphrase takes half a second to stretch: a few places stand for all.
    const step = method === "passphrase" ? slot.length * 2 - 1 : 5;
    for (let bit = 8; bit < slot.length * 8; bit += step) {
      let given: unknown;
      const code = await codeOf(async () => {
        given = await openSlot(withBitFlipped(slot, bit), unlock, ring);
      });
      assert.ok(given === undefined && /^(KEY_SLOT_INVALID|no error)$/.test(code), `bit ${bit}`);
    }
    for (const other of ways) {
      if (other.lock !== lock) {
        assert.equal(await openSlot(slot, other.unlock, ring), undefined);
      }
    }
  });
}

test("R15 a slot's secrets are not in its bytes, and a host without the private side makes none", async () => {
  for (const { lock } of ways) {
    const slot = Buffer.from(await sealSlot(ring, lock, about));
    assert.ok(
      !slot.includes(Buffer.from(dataPrivateKey)) && !slot.includes(Buffer.from(ring.metadataKey)),
    );
    const code = await codeOf(() => sealSlot(publicSide(ring), lock, about));
    assert.equal(code, "KEY_PRIVATE_MISSING");
  }
});

test("L41 the next generation has keys of its own and reads what the one before sealed", async () => {
  const name = "format/00000001";
  const object = { kind: "format", name, objectId: testObjectId(1), createdAtMs: 1 } as const;
  const before = await sealWhole(ring, object, Buffer.from("before"));
  const after = await sealWhole(next, { ...object, objectId: testObjectId(2) }, Buffer.from("x"));
  const expected = { kind: "format", name } as const;
  assert.equal((await openWhole(next, before.bytes, expected)).content.toString(), "before");
  assert.equal((await openWhole(next, before.bytes, expected)).ticket.generation, 1);
  assert.equal(
    await codeOf(() => openWhole(ring, after.bytes, expected)),
    "KEY_GENERATION_MISSING",
  );
  assert.deepEqual(namingKey(next), ring.metadataKey);
  const third = nextKeyRing(next, new SeededRandom(12));
  assert.deepEqual(
    generationsOf(third).map(({ generation }) => generation),
    [1, 2, 3],
  );
  assert.deepEqual(generationKeys(third, 1)?.private, ring.private);
  assert.equal(generationKeys(third, 4), undefined);
  const seen = new Set(
    generationsOf(third).flatMap((keys) =>
      [keys.metadataKey, keys.rootPublicKey, keys.dataPublicKey].map((key) => key.toString()),
    ),
  );
  assert.equal(seen.size, 9);
});

test("L41 an object that claims an older generation needs a writer whom that generation's root enrolled", async () => {
  const name = "format/00000001";
  const object = { kind: "format", name, objectId: testObjectId(1), createdAtMs: 1 } as const;
  const forged = await sealWhole({ ...next, generation: 1 }, object, Buffer.from("forged"));
  const code = await codeOf(() => openWhole(next, forged.bytes, { kind: "format", name }));
  assert.equal(code, "REPO_WRITER_UNKNOWN");
});

test("R15 a key file of several generations reads back; the public side of it holds no private key of any", async () => {
  assert.deepEqual(decodeKeyFile(encodeKeyFile(next)), next);
  const host = publicSide(next, next.writer, "backup1");
  const text = encodeKeyFile(host);
  assert.deepEqual(decodeKeyFile(text), host);
  for (const secret of [next.private, ring.private].flatMap((side) => Object.values(side))) {
    assert.ok(!text.includes(Buffer.from(secret).toString("base64")));
  }
  const gap = { ...nextKeyRing(next, new SeededRandom(3)), earlier: [next] };
  assert.equal(await codeOf(() => decodeKeyFile(encodeKeyFile(gap))), "KEY_FILE_INVALID");
  const mixed = { ...next, earlier: [{ ...ring, private: next.private }] };
  assert.equal(await codeOf(() => decodeKeyFile(encodeKeyFile(mixed))), "KEY_FILE_INVALID");
});

test("L41 a slot of layout 2 gives the full ring of its generation", async () => {
  const name = "keys/0002/recovery-1";
  const content = await sealSlot(next, { recoveryText }, about);
  const object = { kind: "keySlot", name, objectId: testObjectId(1), createdAtMs: 1 } as const;
  const { bytes } = await sealWhole(next, object, content);
  const found = await ringOfSlot({ name, bytes }, { recoveryText });
  assert.deepEqual(found?.private, next.private);
  assert.equal(found?.generation, 2);
  assert.equal(await ringOfSlot({ name, bytes }, { passphrase }), undefined);
});
