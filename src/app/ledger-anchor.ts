/**
 * Signing an anchor of the ledger with this host's key, and telling whether one that was kept is authentic: its host must be enrolled by the
 * repository's root of that generation, which the key file holds.
 */
import { DrError } from "../core/errors.ts";
import { anchorFoldMs } from "../core/ledger-limits.ts";
import {
  type Anchor,
  type AnchorSeal,
  anchorMessage,
  formatAnchor,
  parseAnchor,
} from "../ledger/anchor.ts";
import type { LedgerHead } from "../ledger/ledger-writer.ts";
import type { LedgerVerdict } from "../ledger/verify-ledger.ts";
import { type KeyRing, enrolmentHolds, generationKeys } from "../pipeline/sealing/key-ring.ts";
import { signWith, signatureHolds } from "../pipeline/sealing/raw-keys.ts";
import type { SealedStore } from "../repository/sealed-store.ts";

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Up to when an anchor that is made now folds heads: who was quiet for so long hardly writes of that time any more. */
export function foldUntil(nowMs: number): string {
  return new Date(nowMs - anchorFoldMs).toISOString();
}

/**
 * The text to keep, of a ledger that was just verified up to `foldUntil`. Every head is in it, folded or named, whatever its time says: a clock that was
 * ahead and then set right leaves a newest event that is earlier than those before it.
 */
export function signAnchor(
  { ring }: SealedStore,
  verdict: Pick<LedgerVerdict, "settled" | "settledHeads"> & {
    readonly heads: readonly LedgerHead[];
  },
  about: { readonly actor: string; readonly nowMs: number },
): { readonly anchor: Anchor; readonly text: string } {
  const { settled, heads } = verdict;
  const folded = new Map(verdict.settledHeads.map(({ writer, sequence }) => [writer, sequence]));
  const anchor: Anchor = {
    repositoryId: hex(ring.repositoryId),
    generation: ring.generation,
    madeAt: new Date(about.nowMs).toISOString(),
    by: about.actor.replace(/[^\x21-\x7e]|[=<>&]/g, "_").slice(0, 60),
    settled,
    heads: heads.filter(({ writer, sequence }) => folded.get(writer) !== sequence),
  };
  const { publicKey, privateKey, enrolment } = ring.writer;
  const seal: AnchorSeal = {
    key: hex(publicKey),
    enrolment: hex(enrolment),
    signature: hex(signWith(privateKey, anchorMessage(anchor))),
  };
  return { anchor, text: formatAnchor(anchor, seal) };
}

/** Signs something else that this host hands over: lines of its key, the root's statement about it, and its signature. */
export function signedBy({ ring }: SealedStore, message: Uint8Array): string {
  const { publicKey, privateKey, enrolment } = ring.writer;
  const lines = [
    ["generation", String(ring.generation)],
    ["key", hex(publicKey)],
    ["enrolment", hex(enrolment)],
    ["signature", hex(signWith(privateKey, message))],
  ];
  return lines.map((line) => `${line.join(" ")}\n`).join("");
}

function requireAuthentic(ring: KeyRing, anchor: Anchor, seal: AnchorSeal): void {
  const { generation, madeAt } = anchor;
  const keys = generationKeys(ring, generation);
  const bytes = (text: string): Uint8Array => Buffer.from(text, "hex");
  const [publicKey, enrolment, signature] = [
    bytes(seal.key),
    bytes(seal.enrolment),
    bytes(seal.signature),
  ];
  const fail = (reason: string): never => {
    throw new DrError("LEDGER_ANCHOR_FORGED", { madeAt, reason });
  };
  if (keys === undefined) {
    return fail(`generation ${generation} of its keys is not known here`);
  }
  const { repositoryId } = ring;
  const { rootPublicKey } = keys;
  if (!enrolmentHolds({ repositoryId, generation, rootPublicKey }, { publicKey, enrolment })) {
    return fail("its key is not enrolled");
  }
  if (!signatureHolds({ publicKey, message: anchorMessage(anchor), signature })) {
    return fail("its signature does not fit its text");
  }
}

/** The anchor in a text. @throws DrError `LEDGER_ANCHOR_*`. */
export function openAnchor({ ring }: SealedStore, text: string): Anchor {
  const { anchor, seal } = parseAnchor(text);
  const repository = hex(ring.repositoryId);
  if (anchor.repositoryId !== repository) {
    const { repositoryId: anchored } = anchor;
    throw new DrError("LEDGER_ANCHOR_FOREIGN", { anchored, repository });
  }
  requireAuthentic(ring, anchor, seal);
  return anchor;
}
