/** What every adapter is given beside its own settings. */
import type { Clock } from "../core/clock.ts";
import { channelCallMs, channelConnectMs, mailCallMs } from "../core/channel-limits.ts";

/** `mask` hides secrets in what others say; `authority`: PEM of an authority to trust beside the usual ones. */
export type ChannelTools = {
  readonly clock: Clock;
  readonly mask: (text: string) => string;
  readonly authority: string | undefined;
  readonly limits: ChannelLimits;
};

/** How long things may take. */
export type ChannelLimits = {
  readonly connectMs: number;
  readonly callMs: number;
  readonly mailMs: number;
};

/** The limits that hold. */
export const channelLimits: ChannelLimits = {
  connectMs: channelConnectMs,
  callMs: channelCallMs,
  mailMs: mailCallMs,
};
