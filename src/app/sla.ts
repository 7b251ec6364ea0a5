/** `pra sla`: what was attained in a period, from the ledger alone, with every cluster of the repository. */
import { periodAround } from "../core/calendar.ts";
import { DrError } from "../core/errors.ts";
import type { JsonValue } from "../ledger/canonical-json.ts";
import type { StoreCall } from "../repository/object-store.ts";
import {
  type SlaJudgement,
  type SlaPeriod,
  type SlaVerdict,
  jointVerdict,
  judgeSla,
} from "../sla/judge-sla.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { parseMoment, parseMonth } from "./period.ts";
import { reportZone } from "./report-zone.ts";
import { openRepository } from "./repository-access.ts";
import { collectSla } from "./sla-memory.ts";

/** A period as typed; nothing: this month. */
export type TypedPeriod = {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly month: string | undefined;
};

/** What was attained. */
export type SlaReport = {
  readonly period: SlaPeriod;
  /** By whose clocks days, weeks and months are counted. */
  readonly zone: string;
  readonly verdict: SlaVerdict;
  /** Of the time, what must be within the objective. */
  readonly share: number;
  /** Empty: the ledger says nothing of any cluster. */
  readonly clusters: readonly SlaJudgement[];
};

/** @throws DrError `LEDGER_PERIOD`. */
export function periodOf(
  typed: TypedPeriod,
  { nowMs, zone }: { readonly nowMs: number; readonly zone: string },
): SlaPeriod {
  const { from, to, month } = typed;
  const current =
    month === undefined ? periodAround("monthly", nowMs, zone) : parseMonth(month, zone);
  const fromMs = from === undefined ? current.fromMs : parseMoment(from, { end: false, zone });
  const toMs =
    to === undefined
      ? from === undefined
        ? current.toMs
        : nowMs
      : parseMoment(to, { end: true, zone });
  if (fromMs >= toMs) {
    throw new DrError("LEDGER_PERIOD", {
      value: JSON.stringify(`${from ?? ""} ${to ?? ""}`.trim()),
    });
  }
  return { fromMs, toMs, nowMs };
}

/** Judges. @throws DrError `LEDGER_PERIOD`; `CONFIG_*`, `KEY_*`, `STORE_*`, `REPO_*`. */
export async function readSla(
  adapters: Adapters,
  environment: Environment,
  options: StoreCall & {
    readonly typed: TypedPeriod;
    readonly fresh: boolean;
    /** Told of each object of the ledger that was not read before. */
    readonly onRead?: ((objects: number) => void) | undefined;
  },
): Promise<SlaReport> {
  const { typed, signal, fresh, onRead } = options;
  const zone = reportZone(environment);
  const period = periodOf(typed, { nowMs: adapters.clock.now(), zone });
  const { share } = environment.objectives;
  const repository = await openRepository(adapters, environment, { signal });
  const { nowMs } = period;
  const collector = await collectSla(environment, repository, { signal, nowMs, fresh, onRead });
  const clusters = collector.facts().map((facts) => judgeSla(facts, period, { share, zone }));
  const verdict = jointVerdict(clusters.map((one) => one.verdict));
  return { period, zone, verdict, share, clusters };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** A judgement as `--json` and evidence show it. */
export function clusterValue(judged: SlaJudgement): JsonValue {
  const { routines, objectives } = judged;
  return {
    ...judged,
    objectives: objectives.map(({ fromMs, ...promised }) => ({ from: iso(fromMs), ...promised })),
    routines: {
      verdict: routines.verdict,
      missed: routines.missed.map(({ routine, fromMs, toMs }) => ({
        routine,
        from: iso(fromMs),
        to: iso(toMs),
      })),
      undone: routines.undone.map(({ routine, dueMs }) => ({ routine, due: iso(dueMs) })),
    },
  };
}
