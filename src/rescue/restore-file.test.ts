/** Which lines of a file of SQL may run, however the file is cut into chunks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isDrError } from "../core/errors.ts";
import { sqlMajor, withoutCommands } from "./restore-file.ts";

async function* inChunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

async function filtered(text: string, size = 7): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of withoutCommands(inChunks(text, size), "x.sql")) {
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

const DATA = "COPY public.t (a) FROM stdin;\n\\N\n\\connect is data here\n\\.\n\nSELECT 1;\n";

test("data may begin with a backslash, and restrictions of pg_dump are left out", async () => {
  assert.equal(await filtered(`\\restrict abc\n${DATA}\\unrestrict abc\n`), DATA);
});

test("a command to psql outside data is refused with its line", async () => {
  for (const line of ["\\connect shop", "\\! rm -rf /", "\\c shop"]) {
    await assert.rejects(
      filtered(`${DATA}${line}\n`),
      (error) => isDrError(error, "RESTORE_DB_FILE") && /line 7 is a command/.test(error.message),
    );
  }
});

test("what passes does not depend on where chunks end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 200 }), async (size) => {
      assert.equal(await filtered(DATA, size), DATA);
    }),
    { numRuns: 60 },
  );
});

test("a last line without its end passes too", async () => {
  assert.equal(await filtered("SELECT 1;\nSELECT 2;"), "SELECT 1;\nSELECT 2;");
});

test("SQL tells the least major that takes it", () => {
  const head = (from: string, by: string): string =>
    `--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version ${from}\n-- Dumped by pg_dump version ${by}\n`;
  assert.equal(sqlMajor(head("15.18 (Debian 15.18-0+deb12u1)", "15.18")), 15);
  assert.equal(sqlMajor(head("14.20", "16.4")), 14);
  assert.equal(sqlMajor(head("14.20", "18.1")), 17, "it sets what 16 does not know");
  assert.equal(sqlMajor(head("18.1", "18.1")), 18);
  assert.equal(sqlMajor("CREATE TABLE a ();"), undefined);
});
