/**
 * Where metrics are served. Nowhere unless `PRA_METRICS_LISTEN` says so: an open port that nobody asked for is one more thing to guard. They
 * hold no secret, but tell a stranger when this site is at its weakest, and nobody is asked who they are: so on this machine only, unless
 * `PRA_METRICS_OPEN` says that the network is to see them.
 */
import { BlockList, isIPv6 } from "node:net";
import { DrError } from "../../core/errors.ts";
import type { Environment } from "../environment.ts";
import { targetsOf } from "../setting-values.ts";

/** An address and a port. */
export type ListenAddress = { readonly host: string; readonly port: number };

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

function isLoopback(host: string): boolean {
  return host === "localhost" || loopback.check(host, isIPv6(host) ? "ipv6" : "ipv4");
}

/** As it is typed. */
export function formatAddress({ host, port }: ListenAddress): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Undefined: nowhere. @throws DrError `CONFIG_METRICS_NOT_LOCAL` for an address that others reach, unless that is wanted. */
export function listenAddressOf({
  settings,
}: Pick<Environment, "settings">): ListenAddress | undefined {
  const [address] = targetsOf(settings.get("PRA_METRICS_LISTEN"));
  if (address === undefined || isLoopback(address.host)) {
    return address;
  }
  if (settings.get("PRA_METRICS_OPEN")?.value !== "yes") {
    throw new DrError("CONFIG_METRICS_NOT_LOCAL", { address: formatAddress(address) });
  }
  return address;
}
