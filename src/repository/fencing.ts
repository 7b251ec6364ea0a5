/**
 * Which backups count when several hosts have held the `backup` lease. A host that was thought dead may wake up and
 * publish a root for packs that have been deleted meanwhile; nobody can stop its write, so readers ignore
 * it. Whoever takes the lease writes down, before anything else, which roots it found valid; from then on
 * only those and its own count. Pure: it reads nothing.
 *
 * The newest epoch's list alone decides: each list was itself made by this rule, so what one holder excluded never
 * comes back, and older leases can be deleted. The lists are whole, not only heads: expire makes holes in the
 * chain of predecessors, and a walk along it would lose every backup behind a hole.
 */
import { guard } from "../core/failpoint.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { AcceptedRoots } from "./lease-holder.ts";
import type { IncarnationName } from "./object-names.ts";

/** A root as far as fencing is concerned. `epoch` is its header's. */
export type RootClaim = { readonly id: ObjectId; readonly epoch: number };

/** The newest epoch of the `backup` lease, from its renewal 0. */
export type Fence = { readonly epoch: number; readonly acceptedRoots: AcceptedRoots };

/** The rule for one incarnation: true for roots that count. Without any lease all do. */
export function isAcceptedBy(
  fence: Fence | undefined,
  incarnation: IncarnationName,
): (root: RootClaim) => boolean {
  if (fence === undefined || !guard("L34-fence")) {
    return () => true;
  }
  const listed = new Set(
    fence.acceptedRoots
      .filter((accepted) => accepted.incarnation === incarnation)
      .flatMap((accepted) => accepted.roots),
  );
  return (root) => root.epoch >= fence.epoch || listed.has(root.id);
}

/** The roots that count, in the order given. */
export function acceptedRoots<T extends RootClaim>(
  roots: readonly T[],
  of: { readonly incarnation: IncarnationName; readonly fence: Fence | undefined },
): T[] {
  return roots.filter(isAcceptedBy(of.fence, of.incarnation));
}
