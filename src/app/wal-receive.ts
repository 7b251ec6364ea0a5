/**
 * `pra wal receive`: the receiver in the foreground, under its lease, with its ledger events and a measured exposure. Asked to end, it
 * ends in good order: what arrived is stored, finished segments are published, the lease is released.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { INCARNATION_SETTING } from "../core/incarnation-setting.ts";
import { exposureSampleIntervalMs, leaseTtlSeconds, ledgerSlotObjectsMax } from "../core/limits.ts";
import { type Lsn, formatLsn, lsnDistanceBytes } from "../core/lsn.ts";
import type { TimelineId } from "../core/wal-name.ts";
import type { LedgerEvent } from "../ledger/event.ts";
import { searchNewestEvents } from "../ledger/newest-events.ts";
import type { ConnectionSettings } from "../postgres/connection-settings.ts";
import { withPasswordFile } from "../postgres/password-file.ts";
import { identifySystem, showSettingIfKnown } from "../postgres/replication-commands.ts";
import { ReplicationConnection } from "../postgres/replication-connection.ts";
import { readServerFacts, requireFitServer } from "../postgres/server-facts.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import { openIncarnation } from "../repository/incarnation.ts";
import { acquireLease, type Lease, type LeaseOptions } from "../repository/lease.ts";
import { clusterNameOf, type IncarnationPlace } from "../repository/object-names.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { ReceiverEvent } from "../wal/receiver-events.ts";
import { type ReceiverState, WalReceiver } from "../wal/receiver.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { ExposureMeter } from "./exposure.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { openRepository } from "./repository-access.ts";
import { checkHistory } from "./rollback.ts";
import { readPosition } from "./server-position.ts";

/** Where the receiver stands. */
export type ReceiveStatus = {
  readonly state: ReceiverState;
  readonly timeline: TimelineId | undefined;
  readonly repositoryLsn: Lsn | undefined;
  /** Undefined while the server does not answer. */
  readonly serverLsn: Lsn | undefined;
  readonly lagBytes: number | undefined;
  readonly exposureSeconds: number;
};

/** What was asked for. */
export type ReceiveRequest = {
  readonly acceptRollback: boolean;
  readonly allowUntestedMajor: boolean;
  readonly reason: string;
  readonly onStatus: (status: ReceiveStatus) => void;
  readonly onEvent: (event: ReceiverEvent) => void;
  readonly onWatch: LeaseOptions["onWatch"];
  /** Aborted: it stops in good order, and the promise resolves. */
  readonly signal: AbortSignal;
};

/** How it ended. */
export type ReceiveResult = {
  readonly timeline: TimelineId | undefined;
  readonly repositoryLsn: Lsn | undefined;
  readonly slot: string;
  readonly gaps: number;
  readonly ledgerFailure: DrError | undefined;
};

type Cluster = {
  readonly connection: ConnectionSettings;
  readonly place: IncarnationPlace;
  readonly synchronous: boolean;
};

async function meetCluster(
  adapters: Adapters,
  environment: Environment,
  sealed: SealedStore,
  request: ReceiveRequest,
): Promise<Cluster> {
  const { signal, allowUntestedMajor } = request;
  const connection = await withPasswordFile(environment.connection, { signal });
  const options = { applicationName: environment.slotName, signal };
  const facts = await readServerFacts(connection, { ...options, everyDatabase: false });
  requireFitServer(facts, { settings: connection, allowUntestedMajor });
  await using replication = await ReplicationConnection.open(connection, options);
  const { systemIdentifier } = await identifySystem(replication, { signal });
  const named = await showSettingIfKnown(replication, INCARNATION_SETTING, { signal });
  const place = await openIncarnation(
    sealed,
    {
      cluster: clusterNameOf(environment.cluster),
      systemIdentifier: BigInt(systemIdentifier),
      major: facts.version.major,
      serverVersion: facts.versionText,
      named,
    },
    { signal, nowMs: adapters.clock.now() },
  );
  return { connection, place, synchronous: facts.synchronousStandbyNames !== "" };
}

/**
 * True when a receiver ran on this slot before: then its absence is a loss, and told. Asked only when the server does not have the
 * slot. Where the ledger is damaged, or goes back further than is read, it may have been: a missing slot is told rather
 * than passed over.
 */
