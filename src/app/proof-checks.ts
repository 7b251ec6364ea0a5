/** What a proof checks beyond the server itself, from `pra.yaml` and the settings: assertions, the heartbeat, the application. */
import { assertionSecondsDefault, proofCommandSecondsDefault } from "../core/limits.ts";
import type { ProveOptions } from "../proof/prove-options.ts";
import type { RestorePlan } from "../restore/plan-result.ts";
import type { RestoreTarget } from "../restore/target.ts";
import { formatInstant } from "../restore/target-time.ts";
import { epochMsOfPgTime } from "../wal/record/wal-event.ts";
import type { Environment } from "./environment.ts";
import { maskerOf } from "./mask-secrets.ts";
import { type PraYaml, readPraYaml } from "./pra-yaml/read.ts";

/** The part of a proof's options that comes from the configuration. */
export type ProofChecks = Pick<ProveOptions, "assertions" | "application" | "mask">;

function assertionsOf(yaml: PraYaml | undefined): ProveOptions["assertions"] {
  return (yaml?.content.proof?.assertions ?? []).map((one) => ({
    name: one.name,
    database: one.database,
    sql: one.sql,
    expect: String(one.expect ?? "true"),
    timeoutMs: (one.timeoutSeconds ?? assertionSecondsDefault) * 1000,
  }));
}

function applicationOf(yaml: PraYaml | undefined): ProveOptions["application"] {
  const wanted = yaml?.content.proof?.application;
  const [program, ...words] = wanted?.command ?? [];
  if (yaml === undefined || wanted === undefined || program === undefined) {
    return undefined;
  }
  const check = {
    command: [program, ...words],
    database: wanted.database,
    user: wanted.user,
    databaseUrlVariable: wanted.databaseUrlVariable ?? "DATABASE_URL",
    healthUrl: wanted.healthUrl,
    timeoutMs: (wanted.timeoutSeconds ?? proofCommandSecondsDefault) * 1000,
  } as const;
  return { check, directory: yaml.directory };
}

/** Reads what is to be checked. @throws DrError `CONFIG_YAML_*`. */
export async function readProofChecks(environment: Environment): Promise<ProofChecks> {
  const yaml = await readPraYaml(environment);
  return {
    assertions: assertionsOf(yaml),
    application: applicationOf(yaml),
    mask: maskerOf(environment),
  };
}

/** What the heartbeat is held against: for the newest point now, else the instant that was asked for or is known of the plan. */
export function heartbeatOf(
  environment: Environment,
  about: { readonly target: RestoreTarget; readonly plan: RestorePlan; readonly nowMs: number },
): ProveOptions["heartbeat"] {
  const { heartbeatDatabase: database } = environment.proof;
  if (database === undefined) {
    return undefined;
  }
  const { target, plan, nowMs } = about;
  if (target.kind === "latest") {
    return { database, against: "now", instantMs: nowMs };
  }
  const micros = target.kind === "time" ? target.timeMicros : plan.reached.timeMicros;
  const instantMs = micros === undefined ? undefined : epochMsOfPgTime(micros);
  return { database, against: "target", instantMs };
}

/** The instant of the data that comes back, as far as it is known. */
export function instantOf(target: RestoreTarget, plan: RestorePlan): string {
  const { knownMicros, timeMicros } = plan.reached;
  const reached = knownMicros ?? timeMicros ?? plan.backup.finishedMicros;
  return formatInstant(target.kind === "time" ? target.timeMicros : reached);
}
