/**
 * The dead-man's switch, called after a look: while all is well at most once in PRA_DEAD_MAN_MINUTES, and at once when that changes. When the
 * last call was made lies on this host, so that looks by cron keep the measure, too.
 */
import * as z from "zod/mini";
import { type LifeSign, callDeadMan } from "../../channels/dead-man.ts";
import { NumberedFile } from "../../files/numbered-file.ts";
import type { DeliveryOutcome } from "../../watch/notifier.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { watchDirectory } from "../look/memory.ts";
import { settingsRegistry } from "../settings.ts";
import { type ChannelOptions, channelTools } from "./channels-of.ts";

const schema = z.object({ version: z.literal(1), atMs: z.number(), ok: z.boolean() });

type LastCall = { readonly atMs: number; readonly ok: boolean };

/** A look may be some seconds early: a call that is due then is not put off by a whole look. */
const EARLY_MS = 5_000;

/** True when a call is due: the first, a change, or so long after the last. A last call in the future is of another clock. */
export function isCallDue(
  last: LastCall | undefined,
  now: LastCall & { readonly everyMs: number },
): boolean {
  if (last === undefined || last.ok !== now.ok || last.atMs > now.atMs) {
    return true;
  }
  return now.atMs - last.atMs >= now.everyMs - EARLY_MS;
}

function decode(content: Buffer | undefined): LastCall | undefined {
  try {
    return content === undefined ? undefined : schema.parse(JSON.parse(content.toString("utf8")));
  } catch {
    // Damaged, or of another version: then the next call is the first.
    return undefined;
  }
}

/**
 * Tells the switch that we live. Undefined: none is configured, or no call is due. Never throws for what the network does.
 * @throws DrError `CONFIG_ALERT_CA`, `STORE_*` of the state directory.
 */
export async function pingDeadMan(
  adapters: Adapters,
  environment: Environment,
  options: ChannelOptions & LifeSign & { readonly signal: AbortSignal },
): Promise<DeliveryOutcome | undefined> {
  const address = environment.settings.get("PRA_DEAD_MAN_URL")?.value;
  if (address === undefined) {
    return undefined;
  }
  const { ok, text, signal } = options;
  const minutes = Number(
    environment.settings.get("PRA_DEAD_MAN_MINUTES")?.value ??
      settingsRegistry.PRA_DEAD_MAN_MINUTES.fallback,
  );
  const directory = watchDirectory(environment);
  const file = new NumberedFile({ directory, base: "dead-man" });
  const before = await file.read({ signal });
  const now = { atMs: adapters.clock.now(), ok };
  if (!isCallDue(decode(before?.content), { ...now, everyMs: minutes * 60_000 })) {
    return undefined;
  }
  const outcome = await callDeadMan(
    address,
    { ok, text },
    { tools: channelTools(environment, options), language: environment.language, signal },
  );
  if (outcome.state === "accepted") {
    // Of two looks at once one writes; both have called.
    const content = Buffer.from(JSON.stringify({ version: 1, ...now }));
    await file.write({ number: (before?.number ?? 0) + 1, content }, { signal });
  }
  return outcome;
}
