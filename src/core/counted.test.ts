import assert from "node:assert/strict";
import { test } from "node:test";
import { counted, countedFr } from "./counted.ts";

test("one of a thing is singular; none is plural in English and singular in French", () => {
  assert.deepEqual(
    [0, 1, 2n, "1", "1,001"].map((count) => counted(count, "backup")),
    ["0 backups", "1 backup", "2 backups", "1 backup", "1,001 backups"],
  );
  assert.deepEqual(
    [0, 1, 2n, "0", "1 001"].map((count) => countedFr(count, "sauvegarde")),
    ["0 sauvegarde", "1 sauvegarde", "2 sauvegardes", "0 sauvegarde", "1 001 sauvegardes"],
  );
  assert.equal(countedFr(2, "alerte ouverte", "alertes ouvertes"), "2 alertes ouvertes");
});
