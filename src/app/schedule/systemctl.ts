/** The service manager, through `systemctl`: asked only where systemd runs, as sd_booted(3) tells it. */
import { access } from "node:fs/promises";
import { DrError } from "../../core/errors.ts";
import { scheduleProgramMs } from "../../core/limits.ts";
import { runProgram } from "../../postgres/run-program.ts";

type Call = { readonly signal: AbortSignal };

/** Whose manager: the system's, or this account's. */
export type Manager = "systemd" | "systemd-user";

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** Runs one command; a failure is told in systemd's words. */
async function run(manager: Manager, words: readonly string[], { signal }: Call): Promise<void> {
  const own = manager === "systemd-user" ? ["--user"] : [];
  const uid = process.getuid?.() ?? 0;
  const result = await runProgram("systemctl", [...own, ...words], {
    account: { name: "", uid: 0, gid: 0, switched: false },
    environment: { XDG_RUNTIME_DIR: `/run/user/${uid}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(scheduleProgramMs)]),
  });
  if (result.state !== "exited" || result.code !== 0) {
    const reason =
      result.state === "exited" ? result.errorOutput.trim().split("\n")[0] : result.reason;
    throw new DrError("CONFIG_SYSTEMD", { command: words.join(" "), reason: reason ?? "?" });
  }
}

/**
 * Starts units now and at each boot; `renewed`: one that runs is started again with its new text. False: systemd does not run here, and nothing
 * was done. @throws DrError `CONFIG_SYSTEMD`.
 */
export async function enableUnits(
  manager: Manager,
  units: readonly string[],
  call: Call & { readonly renewed: readonly string[] },
): Promise<boolean> {
  if (!(await exists("/run/systemd/system"))) {
    return false;
  }
  await run(manager, ["daemon-reload"], call);
  await run(manager, ["enable", "--now", ...units], call);
  if (call.renewed.length > 0) {
    await run(manager, ["try-restart", ...call.renewed], call);
  }
  return true;
}

/** Stops units for good; nothing where systemd does not run. @throws DrError `CONFIG_SYSTEMD`. */
export async function disableUnits(
  manager: Manager,
  units: readonly string[],
  call: Call,
): Promise<void> {
  if (await exists("/run/systemd/system")) {
    await run(manager, ["disable", "--now", ...units], call);
    await run(manager, ["daemon-reload"], call);
  }
}

/** Whether this account's units go on when it is logged out. */
export async function userUnitsLinger(account: string): Promise<boolean> {
  return await exists(`/var/lib/systemd/linger/${account}`);
}
