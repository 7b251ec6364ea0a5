/**
 * That somebody looked at what there is (`pra list`, `window`, `plan`), in the ledger: who, from where, why. A monitoring that lists every minute
 * must not flood it, so a look that repeats within an hour is counted on this host, and the count is told with the next one that is
 * recorded. Reading data itself is recorded each time, where it is read. A repository that takes no writing is no reason not to read it.
 */
import * as z from "zod/mini";
import { type DrError, isDrError } from "../core/errors.ts";
import { accessCountsMax, accessQuietMs } from "../core/ledger-limits.ts";
import { NumberedFile } from "../files/numbered-file.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { LedgerRecorder, unlessRefused } from "./ledger-recorder.ts";
import { openRepository } from "./repository-access.ts";

/** What is looked at. */
export type Accessed = "list" | "window" | "plan" | "ledger list" | "report list" | "sla";

const countSchema = z.object({
  look: z.string(),
  repository: z.string(),
  account: z.string(),
  from: z.string(),
  reason: z.string(),
  atMs: z.number(),
  repeats: z.number(),
});
const fileSchema = z.object({ version: z.literal(1), counts: z.array(countSchema) });

type Count = z.infer<typeof countSchema>;

function decode(content: Buffer | undefined): readonly Count[] {
  try {
    return fileSchema.parse(JSON.parse(content?.toString("utf8") ?? "")).counts;
  } catch {
    // None yet, of another version, or damaged: counting begins anew, with a look that is recorded.
    return [];
  }
}

function isSame(a: Count, b: Count): boolean {
  return (["look", "repository", "account", "from", "reason"] as const).every(
    (name) => a[name] === b[name],
  );
}

/** What becomes of the counts with one more look; `record`: the repeats to tell, when it is to be recorded. Pure. */
export function countLook(
  counts: readonly Count[],
  now: Count,
): { readonly counts: readonly Count[]; readonly record: number | undefined } {
  const last = counts.find((count) => isSame(count, now));
  const ageMs = last === undefined ? Infinity : now.atMs - last.atMs;
  const others = counts
    .filter((count) => count !== last && Math.abs(now.atMs - count.atMs) < 24 * accessQuietMs)
    .slice(-(accessCountsMax - 1));
  // After the clock was set back a look is recorded: else it would stay quiet for as long.
  return last !== undefined && ageMs >= 0 && ageMs < accessQuietMs
    ? { counts: [...others, { ...last, repeats: last.repeats + 1 }], record: undefined }
    : { counts: [...others, { ...now, repeats: 0 }], record: last?.repeats ?? 0 };
}

/** Counts the look; the repeats to record with it. Undefined: it is a repeat itself. */
async function repeatsOf(
  environment: Environment,
  now: Count,
  call: StoreCall,
): Promise<number | undefined> {
  const file = new NumberedFile({ directory: environment.stateDirectory, base: "looks" });
  try {
    const state = await file.read(call);
    const { counts, record } = countLook(decode(state?.content), now);
    const content = Buffer.from(JSON.stringify({ version: 1, counts }));
    const written = await file.write({ number: (state?.number ?? 0) + 1, content }, call);
    return written ? record : 0;
  } catch (error) {
    if (isDrError(error)) {
      // Where nothing can be counted, each is recorded.
      return 0;
    }
    throw error;
  }
}

/**
 * Records that somebody looks; the failure, when the ledger could not be written. What the repository itself refuses, the look tells.
 * @throws the signal's reason when aborted.
 */
export async function recordAccess(
  adapters: Adapters,
  environment: Environment,
  look: Accessed,
  call: StoreCall,
): Promise<DrError | undefined> {
  return await unlessRefused(call, async () => {
    const { sealed, repositoryId } = await openRepository(adapters, environment, call);
    const now: Count = {
      look,
      repository: repositoryId,
      account: adapters.account,
      from: environment.cameFrom ?? "",
      reason: environment.settings.get("PRA_REASON")?.value ?? "",
      atMs: adapters.clock.now(),
      repeats: 0,
    };
    const repeats = await repeatsOf(environment, now, call);
    if (repeats === undefined) {
      return undefined;
    }
    const ledger = new LedgerRecorder(adapters, sealed, { environment, reason: `pra ${look}` });
    const data = { what: look, cluster: null, object: null, repeats };
    await ledger.record({ kind: "accessed", data });
    return ledger.failure;
  });
}
