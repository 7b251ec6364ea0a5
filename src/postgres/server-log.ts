/**
 * Reads the log of a server that we started, while it is written. The log may hold anything the server's
 * account puts there, so it is opened without following a link and read in bounded pieces.
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { serverLogReadBytes, serverLogTailLines } from "../core/limits.ts";

/** Gives the complete lines written since the last call. Memory: `serverLogReadBytes` and one unfinished line. */
export class ServerLog {
  readonly file: string;
  #offset = 0;
  #unfinished = "";

  constructor(file: string) {
    this.file = file;
  }

  /** New complete lines; none when the file does not exist yet. */
  async readNewLines(): Promise<readonly string[]> {
    const lines: string[] = [];
    for (;;) {
      const piece = await readAt(this.file, this.#offset, serverLogReadBytes);
      if (piece.length === 0) {
        return lines;
      }
      this.#offset += piece.length;
      const parts = (this.#unfinished + piece.toString("utf8")).split("\n");
      this.#unfinished = (parts.pop() ?? "").slice(-serverLogReadBytes);
      lines.push(...parts);
    }
  }

  /** The last lines, for a failure's details. */
  async tail(): Promise<string> {
    const piece = await readAt(this.file, -serverLogReadBytes, serverLogReadBytes);
    const lines = piece.toString("utf8").trimEnd().split("\n");
    return lines.slice(-serverLogTailLines).join("\n");
  }
}

/** Up to `bytes` from `offset`; a negative offset counts from the end. Empty when there is no file. */
async function readAt(file: string, offset: number, bytes: number): Promise<Buffer> {
  let handle;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return Buffer.alloc(0);
    }
    throw error;
  }
  try {
    const start = offset < 0 ? Math.max(0, (await handle.stat()).size + offset) : offset;
    const buffer = Buffer.alloc(bytes);
    const { bytesRead } = await handle.read(buffer, 0, bytes, start);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
