import assert from "node:assert/strict";
import { test } from "node:test";

import { isDrError } from "../core/errors.ts";
import { quoteLiteral, roleStatements } from "./role-statements.ts";
import { scramVerifier } from "./scram-verifier.ts";
import { SecretText } from "./secret-text.ts";

test("a verifier is the one of the example of RFC 7677", () => {
  const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
  assert.equal(
    scramVerifier(new SecretText("pencil"), salt),
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
  );
});

test("a password that clients encode in different ways is refused with PG_PASSWORD_UNUSUAL", () => {
  for (const text of ["ﬁne", "a\u00a0b", "a\u0007b", "a\u200bb"]) {
    assert.throws(
      () => scramVerifier(new SecretText(text), new Uint8Array(16)),
      (error) => isDrError(error, "PG_PASSWORD_UNUSUAL") && !error.message.includes(text),
    );
  }
});

test("names end neither their quotes nor the block that makes the role", () => {
  assert.equal(quoteLiteral("a'b\\c"), "E'a''b\\\\c'");
  const uses = new Set(["stream"] as const);
  const [create] = roleStatements({ role: `x'"$do$`, major: 18, uses });
  assert.match(
    create?.sql ?? "",
    /^DO \$do1\$ BEGIN\n[^]*CREATE ROLE "x'""\$do\$";[^]*END \$do1\$;$/,
  );
});

test("each major gets the functions that it has", () => {
  const uses = new Set(["local"] as const);
  const sql = (major: 14 | 15): string =>
    roleStatements({ role: "b", major, uses })
      .map((one) => one.sql)
      .join("\n");
  assert.match(sql(14), /pg_start_backup\(text, boolean, boolean\)/);
  assert.doesNotMatch(sql(14), /pg_backup_start|pg_ident_file_mappings/);
  assert.match(sql(15), /pg_backup_start\(text, boolean\)[^]*pg_backup_stop\(boolean\)/);
  assert.doesNotMatch(sql(15), /REPLICATION/);
});
