/** Whether this host and the server have the same time: targets by time and ages are wrong by as much as they differ (L43). */
import { type Finding, found } from "../../core/finding/finding.ts";
import { clockOffBadMs, clockOffNoteMs } from "../../core/look-limits.ts";

/** `clockOffMs`: what the question's own duration cannot explain. */
export function judgeClock(clockOffMs: number): Finding {
  const offMs = Math.abs(clockOffMs);
  const figure = { value: clockOffMs / 1000, unit: "s" };
  return offMs >= clockOffBadMs
    ? found("clock", "bad", "clock-off", { offMs }, figure)
    : offMs >= clockOffNoteMs
      ? found("clock", "note", "clock-off", { offMs }, figure)
      : found("clock", "good", "clock-right", { offMs: clockOffNoteMs }, figure);
}
