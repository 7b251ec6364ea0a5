/**
 * Hosts of a simulation that share a repository in memory: each has its own clock and identity, and knows of the others
 * only what a host can know.
 */
import { type Random, SeededRandom } from "../../src/core/random.ts";
import { createKeyRing, type KeyRing } from "../../src/pipeline/sealing/key-ring.ts";
import type { Holder, HolderObserver } from "../../src/repository/lease-holder.ts";
import { clusterNameOf, incarnationNameOf } from "../../src/repository/object-names.ts";
import { SealedStore } from "../../src/repository/sealed-store.ts";
import { MemoryStore } from "../../src/stores/memory-store.ts";
import type { Clock } from "../../src/core/clock.ts";
import { VirtualTime } from "./virtual-clock.ts";

/** A signal that never fires. */
export const never = new AbortController().signal;

/** One process of a simulated machine. */
export type SimulatedProcess = {
  readonly clock: Clock;
  readonly observer: HolderObserver;
  readonly sealed: SealedStore;
  readonly random: Random;
};

export const testCluster = clusterNameOf("main");
export const testPlace = {
  cluster: testCluster,
  incarnation: incarnationNameOf(0x1234n, new Uint8Array(16).fill(7)),
};

/** A repository, its time, its processes. */
export class SimulatedRepository {
  readonly time = new VirtualTime();
  readonly random: SeededRandom;
  readonly store: MemoryStore;
  readonly ring: KeyRing;
  readonly #dead = new Set<number>();
  #pid = 100;

  constructor(seed: number, ring: KeyRing = createKeyRing()) {
    this.random = new SeededRandom(seed);
    this.ring = ring;
    this.store = new MemoryStore({ clock: this.time.clock(), random: this.random });
  }

  /** A new process on a machine. */
  process(machine: string, skewMs = 0): SimulatedProcess {
    this.#pid += 1;
    const clock = this.time.clock(skewMs);
    const self: Holder = {
      host: machine,
      machine,
      bootId: `boot${machine}`,
      pidNamespace: "pid1",
      pid: this.#pid,
      processStart: "1",
    };
    const observer: HolderObserver = {
      self,
      livenessOf: (other) => {
        if (other.machine !== machine) {
          return "unknown";
        }
        return this.#dead.has(other.pid) ? "dead" : "alive";
      },
    };
    const { random, ring, store } = this;
    return { clock, observer, random, sealed: new SealedStore({ store, ring, clock, random }) };
  }

  /** From now on the process's own machine knows that it is dead. */
  bury(process: SimulatedProcess): void {
    this.#dead.add(process.observer.self.pid);
  }
}
