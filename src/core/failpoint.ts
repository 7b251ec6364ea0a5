/**
 * Failpoints: named places at which a test can make the program die, fail, wait or tear a write, and
 * guards: named protections against a loss class that a test can switch off to see its test go red.
 *
 * Compiled in and off by default: an unconfigured failpoint costs one comparison. This is the one module
 * of `core` that keeps state of its own: a failpoint reached through constructor arguments would be
 * missing exactly where nobody thought of passing it. `core` does no I/O, so the entry of the program,
 * and the entry of every worker thread (each has its own copy of this state and its own counts), calls
 * `configureFailpoints` with the text of `PRA_FAILPOINT` and `PRA_GUARD_OFF` and with the two effects.
 *
 * Syntax: `name:action[:n][,name:action[:n]...]`. Actions: `kill`, `error` (EIO), `enospc`,
 * `delay` or `delay=MS`, `tear` or `tear=BYTES`. With `n` only the n-th hit of that name acts, without it
 * every hit. Names are literals at the call: `tools/failpoint-names.ts` lists them from the source.
 */
import { DrError } from "./errors.ts";
import { failpointDelayMs } from "./limits.ts";

/** What a failpoint needs from the world outside `core`. */
export type FailpointEffects = {
  /** Ends this process at once, as SIGKILL does: nothing is flushed, no handler runs. */
  readonly kill: () => never;
  /** Called with each name that is reached, when hits are to be recorded. */
  readonly record?: (name: string) => void;
};

/** The two settings, as they stand in the environment, and the effects. */
export type FailpointSettings = {
  readonly failpoints?: string | undefined;
  readonly guardsOff?: string | undefined;
  readonly effects: FailpointEffects;
};

/** A write that must stop half-way: write `keepBytes` bytes, then call `kill`. */
export type Tear = { readonly keepBytes: number; readonly kill: () => never };

/** An error as the operating system would have caused it. */
export class FailpointError extends Error {
  readonly code: "EIO" | "ENOSPC";
  readonly errno: number;
  readonly syscall = "failpoint";

  constructor(code: "EIO" | "ENOSPC", name: string) {
    super(
      `${code}: ${code === "EIO" ? "i/o error" : "no space left on device"}, failpoint ${name}`,
    );
    this.name = "FailpointError";
    this.code = code;
    this.errno = code === "EIO" ? -5 : -28;
  }
}

type Action =
  | { readonly kind: "kill" }
  | { readonly kind: "error" }
  | { readonly kind: "enospc" }
  | { readonly kind: "delay"; readonly delayMs: number }
  | { readonly kind: "tear"; readonly keepBytes: number | undefined };

type Rule = { readonly name: string; readonly action: Action; readonly onHit: number | undefined };

type Configured = {
  readonly rules: readonly Rule[];
  readonly hits: Map<string, number>;
  readonly effects: FailpointEffects;
};

let configured: Configured | undefined;
let guardsOff: ReadonlySet<string> | undefined;

function parseAction(text: string, item: string): Action {
  const match = /^(kill|error|enospc|delay|tear)(?:=(\d{1,9}))?$/.exec(text);
  const kind = match?.[1];
  const value = match?.[2] === undefined ? undefined : Number(match[2]);
  switch (kind) {
    case "delay":
      return { kind, delayMs: value ?? failpointDelayMs };
    case "tear":
      return { kind, keepBytes: value };
    case "kill":
    case "error":
    case "enospc":
      if (value === undefined) {
        return { kind };
      }
      break;
    case undefined:
    default:
  }
  throw new DrError("USAGE_FAILPOINT", { value: item });
}

function parseRule(item: string): Rule {
  const [name = "", action = "", hit, ...rest] = item.split(":");
  const wellFormed = /^[a-z0-9]+(?:[.-][a-z0-9]+)*$/.test(name) && rest.length === 0;
  if (!wellFormed || (hit !== undefined && !/^[1-9]\d{0,8}$/.test(hit))) {
    throw new DrError("USAGE_FAILPOINT", { value: item });
  }
  return {
    name,
    action: parseAction(action, item),
    onHit: hit === undefined ? undefined : Number(hit),
  };
}

