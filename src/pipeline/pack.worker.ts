/** The worker thread that turns slots into packs: see `slot-packer.ts`. It knows no repository and no store. */
import { parentPort, workerData } from "node:worker_threads";
import { assert, present } from "../core/assert.ts";
import { FramedFileWriter } from "./framed-file-writer.ts";
import type { PackWorkerData, PackWorkerRequest, PackWorkerAnswer } from "./pack-messages.ts";
import { selectBlockPass } from "./select-block-pass.ts";
import { Slot } from "./slot.ts";
import { SlotPacker } from "./slot-packer.ts";
import { answerMessages, configureWorkerFailpoints } from "./worker-entry.ts";
import { ZstdCodec } from "./zstd-codec.ts";

configureWorkerFailpoints(process.env);
const port = present(parentPort, "a pack worker runs as a worker");
const data = workerData as PackWorkerData;
const slots = Array.from(
  { length: data.memory.slotCount },
  (_, index) => new Slot(data.memory, index),
);
const codec = new ZstdCodec({ level: data.zstdLevel });
const tickets: Extract<PackWorkerRequest, { kind: "ticket" }>[] = [];

function answer(message: PackWorkerAnswer): void {
  port.postMessage(message);
}

const packer = new SlotPacker({
  pass: selectBlockPass(data.memory.blocks, data.fingerprintKey),
  openPack: () => {
    const next = tickets.shift();
    assert(next !== undefined, "a pack worker has a ticket before it has blocks");
    answer({ kind: "opened" });
    return new FramedFileWriter({ ticket: next.ticket, path: next.path, codec });
  },
  onFinished: (pack) => answer({ kind: "pack", pack }),
});

answerMessages<PackWorkerRequest>(port, (message) => {
  switch (message.kind) {
    case "ticket":
      tickets.push(message);
      return;
    case "slot": {
      const slot = present(slots[message.index], "the slot exists");
      answer({ kind: "slot", index: message.index, placement: packer.process(slot) });
      return;
    }
    case "finish":
      packer.finish();
      answer({ kind: "finished" });
      return;
  }
});
