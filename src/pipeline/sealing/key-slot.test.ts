import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isDrError } from "../../core/errors.ts";
import { SeededRandom } from "../../core/random.ts";
import {
  publishPrivateSide,
  readPublishedSide,
  ringOfSlot,
  unwrapPrivateSide,
  wrapPrivateSide,
} from "./key-slot.ts";
import { publicSide } from "./key-ring.ts";
import { createRecoveryKey, formatRecoveryKey, parseRecoveryKey } from "./recovery-key.ts";
import { codeOf, testObjectId, testRing, withBitFlipped } from "./test-keys.ts";
import { sealWhole } from "./whole-object.ts";

const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 });
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

test("a recovery key is 8 groups of 7, and reads back", () => {
  fc.assert(
    fc.property(secrets, (secret) => {
      const text = formatRecoveryKey(secret);
      assert.match(text, /^([0-9A-HJKMNP-TV-Z]{7}-){7}[0-9A-HJKMNP-TV-Z]{7}$/);
      assert.deepEqual(parseRecoveryKey(text), secret);
    }),
  );
});

test("the printed form of a recovery key does not drift", () => {
  const secret = Uint8Array.from({ length: 32 }, (_, index) => index);
  assert.equal(
    formatRecoveryKey(secret),
    "000G40R-40M30E2-09185GR-38E1W81-24GK2GA-HC5RR34-D1P70X3-RFT5WF7",
  );
});

test("O reads as 0, I and L as 1; case, spaces and hyphens do not count", () => {
  fc.assert(
    fc.property(secrets, fc.boolean(), (secret, upper) => {
      const text = formatRecoveryKey(secret);
      const sloppy = text
        .replaceAll("0", upper ? "O" : "o")
        .replaceAll("1", upper ? "I" : "l")
        .replaceAll("-", upper ? "" : " \n");
      assert.deepEqual(parseRecoveryKey(upper ? sloppy : sloppy.toLowerCase()), secret);
    }),
  );
});

test("every wrong character and every two neighbours exchanged are noticed", async () => {
  const text = createRecoveryKey(new SeededRandom(4)).replaceAll("-", "");
  for (let at = 0; at < text.length; at++) {
    for (const wrong of ALPHABET) {
      if (wrong !== text[at]) {
        const typed = text.slice(0, at) + wrong + text.slice(at + 1);
        assert.equal(await codeOf(() => parseRecoveryKey(typed)), "KEY_RECOVERY_MISTYPED");
      }
    }
    const exchanged =
      text.slice(0, at) + (text[at + 1] ?? "") + (text[at] ?? "") + text.slice(at + 2);
    if (exchanged !== text && exchanged.length === text.length) {
      assert.equal(await codeOf(() => parseRecoveryKey(exchanged)), "KEY_RECOVERY_MISTYPED");
    }
  }
});

test("a wrong group and two exchanged groups are noticed", async () => {
  const groups = createRecoveryKey(new SeededRandom(5)).split("-");
  for (let a = 0; a < 8; a++) {
    for (let b = 0; b < a; b++) {
      const swapped = groups.map((group, index) =>
        index === a ? groups[b] : index === b ? groups[a] : group,
      );
      assert.equal(
        await codeOf(() => parseRecoveryKey(swapped.join("-"))),
        "KEY_RECOVERY_MISTYPED",
      );
    }
    const other = createRecoveryKey(new SeededRandom(100 + a)).split("-");
    const mixed = groups.map((group, index) => (index === a ? other[a] : group));
    assert.equal(await codeOf(() => parseRecoveryKey(mixed.join("-"))), "KEY_RECOVERY_MISTYPED");
  }
});

test("what is too short, too long or holds a U is no recovery key, and is not repeated in the error", async () => {
  const text = createRecoveryKey(new SeededRandom(6));
  for (const typed of ["", text.slice(1), `${text}0`, `U${text.slice(1)}`, `é${text.slice(1)}`]) {
    try {
      parseRecoveryKey(typed);
      assert.fail("it was accepted");
    } catch (error) {
      assert.ok(isDrError(error) && error.code.startsWith("KEY_RECOVERY_"), String(error));
      assert.equal(
        `${error.stack}${JSON.stringify(error.details)}`.includes(text.slice(10, 20)),
        false,
      );
    }
  }
});

