/** A dump's stream from its packs into a program, byte by byte the same, however slowly the program reads and whatever the frames are. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";

import { TestRepository } from "../../tests/support/test-repository.ts";
import { testPlace } from "../../tests/support/simulated-repository.ts";
import { systemClock } from "../core/clock.ts";
import { isDrError } from "../core/errors.ts";
import { slotBytes } from "../core/limits.ts";
import { FramedFileWriter } from "../pipeline/framed-file-writer.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import type { DumpStream } from "../repository/dump-document.ts";
import { ObjectStage } from "../repository/object-stage.ts";
import { type FedProgram, feedProgram } from "./feed-program.ts";
import { readStream } from "./read-stream.ts";

const signal = new AbortController().signal;

/** Frames that compress, that do not, and that are short. */
function framesOf(count: number): readonly Buffer[] {
  return Array.from({ length: count }, (_, number) => {
    switch (number % 4) {
      case 0:
        return randomBytes(slotBytes);
      case 1:
        return Buffer.alloc(slotBytes, `line ${number}\n`);
      case 2:
        return randomBytes(1 + number);
      default:
        return Buffer.alloc(300_000, `${number}`);
    }
  });
}

async function store(
  { sealed }: TestRepository,
  packs: readonly (readonly Buffer[])[],
): Promise<DumpStream> {
  const directory = await sealed.store.stagingDirectory({ signal });
  const about = { sealed, place: testPlace, epoch: 1, clock: systemClock, directory };
  await using stage = new ObjectStage(about);
  using codec = new ZstdCodec();
  const named: DumpStream["packs"][number][] = [];
  const hash = createHash("sha256");
  let bytes = 0;
  for (const frames of packs) {
    const { ticket, path } = await stage.place("pack");
    const writer = new FramedFileWriter({ ticket, path, codec });
    let plainBytes = 0;
    for (const frame of frames) {
      writer.addFrame(frame);
      hash.update(frame);
      plainBytes += frame.length;
    }
    const pack = writer.finish();
    await stage.publish("pack", pack, { signal });
    const { id, bytes: stored, frames: count, headerSha256 } = pack;
    named.push({ id, bytes: stored, frames: count, headerSha256, plainBytes });
    bytes += plainBytes;
  }
  return { part: "data", table: null, bytes, sha256: hash.digest("hex"), packs: named };
}

function shell(script: string): Parameters<typeof feedProgram>[0] {
  return { path: "/bin/sh", words: ["-c", script], environment: { PATH: "/usr/bin:/bin" } };
}

async function fed(
  repository: TestRepository,
  stream: DumpStream,
  script: string,
): Promise<FedProgram> {
  const source = readStream(repository.sealed, testPlace, { signal, stream });
  return await feedProgram(shell(script), source, { signal });
}

test("R3 what a program reads is what was dumped: over several packs, stored frames and short ones, at once and in fits", async () => {
  await using repository = await TestRepository.create();
  const stream = await store(repository, [framesOf(23), framesOf(1), framesOf(9)]);
  for (const script of ["sha256sum", "(head -c 100000; sleep 0.3; cat) | sha256sum"]) {
    const { end, output } = await fed(repository, stream, script);
    assert.equal(end.code, 0, end.text);
    assert.equal(output.slice(0, 64), stream.sha256);
  }
});

test("R3 a program that has read enough ends as it likes, and one that fails is told of", async () => {
  await using repository = await TestRepository.create();
  const stream = await store(repository, [framesOf(40).slice(1)]);
  const enough = await fed(repository, stream, "exec head -c 3");
  assert.deepEqual([enough.end.code, enough.output], [0, "lin"]);
  const failed = await fed(repository, stream, "head -c 3000000 > /dev/null; echo no >&2; exit 3");
  assert.deepEqual([failed.end.code, failed.end.text], [3, "no"]);
});

test("R3 a pack that is another, and a stream that is short, end the program with what is wrong", async () => {
  await using repository = await TestRepository.create();
  const stream = await store(repository, [framesOf(12)]);
  const [pack] = stream.packs;
  const wrong = {
    ...stream,
    packs: pack === undefined ? [] : [{ ...pack, headerSha256: "0".repeat(64) }],
  };
  await assert.rejects(fed(repository, wrong, "cat > /dev/null"), (error) =>
    isDrError(error, "REPO_OBJECT_DAMAGED"),
  );
  const short = { ...stream, bytes: stream.bytes - 1 };
  await assert.rejects(fed(repository, short, "cat > /dev/null"), (error) =>
    isDrError(error, "REPO_OBJECT_DAMAGED"),
  );
});
