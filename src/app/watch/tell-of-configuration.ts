/**
 * A configuration that is refused stops every command, the one that watches too; so that is told on the channels which can still be read in it.
 * Without it a line that somebody misspelt would end all backups and all watching, and nobody would hear of it.
 */
import { type DrError, isDrError } from "../../core/errors.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { startDelivery } from "./deliver.ts";
import { recordLook } from "./record-look.ts";

/**
 * Takes it into account as a look would that found nothing else, and lets another process tell it. `environment`: what is left. Why that could
 * not be done is answered: the refusal itself is told where it happened.
 */
export async function tellOfConfiguration(
  adapters: Adapters,
  environment: Environment,
  options: { readonly refused: DrError; readonly signal: AbortSignal },
): Promise<DrError | undefined> {
  try {
    const { due } = await recordLook(adapters, environment, [], options);
    if (due) {
      startDelivery(environment);
    }
    return undefined;
  } catch (error) {
    if (isDrError(error)) {
      return error;
    }
    throw error;
  }
}
