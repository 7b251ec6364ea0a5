/** R18: the network as this host sees it, against what was planned for it. Each host tries its own ways, so that both sides are measured. */
import type { Finding } from "../../core/finding/finding.ts";
import { type Way, judgeWays, tryWay } from "../../watch/probes/reachability.ts";
import type { Environment } from "../environment.ts";
import { targetsOf } from "../setting-values.ts";

/** Tries all of them at once; nothing where none is planned. Rejects only when aborted. */
export async function lookAtWays(
  { settings }: Environment,
  options: { readonly host: string; readonly signal: AbortSignal },
): Promise<readonly Finding[]> {
  const ways = (name: "PRA_REACHABLE" | "PRA_ISOLATED", wanted: Way["wanted"]): readonly Way[] =>
    targetsOf(settings.get(name)).map((target) => ({ ...target, wanted }));
  const planned = [...ways("PRA_REACHABLE", "open"), ...ways("PRA_ISOLATED", "closed")];
  const tried = await Promise.all(planned.map((way) => tryWay(way, options)));
  return judgeWays(tried, options.host);
}
