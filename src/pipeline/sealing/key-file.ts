/**
 * The key file: a ring as JSON text, kept outside the repository with mode 600 (whoever writes and reads
 * the file sees to that). What is read is checked in full: a private key that does not belong to its
 * public key would make backups that nobody can open, and that must show now and not at the restore.
 */
import { timingSafeEqual } from "node:crypto";
import * as z from "zod/mini";
import { DrError } from "../../core/errors.ts";
import { enrolmentHolds, type KeyRing } from "./key-ring.ts";
import { agreementPublicKey, KEY_BYTES, SIGNATURE_BYTES, signingPublicKey } from "./raw-keys.ts";

/** What `keyFile` says in every version. */
const KEY_FILE_MARK = "PRA keys";
const KEY_FILE_VERSION = 1;

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

const keyFileSchema = z.strictObject({
  keyFile: z.literal(KEY_FILE_MARK),
  version: z.literal(KEY_FILE_VERSION),
  repositoryId: z.pipe(
    z.string().check(z.regex(/^[0-9a-f]{32}$/)),
    z.transform((text) => new Uint8Array(Buffer.from(text, "hex"))),
  ),
  generation: z.int().check(z.minimum(1), z.maximum(9999)),
  dataPublicKey: key,
  metadataKey: key,
  rootPublicKey: key,
  writer: z.strictObject({
    publicKey: key,
    privateKey: key,
    enrolment: base64Of(SIGNATURE_BYTES),
  }),
  private: z.optional(z.strictObject({ dataPrivateKey: key, rootPrivateKey: key })),
});

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

/** The text of a key file. It is a secret. */
export function encodeKeyFile(ring: KeyRing): string {
  const document = {
    keyFile: KEY_FILE_MARK,
    version: KEY_FILE_VERSION,
    repositoryId: Buffer.from(ring.repositoryId).toString("hex"),
    generation: ring.generation,
    dataPublicKey: base64(ring.dataPublicKey),
    metadataKey: base64(ring.metadataKey),
    rootPublicKey: base64(ring.rootPublicKey),
    writer: {
      publicKey: base64(ring.writer.publicKey),
      privateKey: base64(ring.writer.privateKey),
      enrolment: base64(ring.writer.enrolment),
    },
    ...(ring.private === undefined
      ? {}
      : {
          private: {
            dataPrivateKey: base64(ring.private.dataPrivateKey),
            rootPrivateKey: base64(ring.private.rootPrivateKey),
          },
        }),
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
  if (ring.private === undefined) {
    return;
  }
  if (!same(agreementPublicKey(ring.private.dataPrivateKey), ring.dataPublicKey)) {
    throw wrong("private.dataPrivateKey");
  }
  if (!same(signingPublicKey(ring.private.rootPrivateKey), ring.rootPublicKey)) {
    throw wrong("private.rootPrivateKey");
  }
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
  if (mark.data.version !== KEY_FILE_VERSION) {
    throw new DrError("KEY_FILE_VERSION", { version: mark.data.version });
  }
  const parsed = keyFileSchema.safeParse(json);
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join(".") ?? "";
    const reason = field === "" ? "it has fields it should not have" : `${field} is malformed`;
    throw new DrError("KEY_FILE_INVALID", { reason });
  }
  const { private: privateKeys, keyFile: _mark, version: _version, ...rest } = parsed.data;
  const ring: KeyRing = privateKeys === undefined ? rest : { ...rest, private: privateKeys };
  const wanted = expected.repositoryId;
  if (wanted !== undefined && !same(wanted, ring.repositoryId)) {
    throw new DrError("KEY_OTHER_REPOSITORY", {
      expected: Buffer.from(wanted).toString("hex"),
      found: Buffer.from(ring.repositoryId).toString("hex"),
    });
  }
  checkConsistent(ring);
  if (expected.needPrivate === true && ring.private === undefined) {
    throw new DrError("KEY_PRIVATE_MISSING", {});
  }
  return ring;
}
