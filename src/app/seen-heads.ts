/**
 * The newest events of the ledger that this host remembers: those of its commands beside what it has seen of the repository, and its watch's own
 * chains in a note of one repository. A note of another repository counts for nothing: its writers are not missing here. What a note says of a
 * chain is never replaced by less, so that a cut end shows as long as the chain is remembered.
 */
import * as z from "zod/mini";
import { watchChainsMax } from "../core/ledger-limits.ts";
import type { LedgerHead } from "../ledger/ledger-writer.ts";
import { isMonthlyChain } from "../ledger/resume-writer.ts";
import { parseLedgerWriterName } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { readSeen, type SeenHead } from "../repository/rollback-guard.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { LocalNote } from "./look/local-note.ts";

const head = z.object({
  writer: z.pipe(z.string(), z.transform(parseLedgerWriterName)),
  sequence: z.number(),
  hash: z.string(),
});
/** The head that was written last is the last. One of an earlier version names no repository, and is not read. */
const schema = z.object({ repository: z.string(), heads: z.array(head) });

type Site = { readonly adapters: Adapters; readonly environment: Environment };

function chainNote(environment: Environment): LocalNote<z.infer<typeof schema>> {
  return new LocalNote(environment, "chain", schema);
}

function repositoryOf({ ring }: SealedStore): string {
  return Buffer.from(ring.repositoryId).toString("hex");
}

function headOf({ writer, sequence, hash }: SeenHead): LedgerHead {
  return { writer: parseLedgerWriterName(writer), sequence, hash };
}

async function chainHeads(
  environment: Environment,
  sealed: SealedStore,
  call: StoreCall,
): Promise<readonly LedgerHead[]> {
  const note = await chainNote(environment).read(call);
  return note?.repository === repositoryOf(sealed) ? note.heads : [];
}

/** With one more, the last: the furthest of each writer, the newest writers of either sort. Pure. */
export function withHead(heads: readonly LedgerHead[], head: LedgerHead): readonly LedgerHead[] {
  const known = heads.find(({ writer }) => writer === head.writer);
  const furthest = known !== undefined && known.sequence > head.sequence ? known : head;
  const others = heads.filter(({ writer }) => writer !== head.writer);
  const newest = (monthly: boolean): readonly LedgerHead[] => {
    const room = watchChainsMax - (isMonthlyChain(head.writer) === monthly ? 1 : 0);
    // A writer's name goes on with the time at which it began.
    return others
      .filter(({ writer }) => isMonthlyChain(writer) === monthly)
      .toSorted((one, two) => (one.writer.slice(17) < two.writer.slice(17) ? -1 : 1))
      .slice(-room);
  };
  return [...newest(true), ...newest(false), furthest];
}

/** Remembers how far a chain of the watch goes. @throws DrError `STORE_IO`, `STORE_DISK_FULL`. */
export async function rememberChain(
  environment: Environment,
  sealed: SealedStore,
  head: LedgerHead,
  call: StoreCall,
): Promise<void> {
  const { writer, sequence, hash } = head;
  const before = await chainHeads(environment, sealed, call);
  const heads = [...withHead(before, { writer, sequence, hash })];
  await chainNote(environment).write({ repository: repositoryOf(sealed), heads }, call);
}

/** Somebody accepted that the repository shows less: what it shows is remembered from the next events on. @throws DrError `STORE_IO`, `STORE_DISK_FULL`. */
export async function forgetChains(
  environment: Environment,
  sealed: SealedStore,
  call: StoreCall,
): Promise<void> {
  if ((await chainHeads(environment, sealed, call)).length > 0) {
    const repository = repositoryOf(sealed);
    await chainNote(environment).write({ repository, heads: [] }, call);
  }
}

/** The chain that the watch wrote last is the last, before it what commands wrote, newest last. @throws DrError `STORE_IO`, `REPO_ENCODING`. */
export async function rememberedHeads(
  { adapters, environment }: Site,
  sealed: SealedStore,
  call: StoreCall,
): Promise<readonly LedgerHead[]> {
  const file = adapters.seenFile(environment.stateDirectory);
  const { ledger } = await readSeen(sealed, { ...call, file });
  const chains = await chainHeads(environment, sealed, call);
  return [...chains.slice(0, -1), ...ledger.map(headOf), ...chains.slice(-1)];
}
