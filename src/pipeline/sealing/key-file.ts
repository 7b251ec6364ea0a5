/**
 * The key file: a ring as JSON text, kept outside the repository with mode 600 (whoever writes and reads
 * the file sees to that). What is read is checked in full: a private key that does not belong to its
 * public key would make backups that nobody can open, and that must show now and not at the restore.
 */
import { timingSafeEqual } from "node:crypto";
import * as z from "zod/mini";
import { DrError } from "../../core/errors.ts";
import {
  enrolmentHolds,
  GENERATION_MAX,
  generationsOf,
  privateSide,
  type GenerationKeys,
  type KeyRing,
} from "./key-ring.ts";
import { agreementPublicKey, KEY_BYTES, SIGNATURE_BYTES, signingPublicKey } from "./raw-keys.ts";

/** What `keyFile` says in every version. */
const KEY_FILE_MARK = "PRA keys";
/** 1: a ring of one generation. 2: it may hold earlier ones, and say where the private side is. */
const KEY_FILE_VERSIONS = [1, 2] as const;

function base64Of(lengthBytes: number): z.ZodMiniType<Uint8Array> {
  return z
    .pipe(
      z.base64(),
      z.transform((text: string) => new Uint8Array(Buffer.from(text, "base64"))),
    )
    .check(z.refine((bytes) => bytes.length === lengthBytes));
}

const key = base64Of(KEY_BYTES);

const markSchema = z.object({ keyFile: z.literal(KEY_FILE_MARK), version: z.number() });

const generationNumber = z.int().check(z.minimum(1), z.maximum(GENERATION_MAX));
const privateKeys = z.optional(z.strictObject({ dataPrivateKey: key, rootPrivateKey: key }));

const earlierSchema = z.strictObject({
  generation: generationNumber,
  dataPublicKey: key,
  metadataKey: key,
  rootPublicKey: key,
  private: privateKeys,
});

const keyFileSchema = z.strictObject({
  keyFile: z.literal(KEY_FILE_MARK),
  version: z.union(KEY_FILE_VERSIONS.map((version) => z.literal(version))),
  repositoryId: z.pipe(
    z.string().check(z.regex(/^[0-9a-f]{32}$/)),
    z.transform((text) => new Uint8Array(Buffer.from(text, "hex"))),
  ),
  generation: generationNumber,
  dataPublicKey: key,
  metadataKey: key,
  rootPublicKey: key,
  writer: z.strictObject({
    publicKey: key,
    privateKey: key,
    enrolment: base64Of(SIGNATURE_BYTES),
  }),
  private: privateKeys,
  earlier: z.optional(z.array(earlierSchema).check(z.minLength(1), z.maxLength(GENERATION_MAX))),
  privateAt: z.optional(z.string().check(z.maxLength(256))),
});

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

/** The fields of one generation. */
function encodeGeneration(keys: GenerationKeys): Record<string, unknown> {
  return {
    generation: keys.generation,
    dataPublicKey: base64(keys.dataPublicKey),
    metadataKey: base64(keys.metadataKey),
    rootPublicKey: base64(keys.rootPublicKey),
    ...(keys.private === undefined
      ? {}
      : {
          private: {
            dataPrivateKey: base64(keys.private.dataPrivateKey),
            rootPrivateKey: base64(keys.private.rootPrivateKey),
          },
        }),
  };
}

