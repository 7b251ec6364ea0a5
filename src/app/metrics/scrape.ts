/** A look as metrics are read from it. */
import type { Finding } from "../../core/finding/finding.ts";
import type { LookReading, LookScope, Scrape } from "../../watch/metrics/metric.ts";
import type { Environment } from "../environment.ts";
import { checkReadingsOf } from "../look/observations.ts";
import { type Look, isLate } from "../look/run-look.ts";
import type { LookRecord } from "../watch/record-look.ts";

/** A look, and how alerts stand after it; undefined: not known. */
export type SeenLook = Look & {
  readonly alerts: Pick<LookRecord, "open" | "waiting"> | undefined;
};

function readingOf(look: Look, scope: LookScope): LookReading {
  const { atMs, durationMs } = look;
  return { scope, atMs, durationMs, complete: !isLate(look) };
}

/**
 * What is known after a look at everything and, of a daemon, the newest look at the server alone. Of two answers of the server the newer one
 * counts, also when there was none.
 */
export function scrapeOf(
  about: { readonly environment: Environment; readonly version: string },
  seen: { readonly everything: SeenLook; readonly server?: SeenLook | undefined },
  process?: Scrape["process"],
): Scrape {
  const { cluster, objectives, freeBytesMin } = about.environment;
  const { everything, server } = seen;
  const findings: readonly Finding[] =
    server === undefined
      ? everything.findings
      : [...server.findings, ...everything.findings.filter(({ id }) => id !== "server")];
  return {
    cluster,
    version: about.version,
    ...objectives,
    freeBytesMin,
    looks: [
      ...(server === undefined ? [] : [readingOf(server, "server")]),
      readingOf(everything, "everything"),
    ],
    checks: checkReadingsOf(findings),
    readings:
      server === undefined
        ? everything.readings
        : { ...everything.readings, server: server.readings.server },
    alerts: (server ?? everything).alerts,
    process,
  };
}
