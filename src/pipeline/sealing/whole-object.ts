/**
 * Objects that are written in one piece: format, key slots, leases, pins, condemns, identities, roots, histories,
 * WAL indexes, ledger. Their header is signed last and vouches for the name and for every byte behind the
 * header, so a host that shares the metadata key still cannot change what another host wrote, and the
 * objects of the open class, whose key anyone can compute, are authentic as well.
 *
 * Follows docs/format.md, sections 3 to 5.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { assert } from "../../core/assert.ts";
import { DrError } from "../../core/errors.ts";
import { guard } from "../../core/failpoint.ts";
import { wholeContentBytesMax, wholeFramePlainBytes } from "../../core/limits.ts";
import type { ObjectId } from "../../core/object-id.ts";
import { FrameReader, FrameWriter } from "./frame-codec.ts";
import { oneTimeCodec } from "./frame-content.ts";
import { FRAME_HEADER_BYTES, readFrameHeader } from "./frame-layout.ts";
import { parseHeader } from "./header-bytes.ts";
import { openObjectKey } from "./key-derivation.ts";
import type { KeyRing } from "./key-ring.ts";
import { objectKinds } from "./object-kind.ts";
import {
  newObjectKey,
  objectLabel,
  openTicket,
  signHeader,
  type ExpectedObject,
  type NewObject,
  type ObjectTicket,
  type OpenedTicket,
} from "./object-header.ts";

/** A new object that is written whole; its name is bound to it. */
export type NewWholeObject = NewObject & { readonly name: string };

/** A sealed object, ready to be put. */
export type SealedWhole = {
  readonly objectId: ObjectId;
  readonly bytes: Buffer;
  /** SHA-256 of the header, hexadecimal. */
  readonly headerSha256: string;
};

/** An authentic object. */
export type OpenedWhole = { readonly ticket: OpenedTicket; readonly content: Buffer };

/** Frames of the content, the last one flagged; an empty content is one empty frame. */
function sealContent(ticket: ObjectTicket, content: Uint8Array): Buffer[] {
  const writer = new FrameWriter(ticket, oneTimeCodec());
  const frames: Buffer[] = [];
  let at = 0;
  do {
    const end = Math.min(at + wholeFramePlainBytes, content.length);
    const frame = writer.write(content.subarray(at, end), { last: end === content.length });
    frames.push(Buffer.from(frame));
    at = end;
  } while (at < content.length);
  return frames;
}

function digestOf(parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) {
    hash.update(part);
  }
  return hash.digest();
}

/**
 * Seals a whole object. The id must be new: sealing two contents under one id would repeat nonces. Peak
 * memory: twice the sealed bytes and 8 MiB.
 */
export async function sealWhole(
  ring: KeyRing,
  object: NewWholeObject,
  content: Uint8Array,
): Promise<SealedWhole> {
  assert(content.length <= wholeContentBytesMax, "a whole object has at most wholeContentBytesMax");
  const { objectId, kind, name } = object;
  const { key, wrappedKey } = await newObjectKey(ring, object);
  const { repositoryId } = ring;
  const unsigned = { objectId, kind, repositoryId, key, header: new Uint8Array(0) };
  const frames = sealContent(unsigned, content);
  const whole = { name, bodyDigest: digestOf(frames) };
  const header = signHeader(ring, object, { wrappedKey, whole });
  return {
    objectId,
    bytes: Buffer.concat([header, ...frames]),
    headerSha256: digestOf([header]).toString("hex"),
  };
}

function damaged(object: string, reason: string): DrError<"REPO_OBJECT_DAMAGED"> {
  return new DrError("REPO_OBJECT_DAMAGED", { object, reason });
}

/** Opens the frames behind a header. Their authenticity does not rest on the digest, which comes first. */
function openContent(ticket: ObjectTicket, body: Buffer, object: string): Buffer {
  const reader = new FrameReader(ticket, oneTimeCodec());
  const plain: Buffer[] = [];
  let plainBytes = 0;
  let last = false;
  for (let at = 0; at < body.length;) {
    const header = readFrameHeader(body, at);
    if (typeof header === "string") {
      throw damaged(object, header);
    }
    if (last) {
      throw damaged(object, "a frame follows its last one");
    }
    plainBytes += header.plainBytes;
    if (plainBytes > wholeContentBytesMax) {
      throw damaged(object, "it is larger than any object of its kind");
    }
    const frame = reader.read(body.subarray(at, at + header.frameBytes), plain.length);
    plain.push(frame.plain);
    last = frame.last;
    at += header.frameBytes;
  }
  if (!last) {
    throw damaged(object, "its last frame is missing");
  }
  return plain.length === 1 ? (plain[0] ?? Buffer.alloc(0)) : Buffer.concat(plain);
}

/**
 * Checks and opens a whole object. Peak memory: the object and twice its content.
 * @throws DrError what `openTicket` throws; `REPO_OBJECT_DAMAGED`, `REPO_FRAME_CORRUPT`.
 */
export async function openWhole(
  ring: KeyRing,
  bytes: Uint8Array,
  expected: ExpectedObject,
): Promise<OpenedWhole> {
  const ticket = await openTicket(ring, bytes, expected);
  const headerBytes = ticket.headerBytes.length;
  const body = Buffer.from(
    bytes.buffer,
    bytes.byteOffset + headerBytes,
    bytes.length - headerBytes,
  );
  const object = objectLabel({ ...expected, objectId: ticket.objectId });
  if (!timingSafeEqual(digestOf([body]), ticket.bodyDigest) && guard("L40-body-digest")) {
    const cut = body.length < FRAME_HEADER_BYTES;
    throw damaged(object, cut ? "it is cut" : "its bytes are not those that were signed");
  }
  return { ticket, content: openContent(ticket, body, object) };
}

/**
 * The content of an object of the open class without any check of who wrote it: only for a key slot, before the
 * keys are known with which `openWhole` then checks the same bytes.
 * @throws DrError what `parseHeader` throws; `REPO_OBJECT_MISPLACED`, `REPO_OBJECT_DAMAGED`, `REPO_FRAME_CORRUPT`.
 */
export function openUnverified(
  bytes: Uint8Array,
  expected: { readonly kind: "keySlot"; readonly name: string },
): Buffer {
  const header = parseHeader(bytes, expected.name);
  if (header.kind !== expected.kind) {
    const { name: object, kind } = expected;
    const misplaced = { object, field: "kind", found: header.kind, expected: kind };
    throw new DrError("REPO_OBJECT_MISPLACED", misplaced);
  }
  assert(objectKinds[header.kind].keyClass === "open", "a key slot is of the open class");
  const headerBytes = header.headerBytes.length;
  const body = Buffer.from(
    bytes.buffer,
    bytes.byteOffset + headerBytes,
    bytes.length - headerBytes,
  );
  const { objectId, kind, repositoryId } = header;
  const key = openObjectKey(header);
  const ticket = { objectId, kind, repositoryId, key, header: header.headerBytes };
  return openContent(ticket, body, expected.name);
}
