/** Assertions for what only a bug can break; operating errors are `DrError`s. */

/** Throws when `condition` is false. `fact` states what must hold, as a sentence without a full stop. */
export function assert(condition: boolean, fact: string): asserts condition {
  if (!condition) {
    throw new Error(`assertion failed: ${fact}`);
  }
}

/** For the `default` of an exhaustive `switch`: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`assertion failed: unreachable value ${JSON.stringify(value)}`);
}

/** The value, or an assertion failure when it is absent. For places where absence is a bug. */
export function present<T>(value: T | undefined | null, fact: string): T {
  if (value === undefined || value === null) {
    throw new Error(`assertion failed: ${fact}`);
  }
  return value;
}
