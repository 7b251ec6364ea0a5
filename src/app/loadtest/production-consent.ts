/**
 * Whether a load test may go onto production: told so twice, by the name that the cluster has in the configuration, with a reason for the ledger.
 * Pure.
 */
import { DrError } from "../../core/errors.ts";

/** What was typed. */
export type ProductionWish = {
  readonly allowProduction: boolean;
  readonly confirm: string | undefined;
};

/** False: production is not meant. @throws DrError `PG_LOADTEST_ONCE`, `PG_LOADTEST_OTHER_NAME`, `USAGE_LOADTEST_REASON`. */
export function consentsToProduction(
  wish: ProductionWish,
  about: { readonly cluster: string; readonly reason: string | undefined },
): boolean {
  const { allowProduction, confirm } = wish;
  const { cluster, reason = "" } = about;
  if (!allowProduction && confirm === undefined) {
    return false;
  }
  if (!allowProduction || confirm === undefined) {
    const option = allowProduction ? "--allow-production" : "--confirm";
    throw new DrError("PG_LOADTEST_ONCE", { option, cluster });
  }
  if (confirm !== cluster) {
    throw new DrError("PG_LOADTEST_OTHER_NAME", { confirm, cluster });
  }
  if (reason.trim() === "") {
    throw new DrError("USAGE_LOADTEST_REASON", {});
  }
  return true;
}
