import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePackageLinks } from "./embedded-binaries.ts";
import { parsePasswd } from "./server-account.ts";

const PROGRAM = "/x/native/bin/postgres";

test("a package's links stay in one directory below native/lib", () => {
  const content = JSON.stringify([
    { source: "native/lib/libpq.so.5.18", target: "native/lib/libpq.so.5" },
  ]);
  assert.deepEqual(parsePackageLinks(content, PROGRAM), [
    { directory: "native/lib", name: "libpq.so.5", points: "libpq.so.5.18" },
  ]);
});

test("a link that leaves its place is refused with PG_BINARIES_BROKEN", () => {
  const bad = [
    { source: "native/lib/../../etc/passwd", target: "native/lib/a" },
    { source: "native/lib/a", target: "native/lib/../b" },
    { source: "/etc/passwd", target: "native/lib/a" },
    { source: "native/lib/a", target: "native/lib/sub/a" },
    { source: "native/bin/a", target: "native/bin/b" },
    { source: 1, target: "native/lib/a" },
    null,
  ];
  for (const entry of bad) {
    assert.throws(() => parsePackageLinks(JSON.stringify([entry]), PROGRAM), {
      code: "PG_BINARIES_BROKEN",
    });
  }
  for (const content of ["", "{}", JSON.stringify(Array.from({ length: 257 }, () => ({})))]) {
    assert.throws(() => parsePackageLinks(content, PROGRAM), { code: "PG_BINARIES_BROKEN" });
  }
});

test("accounts are read from passwd(5), and what is none is passed over", () => {
  const content =
    "root:x:0:0:root:/root:/bin/sh\n# comment\n+nis\nbroken\npostgres:x:101:104::/:\n";
  assert.deepEqual(parsePasswd(content), [
    { name: "root", uid: 0, gid: 0 },
    { name: "postgres", uid: 101, gid: 104 },
  ]);
});
