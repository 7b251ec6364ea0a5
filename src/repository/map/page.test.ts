import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isDrError } from "../../core/errors.ts";
import { decodeFileName, encodeFileName } from "../../core/file-name-bytes.ts";
import { mapPageBytesMax } from "../../core/limits.ts";
import { type ObjectId, parseObjectId } from "../../core/object-id.ts";
import { GroupReader } from "./group-reader.ts";
import { type EncodedPage, PageBuilder, type PageEntry, PageReader } from "./page.ts";

const id = (n: number): ObjectId => parseObjectId(n.toString(16).padStart(32, "0"));

const ref = fc.record(
  {
    map: fc.nat(3).map(id),
    frame: fc.nat(1000),
    offset: fc.nat(1_000_000),
    length: fc.nat(1_000_000),
  },
  { noNullPrototype: true },
);

/** Any bytes but NUL: names need not be UTF-8. */
const name = fc
  .uint8Array({ minLength: 1, maxLength: 30 })
  .map((bytes) => decodeFileName(bytes.map((byte) => (byte === 0 ? 1 : byte))));

const entry: fc.Arbitrary<PageEntry> = fc
  .record({
    name,
    type: fc.constantFrom("file" as const, "directory" as const, "symlink" as const),
    mode: fc.nat(0o7777),
    sizeBytes: fc.nat(2 ** 40),
    checked: fc.boolean(),
    bad: fc.uniqueArray(fc.nat(131_071), { maxLength: 5 }),
    stretches: fc.array(fc.array(ref, { minLength: 1, maxLength: 17 }), { maxLength: 3 }),
    linkTarget: name,
  })
  .map(({ bad, linkTarget, ...rest }) => {
    const base = { ...rest, badBlocks: bad.sort((a, b) => a - b) };
    return rest.type === "symlink" ? { ...base, linkTarget } : base;
  });

const entries = fc.uniqueArray(entry, {
  maxLength: 20,
  selector: ({ name: of }) => encodeFileName(of).toString("hex"),
});

function encoded(files: readonly PageEntry[]): Buffer {
  const builder = new PageBuilder();
  files.forEach((file) => builder.add(file));
  assert.equal(builder.count, files.length);
  const pages = [...builder.pages()];
  assert.ok(pages.length <= 1);
  return pages[0]?.bytes ?? Buffer.of(1, 0, 0);
}

const byName = (a: PageEntry, b: PageEntry): number =>
  Buffer.compare(encodeFileName(a.name), encodeFileName(b.name));

test("L31 any files come back, sorted by the bytes of their names, and each is found by its name", () => {
  fc.assert(
    fc.property(entries, name, (files, other) => {
      const reader = new PageReader(encoded(files));
      assert.deepEqual([...reader.entries()], [...files].sort(byName));
      files.forEach((file) => assert.deepEqual(reader.find(file.name), file));
      if (files.every((file) => file.name !== other)) {
        assert.equal(reader.find(other), undefined);
      }
      const used = new Set(files.flatMap((file) => file.stretches.flat().map(({ map }) => map)));
      assert.deepEqual(new Set(reader.maps), used);
    }),
  );
});

test("the same files give the same bytes, in whatever order they came", () => {
  fc.assert(
    fc.property(entries, (files) => {
      assert.deepEqual(encoded(files.toReversed()), encoded(files));
    }),
  );
});

test("any bytes, and any damage to a page, are read or refused with REPO_ENCODING", () => {
  const good = encoded(fc.sample(entries, { numRuns: 1, seed: 7 })[0] ?? []);
  const tryIt = (bytes: Uint8Array): void => {
    try {
      [...new PageReader(bytes).entries()].forEach(() => undefined);
    } catch (error) {
      assert.ok(isDrError(error, "REPO_ENCODING"), String(error));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), tryIt));
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
      const bad = Buffer.from(good);
      bad[at] = value;
      tryIt(bad);
      tryIt(good.subarray(0, at));
    }),
  );
});

