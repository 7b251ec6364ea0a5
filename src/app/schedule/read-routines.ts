/** The routines of this host's schedule, from its own notes, and the word of people that one was done. */
import { DrError } from "../../core/errors.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { type Agenda, readAgenda, sayInLedger } from "../look/agenda.ts";
import { personLine } from "../watch/person-line.ts";
import { loadOccurrences, systemZone } from "./occurrences.ts";
import { type JudgedRoutine, type RoutineId, judgeRoutines, personRoutines } from "./routines.ts";
import { type Installed, readInstalled } from "./schedule-files.ts";

type Call = { readonly signal: AbortSignal };

/** The second watcher's host has none. */
function plannedJobs(installed: Installed | undefined): Installed["jobs"] {
  const jobs = installed?.jobs ?? [];
  return jobs.some(({ id }) => id === "backup") ? jobs : [];
}

/** Nobody has read the ledger yet: then nothing is known to be missed. */
const UNREAD: Pick<Agenda, "live" | "done" | "readAtMs"> = {
  live: null,
  done: {},
  readAtMs: -Infinity,
};

/** How each stands; empty where no schedule is installed. @throws DrError `STORE_IO`. */
export async function readRoutines(
  environment: Environment,
  context: Call & {
    readonly nowMs: number;
    readonly zone?: string | undefined;
    readonly agenda?: Agenda | undefined;
  },
): Promise<readonly JudgedRoutine[]> {
  const { nowMs, zone = systemZone(), signal } = context;
  const jobs = plannedJobs(await readInstalled(environment, { signal }));
  const agenda = context.agenda ?? (await readAgenda(environment, { signal }));
  const { done, readAtMs, live } = agenda ?? UNREAD;
  const occurrencesOf = await loadOccurrences();
  const liveAtMs = live?.atMs;
  return judgeRoutines({ nowMs, zone, occurrencesOf, jobs, liveAtMs, done, readAtMs });
}

function isPersonRoutine(typed: string): typed is RoutineId {
  return personRoutines.some((id) => id === typed);
}

/**
 * Records that a routine was done, by whom. Answers how it stands now; undefined where it is not planned on this host. @throws DrError
 * `WATCH_ROUTINE_UNKNOWN`, `WATCH_REASON`; what the ledger throws.
 */
export async function sayRoutineDone(
  adapters: Adapters,
  environment: Environment,
  request: Call & { readonly routine: string; readonly by: string; readonly note: string },
): Promise<{ readonly by: string; readonly routine: JudgedRoutine | undefined }> {
  const { routine, signal } = request;
  if (!isPersonRoutine(routine)) {
    const known = personRoutines.join(", ");
    throw new DrError("WATCH_ROUTINE_UNKNOWN", { routine: routine.slice(0, 100), known });
  }
  const by = personLine(request.by, "--by");
  const note = request.note === "" ? "" : personLine(request.note, "--note");
  const { cluster } = environment;
  const nowMs = adapters.clock.now();
  const data = { cluster, routine, by, note, at: new Date(nowMs).toISOString() };
  const agenda = await sayInLedger(
    adapters,
    environment,
    { kind: "routineDone", data },
    { signal, reason: "pra schedule done" },
  );
  const routines = await readRoutines(environment, { nowMs, agenda, signal });
  return { by, routine: routines.find(({ id }) => id === routine) };
}
