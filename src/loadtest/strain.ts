/**
 * Whether a server that others work on suffers under a load, from what is read of it every second: then the load ends. Values are held against what
 * was read before the load began, since a server may be slow, or a standby late, of itself. What cannot be read is not judged. Pure.
 */
import {
  strainConnectionsLeftMin,
  strainFreeBytesMin,
  strainLatencyFactor,
  strainLatencyLeastMs,
  strainSilenceMaxMs,
  strainStandbyLagBytes,
} from "../core/load-limits.ts";

/** What is read; null where it cannot be. */
export type StrainReading = {
  /** Of small commits, one after the other, over the last seconds. */
  readonly probeP99Ms: number | null;
  /** How long the one under way has been waited for. */
  readonly probeWaitsMs: number;
  /** Of the standby that is farthest behind. */
  readonly standbyLagBytes: number | null;
  /** Of the fullest disk that is known. */
  readonly freeBytes: number | null;
  readonly connectionsLeft: number | null;
};

/** What is suffered from; `value` and `bound` in the unit of what is read. */
export type Strain = {
  readonly cause: "latency" | "silence" | "standby" | "disk" | "connections";
  readonly value: number;
  readonly bound: number;
};

/** What the probe's 99th percentile may rise to, `leastMs` in any case. `before`: without the load. */
export function latencyBoundMs(beforeP99Ms: number | null, leastMs: number): number {
  return Math.max(leastMs, (beforeP99Ms ?? 0) * strainLatencyFactor);
}

/** Undefined: it bears it. */
export function judgeStrain(
  reading: StrainReading,
  before: StrainReading,
  latencyLeastMs = strainLatencyLeastMs,
): Strain | undefined {
  const { probeP99Ms, probeWaitsMs, standbyLagBytes, freeBytes, connectionsLeft } = reading;
  const latencyMs = latencyBoundMs(before.probeP99Ms, latencyLeastMs);
  const lagBytes = (before.standbyLagBytes ?? 0) + strainStandbyLagBytes;
  const above = (cause: Strain["cause"], value: number | null, bound: number): Strain[] =>
    value !== null && value > bound ? [{ cause, value, bound }] : [];
  const below = (cause: Strain["cause"], value: number | null, bound: number): Strain[] =>
    value !== null && value < bound ? [{ cause, value, bound }] : [];
  return [
    ...above("silence", probeWaitsMs, strainSilenceMaxMs),
    ...above("latency", probeP99Ms, latencyMs),
    ...above("standby", standbyLagBytes, lagBytes),
    ...below("disk", freeBytes, strainFreeBytesMin),
    ...below("connections", connectionsLeft, strainConnectionsLeftMin),
  ][0];
}
