/** Which place in the repository the demonstration's server is backed up to, and what is known of the server. */
import type { Clock } from "../../core/clock.ts";
import { assert } from "../../core/assert.ts";
import { type ServerFacts, readServerFacts } from "../../postgres/server-facts.ts";
import { openIncarnation } from "../../repository/incarnation.ts";
import { type IncarnationPlace, clusterNameOf } from "../../repository/object-names.ts";
import type { SealedStore } from "../../repository/sealed-store.ts";
import type { Environment } from "../environment.ts";

/** The running server and its place. */
export type DemoPlace = {
  readonly place: IncarnationPlace;
  readonly facts: ServerFacts;
  readonly systemIdentifier: bigint;
};

/** Opens the place, made when it is missing. @throws DrError `PG_*`, `REPO_*`, `STORE_*`. */
export async function openDemoPlace(options: {
  readonly sealed: SealedStore;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<DemoPlace> {
  const { sealed, environment, clock, signal } = options;
  const facts = await readServerFacts(environment.connection, {
    applicationName: environment.slotName,
    signal,
  });
  const seen = facts.systemIdentifier;
  assert(seen.visible, "the superuser sees the system identifier");
  const systemIdentifier = BigInt(seen.value);
  const place = await openIncarnation(
    sealed,
    {
      cluster: clusterNameOf(environment.cluster),
      systemIdentifier,
      major: facts.version.major,
      serverVersion: facts.versionText,
    },
    { signal, nowMs: clock.now() },
  );
  return { place, facts, systemIdentifier };
}
