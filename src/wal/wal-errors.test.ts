/** What people are told when WAL is wrong: each text names the values and the next step, in both languages. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { DrError, errorText } from "../core/errors.ts";

const details = {
  lsn: "0/3000000",
  found: "2",
  expected: "1",
  flags: "13",
  rmgr: 1,
  info: 128,
  major: 18,
  version: 2,
};

const HINTS = [
  ["WAL_NOT_CONTIGUOUS", /Stream again from the start of the segment/, /Recommencez la réception/],
  ["WAL_PAGE_MAGIC", /Check where it comes from/, /Vérifiez sa provenance/],
  ["WAL_PAGE_HEADER", /Fetch this segment again/, /Récupérez ce segment/],
  ["WAL_PAGE_ADDRESS", /stored under a wrong name/, /rangé sous un mauvais nom/],
  ["WAL_PAGE_TIMELINE", /Two servers may be writing/, /Deux serveurs écrivent peut-être/],
  ["WAL_SYSTEM_ID", /written by another cluster/, /écrit par un autre cluster/],
  ["WAL_SEGMENT_SIZE", /Enrol it again/, /Enregistrez-le de nouveau/],
  ["WAL_RECORD_LAYOUT", /only the index of commits stops/, /seul l'index des validations s'arrête/],
  ["WAL_INDEX_VERSION", /newer version of pra/, /version plus récente de pra/],
] as const;

for (const [code, english, french] of HINTS) {
  test(`${code} tells its values and the next step in both languages`, () => {
    const error = new DrError(code, details);
    assert.match(error.hint, english);
    assert.match(errorText(error, "fr").hint, french);
    for (const text of [error.message, errorText(error, "fr").message]) {
      assert.doesNotMatch(text, /[{}]/);
      assert.match(text, /0\/3000000|2/);
    }
  });
}
