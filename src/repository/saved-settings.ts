/**
 * The `.env` of each host, sealed in the repository: what is lost with a server must not be what is needed to restore it. Any host
 * writes its own, only the private side reads one; whether two hosts have the same is told by a keyed hash. Numbered objects, written
 * once. docs/format.md section 9.
 */
import * as z from "zod/mini";
import { isDrError } from "../core/errors.ts";
import { savedSettingsAttemptsMax, savedSettingsTextMax } from "../core/limits.ts";
import { settingsHash, settingsHostId } from "../pipeline/sealing/key-derivation.ts";
import { namingSide } from "../pipeline/sealing/key-ring.ts";
import { decodeDocument, encodeDocument } from "./json-document.ts";
import { listChildren, newestNumber } from "./list-children.ts";
import { objectKey, settingsPrefix } from "./object-names.ts";
import type { StoreCall } from "./object-store.ts";
import type { SealedStore } from "./sealed-store.ts";

const DIGITS = 8;

const settingsSchema = z.object({
  version: z.literal(1),
  host: z.string(),
  path: z.string(),
  savedAt: z.iso.datetime(),
  text: z.string().check(z.maxLength(savedSettingsTextMax)),
});

/** A host's settings as they were saved. */
export type SettingsDocument = z.infer<typeof settingsSchema>;

/** What a host has saved: its id, the newest number, and the keyed hash in hexadecimal. */
export type SavedSettings = {
  readonly host: string;
  readonly number: number;
  readonly hash: string;
};

/** The id of a machine in this repository. */
export function hostIdOf(sealed: SealedStore, machine: string): string {
  return settingsHostId(namingSide(sealed.ring), machine);
}

/** The hash of settings, hexadecimal. Names and values in any order. */
export function hashOfSettings(
  sealed: SealedStore,
  settings: readonly (readonly [name: string, value: string])[],
): string {
  const sorted = settings.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.from(settingsHash(sealed.ring, JSON.stringify(sorted))).toString("hex");
}

/** The newest of one host; undefined when it never saved any. */
export async function newestSettings(
  sealed: SealedStore,
  host: string,
  call: StoreCall,
): Promise<SavedSettings | undefined> {
  const prefix = settingsPrefix(host);
  const number = await newestNumber(sealed.store, { prefix, digits: DIGITS }, call);
  if (number === undefined) {
    return undefined;
  }
  const facts = await sealed.settingsFacts({ type: "settings", host, number }, call);
  return { host, number, hash: Buffer.from(facts).toString("hex") };
}

/** The newest of every host. */
export async function listSettings(
  sealed: SealedStore,
  call: StoreCall,
): Promise<readonly SavedSettings[]> {
  const found: SavedSettings[] = [];
  for await (const child of listChildren(sealed.store, "settings/", call)) {
    const newest = /^[0-9a-f]{32}$/.test(child)
      ? await newestSettings(sealed, child, call)
      : undefined;
    if (newest !== undefined) {
      found.push(newest);
    }
  }
  return found;
}

/** What was saved. Needs the private side. @throws DrError `KEY_*` without it; what the store and `getWhole` throw. */
export async function readSettings(
  sealed: SealedStore,
  saved: Pick<SavedSettings, "host" | "number">,
  call: StoreCall,
): Promise<SettingsDocument> {
  const name = { type: "settings", ...saved } as const;
  const { content } = await sealed.getWhole(
    { type: "settings", host: saved.host, number: saved.number },
    call,
  );
  return decodeDocument(settingsSchema, content, `the settings ${objectKey(name)}`);
}

/** Saves a host's settings under the next number. Two commands may do so at once. */
export async function putSettings(
  sealed: SealedStore,
  of: { readonly host: string; readonly hash: string },
  document: SettingsDocument,
  call: StoreCall,
): Promise<SavedSettings> {
  const { host, hash } = of;
  const facts = new Uint8Array(Buffer.from(hash, "hex"));
  for (let attempt = 1; ; attempt += 1) {
    const prefix = settingsPrefix(host);
    const newest = await newestNumber(sealed.store, { prefix, digits: DIGITS }, call);
    const number = (newest ?? 0) + 1;
    try {
      const name = { type: "settings", host, number } as const;
      await sealed.putWhole(name, encodeDocument(document), { ...call, facts });
      return { host, number, hash };
    } catch (error) {
      if (!isDrError(error, "STORE_CONFLICT") || attempt >= savedSettingsAttemptsMax) {
        throw error;
      }
    }
  }
}
