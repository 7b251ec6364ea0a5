/** S39 to S41: whether the application answers at its health address, each way of not answering as a fact of its own. */
import type { Clock } from "../../core/clock.ts";
import { unreachable } from "../../core/assert.ts";
import { type HealthAnswer, awaitHealth } from "../../restore/application-health.ts";
import { type Finding, found } from "../../core/finding/finding.ts";
import type { ApplicationSettings } from "../environment.ts";
import { maskSetting } from "../setting-values.ts";

function judge(answer: HealthAnswer, url: string, attempts: number): Finding {
  const values = { url, attempts };
  switch (answer.kind) {
    case "well": {
      const { durationMs, status } = answer;
      const shown = { ...values, status, durationMs: Math.round(durationMs) };
      return found("application", "good", "application-well", shown, {
        value: Math.round(durationMs),
        unit: "ms",
      });
    }
    case "status":
      return found("application", "bad", "application-status", {
        ...values,
        status: answer.status,
      });
    case "redirect": {
      const { status } = answer;
      const location = maskSetting("APP_HEALTH_URL", answer.location);
      return found("application", "bad", "application-redirect", { ...values, status, location });
    }
    case "silent":
      return found("application", "bad", "application-silent", {
        ...values,
        seconds: answer.waitedMs / 1000,
      });
    case "certificate":
      return found("application", "bad", "application-certificate", {
        ...values,
        reason: answer.reason,
      });
    case "unreachable":
      return found("application", "bad", "application-unreachable", {
        ...values,
        reason: answer.reason,
      });
    default:
      return unreachable(answer);
  }
}

/** Asks as often as configured. `onWait`: before each further attempt, because the whole may take a minute. */
export async function checkApplication(
  application: ApplicationSettings,
  options: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly onWait?: (attempts: number) => void;
  },
): Promise<readonly Finding[]> {
  const { healthUrl, healthRetries, healthIntervalMs } = application;
  if (healthUrl === undefined) {
    return [];
  }
  const { clock, signal, onWait } = options;
  const { answer, attempts } = await awaitHealth(healthUrl, {
    clock,
    signal,
    retries: healthRetries,
    intervalMs: healthIntervalMs,
    onAnswer: (check) => {
      if (check.answer.kind !== "well") {
        onWait?.(check.attempts);
      }
    },
  });
  return [judge(answer, maskSetting("APP_HEALTH_URL", healthUrl), attempts)];
}
