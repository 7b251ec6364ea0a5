import assert from "node:assert/strict";
import { test } from "node:test";
import { DrError, errorText, type ErrorCode, type ErrorDetails } from "../../core/errors.ts";

function shown<C extends ErrorCode>(
  code: C,
  details: ErrorDetails<C>,
): readonly [string, string, string] {
  const error = new DrError(code, details);
  const french = errorText(error, "fr");
  const all = [error.message, error.hint, french.message, french.hint].join(" ");
  assert.doesNotMatch(all, /[{}]/, code);
  return [error.message, french.message, error.hint];
}

const object = "format/00000001";

test("the errors of objects say in both languages which object, what is wrong and what to do", () => {
  const texts = [
    shown("REPO_NOT_AN_OBJECT", { object }),
    shown("REPO_HEADER_INVALID", { object, reason: "kind 99 is unknown" }),
    shown("REPO_VERSION_UNKNOWN", { object, version: 2 }),
    shown("REPO_FEATURE_UNKNOWN", { object, bits: "0x1" }),
    shown("REPO_OBJECT_MISPLACED", { object, field: "kind", found: "pin", expected: "format" }),
    shown("REPO_WRITER_UNKNOWN", { object, writer: "0123456789abcdef" }),
    shown("REPO_SIGNATURE_INVALID", { object }),
    shown("REPO_KEY_WRONG", { object, generation: 1 }),
    shown("REPO_FRAME_CORRUPT", { object, index: 3, reason: "its tag does not match" }),
    shown("REPO_OBJECT_DAMAGED", { object, reason: "it is cut" }),
    shown("KEY_GENERATION_MISSING", { object, generation: 2, held: 1 }),
  ];
  assert.deepEqual(
    texts.map(([english]) => english),
    [
      "format/00000001 is not an object of a pra repository",
      "the header of format/00000001 is malformed: kind 99 is unknown",
      "format/00000001 has format version 2, this program knows version 1",
      "format/00000001 needs features that this program does not know: bits 0x1",
      "format/00000001 belongs elsewhere: its kind is pin, not format",
      "format/00000001 was written by 0123456789abcdef, which this repository's root never enrolled",
      "the header of format/00000001 does not bear its writer's signature",
      "the key of format/00000001 does not open with the private key of generation 1",
      "frame 3 of format/00000001 is not what its writer sealed: its tag does not match",
      "format/00000001 is damaged behind its header: it is cut",
      "format/00000001 was sealed with key generation 2, these keys are generation 1",
    ],
  );
  for (const [, french, hint] of texts) {
    assert.match(french, /format\/00000001/);
    assert.ok(hint.length > 20);
  }
});

test("the errors of keys say in both languages what is wrong and what to do", () => {
  const reason = "it is not JSON";
  const texts = [
    shown("KEY_PRIVATE_MISSING", { host: "db1" }),
    shown("KEY_FILE_INVALID", { reason }),
    shown("KEY_FILE_VERSION", { version: 3 }),
    shown("KEY_OTHER_REPOSITORY", { found: "aa", expected: "bb" }),
    shown("KEY_RECOVERY_LENGTH", { found: 55, expected: 56 }),
    shown("KEY_RECOVERY_CHARACTER", { group: 3 }),
    shown("KEY_RECOVERY_MISTYPED", {}),
    shown("KEY_RECOVERY_WRONG", { repository: "aa" }),
    shown("KEY_SLOT_INVALID", { reason }),
    shown("REPO_NAME_INVALID", { name: '"x"' }),
  ];
  assert.deepEqual(
    texts.map(([english]) => english),
    [
      "the key file holds no private keys; the host that has them: db1",
      "this is not a usable key file: it is not JSON",
      "the key file has version 3, this program knows versions 1 and 2",
      "these keys are for repository aa, not for bb",
      "a recovery key has 56 characters, this has 55",
      "group 3 of the recovery key holds a character that is never used",
      "the check characters of this recovery key do not fit: a character is wrong, or two are exchanged",
      "this recovery key is well formed and opens nothing in repository aa",
      "the key slot is malformed: it is not JSON",
      '"x" is not the name of an object in a repository',
    ],
  );
});
