/**
 * Looks become evidence: each full look goes into an hour that this host notes, and an hour that is over goes, with the other events of the
 * watch, to the ledger (`looksSampled`). Noted first and forgotten last: a process that dies in between records an hour twice, which says
 * the same. A host that cannot note looks leaves a hole, and a hole is unknown.
 */
import * as z from "zod/mini";
import type { CheckId, Finding } from "../../core/finding/finding.ts";
import { failpoint } from "../../core/failpoint.ts";
import { type LookFigures, type LookHour, withLook } from "../../watch/look-hours.ts";
import { withEvents } from "../../watch/take-look.ts";
import type { WatchEvent } from "../../watch/watch-document.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { LocalNote } from "./local-note.ts";

type Call = { readonly signal: AbortSignal };

const figure = z.nullable(z.number());
const schema = z.object({
  version: z.literal(1),
  hours: z.array(
    z.object({
      fromMs: z.number(),
      objectives: z.object({ rpoSeconds: z.number(), rtoSeconds: z.number() }),
      looks: z.number(),
      slots: z.readonly(
        z.array(
          z.nullable(
            z.object({
              exposureSeconds: figure,
              backupAgeSeconds: figure,
              proofAgeSeconds: figure,
              state: z.enum(["good", "note", "bad"]),
            }),
          ),
        ),
      ),
    }),
  ),
});

function secondsOf(findings: readonly Finding[], id: CheckId): number | null {
  const told = findings.find((finding) => finding.id === id && finding.unit === "s");
  return typeof told?.value === "number" ? told.value : null;
}

/** The figures of a look. Pure. */
export function figuresOf(findings: readonly Finding[]): LookFigures {
  const states = new Set(findings.map(({ state }) => state));
  return {
    exposureSeconds: secondsOf(findings, "exposure"),
    backupAgeSeconds: secondsOf(findings, "newest-backup"),
    proofAgeSeconds: secondsOf(findings, "proof"),
    state: states.has("bad") ? "bad" : states.has("note") ? "note" : "good",
  };
}

function eventOf(hour: LookHour, adapters: Adapters, environment: Environment): WatchEvent {
  const { host } = adapters.observer.self;
  const { fromMs, objectives, looks, slots } = hour;
  const { cluster } = environment;
  const from = new Date(fromMs).toISOString();
  const data = { cluster, host, from, objectives, looks, slots };
  return { kind: "looksSampled", data, actor: `${adapters.account}@${host}` };
}

/** Takes a look into account. @throws DrError `STORE_IO`, `STORE_DISK_FULL`, `WATCH_MEMORY_BUSY`. */
export async function sampleLook(
  adapters: Adapters,
  environment: Environment,
  look: Call & { readonly atMs: number; readonly findings: readonly Finding[] },
): Promise<void> {
  const { atMs, findings, signal } = look;
  const note = new LocalNote(environment, "hours", schema);
  const before = (await note.read({ signal }))?.hours ?? [];
  const { rpoSeconds, rtoSeconds } = environment.objectives;
  const objectives = { rpoSeconds, rtoSeconds };
  const { hours, finished } = withLook(before, { atMs, objectives, figures: figuresOf(findings) });
  if (finished.length === 0) {
    await note.write({ version: 1, hours: [...hours] }, { signal });
    return;
  }
  const { openWatch } = await import("../watch/watch-setup.ts");
  const { memory } = await openWatch(adapters, environment, { signal });
  const events = finished.map((hour) => eventOf(hour, adapters, environment));
  await memory.update(
    (document) => ({ document: withEvents(document, events), result: undefined }),
    { signal },
  );
  failpoint("watch.hour-queued");
  const left = hours.filter((hour) => !finished.includes(hour));
  await note.write({ version: 1, hours: left }, { signal });
}
