/** A process of its own that contends for a lease on a disk and then waits; started by a test. Arguments: directory, keys as JSON. */
import { systemClock } from "../../src/core/clock.ts";
import { isDrError } from "../../src/core/errors.ts";
import { systemRandom } from "../../src/core/random.ts";
import { hostObserver } from "../../src/files/host-identity.ts";
import { ringOfSecrets } from "../../src/pipeline/sealing/key-ring.ts";
import { acquireLease } from "../../src/repository/lease.ts";
import { clusterNameOf } from "../../src/repository/object-names.ts";
import { SealedStore } from "../../src/repository/sealed-store.ts";
import { DiskStore } from "../../src/stores/disk-store.ts";

const [directory = "", seed = ""] = process.argv.slice(2);
const bytes = Uint8Array.from(Buffer.from(seed, "hex"));
const ring = ringOfSecrets({
  repositoryId: bytes.slice(0, 16),
  generation: 1,
  metadataKey: bytes,
  dataPrivateKey: bytes,
  rootPrivateKey: bytes,
  writerPrivateKey: bytes,
});
const signal = new AbortController().signal;
const store = await DiskStore.open({ root: directory, create: true }, { signal });
const clock = systemClock;
const sealed = new SealedStore({ store, ring, clock, random: systemRandom });
try {
  const lease = await acquireLease(sealed, {
    cluster: clusterNameOf("main"),
    purpose: "backup",
    ttlSeconds: 60,
    clock,
    observer: hostObserver(),
    signal,
  });
  process.stdout.write(`won ${lease.epoch}\n`);
} catch (error) {
  process.stdout.write(`${isDrError(error) ? error.code : String(error)}\n`);
}
