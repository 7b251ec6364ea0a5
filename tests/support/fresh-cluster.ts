/**
 * Fresh clusters for tests. `initdb` takes a second of processor time, a copy of its result a tenth of that, and a run of all tests
 * makes hundreds. So `tools/test.sh` names a directory for a run's files (`TEST_FILES`, in memory where there is room, removed at the
 * end), which gets one cluster to copy for each kind on first use; without it, as in a run of one file, each comes from `initdb`.
 *
 * Two copies must look like two clusters: each gets a system identifier of its own, in `pg_control` (xlog identifier, CRC-32C
 * anew) and in the first page of its WAL (`xlp_sysid` of XLogLongPageHeaderData, access/xlog_internal.h; page headers have no CRC).
 */
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, open, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { present } from "../../src/core/assert.ts";
import { crc32c } from "../../src/core/crc32c.ts";
import { controlFileBytes, parseControlFile } from "../../src/postgres/control-file.ts";
import { type ClusterOptions, initCluster } from "../../src/postgres/init-cluster.ts";

const run = promisify(execFile);

/** Where the CRC may lie, by version of the file. */
const CRC_OFFSETS = [288, 292];

/** After the short page header: 20 bytes, padded to 24. */
const WAL_SYSTEM_ID_OFFSET = 24;

/** Built as initdb builds it: the time, and what two clusters of one second do not share. */
function newSystemId(): bigint {
  return (BigInt(Math.floor(Date.now() / 1000)) << 32n) | BigInt(randomBytes(4).readUInt32LE());
}

async function giveIdentity(dataDirectory: string, systemId: bigint): Promise<void> {
  const path = join(dataDirectory, "global", "pg_control");
  const bytes = await readFile(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, controlFileBytes);
  const crcOffset = present(
    CRC_OFFSETS.find(
      (offset) => view.getUint32(offset, true) === crc32c(bytes.subarray(0, offset)),
    ),
    "the control file of initdb has a right CRC",
  );
  view.setBigUint64(0, systemId, true);
  view.setUint32(crcOffset, crc32c(bytes.subarray(0, crcOffset)), true);
  parseControlFile(bytes);
  await writeFile(path, bytes);
  const wal = join(dataDirectory, "pg_wal");
  const id = Buffer.alloc(8);
  id.writeBigUInt64LE(systemId);
  for (const name of await readdir(wal)) {
    if (/^[0-9A-F]{24}$/.test(name)) {
      await using segment = await open(join(wal, name), "r+");
      await segment.write(id, 0, id.length, WAL_SYSTEM_ID_OFFSET);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

/** Where servers and commands of tests live, and what they restore. */
export const testFilesDirectory = process.env["TEST_FILES"] ?? "/tmp";

/** The cluster to copy, made by whoever comes first. */
async function patternFor(options: ClusterOptions): Promise<string> {
  const { binaries, initdbArguments = [] } = options;
  const kind = JSON.stringify([binaries, initdbArguments]);
  const name = createHash("sha256").update(kind).digest("hex").slice(0, 16);
  const pattern = join(testFilesDirectory, name);
  if (!(await exists(pattern))) {
    await initCluster(options);
    const building = await mkdtemp(join(testFilesDirectory, "building-"));
    await run("cp", ["-a", options.dataDirectory, join(building, "data")]);
    await rm(options.dataDirectory, { recursive: true });
    // Another test may have come first: its cluster is as good.
    await rename(building, pattern).catch(async (error: unknown) => {
      if (!(await exists(pattern))) {
        throw error;
      }
      await rm(building, { recursive: true });
    });
  }
  return join(pattern, "data");
}

/** As `initCluster`, which see: an empty cluster that is no other one. */
export async function freshCluster(options: ClusterOptions): Promise<void> {
  if (process.env["TEST_FILES"] === undefined) {
    await initCluster(options);
    return;
  }
  await run("cp", ["-a", await patternFor(options), options.dataDirectory]);
  await giveIdentity(options.dataDirectory, newSystemId());
}
