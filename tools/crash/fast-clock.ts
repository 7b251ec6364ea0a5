/**
 * A clock that runs many times as fast, for commands of the crash test that wait by design: `expire` looks again after a minute, a
 * pin is renewed each minute. The program is not changed for it: this module is loaded before it, by `NODE_OPTIONS`, and puts
 * other timers under it. It must only be given to commands on whose waits nobody else relies: nothing else of
 * that world may be about to pin what `expire` deletes.
 *
 * The wall clock stays: instants in the ledger and on files are everybody's.
 */

const FACTOR_VARIABLE = "PRA_CRASH_TEST_CLOCK_FACTOR";

/** What to add to the environment of a command whose time is to pass so many times as fast. */
export function fastClockEnvironment(factor: number): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=${import.meta.url}`, [FACTOR_VARIABLE]: String(factor) };
}

function speedUp(factor: number): void {
  const realNow = performance.now.bind(performance);
  performance.now = () => realNow() * factor;
  globalThis.setTimeout = new Proxy(globalThis.setTimeout, {
    apply: (realTimeout, self: unknown, given: readonly unknown[]): unknown => {
      const [work, delayMs, ...words] = given;
      return Reflect.apply(realTimeout, self, [work, Number(delayMs ?? 0) / factor, ...words]);
    },
  });
}

const wanted = process.env[FACTOR_VARIABLE];
if (wanted !== undefined) {
  speedUp(Number(wanted));
}
