/**
 * The fixed layout of an object's header: bytes to fields and back, nothing else. Parsing proves nothing; whoever
 * uses a field first lets `object-header.ts` check the signature, the enrolment and the place.
 *
 * Follows docs/format.md, section 3.
 */
import { createHash } from "node:crypto";
import { assert } from "../../core/assert.ts";
import { DrError } from "../../core/errors.ts";
import { headerBytesMax } from "../../core/limits.ts";
import { objectIdBytes, objectIdFromBytes, type ObjectId } from "../../core/object-id.ts";
import { WRAPPED_KEY_BYTES } from "./hpke-wrap.ts";
import { keyClassNumbers, objectKindOf, objectKinds, type ObjectKind } from "./object-kind.ts";
import { SIGNATURE_BYTES } from "./raw-keys.ts";

/** The first eight bytes of every object. */
export const OBJECT_MAGIC: Uint8Array = Buffer.from("895052410d0a1a0a", "hex");
/** The version of the format. */
export const FORMAT_VERSION = 1;

const AT = {
  version: 8,
  kind: 10,
  length: 12,
  keyClass: 14,
  required: 16,
  optional: 24,
  repositoryId: 32,
  objectId: 48,
  incarnation: 64,
  generation: 80,
  epoch: 84,
  createdAt: 88,
  writer: 96,
  enrolment: 128,
  place: 192,
  body: 224,
  wrappedLength: 256,
  factsLength: 258,
  wrapped: 260,
} as const;

const HEADER_BYTES_MIN = AT.wrapped + SIGNATURE_BYTES;
const DIGEST_BYTES = 32;
const LATEST_CREATED_AT = BigInt(Number.MAX_SAFE_INTEGER);

/** A header's fields. Arrays are views of the bytes it was parsed from. */
export type HeaderFields = {
  readonly kind: ObjectKind;
  readonly repositoryId: Uint8Array;
  readonly objectId: ObjectId;
  /** The incarnation's random id; zero for objects of the whole repository. */
  readonly incarnation: Uint8Array;
  readonly generation: number;
  readonly epoch: number;
  readonly createdAtMs: number;
  readonly writer: Uint8Array;
  readonly enrolment: Uint8Array;
  /** SHA-256 of the object's name, for kinds written whole; else zero. */
  readonly place: Uint8Array;
  /** SHA-256 of all bytes behind the header, for kinds written whole; else zero. */
  readonly bodyDigest: Uint8Array;
  readonly wrappedKey: Uint8Array;
  readonly facts: Uint8Array;
};

/** A parsed header, not yet believed. */
export type ParsedHeader = HeaderFields & {
  /** The whole header, signature included; its length is where the frames begin. */
  readonly headerBytes: Uint8Array;
  readonly signature: Uint8Array;
};

/** What a header says about the name of an object that is written whole. */
export function placeOf(name: string): Uint8Array {
  return createHash("sha256").update("PRA name v1").update(name).digest();
}

/** The header up to, and without, the signature. */
export function encodeUnsigned(fields: HeaderFields): Buffer {
  const facts = objectKinds[fields.kind];
  const length = AT.wrapped + fields.wrappedKey.length + fields.facts.length + SIGNATURE_BYTES;
  assert(length <= headerBytesMax, "a header fits into headerBytesMax");
  assert(fields.facts.length === facts.factsBytes, "the facts have the length of their kind");
  const bytes = Buffer.alloc(length - SIGNATURE_BYTES);
  bytes.set(OBJECT_MAGIC, 0);
  bytes.writeUInt16LE(FORMAT_VERSION, AT.version);
  bytes.writeUInt16LE(facts.number, AT.kind);
  bytes.writeUInt16LE(length, AT.length);
  bytes.writeUInt16LE(keyClassNumbers[facts.keyClass], AT.keyClass);
  bytes.set(fields.repositoryId, AT.repositoryId);
  bytes.set(objectIdBytes(fields.objectId), AT.objectId);
  bytes.set(fields.incarnation, AT.incarnation);
  bytes.writeUInt32LE(fields.generation, AT.generation);
  bytes.writeUInt32LE(fields.epoch, AT.epoch);
  bytes.writeBigUInt64LE(BigInt(fields.createdAtMs), AT.createdAt);
  bytes.set(fields.writer, AT.writer);
  bytes.set(fields.enrolment, AT.enrolment);
  bytes.set(fields.place, AT.place);
  bytes.set(fields.bodyDigest, AT.body);
  bytes.writeUInt16LE(fields.wrappedKey.length, AT.wrappedLength);
  bytes.writeUInt16LE(fields.facts.length, AT.factsLength);
  bytes.set(fields.wrappedKey, AT.wrapped);
  bytes.set(fields.facts, AT.wrapped + fields.wrappedKey.length);
  return bytes;
}

