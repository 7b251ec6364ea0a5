/**
 * Who this process is for other hosts, and what it can say about others: the facts by which a lease or a pin names
 * its holder, and by which a second process on the same machine knows at once that the holder is dead. The rules
 * that use them live in `repository`, which does no I/O of this kind; they are given this observer.
 *
 * It must never call a process dead that it cannot see: another boot of another machine is `unknown`.
 */
import { hostname } from "node:os";
import {
  livenessOf,
  ownIdentity,
  type Liveness,
  type ProcessIdentity,
} from "./process-identity.ts";

/** A process as leases and pins name it. `host` is for people; the rest identifies. */
export type HostProcess = {
  readonly host: string;
  readonly machine: string;
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly pid: number;
  readonly processStart: string;
};

/** This process, and its view of others. */
export type HostObserver = {
  readonly self: HostProcess;
  readonly livenessOf: (other: HostProcess) => Liveness;
};

function identityOf(process: HostProcess): ProcessIdentity {
  return {
    machine: process.machine,
    boot: process.bootId,
    pidNamespace: process.pidNamespace,
    pid: process.pid,
    startTicks: process.processStart,
  };
}

/** The observer for this process. Reads /proc now and at every question. */
export function hostObserver(): HostObserver {
  const own = ownIdentity();
  return {
    self: {
      host: hostname(),
      machine: own.machine,
      bootId: own.boot,
      pidNamespace: own.pidNamespace,
      pid: own.pid,
      processStart: own.startTicks,
    },
    livenessOf: (other) => livenessOf(identityOf(other), own),
  };
}
