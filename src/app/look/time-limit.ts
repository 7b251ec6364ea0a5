/** A time limit whose end is told as an error of its own: nobody interrupted, somebody did not answer. */
import { DrError } from "../../core/errors.ts";

/** A signal that follows `signal`, and ends with `WATCH_LOOK_TIMEOUT` when the time is over; disposing of it stops the clock. */
export function timeLimit(
  signal: AbortSignal,
  limitMs: number,
): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new DrError("WATCH_LOOK_TIMEOUT", { seconds: limitMs / 1000 }));
  }, limitMs);
  return {
    signal: AbortSignal.any([signal, controller.signal]),
    [Symbol.dispose]: () => {
      clearTimeout(timer);
    },
  };
}
