/** What people are told when receiving, pushing or laying WAL fails: values and the next step, in both languages. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { DrError, errorText } from "../core/errors.ts";

const details = {
  segment: "000000010000000000000003",
  conflict: "conflicts/3",
  reason: "frame 1 differs",
  server: "0/1",
  repository: "0/2",
  timeline: 1,
  seconds: 60,
  from: "0/3",
  to: "0/4",
  lsn: "0/3",
  name: "x.y",
  found: 1,
  expected: 2,
  operation: "reading",
  path: "/p",
};

const HINTS = [
  ["WAL_SEGMENT_CONFLICT", /Stop the one that is not production/, /Arrêtez d'abord celui/],
  ["WAL_SEGMENT_UNVERIFIED", /The parts are kept/, /Les parties sont conservées/],
  ["WAL_TIMELINE_BEHIND", /the server that was promoted/, /au serveur promu/],
  ["WAL_SERVER_BEHIND", /recover from the repository/, /récupérez depuis le dépôt/],
  ["WAL_STORE_OUTAGE", /Restore the store/, /Rétablissez le stockage/],
  ["WAL_MISSING", /pra window shows/, /pra window montre/],
  ["WAL_PARTS_DISAGREE", /which server was in production/, /quel serveur était en production/],
  ["WAL_HISTORY_INVALID", /Compare it with the file/, /Comparez-le au fichier/],
  ["WAL_LINEAGE_UNKNOWN", /history file is missing/, /fichier d'historique manque/],
  ["WAL_FILE_NAME", /archive_command = 'pra wal push %p'/, /archive_command = 'pra wal push %p'/],
  ["WAL_FILE_SIZE", /will offer it again/, /le proposera à nouveau/],
  ["WAL_FILE_IO", /Check that the path exists/, /Vérifiez que le chemin existe/],
] as const;

for (const [code, english, french] of HINTS) {
  test(`${code} tells its values and the next step in both languages`, () => {
    const error = new DrError(code, details);
    const translated = errorText(error, "fr");
    assert.match(error.hint, english);
    assert.match(translated.hint, french);
    assert.doesNotMatch(`${error.message}${translated.message}${translated.hint}`, /[{}]/);
  });
}
