/**
 * The keys that a host holds, as plain data. A host that only backs up has the public side: it seals and cannot
 * read data. The private side lies where restores and enrolments are made. The public root signing key comes from
 * here and never from the store: who can write to the store must not choose whom we believe.
 *
 * A ring holds secrets: it must never reach a log, an error or a report.
 * Follows docs/format.md, section 4.
 */
import { randomBytes } from "node:crypto";
import { assert } from "../../core/assert.ts";
import { DrError } from "../../core/errors.ts";
import { guard } from "../../core/failpoint.ts";
import { u32Bytes } from "./key-derivation.ts";
import {
  agreementPublicKey,
  KEY_BYTES,
  signatureHolds,
  signingPublicKey,
  signWith,
} from "./raw-keys.ts";

/** Length of a repository's id and of an incarnation's. */
export const ID_BYTES = 16;

/** Where keys are drawn from. Never a seeded source, except in tests of the format itself. */
export type SecretSource = { bytes(lengthBytes: number): Uint8Array };

/** The cryptographic library's own randomness. */
export const secretSource: SecretSource = {
  bytes: (lengthBytes) => new Uint8Array(randomBytes(lengthBytes)),
};

/** A host's Ed25519 pair and the root's statement that this host may write. */
export type Writer = {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
  readonly enrolment: Uint8Array;
};

/** What reads data and enrols writers. */
export type PrivateSide = {
  readonly dataPrivateKey: Uint8Array;
  readonly rootPrivateKey: Uint8Array;
};

/** The keys of one generation, as one host holds them. Every key is 32 raw bytes. */
export type GenerationKeys = {
  readonly generation: number;
  readonly dataPublicKey: Uint8Array;
  readonly metadataKey: Uint8Array;
  readonly rootPublicKey: Uint8Array;
  readonly private?: PrivateSide;
};

/** The keys of a repository: the generation that this host writes under, and those before it, which it reads. */
export type KeyRing = GenerationKeys & {
  readonly repositoryId: Uint8Array;
  readonly writer: Writer;
  /** The generations before, oldest first, from 1 on without holes; absent in generation 1. */
  readonly earlier?: readonly GenerationKeys[];
  /** On a host without the private side: the host that has it, for people. */
  readonly privateAt?: string;
};

/** A ring that certainly can read data and enrol writers. */
export type FullKeyRing = KeyRing & { readonly private: PrivateSide };

type Secrets = PrivateSide & {
  readonly repositoryId: Uint8Array;
  readonly generation: number;
  readonly metadataKey: Uint8Array;
  readonly writerPrivateKey: Uint8Array;
};

/** Generations that fit into the names of key slots. */
export const GENERATION_MAX = 9999;

/** The whole ring that follows from its secrets. */
export function ringOfSecrets(secrets: Secrets): FullKeyRing {
  const { repositoryId, generation, metadataKey, dataPrivateKey, rootPrivateKey } = secrets;
  const publicKey = signingPublicKey(secrets.writerPrivateKey);
  const enrolment = enrol({ repositoryId, generation, rootPrivateKey }, publicKey);
  return {
    repositoryId,
    generation,
    dataPublicKey: agreementPublicKey(dataPrivateKey),
    metadataKey,
    rootPublicKey: signingPublicKey(rootPrivateKey),
    writer: { publicKey, privateKey: secrets.writerPrivateKey, enrolment },
    private: { dataPrivateKey, rootPrivateKey },
  };
}

/** New keys for a new repository, its id included; generation 1. */
export function createKeyRing(random: SecretSource = secretSource): FullKeyRing {
  return ringOfSecrets({
    repositoryId: Uint8Array.from(random.bytes(ID_BYTES)),
    generation: 1,
    metadataKey: Uint8Array.from(random.bytes(KEY_BYTES)),
    dataPrivateKey: Uint8Array.from(random.bytes(KEY_BYTES)),
    rootPrivateKey: Uint8Array.from(random.bytes(KEY_BYTES)),
    writerPrivateKey: Uint8Array.from(random.bytes(KEY_BYTES)),
  });
}

/** Only what one generation holds, of a ring that may hold more. */
function ownGeneration(keys: GenerationKeys): GenerationKeys {
  const { generation, dataPublicKey, metadataKey, rootPublicKey } = keys;
  const own = { generation, dataPublicKey, metadataKey, rootPublicKey };
  return keys.private === undefined ? own : { ...own, private: keys.private };
}

/** Every generation that a ring holds, oldest first. */
export function generationsOf(ring: KeyRing): readonly GenerationKeys[] {
  return [...(ring.earlier ?? []), ownGeneration(ring)];
}

