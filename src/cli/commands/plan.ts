/** `pra plan`: where a restore would arrive, before anything is written. Exit 4 when it cannot. */
import type { Command } from "commander";

import { errorText, isDrError } from "../../core/errors.ts";
import { formatLsn } from "../../core/lsn.ts";
import type { Instant, RestorePlan, Unreachable } from "../../restore/plan-result.ts";
import { factLines } from "../fact-lines.ts";
import { formatBytes, formatDuration } from "../../core/format.ts";
import type { RestorePrediction } from "../../core/restore-prediction.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { damagedLines, noticeLines } from "../plan-lines.ts";
import { defineCommand } from "../program.ts";
import { recordedLook } from "../recorded-look.ts";
import { type TargetOptions, addTargetOptions, flagsOf } from "../target-options.ts";
import { restoreText } from "../text/restore-text.ts";

/** The instant that a restore shows: at the end of a window nothing may have been committed for a while. */
function arrivalMicros({ knownMicros, timeMicros }: RestorePlan["reached"]): bigint | undefined {
  return knownMicros ?? timeMicros;
}

/** How an instant's time is written; given by `app`, because only types come from below. */
export type FormatTime = (micros: bigint) => string;

function instantJson(instant: Instant | undefined, time: FormatTime): JsonValue {
  return instant === undefined
    ? null
    : {
        lsn: formatLsn(instant.lsn),
        time: instant.timeMicros === undefined ? null : time(instant.timeMicros),
        timeline: instant.timeline,
      };
}

/** For people, whoever shows it. */
export function predictionText(prediction: RestorePrediction | undefined, frame: Frame): string {
  const { language } = frame;
  const text = restoreText[language];
  if (prediction === undefined) {
    return text.unpredicted;
  }
  const { expectedMs, lowMs, highMs, measurements, isSameHost } = prediction;
  const [expected, low, high] = [expectedMs, lowMs, highMs].map((ms) =>
    formatDuration(ms, language),
  );
  return text.prediction({
    expected: expected ?? "",
    low: low ?? "",
    high: high ?? "",
    measurements,
    isSameHost,
  });
}

function jsonOf(
  plan: RestorePlan | Unreachable,
  prediction: RestorePrediction | undefined,
  frame: Frame,
  time: FormatTime,
): JsonValue {
  if (!plan.reachable) {
    const { error, nearest } = plan;
    return {
      reachable: false,
      backup: null,
      timeline: null,
      walBytes: null,
      predictedMs: null,
      reason: { code: error.code, ...errorText(error, frame.language) },
      nearest: {
        before: instantJson(nearest.before, time),
        after: instantJson(nearest.after, time),
      },
    };
  }
  const { reached, reason } = plan;
  const arrival = arrivalMicros(reached);
  return {
    reachable: true,
    backup: plan.backup.id,
    timeline: plan.timeline,
    walBytes: plan.walBytes,
    restoreBytes: plan.restoreBytes,
    predictedMs: prediction?.expectedMs ?? null,
    prediction: prediction ?? null,
    reason: {
      kind: reason.kind,
      passedOver: reason.passedOver.map(({ backup, unfit }) => ({ backup, unfit: unfit.kind })),
      damaged: reason.damaged.map(({ backup, doubt }) => ({ backup, provedAt: doubt.time })),
    },
    nearest: null,
    reached: {
      lsn: formatLsn(reached.lsn),
      time: arrival === undefined ? null : time(arrival),
    },
    lastCommit:
      reached.lastCommit === undefined
        ? null
        : { xid: reached.lastCommit.xid, time: time(reached.lastCommit.timeMicros) },
    notices: plan.notices.map(({ kind }) => kind),
  };
}

/** Where a plan arrives, for people. */
export function reachedText(plan: RestorePlan, time: FormatTime): string {
  const { lsn } = plan.reached;
  const timeMicros = arrivalMicros(plan.reached);
  return timeMicros === undefined ? formatLsn(lsn) : `${time(timeMicros)} (${formatLsn(lsn)})`;
}

function renderPlan(
  plan: RestorePlan,
  prediction: RestorePrediction | undefined,
  frame: Frame,
  time: FormatTime,
): string {
  const { language } = frame;
  const text = restoreText[language];
  const { lastCommit } = plan.reached;
  return [
    text.reachable,
    ...factLines([
      [text.backup, plan.backup.id],
      ...plan.reason.passedOver.map(({ backup }) => ["", text.passedOver(backup)] as const),
      ...damagedLines(plan, frame).map((line) => ["", line] as const),
      [text.timeline, String(plan.timeline)],
      [text.reaches, reachedText(plan, time)],
      [
        text.lastCommit,
        lastCommit === undefined
          ? text.noCommit
          : text.commit(lastCommit.xid, time(lastCommit.timeMicros), formatLsn(lastCommit.lsn)),
      ],
      [text.files, formatBytes(plan.restoreBytes, language)],
      [text.wal, formatBytes(plan.walBytes, language)],
      [text.predicted, predictionText(prediction, frame)],
    ]),
    ...noticeLines(plan, frame),
    "",
    text.nextRestore,
  ].join("\n");
}

function renderRefusal(plan: Unreachable, frame: Frame, time: FormatTime): string {
  const { language } = frame;
  const text = restoreText[language];
  const { message, hint } = errorText(plan.error, language);
  const show = (instant: Instant | undefined): string =>
    instant === undefined
      ? "–"
      : instant.timeMicros === undefined
        ? formatLsn(instant.lsn)
        : `${time(instant.timeMicros)} (${formatLsn(instant.lsn)})`;
  return [
    text.unreachable(message),
    `  ${hint}`,
    ...(plan.nearest.before === undefined && plan.nearest.after === undefined
      ? []
      : [
          text.nearest,
          ...factLines([
            [text.before, show(plan.nearest.before)],
            [text.after, show(plan.nearest.after)],
          ]),
        ]),
  ].join("\n");
}

/** Registers the command. */
export function registerPlan(program: Command, frame: Frame): void {
  const text = restoreText[frame.language];
  const command = defineCommand(program, frame.language, "plan", text.plan);
  addTargetOptions(command, frame.language).action(async (options: TargetOptions) => {
    const { planWithPrediction, showTime } = await import("../../app/plan-operation.ts");
    const request = { flags: flagsOf(options), backup: options.backup, command: "pra plan" };
    const { signal } = frame;
    let plan: RestorePlan | Unreachable;
    let prediction: RestorePrediction | undefined;
    try {
      const lenient = frame.environment({}, { strict: false });
      ({ plan, prediction } = await recordedLook(frame, "plan", lenient, (adapters, environment) =>
        planWithPrediction(adapters, environment, request, { signal }),
      ));
    } catch (error) {
      if (!isDrError(error, "PLAN_NOTHING_YET")) {
        throw error;
      }
      const nearest = { before: undefined, after: undefined };
      plan = { reachable: false, error, nearest, siblings: [] };
    }
    frame.result(jsonOf(plan, prediction, frame, showTime), () =>
      plan.reachable
        ? renderPlan(plan, prediction, frame, showTime)
        : renderRefusal(plan, frame, showTime),
    );
    if (!plan.reachable) {
      frame.conclude({ kind: "problems" });
    }
  });
}
