/**
 * The receiver's own process (entry of a child process, started by `receiver-process.ts`), with the same code as
 * `pra wal receive`: as in real life it shares nothing with the server but a connection, and outlives it. It ends when it is
 * told to or when the demonstration is gone, never by an interrupt typed at the terminal: what it holds must be durable first.
 */
import { transferError } from "../../core/error-transfer.ts";
import { isDrError } from "../../core/errors.ts";
import { configureFailpointsFrom } from "../../files/failpoint-effects.ts";
import { compose } from "../compose.ts";
import { runReceiver } from "../wal-receive.ts";
import { demoEnvironment } from "./demo-environment.ts";
import type { FromReceiver, ToReceiver } from "./receiver-message.ts";

configureFailpointsFrom(process.env);

const ending = new AbortController();

function say(message: FromReceiver): void {
  if (process.connected) {
    process.send?.(message);
  }
}

async function receive(order: Extract<ToReceiver, { kind: "receive" }>): Promise<void> {
  try {
    await runReceiver(compose(), demoEnvironment(order.folder, order.server), {
      acceptRollback: false,
      allowUntestedMajor: false,
      reason: "pra demo",
      onStatus: () => undefined,
      onEvent: (event) => {
        if (event.kind === "streaming" || event.kind === "disconnected") {
          say({ kind: event.kind });
        }
      },
      onWatch: undefined,
      signal: ending.signal,
    });
    say({ kind: "stopped" });
  } catch (error) {
    // Told to end while the server was gone: that it could not be reached is no failure then.
    if (ending.signal.aborted && isDrError(error) && error.code.startsWith("PG_")) {
      say({ kind: "stopped" });
      return;
    }
    process.exitCode = 1;
    say({ kind: "failed", error: transferError(error) });
  } finally {
    if (process.connected) {
      process.disconnect();
    }
  }
}

process.on("SIGINT", () => undefined);
process.once("disconnect", () => {
  ending.abort(new Error("the demonstration is gone"));
});
process.on("message", (message: ToReceiver) => {
  if (message.kind === "receive") {
    void receive(message);
  } else {
    ending.abort(new Error("the demonstration is over"));
  }
});