/** What a writer signs. */
export function signedMessage(unsigned: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from("PRA header v1"), unsigned]);
}

function checkStart(bytes: Buffer, object: string): void {
  if (bytes.length < HEADER_BYTES_MIN || !bytes.subarray(0, 8).equals(OBJECT_MAGIC)) {
    throw new DrError("REPO_NOT_AN_OBJECT", { object });
  }
  const version = bytes.readUInt16LE(AT.version);
  if (version !== FORMAT_VERSION) {
    throw new DrError("REPO_VERSION_UNKNOWN", { object, version });
  }
  const required = bytes.readBigUInt64LE(AT.required);
  if (required !== 0n) {
    throw new DrError("REPO_FEATURE_UNKNOWN", { object, bits: `0x${required.toString(16)}` });
  }
}

/**
 * Parses a header at the beginning of `bytes`, which may go on behind it. `object` names it in errors.
 * @throws DrError `REPO_NOT_AN_OBJECT`, `REPO_VERSION_UNKNOWN`, `REPO_FEATURE_UNKNOWN`, `REPO_HEADER_INVALID`.
 */
export function parseHeader(source: Uint8Array, object = "an object"): ParsedHeader {
  const bytes = Buffer.from(source.buffer, source.byteOffset, source.length);
  checkStart(bytes, object);
  const invalid = (reason: string): DrError =>
    new DrError("REPO_HEADER_INVALID", { object, reason });
  const kind = objectKindOf(bytes.readUInt16LE(AT.kind));
  if (kind === undefined) {
    throw invalid(`kind ${bytes.readUInt16LE(AT.kind)} is unknown`);
  }
  const { keyClass, factsBytes } = objectKinds[kind];
  if (bytes.readUInt16LE(AT.keyClass) !== keyClassNumbers[keyClass]) {
    throw invalid("the key class is not that of the kind");
  }
  const wrappedBytes = bytes.readUInt16LE(AT.wrappedLength);
  if (wrappedBytes !== (keyClass === "data" ? WRAPPED_KEY_BYTES : 0)) {
    throw invalid(`a wrapped key of ${wrappedBytes} bytes`);
  }
  if (bytes.readUInt16LE(AT.factsLength) !== factsBytes) {
    throw invalid(`facts of ${bytes.readUInt16LE(AT.factsLength)} bytes`);
  }
  const length = bytes.readUInt16LE(AT.length);
  const factsAt = AT.wrapped + wrappedBytes;
  if (length !== factsAt + factsBytes + SIGNATURE_BYTES) {
    throw invalid(`a length of ${length} bytes`);
  }
  if (bytes.length < length) {
    throw invalid(`${bytes.length} of its ${length} bytes are there`);
  }
  const createdAt = bytes.readBigUInt64LE(AT.createdAt);
  if (createdAt > LATEST_CREATED_AT) {
    throw invalid("a time of creation beyond 2^53");
  }
  const field = (at: number, size: number): Buffer => bytes.subarray(at, at + size);
  return {
    kind,
    repositoryId: field(AT.repositoryId, 16),
    objectId: objectIdFromBytes(field(AT.objectId, 16)),
    incarnation: field(AT.incarnation, 16),
    generation: bytes.readUInt32LE(AT.generation),
    epoch: bytes.readUInt32LE(AT.epoch),
    createdAtMs: Number(createdAt),
    writer: field(AT.writer, 32),
    enrolment: field(AT.enrolment, SIGNATURE_BYTES),
    place: field(AT.place, DIGEST_BYTES),
    bodyDigest: field(AT.body, DIGEST_BYTES),
    wrappedKey: field(AT.wrapped, wrappedBytes),
    facts: field(factsAt, factsBytes),
    headerBytes: field(0, length),
    signature: field(length - SIGNATURE_BYTES, SIGNATURE_BYTES),
  };
}
