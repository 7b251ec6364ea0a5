/**
 * One chain a month for what a host records every hour from ever new processes: else a year of hours would be as many writers, and listing
 * them would take longer than reading them. The name follows from the host's key, the month and the subject, so nothing has to be
 * remembered; of two processes that go on from the same event one gets the place and the other looks again. A chain whose end this host
 * remembers further is not gone on with: that would cover up what was cut off.
 */
import { createHash } from "node:crypto";
import { guard } from "../core/failpoint.ts";
import { parseObjectId } from "../core/object-id.ts";
import { newestNumber } from "../repository/list-children.ts";
import {
  ledgerWriterNameOf,
  objectKey,
  type LedgerWriterName,
} from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { decodeEvents, eventHash } from "./event.ts";
import { LedgerWriter, type LedgerHead, type LedgerWriterOptions } from "./ledger-writer.ts";

const SEQUENCE_DIGITS = 12;
/** Where other writers have 40 random bits: behind the key's 16 digits, a hyphen and the time's 12. */
const MARK = "0".repeat(10);
const WRITER_MARK_AT = 16 + 1 + 12;

/** The host's writer of a subject in the month of an instant; its time is the month's beginning, in UTC. */
export function monthlyWriterName(
  { ring }: Pick<SealedStore, "ring">,
  of: { readonly subject: string; readonly nowMs: number },
): LedgerWriterName {
  const month = new Date(of.nowMs).toISOString().slice(0, 7);
  const time = Date.parse(`${month}-01T00:00:00.000Z`).toString(16).padStart(12, "0");
  const digest = createHash("sha256").update(`${of.subject}\n${month}`).digest("hex");
  return ledgerWriterNameOf(
    ring.writer.publicKey,
    parseObjectId(time + MARK + digest.slice(0, 10)),
  );
}

/** Whether a writer is such a chain: it holds what a watch saw, hour by hour, and no backup, proof or deletion. */
export function isMonthlyChain(writer: LedgerWriterName): boolean {
  return writer.startsWith(MARK, WRITER_MARK_AT);
}

async function headOf(
  sealed: SealedStore,
  writer: LedgerWriterName,
  call: StoreCall,
): Promise<LedgerHead | undefined> {
  const prefix = `ledger/${writer}/`;
  const sequence = await newestNumber(sealed.store, { prefix, digits: SEQUENCE_DIGITS }, call);
  if (sequence === undefined) {
    return undefined;
  }
  const name = { type: "ledger", writer, sequence } as const;
  const last = decodeEvents((await sealed.getWhole(name, call)).content, objectKey(name)).at(-1);
  return last && { writer, sequence: last.sequence, hash: eventHash(last) };
}

/**
 * A writer that goes on behind the newest event of this month's chain, or begins it; one with a new name where the chain is shorter than
 * `remembered`. @throws DrError what the store throws; `REPO_*` for a newest object that is not authentic.
 */
export async function resumeMonthlyWriter(
  sealed: SealedStore,
  options: LedgerWriterOptions & {
    readonly subject: string;
    readonly remembered: readonly LedgerHead[];
  },
  call: StoreCall,
): Promise<LedgerWriter> {
  const { subject, remembered, clock } = options;
  const writer = monthlyWriterName(sealed, { subject, nowMs: clock.now() });
  const head = await headOf(sealed, writer, call);
  const known = remembered.find((one) => one.writer === writer)?.sequence ?? 0;
  if (known > (head?.sequence ?? 0) && guard("L40-chain-cut")) {
    return new LedgerWriter(sealed, options);
  }
  return new LedgerWriter(sealed, { ...options, goesOn: { writer, head } });
}