test("two entries of one name are refused with REPO_ENCODING", () => {
  const file: PageEntry = {
    name: "base/5/1",
    type: "file",
    mode: 0o600,
    sizeBytes: 0,
    checked: false,
    badBlocks: [],
    stretches: [],
  };
  assert.throws(
    () => new PageReader(encoded([file, file])),
    (error: unknown) => isDrError(error, "REPO_ENCODING"),
  );
});

const plainFile = (name: string): PageEntry => ({
  name,
  type: "file",
  mode: 0o600,
  sizeBytes: 8192,
  checked: false,
  badBlocks: [],
  stretches: [[{ map: id(1), frame: 7, offset: 70_000, length: 60 }]],
});

function pagesOf(files: readonly PageEntry[]): readonly EncodedPage[] {
  const builder = new PageBuilder();
  files.forEach((file) => {
    builder.add(file);
  });
  return [...builder.pages()];
}

const archived = (count: number): readonly PageEntry[] =>
  Array.from({ length: count }, (_, n) => plainFile(`archive/${String(n).padStart(24, "0")}`));

test("L32 a group of 300,000 files makes pages of at most a MiB, in which every file is found", () => {
  const files = archived(300_000);
  const pages = pagesOf(files.toReversed());
  assert.ok(pages.length >= 15 && pages.length <= 75, `${pages.length} pages`);
  assert.ok(pages.every(({ bytes }) => bytes.length <= mapPageBytesMax + 64));
  assert.equal(
    pages.reduce((sum, page) => sum + page.files, 0),
    files.length,
  );
  assert.ok(pages.every((page) => page.contentBytes === page.files * 8192));
  const group = new GroupReader(pages.map(({ bytes }) => new PageReader(bytes)));
  for (let n = 0; n < files.length; n += 97) {
    assert.deepEqual(group.find(files[n]?.name ?? ""), files[n]);
  }
  pages.forEach(({ bytes }) => {
    const reader = new PageReader(bytes);
    assert.ok(group.find(reader.at(0).name) && group.find(reader.at(reader.count - 1).name));
  });
  for (const other of ["", "a", "archive/0", "archive/000000000000000000000000x", "z"]) {
    assert.equal(group.find(other), undefined);
  }
  assert.equal(new GroupReader([]).find("a"), undefined);
});

test("a file more changes the one page it belongs to, wherever it sorts", () => {
  const files = archived(40_000);
  const before = new Set(pagesOf(files).map(({ bytes }) => bytes.toString("latin1")));
  for (const name of ["a", "archive/000000000000000000020000x", "z"]) {
    const after = pagesOf([...files, plainFile(name)]);
    const changed = after.filter(({ bytes }) => !before.has(bytes.toString("latin1")));
    assert.ok(changed.length <= 3, `${changed.length} of ${after.length} pages`);
  }
});

test("one file that describes itself with more than a MiB has a page of its own", () => {
  const broken: PageEntry = {
    ...plainFile("base/5/20000"),
    badBlocks: Array.from({ length: 2_000_000 }, (_, block) => block),
  };
  const pages = pagesOf([plainFile("base/5/1"), broken, plainFile("base/5/3")]);
  assert.deepEqual(
    pages.map(({ files }) => files),
    [1, 1, 1],
  );
});

test("pages of a group that do not follow each other are refused with REPO_ENCODING", () => {
  const page = (...names: string[]): PageReader => new PageReader(encoded(names.map(plainFile)));
  const good = new GroupReader([page("a", "c"), page("d")]);
  assert.equal(good.find("c")?.name, "c");
  assert.equal(good.find("b"), undefined);
  for (const pages of [
    [page("a", "c"), page("c")],
    [page("a", "c"), page("b")],
    [page("d"), page("a")],
  ]) {
    assert.throws(
      () => new GroupReader(pages),
      (error: unknown) => isDrError(error, "REPO_ENCODING"),
    );
  }
});
