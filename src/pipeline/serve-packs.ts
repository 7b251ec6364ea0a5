/** The loop of a worker thread that turns slots into packs: see `slot-packer.ts`. It knows no repository and no store. */
import type { MessagePort } from "node:worker_threads";
import { assert, present } from "../core/assert.ts";
import { transferError } from "../core/error-transfer.ts";
import { FramedFileWriter } from "./framed-file-writer.ts";
import type { PackWorkerAnswer, PackWorkerData, PackWorkerRequest } from "./pack-messages.ts";
import { selectBlockPass } from "./select-block-pass.ts";
import { SlotPacker } from "./slot-packer.ts";
import { Slot } from "./slot.ts";
import { ZstdCodec } from "./zstd-codec.ts";

/**
 * Answers the pool's requests until the thread ends. The first error goes to the pool, as `describe` puts it
 * into the project's words, and nothing is worked after it: the frame in the making is not to be trusted.
 */
export function servePacks(
  port: MessagePort,
  data: PackWorkerData,
  describe: (error: unknown) => unknown = (error) => error,
): void {
  const slots = Array.from(
    { length: data.memory.slotCount },
    (_, index) => new Slot(data.memory, index),
  );
  const codec = new ZstdCodec({ level: data.zstdLevel });
  const tickets: Extract<PackWorkerRequest, { kind: "ticket" }>[] = [];
  const answer = (message: PackWorkerAnswer): void => port.postMessage(message);
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
  const handle = (request: PackWorkerRequest): void => {
    switch (request.kind) {
      case "ticket":
        tickets.push(request);
        return;
      case "slot": {
        const slot = present(slots[request.index], "the slot exists");
        answer({ kind: "slot", index: request.index, placement: packer.process(slot) });
        return;
      }
      case "finish":
        packer.finish();
        answer({ kind: "finished" });
        return;
    }
  };
  let failed = false;
  port.on("message", (request: PackWorkerRequest) => {
    if (failed) {
      return;
    }
    try {
      handle(request);
    } catch (error) {
      failed = true;
      answer({ kind: "failed", error: transferError(describe(error)) });
    }
  });
}
