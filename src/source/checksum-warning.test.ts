import assert from "node:assert/strict";
import { test } from "node:test";
import { checksumWarningOf, defaultSegmentBlocks } from "./checksum-warning.ts";

function read(
  text: string,
  severity = "WARNING",
): readonly [number, string, number | undefined] | undefined {
  const message = { severity, sqlstate: "01000", text, detail: undefined, hint: undefined };
  const found = checksumWarningOf(
    { ...message, routine: "read_file_data_into_buffer" },
    { segmentBlocks: defaultSegmentBlocks },
  );
  return found && [found.tablespaceOid, found.path, found.blockInFile];
}

test("L19 a server's warning about a page gives file and block", () => {
  assert.deepEqual(
    read(
      'checksum verification failed in file "./base/5/16384", block 7: calculated 1A2B but expected 99',
    ),
    [0, "base/5/16384", 7],
  );
  assert.deepEqual(
    read(
      'checksum verification failed in file "pg_tblspc/16390/PG_18_202506291/5/16400_vm", block 0: calculated FF but expected 0',
    ),
    [16390, "PG_18_202506291/5/16400_vm", 0],
  );
});

test("blocks counted from the relation's start become blocks of the segment file", () => {
  const words = (block: number): string =>
    `checksum verification failed in file "./base/5/16384.2", block ${block}: calculated 1 but expected 2`;
  assert.deepEqual(read(words(2 * defaultSegmentBlocks + 9)), [0, "base/5/16384.2", 9]);
  assert.deepEqual(read(words(9)), [0, "base/5/16384.2", 9]);
});

test("warnings in another language give the same file and block", () => {
  assert.deepEqual(
    read(
      "échec de la vérification de la somme de contrôle dans le fichier « ./base/5/16384 », bloc 12 : calculé 1A2B, alors que le bloc attend 99",
    ),
    [0, "base/5/16384", 12],
  );
});

test("a warning about a whole file has no block", () => {
  assert.deepEqual(read('file "./base/5/16384" has a total of 9 checksum verification failures'), [
    0,
    "base/5/16384",
    undefined,
  ]);
  assert.deepEqual(
    read('further checksum verification failures in file "./global/1262" will not be reported'),
    [0, "global/1262", undefined],
  );
});

test("other messages are not about a page", () => {
  assert.equal(read('skipping special file "./x.sock"'), undefined);
  assert.equal(read("9 total checksum verification failures"), undefined);
  assert.equal(read('x "./base/5/16384", block 1', "NOTICE"), undefined);
});
