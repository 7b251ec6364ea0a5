/** S28, S30: whether this host's `.env` lies sealed in the repository, and whether the other hosts have the same. */
import { type Finding, found } from "../core/finding/finding.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { Adapters } from "./compose.ts";
import { compareSettings } from "./config-save.ts";
import type { Environment } from "./environment.ts";

/** Nothing where no `.env` was read. @throws DrError what the store throws. */
export async function judgeSettingsCopy(
  adapters: Pick<Adapters, "observer">,
  environment: Environment,
  call: { readonly signal: AbortSignal; readonly sealed: SealedStore },
): Promise<readonly Finding[]> {
  if (environment.envFile === undefined) {
    return [];
  }
  const { saved, hosts } = await compareSettings(adapters, environment, call);
  const others = hosts.filter(({ isThisHost, same }) => !isThisHost && !same).length;
  return [
    !saved
      ? found("settings-copy", "note", "copy-old")
      : others === 0
        ? found("settings-copy", "good", "copy-kept", { hosts: hosts.length })
        : found("settings-copy", "note", "hosts-differ", { hosts: others }),
  ];
}