const ring = testRing(1);
const recoveryText = createRecoveryKey(new SeededRandom(7));

test("L41 the recovery key opens the private side and the metadata key", () => {
  const slot = wrapPrivateSide(ring, recoveryText);
  assert.equal(slot.length, 130);
  const { dataPrivateKey, rootPrivateKey } = ring.private;
  const { metadataKey } = ring;
  assert.deepEqual(unwrapPrivateSide(slot, recoveryText, ring), {
    dataPrivateKey,
    rootPrivateKey,
    metadataKey,
  });
});

test("a key slot with any bit turned, another recovery key, repository or generation does not open", async () => {
  const slot = wrapPrivateSide(ring, recoveryText);
  for (let bit = 0; bit < slot.length * 8; bit++) {
    const open = (): unknown => unwrapPrivateSide(withBitFlipped(slot, bit), recoveryText, ring);
    if (bit < 16) {
      assert.equal(await codeOf(open), "KEY_SLOT_INVALID");
    } else {
      assert.equal(open(), undefined);
    }
  }
  const wrong = createRecoveryKey(new SeededRandom(8));
  assert.equal(unwrapPrivateSide(slot, wrong, ring), undefined);
  assert.equal(unwrapPrivateSide(slot, recoveryText, testRing(2)), undefined);
  assert.equal(unwrapPrivateSide(slot, recoveryText, { ...ring, generation: 2 }), undefined);
  assert.equal(
    await codeOf(() => unwrapPrivateSide(slot.subarray(1), recoveryText, ring)),
    "KEY_SLOT_INVALID",
  );
  assert.equal(
    await codeOf(() => wrapPrivateSide(publicSide(ring), recoveryText)),
    "KEY_PRIVATE_MISSING",
  );
});

test("a published slot gives the same keys to anyone, and notices damage", async () => {
  const slot = publishPrivateSide(ring);
  assert.deepEqual(readPublishedSide(slot).dataPrivateKey, ring.private.dataPrivateKey);
  for (let bit = 0; bit < slot.length * 8; bit++) {
    assert.equal(
      await codeOf(() => readPublishedSide(withBitFlipped(slot, bit))),
      "KEY_SLOT_INVALID",
    );
  }
});

const name = "keys/0001/recovery";
const slotObject = { kind: "keySlot", name, objectId: testObjectId(1), createdAtMs: 1 } as const;

test("L41 the printed sheet and the repository are enough for a full ring with a new writer", async () => {
  const { bytes } = await sealWhole(ring, slotObject, wrapPrivateSide(ring, recoveryText));
  const found = await ringOfSlot({ name, bytes }, { recoveryText });
  assert.ok(found !== undefined);
  const { writer, ...rest } = found;
  const { writer: old, ...expected } = ring;
  assert.deepEqual(rest, expected);
  assert.notDeepEqual(writer.publicKey, old.publicKey);
  const published = await sealWhole(ring, slotObject, publishPrivateSide(ring));
  const open = await ringOfSlot({ name, bytes: published.bytes }, "published");
  assert.deepEqual(open?.private, ring.private);
});

test("a key slot's object with any byte changed gives no ring", async () => {
  const { bytes } = await sealWhole(ring, slotObject, wrapPrivateSide(ring, recoveryText));
  for (let at = 0; at < bytes.length; at++) {
    const changed = withBitFlipped(bytes, at * 8 + (at % 8));
    let given: unknown;
    const code = await codeOf(async () => {
      given = await ringOfSlot({ name, bytes: changed }, { recoveryText });
    });
    assert.ok(given === undefined && /^(REPO_|KEY_|no error)/.test(code), `byte ${at} ${code}`);
  }
  assert.equal(
    await codeOf(() => ringOfSlot({ name: "keys/0001/other", bytes }, { recoveryText })),
    "REPO_OBJECT_MISPLACED",
  );
});
