/**
 * What systemd is told, as sd_notify(3) has it: that we are ready, reloading, alive, stopping, and one line of how things stand. Node has no
 * datagram sockets of the file system, nor abstract ones, so `systemd-notify`, which is there wherever systemd is, says it
 * (`NotifyAccess=all`): 6 ms of a processor a time, and one a minute. It ends only when systemd has read what it said, so that systemd can
 * tell whose word it was; one word goes out after the other, for "reloading" behind "ready" would mean the contrary.
 *
 * That we are alive is said by the loop that looks, at each of its turns, and by no timer: a daemon whose loop stands still is to be ended
 * and started again, even though its timers still run. Nothing here fails: nobody depends on it but systemd, which notices.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Clock } from "../../core/clock.ts";
import { failpoint } from "../../core/failpoint.ts";
import { serviceManagerWordMs } from "../../core/look-limits.ts";
import type { ServiceManager } from "../service-manager-variables.ts";

/** Assignments of one message, such as `READY=1`. */
type Words = readonly string[];

/** Our voice towards systemd; silent where there is no socket to say it to. */
export class ServiceVoice {
  readonly #manager: ServiceManager;
  readonly #clock: Clock;
  #aliveMs = -Infinity;
  #status = "";
  #queue: Promise<void> = Promise.resolve();

  constructor(manager: ServiceManager, tools: { readonly clock: Clock }) {
    this.#manager = manager;
    this.#clock = tools.clock;
  }

  /** Everything that a daemon does stands: with that, systemd starts what comes after it. */
  ready(): void {
    void this.#say(["READY=1"]);
  }

  /** The configuration is read anew, from now until `ready` is said again. */
  reloading(): void {
    // systemd compares it with its own clock, which process.hrtime reads too: CLOCK_MONOTONIC.
    const micros = process.hrtime.bigint() / 1000n;
    void this.#say(["RELOADING=1", `MONOTONIC_USEC=${micros}`]);
  }

  /** Resolves when it is said, with all that was to be said before. */
  async stopping(): Promise<void> {
    await this.#say(["STOPPING=1"]);
  }

  /** One line for `systemctl status`; said only when it is another. */
  tell(status: string): void {
    if (status !== this.#status) {
      this.#status = status;
      void this.#say([`STATUS=${status.replaceAll(/\s+/g, " ")}`]);
    }
  }

  /** The loop turns: said three times in what systemd waits for. */
  turn(): void {
    const { watchdogMicros } = this.#manager;
    const nowMs = this.#clock.monotonic();
    if (watchdogMicros !== undefined && nowMs - this.#aliveMs >= watchdogMicros / 3000) {
      this.#aliveMs = nowMs;
      void this.#say(["WATCHDOG=1"]);
    }
  }

  #say(words: Words): Promise<void> {
    const { socket } = this.#manager;
    if (socket !== undefined) {
      this.#queue = this.#queue.then(() => say(socket, words));
    }
    return this.#queue;
  }
}

/** One message. What does not end in time is ended: the next word must not wait for it. */
async function say(socket: string, words: Words): Promise<void> {
  failpoint("daemon.notify");
  const child = spawn("systemd-notify", words, {
    stdio: "ignore",
    env: { PATH: "/usr/bin:/bin", NOTIFY_SOCKET: socket },
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), serviceManagerWordMs);
  try {
    await once(child, "close");
  } catch {
    // It is not installed: then no systemd is here that waits for it.
  } finally {
    clearTimeout(timer);
  }
}
