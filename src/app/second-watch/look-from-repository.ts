/**
 * One look of a watcher that sees nothing but the repository, and the network from its side: whether the first watcher gives signs of life, and what the repository itself shows,
 * judged by the rules of `pra status`. It writes nothing there. Ages are counted by the first watcher's clock, because what is dated was dated by
 * it, and silences by this machine's own time.
 */
import type { Clock } from "../../core/clock.ts";
import { isDrError } from "../../core/errors.ts";
import {
  type CheckReport,
  type Finding,
  failed,
  found,
  looked,
} from "../../core/finding/finding.ts";
import { usualThresholds } from "../../core/first-week.ts";
import { lookPatientTimeoutMs } from "../../core/look-limits.ts";
import { msOf } from "../../core/units.ts";
import { ledgerNewestObjectsMax } from "../../core/watch-limits.ts";
import { searchNewestEvents } from "../../ledger/newest-events.ts";
import { clusterNameOf } from "../../repository/object-names.ts";
import { readNewestLease } from "../../repository/read-lease.ts";
import type { SealedStore } from "../../repository/sealed-store.ts";
import { type WatchSign, readNewestSign } from "../../repository/watch-signs.ts";
import { type Moment, readMoment } from "../../watch/moment.ts";
import type { Observation } from "../../watch/observation.ts";
import { judgeReceiver } from "../../watch/probes/receiver.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { judgeProofs } from "../judge-proof.ts";
import { judgeExposure, judgeGaps, judgeNewestBackup } from "../look/judge-repository.ts";
import { lookAtWays } from "../look/look-at-ways.ts";
import { LocalNote } from "../look/local-note.ts";
import { observationsOf } from "../look/observations.ts";
import { Sight } from "../look/sight.ts";
import { inTime, timeLimit } from "../look/time-limit.ts";
import type { OpenRepository } from "../repository-access.ts";
import {
  type First,
  asOnlyWatcher,
  divided,
  judgeFirst,
  judgeHostClock,
  judgeLedger,
  judgeRenewals,
} from "./judge-first.ts";
import { type Patience, patienceOf, silenceLimitMs } from "./patience.ts";
import {
  type Seen,
  clockOffOf,
  nothingSeen,
  see,
  seeNumber,
  seenSchema,
  silentMs,
} from "./seen.ts";

type Call = { readonly signal: AbortSignal };

/** What came of it. */
export type SecondLook = CheckReport & {
  /** What of it is this watcher's to tell. */
  readonly observations: readonly Observation[];
  /** Undefined: nobody ever left a sign, or the repository does not open. */
  readonly sign: WatchSign | undefined;
};

/** The other host's clock, as far as it is known. */
function clockBeside(clock: Clock, offMs: number): Clock {
  return {
    now: () => msOf(clock.now() + Math.round(offMs)),
    monotonic: () => clock.monotonic(),
    sleep: (durationMs, options) => clock.sleep(durationMs, options),
  };
}

async function newestEventOf(sealed: SealedStore, call: Call): Promise<string | undefined> {
  let newest: string | undefined;
  await searchNewestEvents(
    sealed,
    ({ id }) => {
      newest = newest === undefined || id > newest ? id : newest;
      return false;
    },
    { ...call, objectsMax: ledgerNewestObjectsMax, perWriterMax: 1 },
  );
  return newest;
}

/** One look at work. */
class SecondWatcher {
  readonly #adapters: Adapters;
  readonly #environment: Environment;
  readonly #call: Call;
  readonly #now: Moment;
  readonly #patience: Patience;
  #seen: Seen;
  sign: WatchSign | undefined;

  constructor(adapters: Adapters, environment: Environment, seen: Seen, call: Call) {
    this.#adapters = adapters;
    this.#environment = environment;
    this.#seen = seen;
    this.#call = call;
    this.#patience = patienceOf(environment);
    this.#now = readMoment(adapters.clock);
  }

