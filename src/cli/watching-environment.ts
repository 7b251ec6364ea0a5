/** The configuration for commands that watch: where it is refused, people are told of that before the command ends. */
import type { Environment } from "../app/environment.ts";
import { errorText, isDrError } from "../core/errors.ts";
import type { Frame } from "./frame.ts";

/** What is left of a configuration that is refused; undefined: not even that can be read. */
export function salvagedEnvironment(frame: Frame): Environment | undefined {
  try {
    return frame.environment({}, { strict: false, salvage: true });
  } catch (error) {
    if (isDrError(error)) {
      return undefined;
    }
    throw error;
  }
}

/** Reads it, values that watching does not need left out. @throws DrError `CONFIG_…`, after that was told. */
export async function watchingEnvironment(frame: Frame): Promise<Environment> {
  try {
    return frame.environment({}, { strict: false });
  } catch (error) {
    const environment = isDrError(error) ? salvagedEnvironment(frame) : undefined;
    if (!isDrError(error) || environment === undefined) {
      throw error;
    }
    const { compose } = await import("../app/compose.ts");
    const { tellOfConfiguration } = await import("../app/watch/tell-of-configuration.ts");
    const { signal } = frame;
    const failure = await tellOfConfiguration(compose(), environment, { refused: error, signal });
    if (failure !== undefined) {
      frame.note(`! ${errorText(failure, frame.language).message}`);
    }
    throw error;
  }
}
