/** Texts that a restore writes: isolation, recovery, configuration, tablespace map, manifest. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { crc32c } from "../core/crc32c.ts";
import { parseLsn } from "../core/lsn.ts";
import { timelineOf } from "../core/wal-name.ts";
import { manifestWith } from "./backup-manifest.ts";
import {
  isolationSettings,
  quoteSetting,
  withIsolationBlock,
  withoutIsolationBlock,
  withoutRecoverySettings,
} from "./isolation.ts";
import { recoverySettings } from "./recovery-settings.ts";
import { withoutDataDirectory } from "./restored-configuration.ts";
import { type TablespacePlace, tablespaceMapWith } from "./tablespace-places.ts";

test("the isolation block is replaced, not repeated, and taken away without a trace", () => {
  const theirs = "# Do not edit\nwork_mem = '4MB'";
  const once = withIsolationBlock(theirs, { archive_mode: "off" });
  const twice = withIsolationBlock(once, { archive_mode: "off" });
  assert.equal(once, twice);
  assert.equal(withoutIsolationBlock(twice), `${theirs}\n`);
  assert.ok(once.endsWith("archive_mode = 'off'\n# <<< pra\n"));
  assert.equal(withIsolationBlock("", {}).split("\n").length, 3);
});

test("a quoted setting reads back as it was, and is one line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      const quoted = quoteSetting(value);
      assert.ok(!/[\n\r]/.test(quoted));
      const inner = quoted.slice(1, -1).replaceAll("''", "'");
      const read = inner.replaceAll(/\\(.)/g, (_, c: string) => ({ n: "\n", r: "\r" })[c] ?? c);
      assert.equal(read, value);
    }),
  );
});

test("settings that a major does not know are left out", () => {
  assert.ok(!("archive_library" in isolationSettings(14)));
  assert.ok("promote_trigger_file" in isolationSettings(15));
  assert.ok(!("promote_trigger_file" in isolationSettings(16)));
  assert.ok(!("event_triggers" in isolationSettings(16)));
  assert.ok("sync_replication_slots" in isolationSettings(18));
});

test("the source's own recovery settings go, all else stays", () => {
  const text =
    "work_mem = '1MB'\nrecovery_target_time = 'x'\n Restore_Command='y'\nprimary_conninfo = 'z'\n# restore_command\n";
  assert.equal(withoutRecoverySettings(text), "work_mem = '1MB'\n# restore_command\n");
});

test("a target is set after every other was emptied, because two at once stop a server", () => {
  const settings = recoverySettings({
    stop: { kind: "lsn", lsn: parseLsn("0/3000060") },
    timeline: timelineOf(3),
    action: "promote",
  });
  const names = Object.keys(settings).filter((name) =>
    /^recovery_target(_time|_lsn|_xid|_name)?$/.test(name),
  );
  assert.equal(names.at(-1), "recovery_target_lsn");
  assert.equal(names.length, 5);
  assert.equal(settings["recovery_target_lsn"], "0/3000060");
  assert.equal(settings["recovery_target_timeline"], "3");
  assert.equal(settings["recovery_target_action"], "promote");
  const end = recoverySettings({
    stop: { kind: "end" },
    timeline: timelineOf(1),
    action: "promote",
  });
  assert.equal(end["recovery_target_action"], undefined);
  assert.equal(end["recovery_target_time"], "");
});

test("data_directory in a restored configuration is turned off, comments and other settings are not touched", () => {
  assert.equal(
    withoutDataDirectory(
      "a = 1\n data_directory = '/prod'\nDATA_DIRECTORY '/x'\n# data_directory\nlog_directory='l'\n",
    ),
    "a = 1\n# pra:  data_directory = '/prod'\n# pra: DATA_DIRECTORY '/x'\n# data_directory\nlog_directory='l'\n",
  );
});

const place = (oid: number, location: string, directory: string): TablespacePlace => ({
  oid,
  location,
  directory,
  mapped: directory !== location,
  inPlace: false,
});

test("L28 the tablespace map names the new places; unmoved lines stay byte for byte", () => {
  const map = Buffer.from("16384 /a/with\\\nbreak\n16385 /b\\\\x\n16386 /c\n");
  const places = [
    place(16384, "/a/with\nbreak", "/new\n1\\"),
    place(16385, "/b\\x", "/b\\x"),
    place(16386, "/c", "/d e"),
  ];
  assert.equal(
    tablespaceMapWith(map, places).toString(),
    "16384 /new\\\n1\\\\\n16385 /b\\\\x\n16386 /d e\n",
  );
  assert.deepEqual(tablespaceMapWith(map, places.slice(1, 2)), map);
  const odd = Buffer.concat([Buffer.from("16384 /"), Buffer.from([0xff]), Buffer.from("\n")]);
  assert.deepEqual(tablespaceMapWith(odd, []), odd);
});

test("the manifest's entry and its own checksum are made again for a changed file", () => {
  const files = [
    `{ "Path": "global/pg_control", "Size": 8192, "Last-Modified": "x", "Checksum-Algorithm": "CRC32C", "Checksum": "00000000" },`,
    `{ "Path": "tablespace_map", "Size": 10, "Last-Modified": "x", "Checksum-Algorithm": "SHA256", "Checksum": "00" }`,
  ];
  const head = `{ "PostgreSQL-Backup-Manifest-Version": 1,\n"Files": [\n${files.join("\n")}\n],\n`;
  const manifest = Buffer.from(`${head}"Manifest-Checksum": "feed"}\n`);
  const content = Buffer.from("longer than before");
  const made = (of: Buffer, ...files: (readonly [string, Buffer])[]): string | undefined => {
    const pieces = manifestWith(of, new Map(files));
    return pieces === undefined ? undefined : Buffer.concat(pieces).toString();
  };
  const changed = made(manifest, ["tablespace_map", content]) ?? "";
  assert.ok(changed.includes(`"Size": ${content.length}, "Last-Modified"`));
  assert.ok(changed.includes(createHash("sha256").update(content).digest("hex")));
  assert.ok(changed.includes(files[0] ?? "-"));
  const own = changed.lastIndexOf(`"Manifest-Checksum"`);
  const digest = createHash("sha256").update(changed.slice(0, own)).digest("hex");
  assert.equal(changed.slice(own), `"Manifest-Checksum": "${digest}"}\n`);
  const control = made(manifest, ["global/pg_control", Buffer.alloc(8192)]) ?? "";
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(crc32c(Buffer.alloc(8192)));
  assert.ok(control.includes(`"Checksum": "${bytes.toString("hex")}"`));
  const twice = made(
    manifest,
    ["tablespace_map", content],
    ["global/pg_control", Buffer.alloc(8192)],
  );
  assert.equal(twice, made(Buffer.from(changed), ["global/pg_control", Buffer.alloc(8192)]));
  assert.equal(made(manifest, ["nowhere", content]), undefined);
  assert.equal(made(Buffer.from("{}"), ["global/pg_control", content]), undefined);
  assert.equal(made(Buffer.from("{}")), undefined);
});

test("L16 a copy whose markers ALTER SYSTEM removed is still known, and its own settings are kept", () => {
  const theirs = "archive_mode = 'on'\nwork_mem = '64MB'\n";
  const settings = {
    ...isolationSettings(18),
    ...recoverySettings({ stop: { kind: "end" }, timeline: timelineOf(3), action: "promote" }),
  };
  const isolated = withIsolationBlock(theirs, settings);
  const rewritten = isolated
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n");
  assert.ok(rewritten.includes("archive_mode = 'off'"));
  assert.equal(withoutIsolationBlock(rewritten), theirs);
  assert.equal(withoutIsolationBlock(theirs), theirs, "a server of its own is left alone");
});
