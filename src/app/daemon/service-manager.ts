/**
 * What systemd is told: that we are ready, that we live, that we stop. Node has no datagram sockets of the file system, so `systemd-notify`
 * says it for us (`NotifyAccess=all`); without a socket to tell it nothing is said.
 */
import { spawn } from "node:child_process";
import type { ServiceManager } from "../environment.ts";

/** Says `state`, as sd_notify(3) has them. Never fails: nobody depends on it but systemd, which notices. */
export function tellServiceManager(
  { socket }: ServiceManager,
  state: "READY=1" | "STOPPING=1" | "WATCHDOG=1",
): void {
  if (socket === undefined) {
    return;
  }
  const child = spawn("systemd-notify", [state], {
    stdio: "ignore",
    env: { PATH: "/usr/bin:/bin", NOTIFY_SOCKET: socket },
  });
  child.on("error", () => undefined);
  child.unref();
}

/** Says that we live, twice as often as systemd wants to hear it; disposing of it ends that. */
export function signsOfLife(manager: ServiceManager): Disposable {
  const { watchdogMicros } = manager;
  const timer =
    watchdogMicros === undefined
      ? undefined
      : setInterval(() => {
          tellServiceManager(manager, "WATCHDOG=1");
        }, watchdogMicros / 2000);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
    },
  };
}
