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

/** The work, or the signal's reason when that comes first: a read that hangs in the kernel heeds no signal. */
export async function inTime<T>(
  work: Promise<T>,
  { signal }: { readonly signal: AbortSignal },
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const end = (): void => {
    late.reject(signal.reason);
  };
  signal.addEventListener("abort", end, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([work, late.promise]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