async function hadSlot(
  sealed: SealedStore,
  place: IncarnationPlace,
  options: { readonly slot: string; readonly signal: AbortSignal },
): Promise<boolean> {
  const { slot, signal } = options;
  const isStart = ({ content }: LedgerEvent): boolean =>
    content?.kind === "walReceiverStarted" &&
    content.data.incarnation === place.incarnation &&
    content.data.slot === slot;
  try {
    const objectsMax = ledgerSlotObjectsMax;
    return (await searchNewestEvents(sealed, isStart, { signal, objectsMax })) !== "whole";
  } catch (error) {
    if (isDrError(error) && /^(?:REPO|KEY)_/.test(error.code)) {
      return true;
    }
    throw error;
  }
}

/** Turns what the receiver tells into events of the ledger. A gap is waited for: it must not be lost. */
class ReceiverLedger {
  readonly #ledger: LedgerRecorder;
  readonly #cluster: Cluster;
  readonly #slot: string;
  #started = false;
  gaps = 0;

  constructor(ledger: LedgerRecorder, cluster: Cluster, slot: string) {
    this.#ledger = ledger;
    this.#cluster = cluster;
    this.#slot = slot;
  }

  take(event: ReceiverEvent): Promise<void> | undefined {
    const slot = this.#slot;
    const { synchronous, place } = this.#cluster;
    switch (event.kind) {
      case "streaming": {
        if (this.#started) {
          return undefined;
        }
        this.#started = true;
        const { timeline } = event;
        const startLsn = formatLsn(event.fromLsn);
        const data = { ...place, timeline, startLsn, slot, synchronous };
        return this.#ledger.record({ kind: "walReceiverStarted", data });
      }
      case "slot-missing": {
        const data = { ...place, slot, restartLsn: null, cause: "the slot is gone" };
        return this.#ledger.record({ kind: "slotLost", data });
      }
      case "gap": {
        this.gaps += 1;
        const fromLsn = formatLsn(event.fromLsn);
        const toLsn = formatLsn(event.toLsn);
        const { timeline, cause: detail } = event;
        const data = {
          ...place,
          timeline,
          fromLsn,
          toLsn,
          cause: "segmentMissing",
          detail,
        } as const;
        return this.#ledger.record({ kind: "walGapOpened", data });
      }
      case "segment-conflict": {
        const data = { ...place, segment: event.segment, key: event.conflict };
        return this.#ledger.record({ kind: "conflictFound", data });
      }
      case "slot-created":
      case "disconnected":
      case "timeline-switched":
      case "segment-published":
      case "index-failed":
        return undefined;
    }
  }

  async stopped(receiver: WalReceiver, error: Error | undefined): Promise<void> {
    const { timeline, durableLsn } = receiver;
    if (timeline === undefined || durableLsn === undefined) {
      return;
    }
    const cause =
      error === undefined
        ? "asked"
        : isDrError(error, "REPO_LEASE_LOST")
          ? "leaseLost"
          : isDrError(error) && error.code.startsWith("STORE_")
            ? "storeFailed"
            : "other";
    const detail = error?.message ?? "";
    const lsn = formatLsn(durableLsn);
    const { place } = this.#cluster;
    const facts = { ...place, timeline, durableLsn: lsn, durableTime: null, slot: this.#slot };
    const data = { ...facts, cause, detail } as const;
    await this.#ledger.record({ kind: "walReceiverStopped", data });
  }
}

/** Samples the server until aborted; a server that does not answer is asked again. */
class Sampler {
  readonly #connection: ConnectionSettings;
  readonly #slot: string;
  readonly #adapters: Adapters;
  readonly meter: ExposureMeter;
  /** Until the server said otherwise. */
  commitsWait = true;
  #session: SqlSession | undefined;

  constructor(adapters: Adapters, connection: ConnectionSettings, slot: string) {
    this.#adapters = adapters;
    this.#connection = connection;
    this.#slot = slot;
    this.meter = new ExposureMeter(adapters.clock.monotonic());
  }

