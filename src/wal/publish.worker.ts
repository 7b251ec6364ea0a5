/** The thread that turns whole WAL segments into objects and indexes: it knows no store and waits for nothing. */
import { parentPort, workerData } from "node:worker_threads";
import { present } from "../core/assert.ts";
import { transferError } from "../core/error-transfer.ts";
import { walContentDigest } from "../pipeline/sealing/key-derivation.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import { IndexChain } from "./index-chain.ts";
import type { PublishAnswer, PublishRequest, PublishWorkerData } from "./publish-messages.ts";
import { encodeSegmentIndex } from "./segment-index-codec.ts";
import { differenceOf, writeSegmentObject } from "./segment-object.ts";

configureFailpointsFrom(process.env);
const port = present(parentPort, "the publishing thread runs as a worker");
const data = workerData as PublishWorkerData;
const codec = new ZstdCodec({ level: data.zstdLevel });
const chain = new IndexChain(data.systemId);

function answer(message: PublishAnswer): void {
  port.postMessage(message);
}

function serve(request: PublishRequest): void {
  switch (request.kind) {
    case "read-ahead":
      chain.readAhead(request.place, request.bytes);
      return;
    case "examine": {
      const bytes = Buffer.from(request.shared);
      const { index, error } = chain.segment(request.place, bytes);
      answer({
        kind: "examined",
        contentDigest: walContentDigest(data, [bytes]),
        index: index === undefined ? undefined : encodeSegmentIndex(index),
        indexError: error === undefined ? undefined : transferError(error),
      });
      return;
    }
    case "seal": {
      const { ticket, path, knownAt, compressed } = request;
      const { startLsn } = request.place;
      const content = { startLsn, bytes: Buffer.from(request.shared), knownAt, compressed };
      answer({ kind: "sealed", object: writeSegmentObject(content, { ticket, path, codec }) });
      return;
    }
    case "verify": {
      const { ticket, object } = request;
      const segment = Buffer.from(request.shared);
      answer({ kind: "verified", difference: differenceOf(object, { ticket, segment, codec }) });
      return;
    }
  }
}

port.on("message", (request: PublishRequest) => {
  try {
    serve(request);
  } catch (error) {
    answer({ kind: "failed", error: transferError(error) });
  }
});
