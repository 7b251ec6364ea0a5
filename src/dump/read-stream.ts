/**
 * A dump's stream, back as the bytes that the program wrote: pack by pack, frame by frame, each authentic before it is given on, each
 * pack held against what the dump's document says of it. That alone makes them the right ones; the digest over the whole, which costs
 * half as much again, is for whoever wants it shown.
 *
 * Memory: one frame, sealed and open. Aborted: rejects with the signal's reason.
 */
import { createHash } from "node:crypto";
import { DrError } from "../core/errors.ts";
import { FrameReader } from "../pipeline/sealing/frame-codec.ts";
import type { FramedObject } from "../pipeline/sealing/framed-object.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import type { DumpPack, DumpStream } from "../repository/dump-document.ts";
import { type IncarnationPlace, objectKey } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";

function damaged(object: string, reason: string): DrError {
  return new DrError("REPO_OBJECT_DAMAGED", { object, reason });
}

/** @throws DrError `REPO_OBJECT_DAMAGED` when it is not the pack that the dump names; what opening throws. */
async function openPack(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall & { readonly pack: DumpPack },
): Promise<FramedObject> {
  const { pack, signal } = call;
  const name = { ...place, type: "pack", id: pack.id } as const;
  const opened = await sealed.openFramed(name, { signal });
  const { headerBytes } = opened.ticket;
  const headerSha256 = createHash("sha256").update(headerBytes).digest("hex");
  if (headerSha256 !== pack.headerSha256 || opened.directory.length !== pack.frames) {
    throw damaged(objectKey(name), "it is not the one that its dump names");
  }
  return opened;
}

/** The bytes of a stream. @throws DrError `REPO_*`, `STORE_*`, `KEY_PRIVATE_MISSING`. */
export async function* readStream(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall & { readonly stream: DumpStream; readonly digest?: boolean },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { stream, signal } = call;
  using codec = new ZstdCodec();
  const hash = call.digest === true ? createHash("sha256") : undefined;
  let bytes = 0;
  for (const pack of stream.packs) {
    const opened = await openPack(sealed, place, { signal, pack });
    const key = objectKey({ ...place, type: "pack", id: pack.id });
    const reader = new FrameReader(opened.ticket, codec);
    for (let index = 0; index < pack.frames; index += 1) {
      const range = opened.frameRange(index);
      const frame = await sealed.store.get(key, { signal, range });
      const { plain } = reader.read(frame, index);
      hash?.update(plain);
      bytes += plain.length;
      yield plain;
    }
  }
  const same = hash === undefined || hash.digest("hex") === stream.sha256;
  if (bytes !== stream.bytes || !same) {
    throw damaged(`stream ${stream.part}`, "its content is not what was dumped");
  }
}
