/**
 * One round of the second watcher without a daemon, as `pra status` is one of the first: look, take what was seen into account with the same rules,
 * memory and messages, and let another process hand over what there is to tell.
 */
import { DrError } from "../../core/errors.ts";
import { readMoment } from "../../watch/moment.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { startDelivery } from "../watch/deliver.ts";
import { recordLook } from "../watch/record-look.ts";
import { type WatchOptions, openWatch } from "../watch/watch-setup.ts";
import { type SecondLook, lookFromRepository } from "./look-from-repository.ts";

/**
 * Looks, for both ways of watching. @throws DrError `CONFIG_WATCH_SAME_HOST` where the first watcher's own memory is: it cannot tell of its own
 * silence, and would tell everything twice.
 */
export async function lookFromElsewhere(
  adapters: Adapters,
  environment: Environment,
  options: WatchOptions,
): Promise<SecondLook> {
  const look = await lookFromRepository(adapters, environment, options);
  const { memory } = await openWatch(adapters, environment, options);
  const { watcher } = await memory.read(options);
  if (look.sign?.watcher === watcher) {
    throw new DrError("CONFIG_WATCH_SAME_HOST", { host: look.sign.host });
  }
  return look;
}

/** @throws DrError as `lookFromElsewhere` and `recordLook`; the signal's reason when aborted. */
export async function watchFromRepository(
  adapters: Adapters,
  environment: Environment,
  options: WatchOptions,
): Promise<SecondLook> {
  const begun = readMoment(adapters.clock);
  const look = await lookFromElsewhere(adapters, environment, options);
  const record = await recordLook(adapters, environment, look.observations, { ...options, begun });
  if (record.due || environment.settings.has("PRA_DEAD_MAN_URL")) {
    startDelivery(environment);
  }
  return look;
}
