/** What the application says of a restored server: its command, then its address, each as far as it is configured, into the notes. */
import type { HealthAnswer } from "../../restore/application-health.ts";
import type { ServerAccount } from "../../postgres/server-account.ts";
import type { Adapters } from "../compose.ts";
import type { DemoSocket } from "../demo/demo-environment.ts";
import { type ApplicationWish, runApplication } from "./application-step.ts";
import { type HealthWish, askAfter } from "./health-step.ts";
import type { LoadTestEvent, LoadTestNotes } from "./load-test-notes.ts";

/** What is asked, and where the answers go. */
export type ApplicationAct = {
  readonly adapters: Adapters;
  readonly application: ApplicationWish | undefined;
  readonly health: HealthWish | undefined;
  readonly notes: LoadTestNotes;
  readonly tell: (event: LoadTestEvent) => void;
  readonly signal: AbortSignal;
};

/** Asks both. `before`: what the address said while the server was gone; `passedMs`: since then. */
export async function askApplications(
  act: ApplicationAct,
  server: DemoSocket & { readonly superuser?: string },
  about: {
    readonly account: ServerAccount;
    readonly before: Promise<HealthAnswer["kind"] | undefined>;
    readonly passedMs: () => number;
  },
): Promise<void> {
  const { adapters, application, health, notes, signal } = act;
  const { clock } = adapters;
  const { account, passedMs } = about;
  if (application !== undefined) {
    act.tell({ kind: "phase", phase: "application" });
    const result = await runApplication(server, application, { account, clock, signal });
    notes.application = { result, answeredMs: result.ok ? Math.round(passedMs()) : null };
  }
  const before = await about.before;
  if (health !== undefined && before !== undefined) {
    act.tell({ kind: "phase", phase: "health" });
    notes.health = await askAfter(health, before, { clock, signal, passedMs });
  }
}
