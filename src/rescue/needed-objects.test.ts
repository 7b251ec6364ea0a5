import assert from "node:assert/strict";
import { test } from "node:test";
import { neededEntries } from "./needed-objects.ts";

const LIST = `;
; Archive created at 2026-11-23
;
2; 3079 16385 EXTENSION - hstore 
3400; 0 0 COMMENT - EXTENSION hstore 
215; 1259 16400 TABLE public orders owner
216; 1259 16410 TABLE public other owner
217; 1259 16420 TABLE odd sch P 1 owner
3300; 0 0 TABLE ATTACH odd sch P 1 owner
3301; 0 0 TABLE ATTACH odd sch P 10 owner
3302; 0 0 SEQUENCE OWNED BY public orders_id_seq owner
3303; 2606 16430 CONSTRAINT public orders orders_pkey owner`;

test("entries are kept by the object that they name, and what names none by how it begins", () => {
  const objects = new Set(["3079 16385", "1259 16400", "1259 16420", "2606 16430"]);
  const entries = ["TABLE ATTACH odd sch P 1 ", "SEQUENCE OWNED BY public orders_id_seq "];
  const numbers = neededEntries(LIST, { objects, entries }).map((line) => line.split(";")[0]);
  assert.deepEqual(numbers, ["2", "215", "217", "3300", "3302", "3303"]);
});

test("of a list without anything needed nothing is kept", () => {
  assert.deepEqual(neededEntries(LIST, { objects: new Set(), entries: [] }), []);
});
