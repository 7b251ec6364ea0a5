/** The newest events of the ledger that this host remembers: those of its commands beside what it has seen of the repository, and its watch's own chain. */
import * as z from "zod/mini";
import type { LedgerHead } from "../ledger/ledger-writer.ts";
import { parseLedgerWriterName } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { readSeen } from "../repository/rollback-guard.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { LocalNote } from "./look/local-note.ts";

const schema = z.object({ writer: z.string(), sequence: z.number(), hash: z.string() });

type Site = { readonly adapters: Adapters; readonly environment: Environment };

function chainNote(environment: Environment): LocalNote<z.infer<typeof schema>> {
  return new LocalNote(environment, "chain", schema);
}

/** Remembers how far the watch's chain goes. @throws DrError `STORE_IO`, `STORE_DISK_FULL`. */
export async function rememberChain(
  environment: Environment,
  { writer, sequence, hash }: LedgerHead,
  call: StoreCall,
): Promise<void> {
  await chainNote(environment).write({ writer, sequence, hash }, call);
}

/** @throws DrError `STORE_IO`, `REPO_ENCODING`. */
export async function rememberedHeads(
  { adapters, environment }: Site,
  sealed: SealedStore,
  call: StoreCall,
): Promise<readonly LedgerHead[]> {
  const file = adapters.seenFile(environment.stateDirectory);
  const { ledger } = await readSeen(sealed, { ...call, file });
  const chain = await chainNote(environment).read(call);
  return [...ledger, ...(chain === undefined ? [] : [chain])].map(({ writer, sequence, hash }) => ({
    writer: parseLedgerWriterName(writer),
    sequence,
    hash,
  }));
}
