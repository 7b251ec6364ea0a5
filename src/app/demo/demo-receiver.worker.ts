/**
 * The receiver's own process (entry of a child process, started by `receiver-process.ts`): as in real life it shares
 * nothing with the server but a connection, and outlives it. It ends when it is told to or when the demonstration is gone,
 * never by an interrupt typed at the terminal: what it holds must be durable first.
 */
import { transferError } from "../../core/error-transfer.ts";
import { LSN_ZERO, formatLsn } from "../../core/lsn.ts";
import { configureFailpointsFrom } from "../../files/failpoint-effects.ts";
import { WalReceiver } from "../../wal/receiver.ts";
import { acquireLease } from "../../repository/lease.ts";
import { leaseTtlSeconds } from "../../core/limits.ts";
import { compose } from "../compose.ts";
import { openRepository } from "../repository-access.ts";
import { demoEnvironment } from "./demo-environment.ts";
import { openDemoPlace } from "./demo-place.ts";
import type { FromReceiver, ToReceiver } from "./receiver-message.ts";

configureFailpointsFrom(process.env);

function say(message: FromReceiver): void {
  process.send?.(message);
}

const ending = new AbortController();

async function receive(order: Extract<ToReceiver, { kind: "receive" }>): Promise<void> {
  const { signal } = ending;
  const adapters = compose();
  const { clock, observer } = adapters;
  const environment = demoEnvironment(order.folder, order.server);
  const { sealed } = await openRepository(adapters, environment, { signal });
  const { place } = await openDemoPlace({ sealed, environment, clock, signal });
  const { cluster } = place;
  await using lease = await acquireLease(sealed, {
    cluster,
    purpose: "wal",
    ttlSeconds: leaseTtlSeconds,
    clock,
    observer,
    signal,
  });
  await using receiver = WalReceiver.start({
    sealed,
    place,
    settings: environment.connection,
    applicationName: environment.slotName,
    slot: { name: environment.slotName, temporary: false, expected: false },
    lease,
    events: (event) => {
      if (event.kind === "streaming" || event.kind === "disconnected") {
        say({ kind: event.kind });
      }
      return undefined;
    },
    clock,
    signal,
  });
  const stop = (message: ToReceiver): void => {
    if (message.kind === "stop") {
      // `done` tells how it ended.
      receiver.stop().catch(() => undefined);
    }
  };
  process.on("message", stop);
  await receiver.done;
  say({ kind: "stopped", durableLsn: formatLsn(receiver.durableLsn ?? LSN_ZERO) });
}

async function main(order: ToReceiver): Promise<void> {
  try {
    if (order.kind === "receive") {
      await receive(order);
    }
  } catch (error) {
    if (!ending.signal.aborted) {
      say({ kind: "failed", error: transferError(error) });
    }
    process.exitCode = 1;
  } finally {
    process.disconnect?.();
  }
}

process.on("SIGINT", () => undefined);
process.once("disconnect", () => {
  ending.abort(new Error("the demonstration is gone"));
});
process.once("message", (order: ToReceiver) => {
  void main(order);
});
