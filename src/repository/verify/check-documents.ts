/**
 * Everything of a repository that is written whole and is no backup: what it is, its key slots, identities, leases, pins, condemn
 * objects, the ledger, histories. Each is opened, so that its signature, enrolment, place and seal hold; and what
 * no version of this format puts into a repository is named, so that nothing hides there.
 *
 * One listing of the whole repository; memory: one object at a time, and the names of at most `verifyFindingsMax` unknown ones.
 */
import { isDrError } from "../../core/errors.ts";
import { verifyFindingsMax } from "../../core/limits.ts";
import type { ClusterName, LeasePurpose, ObjectName } from "../object-names.ts";
import type { StoreCall } from "../object-store.ts";
import { readNewestLease } from "../read-lease.ts";
import type { SealedStore, WholeName } from "../sealed-store.ts";
import type { DamageLog } from "./damage.ts";

/** What was looked at. */
export type CheckedDocuments = {
  readonly objects: number;
  readonly bytes: number;
  readonly opened: number;
  /** Keys that this version does not know, the first `verifyFindingsMax`. */
  readonly unknown: readonly string[];
  readonly unknownTotal: number;
};

type Options = StoreCall & { readonly log: DamageLog; readonly deep: boolean };

/** What a quick look opens too: small, few, and needed to open anything else. */
const ALWAYS: ReadonlySet<ObjectName["type"]> = new Set<ObjectName["type"]>([
  "format",
  "keySlot",
  "identity",
  "history",
  "pin",
  "pinReleased",
  "condemn",
]);

/** Read elsewhere: roots, dumps and what they name by whoever verifies backups, WAL and its index by whoever verifies WAL. */
const ELSEWHERE = [
  "pack",
  "map",
  "walSegment",
  "walConflict",
  "walPart",
  "walIndex",
  "root",
  "dump",
] as const;

type Elsewhere = Extract<ObjectName, { readonly type: (typeof ELSEWHERE)[number] }>;

function isDocument(name: ObjectName): name is Exclude<ObjectName, Elsewhere> {
  return !ELSEWHERE.some((type) => type === name.type);
}

/** The newest renewal of a lease is what everybody reads: it must be readable even in a quick look. */
async function checkLeases(
  sealed: SealedStore,
  leases: ReadonlySet<`${ClusterName}/${LeasePurpose}`>,
  options: Options,
): Promise<void> {
  for (const lease of leases) {
    const [cluster, purpose] = lease.split("/") as [ClusterName, LeasePurpose];
    await options.log.watch(`leases/${lease}`, [], () =>
      readNewestLease(sealed, { cluster, purpose }, { signal: options.signal }),
    );
  }
}

/** Opens one object; what was deleted since it was listed is no damage. */
async function checkOne(
  sealed: SealedStore,
  at: { readonly key: string; readonly name: WholeName },
  { log, signal }: Options,
): Promise<void> {
  await log.watch(at.key, [], async () => {
    try {
      const { name } = at;
      // Sealed for the private side, which is not on every host: there its header is what can be checked.
      await (name.type === "settings" && sealed.ring.private === undefined
        ? sealed.settingsFacts(name, { signal })
        : sealed.getWhole(name, { signal }));
    } catch (error) {
      if (!isDrError(error, "STORE_MISSING")) {
        throw error;
      }
    }
  });
}

/** Looks at the whole repository's documents, or at those that a quick look needs. */
export async function checkDocuments(
  sealed: SealedStore,
  options: Options,
): Promise<CheckedDocuments> {
  const leases = new Set<`${ClusterName}/${LeasePurpose}`>();
  const unknown: string[] = [];
  let unknownTotal = 0;
  let objects = 0;
  let bytes = 0;
  let opened = 0;
  for await (const { key, sizeBytes, name } of sealed.listNames("", { signal: options.signal })) {
    objects += 1;
    bytes += sizeBytes;
    if (name === undefined) {
      unknownTotal += 1;
      if (unknown.length < verifyFindingsMax) {
        unknown.push(key);
      }
      continue;
    }
    if (name.type === "lease") {
      leases.add(`${name.cluster}/${name.purpose}`);
    }
    if (isDocument(name) && (options.deep || ALWAYS.has(name.type))) {
      opened += 1;
      await checkOne(sealed, { key, name }, options);
    }
  }
  await checkLeases(sealed, leases, options);
  return { objects, bytes, opened, unknown, unknownTotal };
}
