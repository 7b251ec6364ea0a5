/** By whose clocks days, weeks and months are counted: in reports, judgements, evidence and what is due. */
import type { Environment } from "./environment.ts";
import { systemZone } from "./schedule/occurrences.ts";

/** The zone of `PRA_TIME_ZONE`, else this machine's. */
export function reportZone({ settings }: Pick<Environment, "settings">): string {
  return settings.get("PRA_TIME_ZONE")?.value ?? systemZone();
}
