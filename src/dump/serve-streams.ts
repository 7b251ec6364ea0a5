/**
 * The loop of a dump's worker thread: runs a program, and turns what it writes into frames in packs as it comes. Nothing of it ever lies
 * unsealed on a disk, and the main thread moves none of it. A worker that waits for a ticket reads nothing, so the program waits, too:
 * at most two packs of a stream lie staged.
 *
 * Memory: one frame, what the pack's writer holds, and a pipe's buffer.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import type { MessagePort } from "node:worker_threads";
import { assert } from "../core/assert.ts";
import { transferError } from "../core/error-transfer.ts";
import { failpoint } from "../core/failpoint.ts";
import { dumpErrorTextBytesMax, dumpProgramEndMs, packBytes, slotBytes } from "../core/limits.ts";
import { FramedFileWriter } from "../pipeline/framed-file-writer.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import type {
  DumpWorkerAnswer,
  DumpWorkerData,
  DumpWorkerRequest,
  ProgramEnd,
  StreamProgram,
} from "./stream-messages.ts";

type Ticket = Extract<DumpWorkerRequest, { readonly kind: "ticket" }>;
type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Bytes between two words of progress. */
const PROGRESS_BYTES = 16 * slotBytes;

/** Keeps the end of what a program complains of. */
function complaintsOf(child: Child): () => string {
  let kept = Buffer.alloc(0);
  child.stderr.on("data", (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]).subarray(-dumpErrorTextBytesMax);
  });
  return () => kept.toString("utf8").trim();
}

function endOf(child: Child): Promise<ProgramEnd> {
  const text = complaintsOf(child);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      resolve({ code, signal, text: text() });
    });
  });
}

/** One stream in the making. */
class StreamWriter implements Disposable {
  readonly #codec: ZstdCodec;
  readonly #nextTicket: () => Promise<Ticket>;
  readonly #answer: (message: DumpWorkerAnswer) => void;
  readonly #frame = Buffer.allocUnsafeSlow(slotBytes);
  readonly #hash = createHash("sha256");
  #filled = 0;
  #told = 0;
  #pack: FramedFileWriter | undefined;
  bytes = 0;

  constructor(parts: {
    readonly codec: ZstdCodec;
    readonly nextTicket: () => Promise<Ticket>;
    readonly answer: (message: DumpWorkerAnswer) => void;
  }) {
    this.#codec = parts.codec;
    this.#nextTicket = parts.nextTicket;
    this.#answer = parts.answer;
  }

  async write(chunk: Buffer): Promise<void> {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    for (let at = 0; at < chunk.length;) {
      const taken = Math.min(chunk.length - at, this.#frame.length - this.#filled);
      this.#frame.set(chunk.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled === this.#frame.length) {
        await this.#closeFrame();
      }
    }
    if (this.bytes - this.#told >= PROGRESS_BYTES) {
      this.#told = this.bytes;
      this.#answer({ kind: "progress", bytes: this.bytes });
    }
  }

  async finish(): Promise<string> {
    await this.#closeFrame();
    this.#finishPack();
    return this.#hash.digest("hex");
  }

  async #closeFrame(): Promise<void> {
    if (this.#filled === 0) {
      return;
    }
    if (this.#pack === undefined) {
      const { ticket, path } = await this.#nextTicket();
      this.#pack = new FramedFileWriter({ ticket, path, codec: this.#codec });
    }
    failpoint("dump.frame");
    this.#pack.addFrame(this.#frame.subarray(0, this.#filled));
    this.#filled = 0;
    if (this.#pack.sealedBytes >= packBytes) {
      this.#finishPack();
    }
  }

  #finishPack(): void {
    const pack = this.#pack;
    this.#pack = undefined;
    if (pack !== undefined) {
      this.#answer({ kind: "pack", pack: pack.finish() });
    }
  }

  [Symbol.dispose](): void {
    this.#pack?.[Symbol.dispose]();
  }
}

/** Answers until the thread ends. The first error goes to the main thread, as `describe` puts it, and the program is ended. */
export function serveStreams(
  port: MessagePort,
  data: DumpWorkerData,
  describe: (error: unknown) => unknown = (error) => error,
): void {
  const codec = new ZstdCodec({ level: data.zstdLevel });
  const tickets: Ticket[] = [];
  let awaited = Promise.withResolvers<void>();
  let child: Child | undefined;
  const answer = (message: DumpWorkerAnswer): void => port.postMessage(message);
  const nextTicket = async (): Promise<Ticket> => {
    for (;;) {
      const ticket = tickets.shift();
      if (ticket !== undefined) {
        return ticket;
      }
      await awaited.promise;
    }
  };
  const end = (): void => {
    const ending = child;
    ending?.kill("SIGTERM");
    setTimeout(() => ending?.kill("SIGKILL"), dumpProgramEndMs).unref();
  };
  const run = async (program: StreamProgram): Promise<void> => {
    assert(child === undefined, "a worker has one stream at a time");
    child = spawn(program.path, [...program.words], {
      cwd: "/",
      env: { ...program.environment },
      stdio: ["ignore", "pipe", "pipe"],
      // Not of our terminal's group: an interrupt is ours to pass on.
      detached: true,
    });
    const ended = endOf(child);
    // Awaited below; a program that cannot be started says so before.
    ended.catch(() => undefined);
    try {
      using writer = new StreamWriter({ codec, nextTicket, answer });
      for await (const chunk of child.stdout) {
        await writer.write(chunk as Buffer);
      }
      const programEnd = await ended;
      const sha256 = await writer.finish();
      answer({ kind: "ended", end: programEnd, facts: { bytes: writer.bytes, sha256 } });
    } catch (error) {
      end();
      await ended.catch(() => undefined);
      answer({ kind: "failed", error: transferError(describe(error)) });
    } finally {
      child = undefined;
    }
  };
  port.on("message", (request: DumpWorkerRequest) => {
    switch (request.kind) {
      case "ticket":
        tickets.push(request);
        awaited.resolve();
        awaited = Promise.withResolvers<void>();
        return;
      case "run":
        void run(request.program);
        return;
      case "cancel":
        end();
        return;
    }
  });
}
