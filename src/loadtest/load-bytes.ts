/** How much a load writes: so much a second at full speed, and never more than the commits make that its pace holds it to. Pure. */
import { loadAcknowledgedMax } from "../core/load-limits.ts";
import { mostCommits } from "./pace.ts";

/** Bytes of a load of this length, at most. */
export function loadBytes(
  loadMs: number,
  of: { readonly bytesPerSecond: number; readonly bytesPerCommit: number },
): number {
  const atFullSpeed = (loadMs / 1000) * of.bytesPerSecond;
  return Math.ceil(Math.min(atFullSpeed, mostCommits(loadAcknowledgedMax) * of.bytesPerCommit));
}
