/**
 * What one look reads, each thing once however many probes ask for it: the server's health, the repository, the state of its WAL, its
 * newest backup. Nothing is read before a probe asks.
 */
import { X509Certificate } from "node:crypto";
import { type DrError, isDrError } from "../../core/errors.ts";
import { type Thresholds, thresholdsAt } from "../../core/first-week.ts";
import { lookServerShare } from "../../core/look-limits.ts";
import { placeOf } from "../../postgres/connection-settings.ts";
import { readTlsFile } from "../../postgres/open-connection.ts";
import { withPasswordFile } from "../../postgres/password-file.ts";
import { type ServerHealth, readServerHealth } from "../../postgres/server-health.ts";
import { SqlSession } from "../../postgres/sql-session.ts";
import { clusterNameOf } from "../../repository/object-names.ts";
import type { BackupRoot } from "../../repository/root.ts";
import { type CertificateEnd, httpsCertificateEnd } from "../../watch/probes/certificates.ts";
import { listRoots } from "../backup-roots.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { type ProofsRead, readProofs } from "../judge-proof.ts";
import { newestIncarnation } from "../newest-incarnation.ts";
import { type OpenRepository, openRepository } from "../repository-access.ts";
import { type ShownJob, readJobs } from "../schedule/read-jobs.ts";
import { type Agenda, type GoneLive, readAgenda } from "./agenda.ts";
import { relayCertificate } from "./relay-certificate.ts";
import { timeLimit } from "./time-limit.ts";
import { type ServerAnswer, type WalState, walStateOf } from "../wal-status.ts";

type Call = { readonly signal: AbortSignal };

/** The newest backup that counts, and roots above it that cannot be read. */
export type NewestBackup = {
  readonly root: BackupRoot | undefined;
  readonly damaged: readonly DrError[];
};

/** Reads once, whoever asks; `got` says what came of it so far, and asks nothing. */
type Once<T> = (() => Promise<T>) & { readonly got: () => T | undefined };

function once<T>(read: () => Promise<T>): Once<T> {
  let result: Promise<T> | undefined;
  let got: T | undefined;
  const begin = async (): Promise<T> => (got = await read());
  return Object.assign(() => (result ??= begin()), { got: () => got });
}

/** Undefined when `work` fails with an error that another finding tells. */
export async function unlessFailed<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isDrError(error)) {
      return undefined;
    }
    throw error;
  }
}

/** One look's eyes. Its signal ends every reading. */
export class Sight {
  readonly adapters: Adapters;
  readonly environment: Environment;
  readonly nowMs: number;
  /** How long the server and the application are waited for: one that hangs must not keep the repository's half from being told. */
  readonly serverLimitMs: number;
  readonly #call: Call;
  readonly #asksServer: boolean;

  constructor(
    adapters: Adapters,
    environment: Environment,
    call: Call & {
      readonly limitMs: number;
      /** False: there is no way to the server from here, and nobody tries. */
      readonly asksServer?: boolean;
    },
  ) {
    this.adapters = adapters;
    this.environment = environment;
    this.nowMs = adapters.clock.now();
    this.serverLimitMs = Math.round(call.limitMs * lookServerShare);
    this.#call = call;
    this.#asksServer = call.asksServer ?? true;
  }