/** The text of a key file. It is a secret. Of version 1 where that says it all, so that older programs read it. */
export function encodeKeyFile(ring: KeyRing): string {
  const { earlier, privateAt } = ring;
  const { private: privateKey, ...own } = encodeGeneration(ring);
  const document = {
    keyFile: KEY_FILE_MARK,
    version: earlier === undefined && privateAt === undefined ? 1 : 2,
    repositoryId: Buffer.from(ring.repositoryId).toString("hex"),
    ...own,
    writer: {
      publicKey: base64(ring.writer.publicKey),
      privateKey: base64(ring.writer.privateKey),
      enrolment: base64(ring.writer.enrolment),
    },
    ...(privateKey === undefined ? {} : { private: privateKey }),
    ...(earlier === undefined ? {} : { earlier: earlier.map(encodeGeneration) }),
    ...(privateAt === undefined ? {} : { privateAt }),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Parses JSON; never lets the parser's own error out, because it quotes the text, which is secret. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new DrError("KEY_FILE_INVALID", { reason: "it is not JSON" });
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function checkConsistent(ring: KeyRing): void {
  const wrong = (field: string): DrError =>
    new DrError("KEY_FILE_INVALID", { reason: `${field} does not belong to the other keys` });
  if (!same(signingPublicKey(ring.writer.privateKey), ring.writer.publicKey)) {
    throw wrong("writer.privateKey");
  }
  if (!enrolmentHolds(ring, ring.writer)) {
    throw wrong("writer.enrolment");
  }
  for (const keys of generationsOf(ring)) {
    checkPrivate(keys, wrong);
  }
  const generations = generationsOf(ring).map(({ generation }) => generation);
  if (generations.some((generation, index) => generation !== index + 1)) {
    throw new DrError("KEY_FILE_INVALID", { reason: "a generation is missing" });
  }
}

function checkPrivate(keys: GenerationKeys, wrong: (field: string) => DrError): void {
  if (keys.private === undefined) {
    return;
  }
  if (!same(agreementPublicKey(keys.private.dataPrivateKey), keys.dataPublicKey)) {
    throw wrong("private.dataPrivateKey");
  }
  if (!same(signingPublicKey(keys.private.rootPrivateKey), keys.rootPublicKey)) {
    throw wrong("private.rootPrivateKey");
  }
}

/** The document as a ring: a field that is absent is absent, not undefined. */
function ringOf(document: z.infer<typeof keyFileSchema>): KeyRing {
  const { keyFile: _mark, version: _version, earlier, privateAt, ...own } = document;
  const { repositoryId, writer } = own;
  return {
    ...generationOf(own),
    repositoryId,
    writer,
    ...(earlier === undefined ? {} : { earlier: earlier.map(generationOf) }),
    ...(privateAt === undefined ? {} : { privateAt }),
  };
}

function generationOf(document: z.infer<typeof earlierSchema>): GenerationKeys {
  const { generation, dataPublicKey, metadataKey, rootPublicKey } = document;
  const keys = { generation, dataPublicKey, metadataKey, rootPublicKey };
  return document.private === undefined ? keys : { ...keys, private: document.private };
}

/**
 * Reads a key file. Errors name fields and never values.
 * @throws DrError `KEY_FILE_INVALID`, `KEY_FILE_VERSION`; `KEY_OTHER_REPOSITORY` when it is not for the
 * repository asked for; `KEY_PRIVATE_MISSING` when the private side is needed and not there.
 */
export function decodeKeyFile(
  text: string,
  expected: { readonly repositoryId?: Uint8Array; readonly needPrivate?: boolean } = {},
): KeyRing {
  const json = parseJson(text);
  const mark = markSchema.safeParse(json);
  if (!mark.success) {
    throw new DrError("KEY_FILE_INVALID", { reason: `it does not say "${KEY_FILE_MARK}"` });
  }
  if (!KEY_FILE_VERSIONS.some((version) => version === mark.data.version)) {
    throw new DrError("KEY_FILE_VERSION", { version: mark.data.version });
  }
  const parsed = keyFileSchema.safeParse(json);
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join(".") ?? "";
    const reason = field === "" ? "it has fields it should not have" : `${field} is malformed`;
    throw new DrError("KEY_FILE_INVALID", { reason });
  }
  const ring = ringOf(parsed.data);
  const wanted = expected.repositoryId;
  if (wanted !== undefined && !same(wanted, ring.repositoryId)) {
    throw new DrError("KEY_OTHER_REPOSITORY", {
      expected: Buffer.from(wanted).toString("hex"),
      found: Buffer.from(ring.repositoryId).toString("hex"),
    });
  }
  checkConsistent(ring);
  if (expected.needPrivate === true) {
    privateSide(ring);
  }
  return ring;
}
