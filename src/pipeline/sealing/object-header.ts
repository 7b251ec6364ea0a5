/**
 * Headers: made and signed by a writer, checked and opened by a reader. A reader gets nothing of an object
 * before the writer's signature, the root's enrolment of that writer and the object's place (repository,
 * kind, id, incarnation, name) all hold: HPKE alone does not say who sealed, and an authentic
 * object in the wrong place is a replay.
 *
 * Follows docs/format.md, sections 3 and 4.
 */
import { assert, unreachable } from "../../core/assert.ts";
import { DrError } from "../../core/errors.ts";
import { guard } from "../../core/failpoint.ts";
import type { ObjectId } from "../../core/object-id.ts";
import {
  encodeUnsigned,
  parseHeader,
  placeOf,
  signedMessage,
  type ParsedHeader,
} from "./header-bytes.ts";
import { unwrapKey, wrapKey } from "./hpke-wrap.ts";
import { dataKeyInfo, metadataObjectKey, openObjectKey, positionKey } from "./key-derivation.ts";
import {
  enrolmentHolds,
  generationKeys,
  ID_BYTES,
  secretSource,
  type GenerationKeys,
  type KeyRing,
  privateSide,
} from "./key-ring.ts";
import { objectKinds, type ObjectKind } from "./object-kind.ts";
import { KEY_BYTES, signatureHolds, signWith } from "./raw-keys.ts";

/**
 * What is needed to seal or open the frames of one object; plain data, so that it can be posted to a worker. It
 * holds the object's key: a secret of that object and of no other.
 */
export type ObjectTicket = {
  readonly objectId: ObjectId;
  readonly kind: ObjectKind;
  readonly header: Uint8Array;
  readonly key: Uint8Array;
  readonly repositoryId: Uint8Array;
  readonly positionKey?: Uint8Array;
};

/** What a writer says about a new object. */
export type NewObject = {
  readonly kind: ObjectKind;
  readonly objectId: ObjectId;
  readonly createdAtMs: number;
  /** The incarnation's 16 random bytes; required for kinds of an incarnation, forbidden for others. */
  readonly incarnation?: Uint8Array | undefined;
  /** Encoded by `facts.ts`, for the kinds that have them. */
  readonly facts?: Uint8Array | undefined;
  /** Epoch of the lease; 0 or absent = none. */
  readonly epoch?: number | undefined;
};

/** What only `seal-whole` knows: the name, and the digest of the sealed frames. */
export type WholeBinding = { readonly name: string; readonly bodyDigest: Uint8Array };

/** Where a reader found an object, and so what it must be. */
export type ExpectedObject = {
  readonly kind: ObjectKind;
  /** Required for kinds whose name carries the id only there: packs and maps. */
  readonly objectId?: ObjectId | undefined;
  /** Required for kinds of an incarnation. */
  readonly incarnation?: Uint8Array | undefined;
  /** The key under which it lies; checked against the header of kinds written whole, and shown in errors. */
  readonly name?: string | undefined;
};

/** A header that has been checked, with the keys of its generation. */
export type CheckedHeader = ParsedHeader & {
  readonly label: string;
  readonly keys: GenerationKeys;
};

/** A ticket for reading, and what the header says. */
export type OpenedTicket = ObjectTicket & {
  readonly facts: Uint8Array;
  readonly epoch: number;
  /** Of the keys that it was sealed with. */
  readonly generation: number;
  readonly writer: Uint8Array;
  readonly createdAtMs: number;
  readonly headerBytes: Uint8Array;
  readonly bodyDigest: Uint8Array;
};

const NO_ID = new Uint8Array(ID_BYTES);
const NO_DIGEST = new Uint8Array(32);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

/** An object as errors name it. */
export function objectLabel(expected: ExpectedObject): string {
  return expected.name ?? `${expected.kind} ${expected.objectId ?? ""}`.trimEnd();
}

