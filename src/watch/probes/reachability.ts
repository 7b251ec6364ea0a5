/**
 * R18: which hosts answer from here, and whether they should. What must be open is tried until it answers or refuses; what must be closed
 * is good when nothing answers in time.
 */
import { connect } from "node:net";
import { type Finding, found } from "../../core/finding/finding.ts";
import { reachTimeoutMs } from "../../core/look-limits.ts";

/** A port of a host, and whether it is to answer. */
export type Way = {
  readonly host: string;
  readonly port: number;
  readonly wanted: "open" | "closed";
};

/** What came of trying: an answer, or why there was none. */
export type WayTried = Way & { readonly answered: boolean; readonly reason: string };

/** Tries to connect, nothing more. Rejects only when aborted. */
export async function tryWay(
  way: Way,
  options: { readonly signal: AbortSignal },
): Promise<WayTried> {
  const { signal } = options;
  signal.throwIfAborted();
  const socket = connect({ host: way.host, port: way.port });
  const done = Promise.withResolvers<WayTried>();
  const abort = (): void => {
    done.reject(signal.reason);
  };
  signal.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(() => {
    done.resolve({ ...way, answered: false, reason: `${reachTimeoutMs} ms` });
  }, reachTimeoutMs);
  socket.once("connect", () => {
    done.resolve({ ...way, answered: true, reason: "" });
  });
  socket.once("error", (error: NodeJS.ErrnoException) => {
    done.resolve({ ...way, answered: false, reason: error.code ?? error.message });
  });
  try {
    return await done.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
}

function targetOf({ host, port }: Way): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Judges all of them, as seen from `host`. */
export function judgeWays(tried: readonly WayTried[], host: string): readonly Finding[] {
  const wrong = tried.filter(({ wanted, answered }) => answered !== (wanted === "open"));
  if (wrong.length === 0) {
    const count = tried.length;
    return count === 0
      ? []
      : [found("reachability", "good", "reach-as-planned", { count, host }, { value: count })];
  }
  return wrong.map((way) => {
    const values = { target: targetOf(way), host, reason: way.reason };
    const fact = way.wanted === "open" ? "reach-closed" : "reach-open";
    return found("reachability", "bad", fact, values);
  });
}
