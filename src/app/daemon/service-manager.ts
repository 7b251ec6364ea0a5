/**
 * What systemd is told: that we are ready, that we live, that we stop. Node has no datagram sockets of the file system, so `systemd-notify`
 * says it for us (`NotifyAccess=all`); without a `NOTIFY_SOCKET` nothing is said.
 */
import { spawn } from "node:child_process";

/** Says `state`, as sd_notify(3) has them: `READY=1`, `WATCHDOG=1`, `STOPPING=1`. Never fails: nobody depends on it but systemd. */
export function tellServiceManager(
  state: "READY=1" | "RELOADING=1" | "STOPPING=1" | "WATCHDOG=1",
  variables: Readonly<Record<string, string | undefined>>,
): void {
  const socket = variables["NOTIFY_SOCKET"];
  if (socket === undefined || socket === "") {
    return;
  }
  const child = spawn("systemd-notify", [state], {
    stdio: "ignore",
    env: { PATH: "/usr/bin:/bin", NOTIFY_SOCKET: socket },
  });
  child.on("error", () => undefined);
  child.unref();
}

/** Half of what systemd gives us between two signs of life; undefined when it does not watch. */
export function watchdogEveryMs(
  variables: Readonly<Record<string, string | undefined>>,
): number | undefined {
  const micros = Number(variables["WATCHDOG_USEC"]);
  return Number.isFinite(micros) && micros > 0 ? micros / 2000 : undefined;
}