/** The key of a new object, and how the header carries it to readers. */
export async function newObjectKey(
  ring: KeyRing,
  object: { readonly kind: ObjectKind; readonly objectId: ObjectId },
): Promise<{ readonly key: Uint8Array; readonly wrappedKey: Uint8Array }> {
  const place = { ...object, repositoryId: ring.repositoryId };
  const { keyClass } = objectKinds[object.kind];
  switch (keyClass) {
    case "open":
      return { key: openObjectKey(place), wrappedKey: new Uint8Array(0) };
    case "metadata":
      return {
        key: metadataObjectKey(ring.metadataKey, { ...place, generation: ring.generation }),
        wrappedKey: new Uint8Array(0),
      };
    case "data": {
      const key = secretSource.bytes(KEY_BYTES);
      const info = dataKeyInfo(place);
      return { key, wrappedKey: await wrapKey({ publicKey: ring.dataPublicKey, info, key }) };
    }
    default:
      return unreachable(keyClass);
  }
}

/** Encodes and signs a header. `whole` exactly for the kinds that are written whole. */
export function signHeader(
  ring: KeyRing,
  object: NewObject,
  parts: { readonly wrappedKey: Uint8Array; readonly whole?: WholeBinding },
): Uint8Array {
  const { layout, ofIncarnation } = objectKinds[object.kind];
  assert(
    (object.incarnation !== undefined) === ofIncarnation,
    `an object of kind ${object.kind} ${ofIncarnation ? "has" : "has no"} incarnation`,
  );
  assert(
    (parts.whole !== undefined) === (layout === "whole"),
    `an object of kind ${object.kind} is made by ${layout === "whole" ? "sealWhole" : "sealTicket"}`,
  );
  const unsigned = encodeUnsigned({
    kind: object.kind,
    repositoryId: ring.repositoryId,
    objectId: object.objectId,
    incarnation: object.incarnation ?? NO_ID,
    generation: ring.generation,
    epoch: object.epoch ?? 0,
    createdAtMs: object.createdAtMs,
    writer: ring.writer.publicKey,
    enrolment: ring.writer.enrolment,
    place: parts.whole === undefined ? NO_DIGEST : placeOf(parts.whole.name),
    bodyDigest: parts.whole?.bodyDigest ?? NO_DIGEST,
    wrappedKey: parts.wrappedKey,
    facts: object.facts ?? new Uint8Array(0),
  });
  return Buffer.concat([unsigned, signWith(ring.writer.privateKey, signedMessage(unsigned))]);
}

/**
 * Begins an object of a kind that is written frame by frame (packs, maps, WAL segments and parts). The
 * object id must be new: a ticket for an id that was used before would repeat nonces.
 */
export async function sealTicket(ring: KeyRing, object: NewObject): Promise<ObjectTicket> {
  const { key, wrappedKey } = await newObjectKey(ring, object);
  const header = signHeader(ring, object, { wrappedKey });
  return ticketOf(ring, { objectId: object.objectId, kind: object.kind, header, key });
}

function ticketOf(
  ring: { readonly repositoryId: Uint8Array; readonly metadataKey: Uint8Array },
  parts: Pick<ObjectTicket, "objectId" | "kind" | "header" | "key">,
): ObjectTicket {
  const { repositoryId } = ring;
  const ticket = { ...parts, repositoryId };
  return objectKinds[parts.kind].positions
    ? { ...ticket, positionKey: positionKey(ring.metadataKey, ticket) }
    : ticket;
}

const ENROLMENTS_KNOWN_MAX = 256;
const enrolmentsKnown = new WeakMap<KeyRing, Set<string>>();

/** Checks a writer's enrolment once for each ring; only what holds is remembered. */
function isEnrolled(ring: KeyRing, keys: GenerationKeys, header: ParsedHeader): boolean {
  const known = enrolmentsKnown.get(ring) ?? new Set();
  enrolmentsKnown.set(ring, known);
  const statement = `${keys.generation} ${hex(header.writer)}${hex(header.enrolment)}`;
  if (known.has(statement)) {
    return true;
  }
  const writer = { publicKey: header.writer, enrolment: header.enrolment };
  const { repositoryId } = ring;
  const { generation, rootPublicKey } = keys;
  if (!enrolmentHolds({ repositoryId, generation, rootPublicKey }, writer)) {
    return false;
  }
  if (known.size >= ENROLMENTS_KNOWN_MAX) {
    known.clear();
  }
  known.add(statement);
  return true;
}

