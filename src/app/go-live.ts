/**
 * `pra golive start` and `show`: a person says that the system is in production, by name, and the first week begins (R24): closer checks and a
 * daily digest. That word is an event of the ledger and nothing else; this host's note of it serves the next look. It judges nothing: whether a
 * system may go live is for people to say.
 */
import { DrError } from "../core/errors.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { type GoneLive, noteFromLedger, sayInLedger } from "./look/agenda.ts";
import { personLine } from "./watch/person-line.ts";

type Call = { readonly signal: AbortSignal };

/** Since when the system is in production, from the ledger; undefined: nobody has said so. @throws DrError what the store and the ledger throw. */
export async function readGoneLive(
  adapters: Adapters,
  environment: Environment,
  call: Call,
): Promise<GoneLive | undefined> {
  return (await noteFromLedger(adapters, environment, call)).live ?? undefined;
}

/**
 * Records it. @throws DrError `WATCH_LIVE_ALREADY` unless `again`, `WATCH_REASON`; what the ledger throws: a word that is recorded nowhere was not said.
 */
export async function startLive(
  adapters: Adapters,
  environment: Environment,
  request: Call & { readonly by: string; readonly note: string; readonly again: boolean },
): Promise<GoneLive> {
  const by = personLine(request.by, "--by");
  const note = request.note === "" ? "" : personLine(request.note, "--note");
  const known = await readGoneLive(adapters, environment, request);
  if (known !== undefined && !request.again) {
    const at = new Date(known.atMs).toISOString();
    throw new DrError("WATCH_LIVE_ALREADY", { at, by: known.by });
  }
  const { cluster } = environment;
  const atMs = adapters.clock.now();
  const at = new Date(atMs).toISOString();
  const data = { cluster, by, note, at, again: known !== undefined };
  const { live } = await sayInLedger(
    adapters,
    environment,
    { kind: "wentLive", data },
    { ...request, reason: "pra golive start" },
  );
  return live ?? { atMs, by };
}
