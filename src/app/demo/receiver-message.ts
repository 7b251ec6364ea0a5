/** What the demonstration and its receiver's process say to each other. */
import type { TransferredError } from "../../core/error-transfer.ts";
import type { DemoPlaces, DemoSocket } from "./demo-environment.ts";

/** To the receiver; the first message says what to receive. An end of the channel means that the demonstration died. */
export type ToReceiver =
  | {
      readonly kind: "receive";
      readonly folder: DemoPlaces;
      readonly server: DemoSocket;
    }
  | { readonly kind: "stop" };

/** From the receiver. */
export type FromReceiver =
  | { readonly kind: "streaming" }
  | { readonly kind: "disconnected" }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly error: TransferredError };
