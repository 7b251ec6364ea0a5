/**
 * Maintenance windows of `pra.yaml`: which of them we are in. A recurring one is a plan of cron in a time zone, so that "Sunday at two" stays
 * so when the clocks change; croner knows when it began last.
 */
import { DrError } from "../../core/errors.ts";
import type { PlannedWindow } from "../../watch/policy.ts";
import { namedRules } from "../../watch/rule-verdicts.ts";
import type { PraYaml } from "../pra-yaml/read.ts";
import type { PraYamlContent } from "../pra-yaml/schema.ts";

type Entry = NonNullable<PraYamlContent["maintenance"]>[number];

async function endOfRecurring(
  entry: Entry & { readonly schedule: string; readonly minutes: number },
  nowMs: number,
): Promise<number | undefined> {
  const { Cron } = await import("croner");
  const { schedule, minutes, timeZone } = entry;
  const zone = timeZone === undefined ? {} : { timezone: timeZone };
  const plan = new Cron(schedule, { ...zone, mode: "5-part", paused: true });
  // A beginning at this very second is one that has been.
  const [last] = plan.previousRuns(1, new Date(nowMs + 1000));
  const untilWallMs = (last?.getTime() ?? -Infinity) + minutes * 60_000;
  return nowMs < untilWallMs ? untilWallMs : undefined;
}

async function endOf(entry: Entry, nowMs: number): Promise<number | undefined> {
  const { schedule, minutes, from, to } = entry;
  if (schedule !== undefined && minutes !== undefined && from === undefined && to === undefined) {
    return await endOfRecurring({ ...entry, schedule, minutes }, nowMs);
  }
  if (schedule === undefined && minutes === undefined && from !== undefined && to !== undefined) {
    const [begin, end] = [Date.parse(from), Date.parse(to)];
    if (Number.isNaN(begin) || Number.isNaN(end) || end <= begin) {
      throw new RangeError(`${from} - ${to}`);
    }
    return nowMs >= begin && nowMs < end ? end : undefined;
  }
  throw new RangeError("schedule + minutes | from + to");
}

/** The windows that are open now. @throws DrError `WATCH_PLAN` for one that cannot be read, `WATCH_RULE_UNKNOWN`. */
export async function plannedNow(
  file: Pick<PraYaml, "path" | "content">,
  nowMs: number,
): Promise<readonly PlannedWindow[]> {
  const windows: PlannedWindow[] = [];
  for (const entry of file.content.maintenance ?? []) {
    const { name, rules = ["all"] } = entry;
    const unknown = rules.find((rule) => rule !== "all" && !namedRules.has(rule));
    if (unknown !== undefined) {
      const known = ["all", ...namedRules].toSorted().join(", ");
      throw new DrError("WATCH_RULE_UNKNOWN", { rule: unknown, known });
    }
    try {
      const untilWallMs = await endOf(entry, nowMs);
      if (untilWallMs !== undefined) {
        windows.push({ name, rules, untilWallMs });
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : "?";
      throw new DrError("WATCH_PLAN", { path: file.path, name, reason }, { cause: error });
    }
  }
  return windows;
}