  /** The end of the server's WAL now; undefined when it does not answer. */
  async sample(call: { readonly signal: AbortSignal }): Promise<Lsn | undefined> {
    const { signal } = call;
    const slot = this.#slot;
    const atMs = this.#adapters.clock.monotonic();
    try {
      this.#session ??= await SqlSession.open(this.#connection, {
        applicationName: `${slot}_sampler`,
        signal,
      });
      const position = await readPosition(this.#session, { slot, signal });
      this.commitsWait = position?.commitsWait !== false;
      if (position !== undefined) {
        this.meter.add({ atMs, flushLsn: position.flushLsn });
      }
      return position?.flushLsn;
    } catch (error) {
      this.commitsWait = true;
      await this.close();
      if (isDrError(error) && error.code.startsWith("PG_")) {
        return undefined;
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#session?.close();
    this.#session = undefined;
  }
}

function statusOf(
  receiver: WalReceiver,
  sampler: Sampler,
  serverLsn: Lsn | undefined,
  nowMs: number,
): ReceiveStatus {
  const { state, timeline, durableLsn } = receiver;
  const lagBytes =
    serverLsn === undefined || durableLsn === undefined
      ? undefined
      : serverLsn <= durableLsn
        ? 0
        : lsnDistanceBytes(durableLsn, serverLsn);
  const exposureSeconds = sampler.meter.exposureMs(durableLsn, nowMs) / 1000;
  return { state, timeline, repositoryLsn: durableLsn, serverLsn, lagBytes, exposureSeconds };
}

async function watchUntilAborted(
  adapters: Adapters,
  receiver: WalReceiver,
  sampler: Sampler,
  request: ReceiveRequest,
): Promise<void> {
  const ended = new AbortController();
  const end = (): void => {
    ended.abort(new DrError("USAGE_INTERRUPTED", { signal: "end" }));
  };
  receiver.done.then(end, end);
  const signal = AbortSignal.any([request.signal, ended.signal]);
  try {
    for (;;) {
      const serverLsn = await sampler.sample({ signal });
      request.onStatus(statusOf(receiver, sampler, serverLsn, adapters.clock.monotonic()));
      await adapters.clock.sleep(exposureSampleIntervalMs, { signal });
    }
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  } finally {
    await sampler.close();
  }
}

async function receive(
  adapters: Adapters,
  environment: Environment,
  request: ReceiveRequest,
  parts: {
    readonly sealed: SealedStore;
    readonly cluster: Cluster;
    readonly lease: Lease;
    readonly ledger: LedgerRecorder;
  },
): Promise<ReceiveResult> {
  const { sealed, cluster, lease, ledger } = parts;
  const { connection, place } = cluster;
  const slot = environment.slotName;
  const expected = (): Promise<boolean> => hadSlot(sealed, place, { slot, signal: lease.lost });
  const events = new ReceiverLedger(ledger, cluster, slot);
  const sampler = new Sampler(adapters, connection, slot);
  await using receiver = WalReceiver.start({
    isWaitedFor: () => sampler.commitsWait,
    sealed,
    place,
    settings: connection,
    applicationName: slot,
    slot: { name: slot, temporary: false, expected },
    lease,
    events: (event) => {
      request.onEvent(event);
      return events.take(event);
    },
    clock: adapters.clock,
    signal: lease.lost,
  });
  try {
    await watchUntilAborted(adapters, receiver, sampler, request);
    await (request.signal.aborted ? receiver.stop() : receiver.done);
  } catch (error) {
    await events.stopped(receiver, error instanceof Error ? error : new Error("unknown"));
    throw error;
  }
  await events.stopped(receiver, undefined);
  const { timeline, durableLsn: repositoryLsn } = receiver;
  return { timeline, repositoryLsn, slot, gaps: events.gaps, ledgerFailure: ledger.failure };
}

/** The lease with a signal of its own: renewed until the last WAL is stored, whoever asked to end. */
async function acquireWalLease(
  adapters: Adapters,
  sealed: SealedStore,
  cluster: Cluster,
  request: ReceiveRequest,
): Promise<Lease> {
  const waiting = new AbortController();
  const giveUp = (): void => {
    waiting.abort(request.signal.reason);
  };
  request.signal.throwIfAborted();
  request.signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await acquireLease(sealed, {
      cluster: cluster.place.cluster,
      purpose: "wal",
      ttlSeconds: leaseTtlSeconds,
      clock: adapters.clock,
      observer: adapters.observer,
      onWatch: request.onWatch,
      signal: waiting.signal,
    });
  } finally {
    request.signal.removeEventListener("abort", giveUp);
  }
}

/**
 * Receives WAL until the signal is aborted. @throws DrError `REPO_LEASE_HELD`, `REPO_LEASE_LOST`, `REPO_ROLLED_BACK`, `WAL_*`,
 * `STORE_*`, and those of the first connection; later ones are waited out.
 */
export async function runReceiver(
  adapters: Adapters,
  environment: Environment,
  request: ReceiveRequest,
): Promise<ReceiveResult> {
  const { signal, reason, acceptRollback: accept } = request;
  const { sealed } = await openRepository(adapters, environment, { signal });
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason });
  await checkHistory({ adapters, environment, sealed, ledger, accept }, { signal });
  const cluster = await meetCluster(adapters, environment, sealed, request);
  await using lease = await acquireWalLease(adapters, sealed, cluster, request);
  return await receive(adapters, environment, request, { sealed, cluster, lease, ledger });
}
