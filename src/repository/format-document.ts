/**
 * The format object: what a repository is, and from the second on, that a new generation of keys was made. Numbered like the
 * generation; the highest number counts. The first says only what the repository is; a later one is sealed under its own
 * generation and lists what of earlier ones counted when it was written, backups, dumps and the end of WAL: it closes them.
 *
 * Its content is read only after it was checked like any object. What can be told before that is a number in a name and in a header,
 * by which a program refuses early and believes nothing.
 *
 * Follows docs/format.md, sections 2 and 4.
 */
import * as z from "zod/mini";
import { isDrError } from "../core/errors.ts";
import { headerBytesMax } from "../core/limits.ts";
import { parseWalSegmentName } from "../core/wal-name.ts";
import { parseHeader } from "../pipeline/sealing/header-bytes.ts";
import { decodeDocument, encodeDocument, objectIdText } from "./json-document.ts";
import { newestNumber } from "./list-children.ts";
import { objectKey } from "./object-names.ts";
import type { ObjectStore, StoreCall } from "./object-store.ts";
import type { Closing, SealedStore } from "./sealed-store.ts";

const DIGITS = 8;
/** How objects are sealed, in words; the header's version and feature bits are what programs go by. */
const SUITE = "x25519-hkdf-sha256-aes256gcm ed25519 zstd nh61";

const closingSchema = z.object({
  version: z.literal(1),
  repositoryId: z.string().check(z.regex(/^[0-9a-f]{32}$/)),
  suite: z.string(),
  features: z.array(z.string()),
  generation: z.int().check(z.minimum(2)),
  accepted: z.array(objectIdText),
  /** The last segment of each timeline of each history that may bear an earlier generation. */
  wal: z.array(z.object({ prefix: z.string(), last: z.string() })),
});

/** What a repository says of itself before anything is believed. */
export type RepositoryMark = { readonly repositoryId: Uint8Array; readonly generation: number };

/** The repository's id and its newest generation; undefined when there is no repository. */
export async function readRepositoryMark(
  store: ObjectStore,
  call: StoreCall,
): Promise<RepositoryMark | undefined> {
  const generation = await newestNumber(store, { prefix: "format/", digits: DIGITS }, call);
  if (generation === undefined) {
    return undefined;
  }
  const key = objectKey({ type: "format", number: generation });
  try {
    const length = Math.min(await store.size(key, call), headerBytesMax);
    const bytes = await store.get(key, { ...call, range: { offset: 0, length } });
    return { repositoryId: Uint8Array.from(parseHeader(bytes, key).repositoryId), generation };
  } catch (error) {
    if (isDrError(error, "STORE_MISSING")) {
      return undefined;
    }
    throw error;
  }
}

function base(sealed: SealedStore): Record<string, unknown> {
  const repositoryId = Buffer.from(sealed.ring.repositoryId).toString("hex");
  return { version: 1, repositoryId, suite: SUITE, features: [] };
}

/** Writes the first one: from then on there is a repository. @throws DrError what `putWhole` throws. */
export async function putFirstFormat(sealed: SealedStore, call: StoreCall): Promise<void> {
  await sealed.putWhole({ type: "format", number: 1 }, encodeDocument(base(sealed)), call);
}

/**
 * Writes that of the ring's own generation: from then on it is the newest, and the earlier ones are closed.
 * @throws DrError `STORE_CONFLICT` when another host made that generation.
 */
export async function putNextFormat(
  sealed: SealedStore,
  closing: Closing,
  call: StoreCall,
): Promise<void> {
  const { generation } = sealed.ring;
  const { accepted, lastSegments } = closing;
  const wal = [...lastSegments].map(([prefix, last]) => ({ prefix, last }));
  const document = { ...base(sealed), generation, accepted: [...accepted], wal };
  const name = { type: "format", number: generation } as const;
  await sealed.putWhole(name, encodeDocument(document), call);
}

/** Checks the newest format object with the ring, and says what it closed. @throws DrError what `getWhole` throws. */
export async function readClosing(
  sealed: SealedStore,
  call: StoreCall,
): Promise<Closing | undefined> {
  const { generation } = sealed.ring;
  const { content } = await sealed.getWhole({ type: "format", number: generation }, call);
  if (generation === 1) {
    return undefined;
  }
  const { accepted, wal } = decodeDocument(closingSchema, content, "a format object");
  const lastSegments = new Map(
    wal.map(({ prefix, last }) => [prefix, parseWalSegmentName(last)] as const),
  );
  return { accepted: new Set(accepted), lastSegments };
}