function listOf(text: string | undefined): string[] {
  return (text ?? "").split(",").filter((item) => item !== "");
}

/**
 * Sets what failpoints and guards do in this thread from now on; counts start again. Without any setting
 * and without `effects.record` they are off. @throws DrError `USAGE_FAILPOINT`.
 */
export function configureFailpoints(settings: FailpointSettings): void {
  const rules = listOf(settings.failpoints).map(parseRule);
  const wanted = rules.length > 0 || settings.effects.record !== undefined;
  configured = wanted ? { rules, hits: new Map(), effects: settings.effects } : undefined;
  const off = listOf(settings.guardsOff);
  guardsOff = off.length > 0 ? new Set(off) : undefined;
}

function actionsAt(state: Configured, name: string): readonly Action[] {
  const hit = (state.hits.get(name) ?? 0) + 1;
  state.hits.set(name, hit);
  state.effects.record?.(name);
  return state.rules
    .filter((rule) => rule.name === name && (rule.onHit === undefined || rule.onHit === hit))
    .map((rule) => rule.action);
}

function waitBlocking(delayMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delayMs);
}

function waitAside(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, delayMs);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Acts; returns the delay that the caller has to wait for, and the tear when the action is one. */
function act(state: Configured, name: string, action: Action): number | Tear {
  switch (action.kind) {
    case "kill":
      return state.effects.kill();
    case "error":
      throw new FailpointError("EIO", name);
    case "enospc":
      throw new FailpointError("ENOSPC", name);
    case "delay":
      return action.delayMs;
    case "tear":
      return { keepBytes: action.keepBytes ?? -1, kill: state.effects.kill };
  }
}

/**
 * A failpoint in synchronous code. A delay blocks the thread; `tear`, which needs a write, kills.
 * @throws FailpointError for `error` and `enospc`.
 */
export function failpoint(name: string): void {
  if (configured === undefined) {
    return;
  }
  for (const action of actionsAt(configured, name)) {
    const outcome = act(configured, name, action);
    if (typeof outcome === "number") {
      waitBlocking(outcome);
    } else {
      outcome.kill();
    }
  }
}

/** A failpoint where waiting must not block the thread. Aborted: rejects with the signal's reason. */
export async function failpointAsync(
  name: string,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  if (configured === undefined) {
    return;
  }
  options.signal.throwIfAborted();
  for (const action of actionsAt(configured, name)) {
    const outcome = act(configured, name, action);
    if (typeof outcome === "number") {
      await waitAside(outcome, options.signal);
    } else {
      outcome.kill();
    }
  }
}

/**
 * A failpoint before a write of `lengthBytes`. Answers undefined, or how many bytes to write before
 * calling `kill` (half of them unless `tear=BYTES` says otherwise). All other actions act as in `failpoint`.
 */
export function failpointTear(name: string, lengthBytes: number): Tear | undefined {
  if (configured === undefined) {
    return undefined;
  }
  for (const action of actionsAt(configured, name)) {
    const outcome = act(configured, name, action);
    if (typeof outcome === "number") {
      waitBlocking(outcome);
    } else {
      const wanted = outcome.keepBytes < 0 ? Math.floor(lengthBytes / 2) : outcome.keepBytes;
      return { keepBytes: Math.min(wanted, lengthBytes), kill: outcome.kill };
    }
  }
  return undefined;
}

/**
 * True unless `PRA_GUARD_OFF` names this guard. Wrap the protection of one loss class:
 * `if (guard("L8-directory-fsync")) await syncDirectory(...)`; the test of that class must fail without it.
 */
export function guard(name: string): boolean {
  return guardsOff === undefined || !guardsOff.has(name);
}
