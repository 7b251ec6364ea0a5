/** What systemd tells a service of itself, by its environment (sd_notify(3), sd_watchdog_enabled(3)). */

/** How systemd is told of our life: the socket of sd_notify(3), and how long it waits between two signs. */
export type ServiceManager = {
  readonly socket: string | undefined;
  readonly watchdogMicros: number | undefined;
};

/** Reads the variables. What is no number of microseconds is none. */
export function serviceManagerOf(
  variables: Readonly<Record<string, string | undefined>>,
): ServiceManager {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: micros } = variables;
  return {
    socket: socket === "" ? undefined : socket,
    watchdogMicros: /^[1-9]\d{0,14}$/.test(micros ?? "") ? Number(micros) : undefined,
  };
}
