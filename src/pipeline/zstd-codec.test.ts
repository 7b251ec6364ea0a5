import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { errorText, isDrError } from "../core/errors.ts";
import { zstdBoundBytes, ZstdCodec } from "./zstd-codec.ts";

const MIB = 1024 * 1024;

/** Text rows: compresses, and every part of zstd's format occurs. */
function rows(bytes: number): Uint8Array {
  const text: string[] = [];
  for (let row = 0, length = 0; length < bytes; row++) {
    const line = `${row}\t${(row * 7919) % 10_007}\t${createHash("md5").update(String(row)).digest("hex")}\n`;
    text.push(line);
    length += line.length;
  }
  return Buffer.from(text.join("")).subarray(0, bytes);
}

function randomBytes(bytes: number): Uint8Array {
  const content = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 32) {
    const digest = createHash("sha256").update(String(at)).digest();
    content.set(digest.subarray(0, Math.min(32, bytes - at)), at);
  }
  return content;
}

function compressed(codec: ZstdCodec, source: Uint8Array): Uint8Array {
  const target = new Uint8Array(zstdBoundBytes(source.length));
  const length = codec.compressInto(source, target);
  assert.ok(length !== "larger");
  return target.slice(0, length);
}

function isFrameError(error: unknown): boolean {
  return isDrError(error, "REPO_FRAME_CODEC");
}