/** The keys of one generation; undefined when the ring lacks it. */
export function generationKeys(ring: KeyRing, generation: number): GenerationKeys | undefined {
  if (generation === ring.generation) {
    return ring;
  }
  return guard("L41-earlier-generations")
    ? ring.earlier?.find((keys) => keys.generation === generation)
    : undefined;
}

/**
 * The metadata key of the first generation. Names and digests that must stay what they are for as long as the repository lives (the
 * id of a first incarnation, a host's name, whether two WAL segments are the same) are made with it.
 */
export function namingKey(ring: KeyRing): Uint8Array {
  return (ring.earlier?.[0] ?? ring).metadataKey;
}

/** The naming key with the repository it is of. */
export function namingSide(ring: KeyRing): Pick<KeyRing, "repositoryId" | "metadataKey"> {
  return { repositoryId: ring.repositoryId, metadataKey: namingKey(ring) };
}

/** The same ring with the generations before its own. */
export function withEarlier(ring: FullKeyRing, earlier: readonly GenerationKeys[]): FullKeyRing {
  return earlier.length === 0 ? ring : { ...ring, earlier: earlier.map(ownGeneration) };
}

/** New keys throughout for the next generation, writer included; the ring goes on holding those before. */
export function nextKeyRing(ring: KeyRing, random: SecretSource = secretSource): FullKeyRing {
  const key = (): Uint8Array => Uint8Array.from(random.bytes(KEY_BYTES));
  assert(ring.generation < GENERATION_MAX, "a repository has at most GENERATION_MAX generations");
  const next = ringOfSecrets({
    repositoryId: ring.repositoryId,
    generation: ring.generation + 1,
    metadataKey: key(),
    dataPrivateKey: key(),
    rootPrivateKey: key(),
    writerPrivateKey: key(),
  });
  return withEarlier(next, generationsOf(ring));
}

/** A new pair for a host; its public half goes to `enrolWriter` where the private side is. */
export function createWriterPair(random: SecretSource = secretSource): Omit<Writer, "enrolment"> {
  const privateKey = Uint8Array.from(random.bytes(KEY_BYTES));
  return { privateKey, publicKey: signingPublicKey(privateKey) };
}

function enrolmentMessage(
  place: { readonly repositoryId: Uint8Array; readonly generation: number },
  writerPublicKey: Uint8Array,
): Buffer {
  return Buffer.concat([
    Buffer.from("PRA enrolment v1"),
    place.repositoryId,
    u32Bytes(place.generation),
    writerPublicKey,
  ]);
}

function enrol(
  root: {
    readonly repositoryId: Uint8Array;
    readonly generation: number;
    readonly rootPrivateKey: Uint8Array;
  },
  writerPublicKey: Uint8Array,
): Uint8Array {
  return new Uint8Array(signWith(root.rootPrivateKey, enrolmentMessage(root, writerPublicKey)));
}

/** What errors name where nobody wrote down which host has the private side. */
const UNKNOWN_HOST = "?";

/** The private side. @throws DrError `KEY_PRIVATE_MISSING` when this ring has none. */
export function privateSide(ring: Pick<KeyRing, "private" | "privateAt">): PrivateSide {
  if (ring.private === undefined) {
    throw new DrError("KEY_PRIVATE_MISSING", { host: ring.privateAt ?? UNKNOWN_HOST });
  }
  return ring.private;
}

/** The root's statement that a writer may write, 64 bytes. @throws DrError `KEY_PRIVATE_MISSING`. */
export function enrolWriter(ring: KeyRing, writerPublicKey: Uint8Array): Uint8Array {
  const { rootPrivateKey } = privateSide(ring);
  return enrol({ ...ring, rootPrivateKey }, writerPublicKey);
}

/** True when the ring's own root enrolled this writer for the ring's repository and generation. */
export function enrolmentHolds(
  ring: Pick<KeyRing, "repositoryId" | "generation" | "rootPublicKey">,
  writer: Pick<Writer, "publicKey" | "enrolment">,
): boolean {
  return signatureHolds({
    publicKey: ring.rootPublicKey,
    message: enrolmentMessage(ring, writer.publicKey),
    signature: writer.enrolment,
  });
}

/**
 * The ring of a host that backs up and cannot read data; with another host's own pair when given. `privateAt` tells people there
 * where the private side is.
 */
export function publicSide(
  ring: KeyRing,
  writer: Writer = ring.writer,
  privateAt: string | undefined = ring.privateAt,
): KeyRing {
  const { private: _, earlier, ...rest } = ring;
  const older = earlier?.map(({ private: _private, ...keys }) => keys);
  return {
    ...rest,
    writer,
    ...(older === undefined ? {} : { earlier: older }),
    ...(privateAt === undefined ? {} : { privateAt }),
  };
}
