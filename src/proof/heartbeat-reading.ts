/**
 * The newest heartbeat that came back: by it a loss is measured from data alone, beside what the repository claims. The row is written
 * on the primary every so often, so the loss is known to within that interval, and never smaller than it was.
 */
import { heartbeatTimeoutMs } from "../core/limits.ts";
import { NEWEST_BEAT } from "../postgres/heartbeat.ts";
import { type Asking, askOneValue } from "./assertions.ts";

/** What a beat is held against, in milliseconds since 1970. */
export type HeartbeatTarget = {
  readonly database: string;
  /** `now`: the beginning of the proof, for the newest point; `target`: the instant asked for. */
  readonly against: "now" | "target";
  readonly instantMs: number | undefined;
};

/** What came back. */
export type HeartbeatReading = {
  readonly database: string;
  /** ISO 8601; null when the restored database has no beat. */
  readonly beatAt: string | null;
  readonly against: "now" | "target";
  /** Null where there is no beat, or no instant to hold it against. */
  readonly lossSeconds: number | null;
  /** Why there is no beat, in the server's words. */
  readonly message: string | null;
};

/** Reads it. Rejects only when aborted. */
export async function readHeartbeat(
  asking: Asking,
  target: HeartbeatTarget,
): Promise<HeartbeatReading> {
  const { database, against, instantMs } = target;
  const answer = await askOneValue(asking, {
    database,
    sql: NEWEST_BEAT,
    timeoutMs: heartbeatTimeoutMs,
  });
  const none = { database, against, beatAt: null, lossSeconds: null };
  if (answer.kind === "error") {
    return { ...none, message: answer.message };
  }
  const seconds =
    answer.kind === "value" && answer.value !== null ? Number(answer.value) : Number.NaN;
  if (!Number.isFinite(seconds)) {
    return { ...none, message: null };
  }
  const lossMs = instantMs === undefined ? undefined : Math.max(0, instantMs - seconds * 1000);
  return {
    database,
    against,
    beatAt: new Date(seconds * 1000).toISOString(),
    lossSeconds: lossMs === undefined ? null : Math.round(lossMs / 100) / 10,
    message: null,
  };
}