for (const reuse of [true, false]) {
  const name = reuse ? "one context for all calls" : "one context a call";

  test(`${name}: what was compressed comes back, at every level`, () => {
    for (let level = 1; level <= 9; level++) {
      using codec = new ZstdCodec({ level, reuse });
      assert.equal(codec.kind, reuse ? "reused" : "per-call");
      fc.assert(
        fc.property(
          fc.oneof(
            fc.uint8Array({ maxLength: 3000 }),
            fc
              .tuple(fc.string({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 3000 }))
              .map(([text, times]) => Buffer.from(text.repeat(times))),
          ),
          fc.integer({ min: 0, max: 2000 }),
          (source, room) => {
            const target = new Uint8Array(room + source.length).fill(0xaa);
            const length = codec.compressInto(source, target);
            if (length === "larger") {
              return;
            }
            assert.ok(length < source.length);
            const back = new Uint8Array(source.length);
            assert.equal(codec.decompressInto(target.subarray(0, length), back), source.length);
            assert.equal(Buffer.compare(back, source), 0);
          },
        ),
        { numRuns: 30 },
      );
    }
  });

  test(`${name}: data that does not shrink, or does not fit, is "larger", and the next call works`, () => {
    using codec = new ZstdCodec({ reuse });
    const noise = randomBytes(MIB);
    assert.equal(codec.compressInto(noise, new Uint8Array(2 * MIB)), "larger");
    assert.equal(codec.compressInto(new Uint8Array(0), new Uint8Array(100)), "larger");
    assert.equal(codec.compressInto(Uint8Array.of(1), new Uint8Array(100)), "larger");
    const text = rows(MIB);
    const frame = compressed(codec, text);
    assert.equal(codec.compressInto(text, new Uint8Array(frame.length - 1)), "larger");
    assert.equal(codec.compressInto(text, new Uint8Array(0)), "larger");
    assert.equal(codec.compressInto(text, new Uint8Array(frame.length)), frame.length);
    assert.deepEqual(compressed(codec, text), frame, "a refusal leaves no trace");
  });

  test(`${name}: nothing is written beyond the target`, () => {
    using codec = new ZstdCodec({ reuse });
    const text = rows(100_000);
    const frame = compressed(codec, text);
    const memory = new Uint8Array(text.length + 64).fill(0xaa);
    codec.decompressInto(frame, memory.subarray(32, 32 + text.length));
    assert.ok(memory.subarray(0, 32).every((byte) => byte === 0xaa));
    assert.ok(memory.subarray(32 + text.length).every((byte) => byte === 0xaa));
    const small = new Uint8Array(frame.length + 63).fill(0xaa);
    assert.equal(codec.compressInto(text, small.subarray(32, 31 + frame.length)), "larger");
    assert.equal(codec.compressInto(text, small.subarray(32, 32 + frame.length - 0)), frame.length);
    assert.ok(small.subarray(0, 32).every((byte) => byte === 0xaa));
    assert.ok(small.subarray(32 + frame.length).every((byte) => byte === 0xaa));
  });

  test(`${name}: a truncated frame is refused with REPO_FRAME_CODEC, wherever it ends`, () => {
    using codec = new ZstdCodec({ reuse });
    const text = rows(3000);
    const frame = compressed(codec, text);
    const target = new Uint8Array(text.length);
    for (let length = 0; length < frame.length; length++) {
      assert.throws(() => codec.decompressInto(frame.subarray(0, length), target), isFrameError);
    }
    codec.decompressInto(frame, target);
    assert.equal(Buffer.compare(target, text), 0, "the codec still works");
  });

  test(`${name}: a frame with any changed byte is refused or stays within the target`, () => {
    using codec = new ZstdCodec({ reuse });
    const text = rows(2000);
    const frame = compressed(codec, text);
    const memory = new Uint8Array(text.length + 64).fill(0xaa);
    const target = memory.subarray(32, 32 + text.length);
    let refused = 0;
    for (let at = 0; at < frame.length; at++) {
      for (const change of [0x01, 0x80, 0xff]) {
        const damaged = frame.slice();
        damaged[at] = (damaged[at] ?? 0) ^ change;
        try {
          codec.decompressInto(damaged, target);
        } catch (error) {
          assert.ok(isFrameError(error));
          refused++;
        }
      }
    }
    assert.ok(refused > 50, `${refused} refused`);
    assert.ok(memory.subarray(0, 32).every((byte) => byte === 0xaa));
    assert.ok(memory.subarray(32 + text.length).every((byte) => byte === 0xaa));
    codec.decompressInto(frame, target);
    assert.equal(Buffer.compare(target, text), 0, "the codec still works");
  });

  test(`${name}: random bytes behind a frame's magic never end the process`, () => {
    using codec = new ZstdCodec({ reuse });
    const magic = [0x28, 0xb5, 0x2f, 0xfd];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 70_000 }), (tail, length) => {
        const target = new Uint8Array(length);
        for (const source of [tail, Uint8Array.from([...magic, ...tail])]) {
          try {
            codec.decompressInto(source, target);
          } catch (error) {
            assert.ok(isFrameError(error));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test(`${name}: a bomb is refused before it is unpacked`, () => {
    using codec = new ZstdCodec({ reuse });
    const bomb = zstdCompressSync(new Uint8Array(64 * MIB));
    const target = new Uint8Array(MIB);
    assert.throws(() => codec.decompressInto(bomb, target), isFrameError);
    // The same with a size of 1 MiB stated in the header, so that only the blocks tell.
    const lying = Uint8Array.from(bomb);
    const descriptor = lying[4] ?? 0;
    assert.equal(descriptor >> 6, 2, "the size has four bytes");
    const at = (descriptor & 0x20) === 0 ? 6 : 5;
    new DataView(lying.buffer).setUint32(at, MIB, true);
    assert.throws(() => codec.decompressInto(lying, target), isFrameError);
    const text = rows(5000);
    assert.equal(codec.decompressInto(compressed(codec, text), new Uint8Array(5000)), 5000);
  });

  test(`${name}: a frame that holds less or more than the target is refused`, () => {
    using codec = new ZstdCodec({ reuse });
    const frame = compressed(codec, rows(5000));
    for (const length of [0, 4999, 5001, MIB]) {
      assert.throws(() => codec.decompressInto(frame, new Uint8Array(length)), isFrameError);
    }
  });

  test(`${name}: bytes after the frame, a second frame, a skippable frame before it are refused`, () => {
    using codec = new ZstdCodec({ reuse });
    const frame = compressed(codec, rows(5000));
    const skippable = [0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 7];
    for (const source of [
      [...frame, 0],
      [...frame, ...frame],
      [...frame, ...skippable],
      [...skippable, ...frame],
    ]) {
      const target = new Uint8Array(5000);
      assert.throws(() => codec.decompressInto(Uint8Array.from(source), target), isFrameError);
    }
  });

  test(`${name}: a frame that asks for a window of gigabytes takes no such memory`, () => {
    using codec = new ZstdCodec({ reuse });
    // Window exponent 31, largest mantissa; a content of 3 bytes in one raw block.
    const header = [0x28, 0xb5, 0x2f, 0xfd, 0x80, 0xff, 3, 0, 0, 0];
    const frame = Uint8Array.from([...header, 0x19, 0, 0, 1, 2, 3]);
    const before = process.memoryUsage().rss;
    assert.throws(() => codec.decompressInto(frame, new Uint8Array(3)), isFrameError);
    assert.ok(process.memoryUsage().rss - before < 16 * MIB);
  });

  test(`${name}: memory shared between threads can be source and target`, () => {
    using codec = new ZstdCodec({ reuse });
    const shared = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes));
    const source = shared(50_000);
    source.set(rows(50_000));
    const target = shared(60_000);
    const length = codec.compressInto(source, target);
    assert.ok(length !== "larger");
    const back = shared(50_000);
    codec.decompressInto(target.subarray(0, length), back);
    assert.equal(Buffer.compare(back, source), 0);
  });
}

test("both ways read each other's frames, and Node's public function reads both", () => {
  using reused = new ZstdCodec({ level: 3 });
  using perCall = new ZstdCodec({ level: 3, reuse: false });
  const text = rows(300_000);
  for (const [writer, reader] of [
    [reused, perCall],
    [perCall, reused],
  ] as const) {
    const frame = compressed(writer, text);
    const back = new Uint8Array(text.length);
    reader.decompressInto(frame, back);
    assert.equal(Buffer.compare(back, text), 0);
    assert.equal(Buffer.compare(zstdDecompressSync(frame), text), 0);
  }
});

test("the level is kept over all calls, also after refused frames", () => {
  const text = rows(200_000);
  const sizes: number[] = [];
  for (const level of [1, 9]) {
    using codec = new ZstdCodec({ level });
    const first = compressed(codec, text);
    for (let round = 0; round < 3; round++) {
      assert.throws(() => codec.decompressInto(first.subarray(1), new Uint8Array(9)), isFrameError);
      assert.equal(codec.compressInto(randomBytes(10_000), new Uint8Array(20_000)), "larger");
      assert.deepEqual(compressed(codec, text), first);
    }
    const params = { [constants.ZSTD_c_compressionLevel]: level };
    sizes.push(first.length - zstdCompressSync(text, { params }).length);
    assert.ok(level === 1 || first.length < zstdCompressSync(text).length);
  }
  assert.deepEqual(sizes, [0, 0], "as long as Node's own frames of that level");
});

test("a level that is not a whole number from 1 to 9 is refused", () => {
  for (const level of [-1, 0, 10, 1.5, Number.NaN]) {
    assert.throws(() => new ZstdCodec({ level }), /whole number from 1 to 9/);
  }
});

test("the default level is 1", () => {
  using codec = new ZstdCodec();
  assert.equal(codec.level, 1);
});

test("several codecs at once do not disturb each other", () => {
  const codecs = [1, 5, 9].map((level) => new ZstdCodec({ level }));
  const text = rows(20_000);
  const first = codecs.map((codec) => compressed(codec, text));
  for (let round = 0; round < 5; round++) {
    assert.deepEqual(
      codecs.map((codec) => compressed(codec, text)),
      first,
    );
  }
  for (const codec of codecs) {
    codec.close();
  }
});

test("a closed codec goes on by the public functions", () => {
  const codec = new ZstdCodec();
  codec.close();
  codec.close();
  assert.equal(codec.kind, "per-call");
  const text = rows(5000);
  const back = new Uint8Array(5000);
  codec.decompressInto(compressed(codec, text), back);
  assert.equal(Buffer.compare(back, text), 0);
});

test("memory stays flat over 100,000 calls and over 2,000 refused frames", () => {
  using codec = new ZstdCodec();
  const text = rows(8192);
  const target = new Uint8Array(zstdBoundBytes(text.length));
  const back = new Uint8Array(text.length);
  const damaged = compressed(codec, text).fill(0xff, 14, 64);
  const round = (calls: number, refusals: number): number => {
    for (let call = 0; call < calls; call += 2) {
      const length = codec.compressInto(text, target);
      assert.ok(length !== "larger");
      codec.decompressInto(target.subarray(0, length), back);
    }
    for (let refusal = 0; refusal < refusals; refusal++) {
      assert.throws(() => codec.decompressInto(damaged, back), isFrameError);
    }
    return process.memoryUsage().rss;
  };
  const before = round(10_000, 200);
  const after = round(90_000, 1800);
  assert.ok(after - before < 48 * MIB, `${(after - before) / MIB} MiB more`);
});

test("REPO_FRAME_CODEC says what failed and what to do, in both languages", () => {
  using codec = new ZstdCodec();
  try {
    codec.decompressInto(new Uint8Array(7), new Uint8Array(9));
    assert.fail("refused");
  } catch (error) {
    assert.ok(isDrError(error, "REPO_FRAME_CODEC"));
    assert.equal(
      error.message,
      "a compressed frame of 7 bytes does not yield its 9 bytes: no zstd frame begins here",
    );
    assert.match(error.hint, /Run pra verify/);
    const french = errorText(error, "fr");
    assert.match(french.message, /^une trame compressée de 7 octets ne donne pas ses 9 octets : /);
    assert.match(french.hint, /Lancez pra verify/);
  }
});

/** Half of it shrinks; by its length its frame is made to have any length. */
function chained(lengthBytes: number): Buffer {
  const parts: Buffer[] = [];
  let link = Buffer.alloc(0);
  for (let made = 0; made < lengthBytes; made += link.length) {
    link = createHash("sha256").update(link).digest();
    parts.push(link, Buffer.alloc(parts.length % 7));
    made += parts.length % 7;
  }
  return Buffer.concat(parts).subarray(0, lengthBytes);
}

test("a frame that exactly fills the buffers of Node's public functions is one frame, with nothing behind it", () => {
  // Given no more room than that, zstdCompressSync begins a second, empty frame.
  const chunkBytes = 16 * 1024;
  const params = { [constants.ZSTD_c_compressionLevel]: 1 };
  const whole = (length: number): number =>
    zstdCompressSync(chained(length), { params, chunkSize: 64 * 1024 }).length;
  const from = chunkBytes;
  const lengths = Array.from({ length: 2000 }, (_, more) => from + more).filter(
    (length) => whole(length) === chunkBytes,
  );
  assert.ok(lengths.length > 0, "some content makes such a frame");
  for (const reuse of [true, false]) {
    using codec = new ZstdCodec({ reuse });
    for (const length of lengths) {
      const plain = chained(length);
      const frame = Buffer.alloc(plain.length);
      const written = codec.compressInto(plain, frame);
      assert.equal(written, chunkBytes);
      const back = Buffer.alloc(length);
      codec.decompressInto(frame.subarray(0, chunkBytes), back);
      assert.ok(back.equals(plain));
    }
  }
});