  get seen(): Seen {
    return { ...this.#seen, look: this.#now };
  }

  get #first(): First | undefined {
    const ageMs = silentMs(this.#seen, "sign", this.#now);
    return this.sign === undefined || ageMs === undefined
      ? undefined
      : { sign: this.sign, silentMs: ageMs, limitMs: silenceLimitMs(this.sign, this.#patience) };
  }

  #see(thing: string, mark: string | undefined): number | undefined {
    this.#seen = see(this.#seen, thing, mark, this.#now);
    return silentMs(this.#seen, thing, this.#now);
  }

  /** The sign first: with it the other clock is known. */
  async #takeSign({ sealed, repositoryId: series }: OpenRepository): Promise<void> {
    const cluster = clusterNameOf(this.#environment.cluster);
    const { look: before, marks } = this.#seen;
    this.sign = await readNewestSign(sealed, cluster, this.#call);
    const at = this.sign && { series, number: this.sign.number };
    this.#seen = seeNumber(this.#seen, "sign", at, this.#now);
    const isNew = this.#seen.marks["sign"] !== marks["sign"];
    if (this.sign !== undefined && isNew) {
      const between = { before, now: this.#now };
      this.#seen = { ...this.#seen, clockOffMs: clockOffOf(Date.parse(this.sign.at), between) };
    }
  }

  async look(): Promise<readonly Finding[]> {
    const { clock } = this.#adapters;
    const call = this.#call;
    const options = { ...call, limitMs: lookPatientTimeoutMs, asksServer: false };
    let sight = new Sight(this.#adapters, this.#environment, options);
    const opened = await looked("repository", call, async () => {
      const repository = await sight.repository();
      await this.#takeSign(repository);
      const { location } = repository;
      return [found("repository", "good", "repository-opens", { location })];
    });
    if (opened.some(({ state }) => state === "bad")) {
      return [...opened, ...(await this.#lookAtNetwork())];
    }
    const beside = clockBeside(clock, this.#seen.clockOffMs);
    const repository = sight.repository;
    sight = new Sight({ ...this.#adapters, clock: beside }, this.#environment, options);
    const { sealed } = await repository();
    const first = this.#first;
    const parts = [
      judgeFirst(first),
      first === undefined ? [] : [judgeHostClock(first.sign.host, this.#seen.clockOffMs)],
      await this.#lookAtNetwork(),
      opened,
      await looked("newest-backup", call, async () =>
        judgeNewestBackup(await sight.newestBackup(), sight.nowMs, usualThresholds),
      ),
      await looked("proof", call, async () =>
        judgeProofs(await sight.proofs(), sight.nowMs, usualThresholds),
      ),
      await looked("exposure", call, () => this.#judgeWal(sight, sealed)),
      await looked("ledger", call, async () => [
        judgeLedger(
          this.#see("ledger", await newestEventOf(sealed, call)),
          this.#patience.ledgerMs,
        ),
      ]),
    ];
    return parts.flat().map((finding) => asOnlyWatcher(finding, first));
  }

  /** Also where the repository is away: the network may be why. */
  async #lookAtNetwork(): Promise<readonly Finding[]> {
    const { host } = this.#adapters.observer.self;
    return await lookAtWays(this.#environment, { host, ...this.#call });
  }

  async #judgeWal(sight: Sight, sealed: SealedStore): Promise<readonly Finding[]> {
    const state = await sight.wal();
    const place = { cluster: clusterNameOf(this.#environment.cluster), purpose: "wal" } as const;
    const lease = await readNewestLease(sealed, place, this.#call);
    const renewal = lease && `${lease.epoch} ${lease.renewal} ${lease.state}`;
    const silence = judgeRenewals(lease, this.#see("receiver", renewal));
    const { rpoSeconds } = this.#environment.objectives;
    return [
      judgeExposure(state, rpoSeconds, usualThresholds),
      judgeGaps(state),
      silence ?? judgeReceiver(state.receiver, undefined),
    ];
  }

  /** For how long each rule has been ill, and what of it is ours to tell. */
  divide(observations: readonly Observation[]): readonly Observation[] {
    return observations.map((observation) => {
      const mark = observation.health === "ill" ? "ill" : undefined;
      const illMs = this.#see(`ill ${observation.rule}`, mark) ?? 0;
      const { untoldMs } = this.#patience;
      return divided(observation, this.#first, { illMs, untoldMs });
    });
  }
}

/**
 * Looks once; a few seconds at most where the store answers, `lookPatientTimeoutMs` where it does not. Remembers on this host what it saw, and
 * when. @throws DrError `STORE_*` of the state directory, `CONFIG_*`; the signal's reason when aborted.
 */
export async function lookFromRepository(
  adapters: Adapters,
  environment: Environment,
  options: Call,
): Promise<SecondLook> {
  const note = new LocalNote(environment, "first", seenSchema);
  const seen = (await note.read(options)) ?? nothingSeen;
  using limit = timeLimit(options.signal, lookPatientTimeoutMs);
  const watcher = new SecondWatcher(adapters, environment, seen, { signal: limit.signal });
  let findings: readonly Finding[];
  try {
    findings = await inTime(watcher.look(), limit);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!isDrError(error)) {
      throw error;
    }
    findings = [failed("repository", error)];
  }
  const observations = watcher.divide(observationsOf(findings));
  await note.write(watcher.seen, options);
  const ok = findings.every(({ state }) => state !== "bad");
  return { ok, findings, observations, sign: watcher.sign };
}
