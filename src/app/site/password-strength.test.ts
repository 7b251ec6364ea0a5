import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";

import { passwordWeakness } from "./password-strength.ts";

test("R7 passwords that are guessed first are weak, with the reason", () => {
  const cases = [
    ["", "short"],
    ["hunter2", "short"],
    ["aaaaaaaaaaaaaaaaaaaaaaaa", "short"],
    ["abcdefghijklmnopqrstuvwxyz", "short"],
    ["0123456789012345678901234567890", "short"],
    ["P@ssw0rd123456!", "known"],
    ["MotDePasse2026!!", "known"],
    ["akig_backup_db.example.org", "names"],
    ["wolfsburg-prod-07x", "names"],
  ] as const;
  for (const [password, weakness] of cases) {
    assert.equal(
      passwordWeakness(password, ["wolfsburg-prod", "akig_backup", "db.example.org"]),
      weakness,
      password,
    );
  }
});

test("R7 passwords from a generator are strong: 18 random bytes, 20 hexadecimal digits, five words", () => {
  for (let round = 0; round < 200; round += 1) {
    assert.equal(passwordWeakness(randomBytes(18).toString("base64"), ["akig"]), undefined);
  }
  assert.equal(passwordWeakness("9f3c7a1e5b8d2f60c4a7", []), undefined);
  assert.equal(passwordWeakness("tabouret-virgule-orchidée-quartz", ["backup"]), undefined);
});
