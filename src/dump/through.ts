/** Bytes through a transforming stream, such as gzip's, as bytes again: an error of either side ends both. */
import type { Transform } from "node:stream";
import type { ByteSource } from "./feed-program.ts";

async function feed(transform: Transform, source: ByteSource): Promise<void> {
  try {
    for await (const chunk of source) {
      if (transform.destroyed) {
        return;
      }
      if (!transform.write(chunk)) {
        await new Promise((go) => transform.once("drain", go).once("close", go));
      }
    }
    transform.end();
  } catch (error) {
    transform.destroy(error as Error);
  }
}

/** Ends the source, too, when the reader stops early. */
export async function* through(
  source: ByteSource,
  transform: Transform,
): AsyncGenerator<Uint8Array, void, undefined> {
  const feeding = feed(transform, source);
  try {
    yield* transform as ByteSource;
  } finally {
    transform.destroy();
    await feeding;
  }
}