function checkPlace(ring: KeyRing, header: ParsedHeader, expected: ExpectedObject): void {
  const object = objectLabel(expected);
  const { layout, namedById, ofIncarnation } = objectKinds[expected.kind];
  assert(
    (expected.incarnation !== undefined) === ofIncarnation,
    `a reader of kind ${expected.kind} ${ofIncarnation ? "names" : "names no"} incarnation`,
  );
  assert(
    !namedById || expected.objectId !== undefined,
    `a reader of kind ${expected.kind} names the object id`,
  );
  const check = (field: string, found: string, wanted: string): void => {
    if (found !== wanted && guard("L40-place")) {
      throw new DrError("REPO_OBJECT_MISPLACED", { object, field, found, expected: wanted });
    }
  };
  check("repository", hex(header.repositoryId), hex(ring.repositoryId));
  check("kind", header.kind, expected.kind);
  check("object id", header.objectId, expected.objectId ?? header.objectId);
  check("incarnation", hex(header.incarnation), hex(expected.incarnation ?? NO_ID));
  if (layout !== "whole") {
    check("name", hex(header.place), hex(NO_DIGEST));
  } else if (expected.name !== undefined) {
    check("name", hex(header.place), hex(placeOf(expected.name)));
  }
}

/**
 * Checks a header in full, without opening the object's key: enough to read its facts on a host that cannot
 * decrypt. `bytes` may go on behind the header.
 * @throws DrError what `parseHeader` throws, `REPO_OBJECT_MISPLACED`, `KEY_GENERATION_MISSING`,
 * `REPO_WRITER_UNKNOWN`, `REPO_SIGNATURE_INVALID`.
 */
export function checkHeader(
  ring: KeyRing,
  bytes: Uint8Array,
  expected: ExpectedObject,
): CheckedHeader {
  const object = objectLabel(expected);
  const header = parseHeader(bytes, object);
  checkPlace(ring, header, expected);
  const keys = generationKeys(ring, header.generation);
  if (keys === undefined) {
    const { generation } = header;
    throw new DrError("KEY_GENERATION_MISSING", { object, generation, held: ring.generation });
  }
  if (!isEnrolled(ring, keys, header)) {
    throw new DrError("REPO_WRITER_UNKNOWN", { object, writer: hex(header.writer).slice(0, 16) });
  }
  const message = signedMessage(
    header.headerBytes.subarray(0, header.headerBytes.length - header.signature.length),
  );
  if (!signatureHolds({ publicKey: header.writer, message, signature: header.signature })) {
    throw new DrError("REPO_SIGNATURE_INVALID", { object });
  }
  return { ...header, label: object, keys };
}

async function keyOf(ring: KeyRing, header: CheckedHeader): Promise<Uint8Array> {
  const { keyClass } = objectKinds[header.kind];
  switch (keyClass) {
    case "open":
      return openObjectKey(header);
    case "metadata":
      return metadataObjectKey(header.keys.metadataKey, header);
    case "data": {
      const { privateAt } = ring;
      const holder = privateAt === undefined ? header.keys : { ...header.keys, privateAt };
      const { dataPrivateKey } = privateSide(holder);
      const info = dataKeyInfo(header);
      const key = await unwrapKey({ privateKey: dataPrivateKey, info, wrapped: header.wrappedKey });
      if (key === undefined || key.length !== KEY_BYTES) {
        const { label: object, generation } = header;
        throw new DrError("REPO_KEY_WRONG", { object, generation });
      }
      return key;
    }
    default:
      return unreachable(keyClass);
  }
}

/**
 * Checks a header in full and opens the object's key. `bytes` may go on behind the header. What the ticket
 * holds is copied: `bytes` may be reused.
 * @throws DrError what `checkHeader` throws; `KEY_PRIVATE_MISSING` for data without the private side;
 * `REPO_KEY_WRONG` when the key was sealed for another private key.
 */
export async function openTicket(
  ring: KeyRing,
  bytes: Uint8Array,
  expected: ExpectedObject,
): Promise<OpenedTicket> {
  const header = checkHeader(ring, bytes, expected);
  const key = await keyOf(ring, header);
  const headerBytes = Uint8Array.from(header.headerBytes);
  const { repositoryId } = ring;
  const { metadataKey } = header.keys;
  const opened = { repositoryId, metadataKey };
  return {
    ...ticketOf(opened, { objectId: header.objectId, kind: header.kind, header: headerBytes, key }),
    facts: Uint8Array.from(header.facts),
    epoch: header.epoch,
    generation: header.generation,
    writer: Uint8Array.from(header.writer),
    createdAtMs: header.createdAtMs,
    headerBytes,
    bodyDigest: Uint8Array.from(header.bodyDigest),
  };
}
