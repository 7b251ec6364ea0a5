import assert from "node:assert/strict";
import { test } from "node:test";
import { baseBackupCommand } from "./base-backup.ts";

const options = { label: "it's", fastCheckpoint: true, manifestChecksums: "none" } as const;

test("14 gets the old list of words, with quotes doubled", () => {
  assert.equal(
    baseBackupCommand(14, options),
    "BASE_BACKUP LABEL 'it''s' PROGRESS FAST NOWAIT TABLESPACE_MAP MANIFEST 'yes' MANIFEST_CHECKSUMS 'NONE'",
  );
  assert.equal(
    baseBackupCommand(14, { ...options, manifestChecksums: "omit", kibPerSecondMax: 1024 }),
    "BASE_BACKUP LABEL 'it''s' PROGRESS FAST NOWAIT MAX_RATE 1024 TABLESPACE_MAP",
  );
  assert.equal(
    baseBackupCommand(14, { label: "x", fastCheckpoint: false, manifestChecksums: "omit" }),
    "BASE_BACKUP LABEL 'x' PROGRESS NOWAIT TABLESPACE_MAP",
  );
});

test("15 and later get options in parentheses", () => {
  assert.equal(
    baseBackupCommand(15, { ...options, manifestChecksums: "crc32c" }),
    "BASE_BACKUP (LABEL 'it''s', PROGRESS, CHECKPOINT 'fast', WAIT false, TABLESPACE_MAP, MANIFEST 'yes', MANIFEST_CHECKSUMS 'CRC32C')",
  );
  assert.equal(
    baseBackupCommand(17, { ...options, manifestChecksums: "omit", kibPerSecondMax: 32 }),
    "BASE_BACKUP (LABEL 'it''s', PROGRESS, CHECKPOINT 'fast', WAIT false, MAX_RATE 32, TABLESPACE_MAP, MANIFEST 'no')",
  );
  assert.equal(
    baseBackupCommand(18, { label: "x", fastCheckpoint: false, manifestChecksums: "omit" }),
    "BASE_BACKUP (LABEL 'x', PROGRESS, CHECKPOINT 'spread', WAIT false, TABLESPACE_MAP, MANIFEST 'no')",
  );
});
