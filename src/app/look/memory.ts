/**
 * The figures of past looks, on this host: `<state directory>/watch/<cluster>/samples-<n>.json`. Losing them loses forecasts for a day,
 * nothing else; of two looks at once one's sample is not kept.
 */
import { join } from "node:path";
import * as z from "zod/mini";
import { NumberedFile } from "../../files/numbered-file.ts";
import type { Sample } from "../../watch/samples.ts";
import type { Environment } from "../environment.ts";

const bytes = z.optional(z.number());
const schema = z.object({
  version: z.literal(1),
  samples: z.array(
    z.object({
      atMs: z.number(),
      repositoryFreeBytes: bytes,
      walFreeBytes: bytes,
      slotSafeBytes: bytes,
    }),
  ),
});

type Call = { readonly signal: AbortSignal };

/** Where a cluster's watch keeps what this host remembers. */
export function watchDirectory(environment: Environment): string {
  return join(environment.stateDirectory, "watch", environment.cluster);
}

function decode(content: Buffer): readonly Sample[] {
  try {
    const { samples } = schema.parse(JSON.parse(content.toString("utf8")));
    return samples.map(({ atMs, repositoryFreeBytes, walFreeBytes, slotSafeBytes }) => ({
      atMs,
      repositoryFreeBytes,
      walFreeBytes,
      slotSafeBytes,
    }));
  } catch {
    // Of another version, or damaged: forecasts begin anew.
    return [];
  }
}

/** Reads and replaces the samples. @throws DrError `STORE_*` when the state directory does not take it. */
export async function rememberSamples(
  environment: Environment,
  change: (samples: readonly Sample[]) => readonly Sample[],
  call: Call,
): Promise<readonly Sample[]> {
  const file = new NumberedFile({ directory: watchDirectory(environment), base: "samples" });
  const before = await file.read(call);
  const samples = change(before === undefined ? [] : decode(before.content));
  const content = Buffer.from(JSON.stringify({ version: 1, samples }));
  await file.write({ number: (before?.number ?? 0) + 1, content }, call);
  return samples;
}
