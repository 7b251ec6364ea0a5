/**
 * The content of a frame: compressed when that makes it smaller, stored when not, and back to exactly the length
 * that was sealed with it. Authentication comes first on reading: zstd never sees bytes that nobody sealed.
 */
import { ZstdCodec } from "../zstd-codec.ts";
import type { FrameCodec } from "./frame-layout.ts";
import type { OpenedFrame } from "./frame-sealer.ts";

/** A codec for a single small object: no native contexts to close, and no self-test to wait for. */
export function oneTimeCodec(): ZstdCodec {
  return new ZstdCodec({ reuse: false });
}

/** The smaller of `plain` and its compressed form. `room`: where to compress to, when it is to be reused. */
export function compressed(
  plain: Uint8Array,
  codec: ZstdCodec,
  room: Buffer = Buffer.allocUnsafe(plain.length),
): { readonly content: Uint8Array; readonly codec: FrameCodec } {
  const length = codec.compressInto(plain, room);
  return length === "larger"
    ? { content: plain, codec: "stored" }
    : { content: room.subarray(0, length), codec: "zstd" };
}

/** The plain bytes of an opened frame. `room`: where to unpack to, when it is to be reused. @throws DrError `REPO_FRAME_CODEC`. */
export function plainOf(frame: OpenedFrame, codec: ZstdCodec, room?: Buffer): Buffer {
  if (frame.codec === "stored") {
    return frame.content;
  }
  const reused = room !== undefined && room.length >= frame.plainLength;
  const plain = reused
    ? room.subarray(0, frame.plainLength)
    : Buffer.allocUnsafe(frame.plainLength);
  codec.decompressInto(frame.content, plain);
  return plain;
}
