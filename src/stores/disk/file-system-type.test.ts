import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { fileSystemFactsOf, fileSystemName, leaseSafetyOf } from "./file-system-type.ts";

test("file systems are known by their numbers, also where the kernel gives them with a sign", () => {
  assert.equal(fileSystemName(0xef53n), "ext4");
  assert.equal(fileSystemName(0x6969n), "nfs");
  assert.equal(fileSystemName(0xff534d42n), "smb");
  assert.equal(fileSystemName(BigInt.asIntN(32, 0xff534d42n)), "smb");
  assert.equal(fileSystemName(0x12345n), "0x12345");
});

test("leases are safe on local file systems, raced for on NFS and unknown ones, refused on SMB and FUSE", () => {
  assert.equal(leaseSafetyOf("ext4"), "safe");
  assert.equal(leaseSafetyOf("xfs"), "safe");
  assert.equal(leaseSafetyOf("nfs"), "race-probe");
  assert.equal(leaseSafetyOf("0x12345"), "race-probe");
  for (const name of ["smb", "fuse", "9p", "vboxsf"]) {
    assert.equal(leaseSafetyOf(name), "refused");
  }
});

test("the free bytes of an existing directory are known", async () => {
  const facts = await fileSystemFactsOf(tmpdir());
  assert.ok(facts.freeBytes > 0);
  assert.notEqual(facts.fileSystem, "");
});
