/**
 * What people have said of this cluster in the ledger, and a look must know at once: since when it is in production, and which routines were done
 * when. A note of this host, because the ledger takes seconds to read and a look has two: whoever hands over reads the ledger every hour and renews
 * it, so that what was said on another host holds here, too; what is said here holds at once.
 */
import * as z from "zod/mini";
import { isDrError } from "../../core/errors.ts";
import { actionsNotedMax } from "../../core/ledger-limits.ts";
import { agendaEveryMs, agendaLedgerMs } from "../../core/watch-limits.ts";
import type { EventContent } from "../../ledger/event-kinds.ts";
import type { CorrectiveAction } from "../../sla/corrective-actions.ts";
import { isEscalation } from "../../sla/failed-controls.ts";
import type { SlaFacts } from "../../sla/sla-facts.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { LedgerRecorder } from "../ledger-recorder.ts";
import { openRepository } from "../repository-access.ts";
import { LocalNote } from "./local-note.ts";
import { inTime, timeLimit } from "./time-limit.ts";

type Call = { readonly signal: AbortSignal };

const schema = z.object({
  version: z.literal(1),
  /** When the ledger was read for it. */
  readAtMs: z.number(),
  live: z.nullable(z.object({ atMs: z.number(), by: z.string() })),
  /** By the routine's name. `by` null: the program itself. */
  done: z.record(z.string(), z.object({ atMs: z.number(), by: z.nullable(z.string()) })),
  /** Corrective actions that are open, the first due of them. */
  actions: z._default(
    z.array(
      z.object({
        id: z.string(),
        what: z.string(),
        escalates: z.boolean(),
        owner: z.string(),
        dueAtMs: z.number(),
      }),
    ),
    [],
  ),
});

/** As noted. */
export type Agenda = z.infer<typeof schema>;

/** Since when the system is in production, and who said so. */
export type GoneLive = NonNullable<Agenda["live"]>;

function noteIn(environment: Environment): LocalNote<Agenda> {
  return new LocalNote(environment, "agenda", schema);
}

/** What a look tells of actions: a failed control by its name, others by their title. */
function openActions(actions: readonly CorrectiveAction[]): Agenda["actions"] {
  return actions
    .filter(({ closed }) => closed === undefined)
    .toSorted((a, b) => a.dueAtMs - b.dueAtMs)
    .slice(0, actionsNotedMax)
    .map(({ id, control, subject, title, owner, dueAtMs }) => ({
      id,
      what: title === "" ? `${control} ${subject}`.trim() : title,
      escalates: isEscalation(control),
      owner,
      dueAtMs,
    }));
}

/** What is noted; undefined: nobody has read the ledger for it on this host yet. @throws DrError `STORE_IO`. */
export async function readAgenda(
  environment: Environment,
  call: Call,
): Promise<Agenda | undefined> {
  return await noteIn(environment).read(call);
}

/** What the ledger says of this cluster; undefined: nothing. @throws DrError what the store and the ledger throw. */
export async function readClusterFacts(
  adapters: Adapters,
  environment: Environment,
  { signal }: Call,
): Promise<SlaFacts | undefined> {
  const { collectSla } = await import("../sla-memory.ts");
  const repository = await openRepository(adapters, environment, { signal });
  const nowMs = adapters.clock.now();
  const collector = await collectSla(environment, repository, { signal, nowMs, fresh: false });
  return collector.facts().find(({ cluster }) => cluster === environment.cluster);
}

/** Notes what the ledger says now. @throws DrError what the store and the ledger throw, and `STORE_*` of the state directory. */
export async function noteFromLedger(
  adapters: Adapters,
  environment: Environment,
  call: Call,
): Promise<Agenda> {
  const readAtMs = adapters.clock.now();
  const facts = await readClusterFacts(adapters, environment, call);
  const { live, routines, actions = [] } = facts ?? {};
  const agenda: Agenda = {
    version: 1,
    readAtMs,
    live: live === undefined ? null : { atMs: live.atMs, by: live.by ?? "" },
    done: Object.fromEntries(routines ?? []),
    actions: openActions(actions),
  };
  await noteIn(environment).write(agenda, call);
  return agenda;
}

/** Records what a person says, and notes it. @throws DrError when the ledger could not be written: what is recorded nowhere was not said. */
export async function sayInLedger(
  adapters: Adapters,
  environment: Environment,
  event: EventContent,
  options: Call & { readonly reason: string },
): Promise<Agenda> {
  const { signal, reason } = options;
  const { sealed } = await openRepository(adapters, environment, { signal });
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason });
  await ledger.record(event);
  if (ledger.failure !== undefined) {
    throw ledger.failure;
  }
  return await noteFromLedger(adapters, environment, { signal });
}

/**
 * Reads the ledger again when that is due. Its own time limit: what a long ledger does not give in one go it gives in the next, for what was read is
 * kept. What cannot be read, or written down, leaves the note as it is. True: it was read. @throws DrError `STORE_IO` of the note itself; the signal's reason when aborted.
 */
export async function renewAgenda(
  adapters: Adapters,
  environment: Environment,
  { signal }: Call,
): Promise<boolean> {
  const nowMs = adapters.clock.now();
  const agoMs = nowMs - ((await readAgenda(environment, { signal }))?.readAtMs ?? -Infinity);
  if (agoMs >= 0 && agoMs < agendaEveryMs) {
    return false;
  }
  using limit = timeLimit(signal, agendaLedgerMs);
  try {
    await inTime(noteFromLedger(adapters, environment, limit), limit);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (!isDrError(error)) {
      throw error;
    }
    return false;
  }
}
