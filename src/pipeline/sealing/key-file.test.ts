import assert from "node:assert/strict";
import { test } from "node:test";
import { isDrError } from "../../core/errors.ts";
import { decodeKeyFile, encodeKeyFile } from "./key-file.ts";
import {
  createKeyRing,
  createWriterPair,
  enrolWriter,
  enrolmentHolds,
  privateSide,
  publicSide,
} from "./key-ring.ts";
import { codeOf, testRing } from "./test-keys.ts";

const ring = testRing(1);

test("a key file read back is the ring that was written, private side or not", () => {
  assert.deepEqual(decodeKeyFile(encodeKeyFile(ring)), ring);
  const open = publicSide(ring);
  const read = decodeKeyFile(encodeKeyFile(open));
  assert.deepEqual(read, open);
  assert.equal("private" in read, false);
});

test("two rings share nothing", () => {
  const texts = [createKeyRing(), createKeyRing()].map((made) => encodeKeyFile(made));
  const values = texts.map((text): string[] => text.match(/: "[^"]{20,}"/g) ?? []);
  assert.equal(values[0]?.length, 9);
  assert.deepEqual(
    values[0]?.filter((value) => values[1]?.includes(value) === true),
    [],
  );
});

test("what is no key file, or one of another version or repository, is refused by its own code", async () => {
  const text = encodeKeyFile(ring);
  const cases: readonly (readonly [string, () => unknown])[] = [
    ["KEY_FILE_INVALID", () => decodeKeyFile("")],
    ["KEY_FILE_INVALID", () => decodeKeyFile("-----BEGIN PRIVATE KEY-----")],
    ["KEY_FILE_INVALID", () => decodeKeyFile("{}")],
    ["KEY_FILE_INVALID", () => decodeKeyFile("null")],
    ["KEY_FILE_VERSION", () => decodeKeyFile(text.replace('"version": 1', '"version": 3'))],
    ["KEY_FILE_INVALID", () => decodeKeyFile(text.replace('"generation": 1', '"generation": 0'))],
    [
      "KEY_FILE_INVALID",
      () => decodeKeyFile(text.replace('"metadataKey": "', '"metadataKey": "AAAA')),
    ],
    [
      "KEY_FILE_INVALID",
      () => decodeKeyFile(text.replace('"generation"', '"extra": 1,\n"generation"')),
    ],
    ["KEY_OTHER_REPOSITORY", () => decodeKeyFile(text, { repositoryId: testRing(2).repositoryId })],
    [
      "KEY_PRIVATE_MISSING",
      () => decodeKeyFile(encodeKeyFile(publicSide(ring)), { needPrivate: true }),
    ],
  ];
  for (const [code, act] of cases) {
    assert.equal(await codeOf(act), code);
  }
  assert.deepEqual(
    decodeKeyFile(text, { repositoryId: ring.repositoryId, needPrivate: true }),
    ring,
  );
});

test("keys that do not belong together are refused", async () => {
  const other = testRing(2);
  const mixed = [
    { ...ring, dataPublicKey: other.dataPublicKey },
    { ...ring, rootPublicKey: other.rootPublicKey },
    { ...ring, writer: { ...ring.writer, privateKey: other.writer.privateKey } },
    { ...ring, writer: other.writer },
    { ...ring, generation: 2 },
    { ...ring, private: { ...ring.private, dataPrivateKey: other.private.dataPrivateKey } },
    { ...ring, private: { ...ring.private, rootPrivateKey: other.private.rootPrivateKey } },
  ];
  for (const keys of mixed) {
    assert.equal(await codeOf(() => decodeKeyFile(encodeKeyFile(keys))), "KEY_FILE_INVALID");
  }
});

test("L54 no part of a key file appears in the error that refuses it", () => {
  const text = encodeKeyFile(ring);
  const secrets = (text.match(/"[A-Za-z0-9+/=]{40,}"/g) ?? []).map((quoted) => quoted.slice(1, -1));
  assert.equal(secrets.length, 8);
  const broken = [
    text.slice(0, -20),
    `${text}}`,
    text.replaceAll('"private', '"privat'),
    text.replace(/"privateKey": "..../, '"privateKey": "'),
    text.replace(/"dataPrivateKey": "..../, '"dataPrivateKey": "AAAA'),
  ];
  for (const damaged of broken) {
    try {
      decodeKeyFile(damaged);
      assert.fail("it was accepted");
    } catch (error) {
      assert.ok(isDrError(error), String(error));
      const shown = `${error.stack} ${error.hint} ${JSON.stringify(error.details)} ${String(error.cause)}`;
      for (const secret of secrets) {
        assert.equal(shown.includes(secret.slice(4, 24)), false);
      }
    }
  }
});

test("a writer is enrolled by the private side only, for one repository and generation", async () => {
  const pair = createWriterPair();
  const enrolment = enrolWriter(ring, pair.publicKey);
  const writer = { ...pair, enrolment };
  assert.equal(enrolmentHolds(ring, writer), true);
  assert.equal(enrolmentHolds({ ...ring, generation: 2 }, writer), false);
  assert.equal(enrolmentHolds({ ...ring, repositoryId: testRing(2).repositoryId }, writer), false);
  assert.equal(enrolmentHolds(testRing(2), writer), false);
  assert.equal(enrolmentHolds(ring, { ...writer, publicKey: createWriterPair().publicKey }), false);
  assert.equal(
    await codeOf(() => enrolWriter(publicSide(ring), pair.publicKey)),
    "KEY_PRIVATE_MISSING",
  );
  assert.equal(await codeOf(() => privateSide(publicSide(ring))), "KEY_PRIVATE_MISSING");
  const host = publicSide(ring, writer);
  assert.deepEqual(decodeKeyFile(encodeKeyFile(host)), host);
});
