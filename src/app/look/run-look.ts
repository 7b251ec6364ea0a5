/**
 * One look at everything, in under two seconds whatever hangs: all probes at once, each with a time limit, told in the order of the page.
 * A probe that does not come back is a finding of its own; it keeps nobody else from being told, and nothing is green for want of an
 * answer.
 */
import { DrError, isDrError } from "../../core/errors.ts";
import { failpoint } from "../../core/failpoint.ts";
import {
  type CheckId,
  type CheckReport,
  type Finding,
  failed,
  found,
} from "../../core/finding/finding.ts";
import type { Readings } from "../../watch/readings.ts";
import { judgeForecast } from "../../watch/probes/forecast.ts";
import { judgeWalSpace } from "../../watch/probes/wal-space.ts";
import { type Sample, withSample } from "../../watch/samples.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { rememberSamples, watchDirectory } from "./memory.ts";
import { type Probe, probes, walFreeBytes } from "./probes.ts";
import { readingsOf } from "./readings-of.ts";
import { sampleLook } from "./sample-hours.ts";
import { Sight, unlessFailed } from "./sight.ts";
import { inTime, timeLimit } from "./time-limit.ts";

type Call = { readonly signal: AbortSignal };

async function stands(ground: Probe["ground"], sight: Sight): Promise<boolean> {
  switch (ground) {
    case "none":
      return true;
    case "server":
      return (await unlessFailed(sight.server())) !== undefined;
    case "repository":
      return (await unlessFailed(sight.repository())) !== undefined;
  }
}

/** What only a defect throws must not blind the watch to all the rest: it is told as that, with the place. */
function defectOf(error: unknown): DrError {
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  const place = /\n\s+at ([^\n]+)/.exec(stack)?.[1];
  const reason = place === undefined ? message : `${message} (${place})`;
  return new DrError("WATCH_PROBE_DEFECT", { reason }, { cause: error });
}

async function findingsOf(
  check: CheckId,
  work: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await work();
  } catch (error) {
    return [failed(check, isDrError(error) ? error : defectOf(error))];
  }
}

async function runProbe(probe: Probe, sight: Sight, call: Call): Promise<readonly Finding[]> {
  const work = async (): Promise<readonly Finding[]> => {
    failpoint("watch.probe");
    return (await stands(probe.ground, sight)) ? await probe.run(sight, call) : [];
  };
  return await findingsOf(probe.check, () => inTime(work(), call));
}

/** A report, and the figures behind it. */
export type Look = CheckReport & {
  readonly atMs: number;
  readonly durationMs: number;
  readonly readings: Readings;
};

type Trends = { readonly findings: readonly Finding[]; readonly samples: readonly Sample[] };

/** What fills, and when: judged from this look and those before it. */
async function judgeTrends(sight: Sight, call: Call): Promise<Trends> {
  const { environment, nowMs } = sight;
  const health = await unlessFailed(inTime(sight.server(), call));
  const repository = await unlessFailed(inTime(sight.repository(), call));
  const capabilities =
    repository && (await unlessFailed(inTime(repository.sealed.store.capabilities(call), call)));
  const own = health?.slots.find(({ name }) => name === environment.slotName);
  const now: Sample = {
    atMs: nowMs,
    repositoryFreeBytes: capabilities?.freeBytes,
    walFreeBytes: health && (await unlessFailed(inTime(walFreeBytes(sight), call))),
    slotSafeBytes: own?.safeBytes,
  };
  let samples: readonly Sample[] = [now];
  const findings: Finding[] = [];
  try {
    samples = await rememberSamples(environment, (before) => withSample(before, now), call);
  } catch (error) {
    if (!isDrError(error)) {
      throw error;
    }
    const path = watchDirectory(environment);
    findings.push(found("forecast", "note", "memory-unwritable", { path }));
  }
  const retaining =
    health !== undefined &&
    (health.slots.some(({ active, retainedBytes = 0 }) => !active && retainedBytes > 0) ||
      (health.archiver.lastFailedMs ?? 0) > (health.archiver.lastArchivedMs ?? 0));
  const slot = { name: environment.slotName, active: own?.active };
  const thresholds = await sight.thresholds();
  findings.unshift(
    ...judgeWalSpace(samples, now, { slot, retaining, thresholds }),
    ...(findings.length > 0 ? [] : judgeForecast(samples, thresholds)),
  );
  return { findings, samples };
}

/** Somebody did not answer in time: on a busy machine that need not mean much. */
export function isLate({ findings }: CheckReport): boolean {
  return findings.some(
    (finding) => finding.fact === "failed" && isDrError(finding.error, "WATCH_LOOK_TIMEOUT"),
  );
}

/**
 * Looks once. Writes one sample into the state directory, nothing else. Takes `limitMs` at most, by default `PRA_STATUS_TIMEOUT_MS`.
 * What a defect throws in a probe is that probe's finding. @throws the signal's reason when aborted.
 */
export async function runLook(
  adapters: Adapters,
  environment: Environment,
  options: Call & {
    readonly limitMs?: number;
    /** Only the probes of these checks, and no sample. */
    readonly only?: readonly CheckId[] | undefined;
  },
): Promise<Look> {
  const { signal, limitMs = environment.statusTimeoutMs, only } = options;
  using limit = timeLimit(signal, limitMs);
  const call = { signal: limit.signal };
  const sight = new Sight(adapters, environment, { ...call, limitMs });
  const { clock } = adapters;
  const beganMs = clock.monotonic();
  const [parts, trends] = await Promise.all([
    Promise.all(
      probes
        .filter(({ check }) => only?.includes(check) ?? true)
        .map((probe) => runProbe(probe, sight, call)),
    ),
    only === undefined ? judgeTrends(sight, call) : { findings: [], samples: [] },
  ]);
  signal.throwIfAborted();
  const findings = [...parts.flat(), ...trends.findings];
  // A hurried look that is late is made again with patience, and that one counts.
  if (only === undefined && (options.limitMs !== undefined || !isLate({ ok: false, findings }))) {
    await unlessFailed(sampleLook(adapters, environment, { atMs: sight.nowMs, findings, signal }));
  }
  return {
    ok: findings.every(({ state }) => state !== "bad"),
    findings,
    atMs: sight.nowMs,
    durationMs: clock.monotonic() - beganMs,
    readings: readingsOf(sight, trends.samples),
  };
}
