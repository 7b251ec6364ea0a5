import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type DrError, type ErrorCode, isDrError } from "../core/errors.ts";
import { type TarEntry, TarReader } from "./tar-reader.ts";

type Member = {
  readonly name: Uint8Array;
  readonly prefix?: string;
  readonly flag: string;
  readonly content: Uint8Array;
  readonly link?: string;
  readonly size?: number | bigint;
};

function numberField(value: number | bigint, bytes: number): Buffer {
  const octal = value.toString(8);
  if (octal.length < bytes) {
    return Buffer.from(`${octal.padStart(bytes - 1, "0")} `);
  }
  const field = Buffer.alloc(bytes);
  field.writeBigUInt64BE(BigInt(value), bytes - 8);
  field[0] = 0x80;
  return field;
}

function sealHeader(header: Buffer): Buffer {
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  numberField(sum, 8).copy(header, 148);
  return header;
}

function headerOf(member: Member): Buffer {
  const header = Buffer.alloc(512);
  header.set(member.name, 0);
  numberField(0o100640 & 0o7777, 8).copy(header, 100);
  numberField(1000, 8).copy(header, 108);
  numberField(33_000_000, 8).copy(header, 116);
  numberField(member.size ?? member.content.length, 12).copy(header, 124);
  numberField(1_700_000_000, 12).copy(header, 136);
  header.write(member.flag, 156, "latin1");
  header.write(member.link ?? "", 157, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  header.write(member.prefix ?? "", 345, "latin1");
  return sealHeader(header);
}

function archiveOf(members: readonly Member[]): Buffer {
  return Buffer.concat(
    members.flatMap((member) => [
      headerOf(member),
      member.content,
      Buffer.alloc((512 - (member.content.length % 512)) % 512),
    ]),
  );
}

const END = Buffer.alloc(1024);

function file(name: string, content = ""): Member {
  return { name: Buffer.from(name), flag: "0", content: Buffer.from(content) };
}

type Read = { readonly entry: TarEntry; content: Buffer; ended: boolean };

function readArchive(
  archive: Buffer,
  options: { readonly cuts?: readonly number[]; readonly endBlocksRequired?: boolean } = {},
): readonly Read[] {
  const members: Read[] = [];
  const reader = new TarReader(
    {
      beginEntry: (entry) => members.push({ entry, content: Buffer.alloc(0), ended: false }),
      data: (view) => {
        const last = members.at(-1);
        assert.ok(last !== undefined && !last.ended && view.length > 0);
        last.content = Buffer.concat([last.content, view]);
      },
      endEntry: () => {
        const last = members.at(-1);
        assert.ok(last !== undefined && !last.ended);
        last.ended = true;
      },
    },
    { archive: "base.tar", endBlocksRequired: options.endBlocksRequired ?? true },
  );
  let at = 0;
  for (const length of options.cuts ?? []) {
    reader.push(archive.subarray(at, at + length));
    at += length;
  }
  reader.push(archive.subarray(at));
  reader.end();
  return members;
}

function refusedWith(code: ErrorCode, run: () => unknown): DrError {
  let caught: unknown;
  try {
    run();
  } catch (error) {
    caught = error;
  }
  assert.ok(isDrError(caught));
  assert.equal(caught.code, code);
  return caught;
}

test("files, directories and links come out with their numbers, and data in views", () => {
  const members = readArchive(
    Buffer.concat([
      archiveOf([
        file("base/5/16384", "x".repeat(700)),
        { name: Buffer.from("./pg_wal/archive_status/"), flag: "5", content: Buffer.alloc(0) },
        {
          name: Buffer.from("pg_tblspc/16390/"),
          flag: "2",
          content: Buffer.alloc(0),
          link: "/mnt/ts",
        },
      ]),
      END,
    ]),
  );
  assert.deepEqual(
    members.map(({ entry }) => [entry.path, entry.kind, entry.sizeBytes, entry.linkTarget]),
    [
      ["base/5/16384", "file", 700, undefined],
      ["pg_wal/archive_status", "directory", 0, undefined],
      ["pg_tblspc/16390", "symlink", 0, "/mnt/ts"],
    ],
  );
  const [first] = members;
  assert.equal(first?.content.toString(), "x".repeat(700));
  assert.equal(first?.entry.mode, 0o640);
  assert.equal(first?.entry.uid, 1000);
  assert.equal(first?.entry.gid, 33_000_000);
  assert.equal(first?.entry.modifiedAtSeconds, 1_700_000_000);
});

test("an archive reads the same however it is cut", () => {
  const member = fc.record({
    name: fc
      .array(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.map((part) => part.replaceAll(/[/\0.]/g, "_")).join("/"))
      .filter((name) => Buffer.byteLength(name) < 100)
      .map((name) => Buffer.from(name)),
    flag: fc.constant("0"),
    content: fc.uint8Array({ maxLength: 1500 }),
  });
  fc.assert(
    fc.property(
      fc.array(member, { maxLength: 4 }),
      fc.array(fc.nat(700), { maxLength: 30 }),
      (members, cuts) => {
        const read = readArchive(Buffer.concat([archiveOf(members), END]), { cuts });
        assert.deepEqual(
          read.map(({ entry, content, ended }) => [entry.path, content.toString("hex"), ended]),
          members.map(({ name, content }) => [
            Buffer.from(name).toString(),
            Buffer.from(content).toString("hex"),
            true,
          ]),
        );
      },
    ),
  );
});

test("L31 odd names pass: spaces, unicode, =, #, [, backslash, newline, bytes that are not UTF-8", () => {
  for (const name of ["a b", "é", "x=1", "#", "[", "a\\b", "..\\x", "new\nline", "...", "日本"]) {
    const [read] = readArchive(Buffer.concat([archiveOf([file(`base/${name}`)]), END]));
    assert.equal(read?.entry.path, `base/${name}`);
  }
  const bytes = { name: Buffer.from([0x61, 0xff]), flag: "0", content: Buffer.alloc(0) };
  const [read] = readArchive(Buffer.concat([archiveOf([bytes]), END]));
  assert.equal(read?.entry.path, "a\uDCFF");
});

test("a name of 100 bytes without NUL, and one continued in the prefix, are read whole", () => {
  const long = "n".repeat(100);
  const [read] = readArchive(
    Buffer.concat([archiveOf([{ ...file(long), prefix: "p".repeat(155) }]), END]),
  );
  assert.equal(read?.entry.path, `${"p".repeat(155)}/${long}`);
});

test("a size beyond eight octal gigabytes is read in base-256", () => {
  const big = 10_000_000_000;
  const header = headerOf({ ...file("big"), size: big });
  refusedWith("SRC_TAR_TRUNCATED", () => readArchive(header));
});

test("names that leave their directory are refused with SRC_TAR_NAME", () => {
  for (const name of [
    "/etc/passwd",
    "../x",
    "a/../b",
    "a/..",
    "a//b",
    "a/./b",
    "./",
    "a/.",
    "..",
  ]) {
    const error = refusedWith("SRC_TAR_NAME", () => readArchive(archiveOf([file(name)])));
    assert.ok(error.message.includes(JSON.stringify(name)));
  }
});

test("bytes hidden behind a NUL, a file named as a directory and an empty name are refused", () => {
  const hidden = { ...file(""), name: Buffer.from("safe\0/../evil") };
  refusedWith("SRC_TAR_HEADER", () => readArchive(archiveOf([hidden])));
  refusedWith("SRC_TAR_HEADER", () => readArchive(archiveOf([file("base/x/")])));
  refusedWith("SRC_TAR_NAME", () => readArchive(archiveOf([file("")])));
});

test("any flipped bit of a header is refused", () => {
  const good = Buffer.concat([archiveOf([file("base/1", "abc")]), END]);
  for (let bit = 0; bit < 500 * 8; bit += 7) {
    const bad = Buffer.from(good);
    const at = bit >> 3;
    bad[at] = (bad[at] ?? 0) ^ (1 << (bit & 7));
    assert.throws(
      () => readArchive(bad),
      (error: unknown) => isDrError(error) && error.code.startsWith("SRC_TAR_"),
    );
  }
});

test("a device, a hard link, a long-name record and a sparse file are refused with SRC_TAR_KIND", () => {
  for (const flag of ["1", "3", "4", "6", "L", "x", "g", "S"]) {
    refusedWith("SRC_TAR_KIND", () => readArchive(archiveOf([{ ...file("a"), flag }])));
  }
});

test("a directory with a size and a link without a target are refused", () => {
  const directory = { ...file("d/"), flag: "5", content: Buffer.from("x") };
  assert.ok(
    refusedWith("SRC_TAR_HEADER", () => readArchive(archiveOf([directory]))).message.includes(
      "size",
    ),
  );
  const link = { ...file("l"), flag: "2" };
  refusedWith("SRC_TAR_HEADER", () => readArchive(archiveOf([link])));
  refusedWith("SRC_TAR_HEADER", () => readArchive(archiveOf([{ ...file("f"), link: "x" }])));
});

test("numbers that are neither octal nor a positive base-256 number are refused", () => {
  for (const text of ["00000000008", "-0000000001", "           ", "0x000000001"]) {
    const header = headerOf(file("a"));
    header.write(text.padEnd(12, " "), 124, "latin1");
    refusedWith("SRC_TAR_HEADER", () => readArchive(sealHeader(header)));
  }
  const negative = headerOf(file("a"));
  negative.fill(0xff, 124, 136);
  refusedWith("SRC_TAR_HEADER", () => readArchive(sealHeader(negative)));
});

test("an archive cut anywhere is refused with SRC_TAR_TRUNCATED, when end blocks are required", () => {
  const whole = Buffer.concat([archiveOf([file("a", "x".repeat(600)), file("b", "y")]), END]);
  for (let length = 0; length < whole.length; length += 64) {
    refusedWith("SRC_TAR_TRUNCATED", () => readArchive(whole.subarray(0, length)));
  }
});

test("without end blocks an archive may end after any member, and nowhere else", () => {
  const whole = archiveOf([file("a", "x".repeat(600)), file("b", "y")]);
  for (let length = 0; length <= whole.length; length += 64) {
    const read = (): unknown =>
      readArchive(whole.subarray(0, length), { endBlocksRequired: false });
    if ([0, 1536, 2560].includes(length)) {
      read();
    } else {
      refusedWith("SRC_TAR_TRUNCATED", read);
    }
  }
});

test("members after the end of the archive are refused", () => {
  const block = Buffer.alloc(512);
  for (const zeros of [[block], [block, block]]) {
    refusedWith("SRC_TAR_HEADER", () =>
      readArchive(Buffer.concat([...zeros, archiveOf([file("late")])])),
    );
  }
});

test("any bytes at all end in a DrError or a reading, never in another exception", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2048 }), (bytes) => {
      try {
        readArchive(Buffer.from(bytes));
      } catch (error) {
        assert.ok(isDrError(error));
      }
    }),
  );
});
