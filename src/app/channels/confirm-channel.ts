/**
 * `pra alert confirm`: a person types the code of a test message back, which shows that it has arrived with somebody who reads it (S35, S36). A
 * code counts once and for a week; after some wrong ones none counts any more, and a new test is needed.
 */
import { channelCodeTriesMax, personNameMax } from "../../core/channel-limits.ts";
import { DrError } from "../../core/errors.ts";
import type { ChannelName } from "../../watch/notifier.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { findCode, typedCode } from "./channel-codes.ts";
import {
  type ChannelRecords,
  changeChannelRecords,
  readChannelRecords,
} from "./channel-records.ts";
import { recordChannelEvents } from "./record-channel-events.ts";

/** A message that was read. */
export type ConfirmedChannel = {
  readonly channel: ChannelName;
  readonly recipient: string;
  readonly message: string;
  readonly sentAt: string;
  readonly by: string;
  readonly at: string;
  readonly ledgerFailure: DrError | undefined;
};

type Call = { readonly signal: AbortSignal };

function personName(text: string): string {
  const name = text.trim();
  if (name === "" || name.length > personNameMax || /\p{Cc}/u.test(name)) {
    throw new DrError("WATCH_REASON", { option: "--by", max: personNameMax });
  }
  return name;
}

/** Counts a wrong code; how many more may follow. */
async function countWrong(environment: Environment, call: Call): Promise<number> {
  return await changeChannelRecords(
    environment,
    (records) => {
      const wrong = records.wrong + 1;
      const left = Math.max(0, channelCodeTriesMax - wrong);
      return {
        records: { ...records, wrong, codes: left === 0 ? [] : records.codes },
        result: left,
      };
    },
    call,
  );
}

function markRead(
  records: ChannelRecords,
  code: { readonly message: string; readonly fingerprint: string },
  received: { readonly by: string; readonly at: string },
): { readonly records: ChannelRecords; readonly result: boolean } {
  const isFirst = records.codes.some(
    ({ message, usedAt }) => message === code.message && usedAt === null,
  );
  if (!isFirst) {
    return { records, result: false };
  }
  const codes = records.codes.map((one) =>
    one.message === code.message ? { ...one, usedAt: received.at } : one,
  );
  const tests = records.tests.map((one) =>
    one.fingerprint === code.fingerprint ? { ...one, received } : one,
  );
  return { records: { ...records, codes, tests, wrong: 0 }, result: true };
}

/**
 * Takes a code. @throws DrError `WATCH_CODE_NONE` when no test was made, `WATCH_CODE_WRONG`, `WATCH_CODE_LOCKED`, `WATCH_CODE_EXPIRED`,
 * `WATCH_CODE_USED`, `WATCH_REASON` for a name, `STORE_*`.
 */
export async function confirmChannel(
  adapters: Adapters,
  environment: Environment,
  request: Call & { readonly code: string; readonly by: string },
): Promise<ConfirmedChannel> {
  const { signal } = request;
  const by = personName(request.by);
  const records = await readChannelRecords(environment, { signal });
  if (records.codes.length === 0) {
    throw records.wrong >= channelCodeTriesMax
      ? new DrError("WATCH_CODE_LOCKED", { tries: channelCodeTriesMax })
      : new DrError("WATCH_CODE_NONE", { host: adapters.observer.self.host });
  }
  const typed = typedCode(request.code);
  const found = typed === undefined ? undefined : await findCode(typed, records.codes);
  if (found === undefined) {
    const left = await countWrong(environment, { signal });
    throw left === 0
      ? new DrError("WATCH_CODE_LOCKED", { tries: channelCodeTriesMax })
      : new DrError("WATCH_CODE_WRONG", { left });
  }
  const at = new Date(adapters.clock.now()).toISOString();
  const { channel, recipient, message, sentAt, expiresAt, usedAt } = found;
  if (expiresAt <= at) {
    throw new DrError("WATCH_CODE_EXPIRED", { at: expiresAt });
  }
  const isFirst = await changeChannelRecords(
    environment,
    (before) => markRead(before, found, { by, at }),
    { signal },
  );
  if (!isFirst) {
    throw new DrError("WATCH_CODE_USED", { at: usedAt ?? at });
  }
  const { cluster } = environment;
  const data = { cluster, channel, recipient, message, by, sentAt, at };
  const ledgerFailure = await recordChannelEvents(
    adapters,
    environment,
    [{ kind: "channelConfirmed", data }],
    { signal },
  );
  return { channel, recipient, message, sentAt, by, at, ledgerFailure };
}
