/**
 * A receiver in a process of its own, for tests to kill. Its instructions come as one JSON argument; failpoints come by the
 * environment. Prints a line with each event.
 */
import { createWriteStream } from "node:fs";
import { systemClock } from "../../src/core/clock.ts";
import { systemRandom } from "../../src/core/random.ts";
import { configureFailpointsFrom } from "../../src/files/failpoint-effects.ts";
import { publicSide, ringOfSecrets } from "../../src/pipeline/sealing/key-ring.ts";
import { clusterNameOf, parseIncarnationName } from "../../src/repository/object-names.ts";
import { SealedStore } from "../../src/repository/sealed-store.ts";
import { DiskStore } from "../../src/stores/disk-store.ts";
import { WalReceiver } from "../../src/wal/receiver.ts";
import { settingsOf } from "./wal-lab.ts";

/** What the child is told. Byte strings are hexadecimal. */
export type ChildOrders = {
  readonly root: string;
  readonly incarnation: string;
  readonly socketDirectory: string;
  readonly port: number;
  readonly epoch: number;
  readonly applicationName: string;
  readonly secrets: Readonly<
    Record<
      "repositoryId" | "metadataKey" | "dataPrivateKey" | "rootPrivateKey" | "writerPrivateKey",
      string
    >
  >;
};

configureFailpointsFrom(process.env);
const orders = JSON.parse(process.argv[2] ?? "{}") as ChildOrders;
const bytes = (name: keyof ChildOrders["secrets"]): Uint8Array =>
  new Uint8Array(Buffer.from(orders.secrets[name], "hex"));
const ring = ringOfSecrets({
  repositoryId: bytes("repositoryId"),
  generation: 1,
  metadataKey: bytes("metadataKey"),
  dataPrivateKey: bytes("dataPrivateKey"),
  rootPrivateKey: bytes("rootPrivateKey"),
  writerPrivateKey: bytes("writerPrivateKey"),
});
const signal = new AbortController().signal;
const store = await DiskStore.open({ root: orders.root, create: true }, { signal });
const out = createWriteStream("", { fd: 1 });
const receiver = WalReceiver.start({
  sealed: new SealedStore({
    store,
    ring: publicSide(ring),
    clock: systemClock,
    random: systemRandom,
  }),
  place: {
    cluster: clusterNameOf("main"),
    incarnation: parseIncarnationName(orders.incarnation),
  },
  settings: settingsOf(orders),
  applicationName: orders.applicationName,
  slot: { name: "pra_main", temporary: false, expected: orders.epoch > 1 },
  lease: { epoch: orders.epoch, lost: signal },
  // Every second life takes its time, as while no commit waits.
  isWaitedFor: () => orders.epoch % 2 === 0,
  events: (event) => {
    const text = JSON.stringify(event, (_, value: unknown) =>
      typeof value === "bigint" ? String(value) : value,
    );
    out.write(`${text}\n`);
    return undefined;
  },
  clock: systemClock,
  signal,
});
process.on("SIGTERM", () => {
  receiver.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
await receiver.done;
