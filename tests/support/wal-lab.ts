/**
 * A repository and a receiver beside a test server: what the tests of receiving have in common.
 */
import { readFile, readdir, rm } from "node:fs/promises";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../src/core/clock.ts";
import { systemRandom } from "../../src/core/random.ts";
import { type Lsn, parseLsn } from "../../src/core/lsn.ts";
import {
  createKeyRing,
  publicSide,
  type FullKeyRing,
} from "../../src/pipeline/sealing/key-ring.ts";
import {
  type ConnectionSettings,
  connectionSettings,
} from "../../src/postgres/connection-settings.ts";
import {
  clusterNameOf,
  incarnationNameOf,
  type IncarnationPlace,
} from "../../src/repository/object-names.ts";
import type { ObjectStore } from "../../src/repository/object-store.ts";
import { SealedStore } from "../../src/repository/sealed-store.ts";
import { DiskStore } from "../../src/stores/disk-store.ts";
import type { ReceiverEvent } from "../../src/wal/receiver-events.ts";
import { WalReceiver, type WalReceiverOptions } from "../../src/wal/receiver.ts";
import { WalCatalogue } from "../../src/wal/wal-catalogue.ts";
import type { PushOptions } from "../../src/wal/wal-push.ts";
import { WalReader } from "../../src/wal/wal-reader.ts";
import type { TestServer } from "./test-server.ts";

export const signal = new AbortController().signal;

/** Settings for `server`. */
export function settingsOf(
  server: Pick<TestServer, "socketDirectory" | "port">,
): ConnectionSettings {
  const { socketDirectory, port } = server;
  const environment = {
    PG_HOST: socketDirectory,
    PG_PORT: String(port),
    PG_USER: "postgres",
    PG_DATABASE: "postgres",
  };
  return connectionSettings(environment, { account: { user: "postgres", home: undefined } });
}

/** A repository on disk, and one cluster's place in it. */
export class WalLab implements AsyncDisposable {
  readonly ring: FullKeyRing;
  readonly store: ObjectStore;
  readonly place: IncarnationPlace;
  readonly directory: string;
  readonly events: ReceiverEvent[] = [];
  #epoch = 0;

  constructor(parts: Pick<WalLab, "ring" | "store" | "place" | "directory">) {
    this.ring = parts.ring;
    this.store = parts.store;
    this.place = parts.place;
    this.directory = parts.directory;
  }

  static async open(server: TestServer, store?: ObjectStore): Promise<WalLab> {
    const directory = await mkdtemp("/tmp/pra-wal-");
    const root = join(directory, "repository");
    const ring = createKeyRing();
    const system = BigInt(await server.value("SELECT system_identifier FROM pg_control_system()"));
    const place = {
      cluster: clusterNameOf("main"),
      incarnation: incarnationNameOf(system, systemRandom.bytes(16)),
    };
    const chosen = store ?? (await DiskStore.open({ root, create: true }, { signal }));
    return new WalLab({ ring, store: chosen, place, directory });
  }

  /** As a host that holds the public side only. */
  get sealed(): SealedStore {
    return this.#sealed(publicSide(this.ring));
  }

  /** With the private side. */
  get opened(): SealedStore {
    return this.#sealed(this.ring);
  }

  #sealed(ring: SealedStore["ring"]): SealedStore {
    return new SealedStore({ store: this.store, ring, clock: systemClock, random: systemRandom });
  }

  nextEpoch(): number {
    this.#epoch += 1;
    return this.#epoch;
  }

  receive(server: TestServer, more: Partial<WalReceiverOptions> = {}): WalReceiver {
    return WalReceiver.start({
      sealed: this.sealed,
      place: this.place,
      settings: settingsOf(server),
      applicationName: "pra_main",
      slot: { name: "pra_main", temporary: false, expected: this.#epoch > 0 },
      lease: { epoch: this.nextEpoch(), lost: signal },
      events: (event) => {
        this.events.push(event);
        return undefined;
      },
      clock: systemClock,
      signal,
      ...more,
    });
  }

  /** For `pushWal`, without the path. */
  pushOptions(): Omit<PushOptions, "path"> {
    return { sealed: this.sealed, place: this.place, epoch: 0, clock: systemClock, signal };
  }

  catalogue(): Promise<WalCatalogue> {
    return WalCatalogue.load(this.sealed, this.place, { signal });
  }

  async reader(): Promise<WalReader> {
    return new WalReader(this.opened, await this.catalogue());
  }

  eventsOf<K extends ReceiverEvent["kind"]>(kind: K): Extract<ReceiverEvent, { kind: K }>[] {
    return this.events.filter(
      (event): event is Extract<ReceiverEvent, { kind: K }> => event.kind === kind,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** The end of the server's WAL. */
export async function flushLsn(server: TestServer): Promise<Lsn> {
  return parseLsn(await server.value("SELECT pg_current_wal_flush_lsn()"));
}

/** Waits until `check` answers something. */
export async function eventually<T>(
  check: () => T | undefined | Promise<T | undefined>,
  what: string,
  timeoutMs = 20_000,
): Promise<T> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const answer = await check();
    if (answer !== undefined && answer !== false) {
      return answer;
    }
    if (performance.now() > until) {
      throw new Error(`${what} did not happen in ${timeoutMs} ms`);
    }
    await systemClock.sleep(20, { signal });
  }
}

/** The server's own WAL files, by name. */
export async function serverWal(directory: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const name of await readdir(directory)) {
    if (/^[0-9A-F]{24}$/.test(name)) {
      files.set(name, await readFile(join(directory, name)));
    }
  }
  return files;
}