  /** @throws DrError `PG_*`, `CONFIG_*`. */
  readonly server = once(async (): Promise<ServerHealth> => {
    const { environment, adapters } = this;
    using limit = timeLimit(this.#call.signal, this.serverLimitMs);
    const call = { signal: limit.signal };
    const connection = await withPasswordFile(environment.connection, call);
    const applicationName = environment.slotName;
    await using session = await SqlSession.open(connection, { ...call, applicationName });
    return await readServerHealth(session, { ...call, clock: adapters.clock });
  });

  /** @throws DrError `CONFIG_*`, `KEY_*`, `REPO_*`, `STORE_*`. */
  readonly repository = once((): Promise<OpenRepository> =>
    openRepository(this.adapters, this.environment, this.#call),
  );

  /** The server's half where it answers. @throws DrError as `repository`. */
  readonly wal = once(async (): Promise<WalState> => {
    const { sealed } = await this.repository();
    const server = await this.#serverAnswer();
    return await walStateOf({ sealed, server }, this.adapters, this.environment, this.#call);
  });

  /** @throws DrError as `repository`. */
  readonly newestBackup = once(async (): Promise<NewestBackup> => {
    const { sealed } = await this.repository();
    const cluster = clusterNameOf(this.environment.cluster);
    const place = await newestIncarnation(sealed, cluster, this.#call);
    const damaged: DrError[] = [];
    for await (const listed of place === undefined ? [] : listRoots(sealed, place, this.#call)) {
      if (listed.state === "readable") {
        return { root: listed.root, damaged };
      }
      damaged.push(listed.error);
    }
    return { root: undefined, damaged };
  });

  /** @throws DrError as `repository`. */
  readonly proofs = once(async (): Promise<ProofsRead> => {
    const { sealed } = await this.repository();
    const { place } = await this.wal();
    return await readProofs(sealed, { place, cluster: this.environment.cluster }, this.#call);
  });

  /** This host's schedule. @throws DrError `STORE_IO`. */
  readonly jobs = once((): Promise<readonly ShownJob[]> =>
    readJobs(this.environment, { nowMs: this.nowMs, ...this.#call }),
  );

  /** Of those who answer; a name that shows none is no finding. @throws DrError `PG_*` for our own that cannot be read. */
  readonly certificates = once(async (): Promise<readonly CertificateEnd[]> => {
    const { connection } = this.environment;
    const ends: CertificateEnd[] = [];
    const [server, ...others] = await Promise.all([
      unlessFailed(this.server()),
      this.#applicationCertificate(),
      this.#relayCertificate(),
    ]);
    if (server?.certificateEndsMs !== undefined) {
      ends.push({ where: placeOf(connection), endsMs: server.certificateEndsMs });
    }
    if (connection.sslCert !== undefined) {
      const { signal } = this.#call;
      const { validTo } = new X509Certificate(await readTlsFile(connection.sslCert, signal));
      ends.push({ where: connection.sslCert, endsMs: Date.parse(validTo) });
    }
    return [...ends, ...others.flat()];
  });

  /** What people have said in the ledger, as this host knows it. @throws DrError `STORE_IO`. */
  readonly agenda = once(
    async (): Promise<Agenda | undefined> => await readAgenda(this.environment, this.#call),
  );

  /** When the system went into production; undefined: nobody has said so. */
  readonly live = once(
    async (): Promise<GoneLive | undefined> =>
      (await unlessFailed(this.agenda()))?.live ?? undefined,
  );

  /** Those of the first week while it lasts. */
  async thresholds(): Promise<Thresholds> {
    return thresholdsAt((await this.live())?.atMs, this.nowMs);
  }

  /** One that does not answer in time shows none: that it hangs is another check's to tell. */
  async #applicationCertificate(): Promise<readonly CertificateEnd[]> {
    const { healthUrl } = this.environment.application;
    const url = healthUrl === undefined ? null : URL.parse(healthUrl);
    if (url?.protocol !== "https:") {
      return [];
    }
    using limit = timeLimit(this.#call.signal, this.serverLimitMs);
    const endsMs = await unlessFailed(httpsCertificateEnd(url, limit));
    return endsMs === undefined ? [] : [{ where: url.host, endsMs }];
  }

  /** The mail relay's: when it has ended no alert gets out by mail. */
  async #relayCertificate(): Promise<readonly CertificateEnd[]> {
    using limit = timeLimit(this.#call.signal, this.serverLimitMs);
    const { nowMs, environment } = this;
    const end = await unlessFailed(relayCertificate(environment, { nowMs, signal: limit.signal }));
    return end === undefined ? [] : [end];
  }

  async #serverAnswer(): Promise<ServerAnswer> {
    if (!this.#asksServer) {
      return {};
    }
    try {
      const { flushLsn, nowMs, slots, systemId } = await this.server();
      const own = slots.find(({ name }) => name === this.environment.slotName);
      return flushLsn === undefined
        ? {}
        : { position: { flushLsn, nowMs, systemId, slotRetainedBytes: own?.retainedBytes } };
    } catch (error) {
      if (isDrError(error)) {
        return { error };
      }
      throw error;
    }
  }
}
