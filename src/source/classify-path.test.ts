import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { classifyPath, type RelationFile } from "./classify-path.ts";

function relationOf(path: string, tablespaceOid = 0): RelationFile | undefined {
  const found = classifyPath({ tablespaceOid, path });
  return found.kind === "relation" ? found.relation : undefined;
}

test("relation files name their tablespace, database, relation, fork and segment", () => {
  assert.deepEqual(relationOf("base/5/16384"), {
    tablespaceOid: 1663,
    databaseOid: 5,
    relfilenode: 16384,
    fork: "main",
    segment: 0,
  });
  assert.deepEqual(relationOf("global/1262_vm.12"), {
    tablespaceOid: 1664,
    databaseOid: 0,
    relfilenode: 1262,
    fork: "vm",
    segment: 12,
  });
  assert.deepEqual(relationOf("PG_18_202506291/5/16400_init", 16390), {
    tablespaceOid: 16390,
    databaseOid: 5,
    relfilenode: 16400,
    fork: "init",
    segment: 0,
  });
  assert.equal(relationOf("base/5/4294967295_fsm")?.fork, "fsm");
});

test("files without page checksums are other: control file, maps, version, caches, names that only look alike", () => {
  for (const path of [
    "global/pg_control",
    "global/pg_filenode.map",
    "base/5/pg_filenode.map",
    "base/5/PG_VERSION",
    "base/5/pg_internal.init",
    "base/5/pg_internal.init.123",
    "backup_label",
    "pg_xact/0000",
    "pg_multixact/members/0000",
    "base/5/0",
    "base/5/016384",
    "base/5/16384.0",
    "base/5/16384.01",
    "base/5/16384_vm_x",
    "base/5/4294967296",
    "base/x/16384",
    "base/16384",
    "global/x/1262",
    "PG_18_202506291/5/16400",
    "base/5/16384.12.bak",
    "",
  ]) {
    assert.equal(classifyPath({ tablespaceOid: 0, path }).kind, "other", path);
  }
  assert.equal(classifyPath({ tablespaceOid: 16390, path: "base/5/16384" }).kind, "other");
});

test("L20 temporary relations and files are recognised", () => {
  for (const path of [
    "base/5/t3_16384",
    "base/5/t12_16384_fsm.2",
    "base/pgsql_tmp/pgsql_tmp123.0",
    "base/5/pgsql_tmp99",
  ]) {
    assert.equal(classifyPath({ tablespaceOid: 0, path }).kind, "temporary", path);
  }
  assert.equal(classifyPath({ tablespaceOid: 0, path: "global/t3_1" }).kind, "other");
});

test("every relation's own path is classified back to it", () => {
  const oid = fc.integer({ min: 1, max: 0xffffffff });
  const fork = fc.constantFrom("main", "fsm", "vm", "init");
  fc.assert(
    fc.property(oid, oid, fork, fc.nat(100_000), (databaseOid, relfilenode, name, segment) => {
      const suffix = name === "main" ? "" : `_${name}`;
      const path = `base/${databaseOid}/${relfilenode}${suffix}${segment === 0 ? "" : `.${segment}`}`;
      assert.deepEqual(relationOf(path), {
        tablespaceOid: 1663,
        databaseOid,
        relfilenode,
        fork: name,
        segment,
      });
    }),
  );
});

test("any path is classified without an exception", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), (path, tablespaceOid) => {
      classifyPath({ tablespaceOid, path });
    }),
  );
});
