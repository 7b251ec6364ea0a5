/**
 * The dead-man's switch, called after a look: while all is well at most once in PRA_DEAD_MAN_MINUTES, and at once when that changes. When the
 * last call was made lies on this host, so that looks by cron keep the measure, too.
 */
import * as z from "zod/mini";
import { type LifeSign, callDeadMan } from "../../channels/dead-man.ts";
import type { DeliveryOutcome } from "../../watch/notifier.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { LocalNote } from "../look/local-note.ts";
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

function lastCallNote(environment: Environment): LocalNote<z.infer<typeof schema>> {
  return new LocalNote(environment, "dead-man", schema);
}

/** The last call that the switch took; undefined: none is configured, or none was taken yet. @throws DrError `STORE_IO`. */
export async function lastDeadManCall(
  environment: Environment,
  call: { readonly signal: AbortSignal },
): Promise<LastCall | undefined> {
  return environment.settings.has("PRA_DEAD_MAN_URL")
    ? await lastCallNote(environment).read(call)
    : undefined;
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
  const note = lastCallNote(environment);
  const now = { atMs: adapters.clock.now(), ok };
  if (!isCallDue(await note.read({ signal }), { ...now, everyMs: minutes * 60_000 })) {
    return undefined;
  }
  const outcome = await callDeadMan(
    address,
    { ok, text },
    { tools: channelTools(environment, options), language: environment.language, signal },
  );
  if (outcome.state === "accepted") {
    // Of two looks at once one writes; both have called.
    await note.write({ version: 1, ...now }, { signal });
  }
  return outcome;
}
