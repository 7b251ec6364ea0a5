/**
 * `pra alert test`: a real message through every channel, or one, with what was sent and what the other side answered. That it was taken is not
 * yet that somebody reads it: each message has a code, which a person types back. Codes are remembered before anything is sent, so that
 * none that arrives is unknown.
 */
import { channelCodeDays } from "../../core/channel-limits.ts";
import { type DrError, DrError as PraError } from "../../core/errors.ts";
import { systemRandom } from "../../core/random.ts";
import { newMessageId } from "../../watch/message-id.ts";
import type {
  ChannelName,
  DeliveryOutcome,
  Notifier,
  OutgoingMessage,
} from "../../watch/notifier.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { reportZone } from "../report-zone.ts";
import { noteChannelsWork } from "../watch/note-channels.ts";
import { hashCode, newCode, newSalt } from "./channel-codes.ts";
import { type SentCode, changeChannelRecords, withTest } from "./channel-records.ts";
import {
  type ChannelOptions,
  type ConfiguredChannel,
  configuredChannels,
  unreadyChannels,
} from "./channels-of.ts";
import { type People, everybody } from "./people.ts";
import { recordChannelEvents } from "./record-channel-events.ts";
import { testWords } from "./test-words.ts";

/** What came of one channel. */
export type TestedChannel = {
  readonly channel: ChannelName;
  readonly recipient: string;
  readonly message: string;
  readonly outcome: DeliveryOutcome;
  /** What was sent, secrets masked. */
  readonly sent: string;
  readonly durationMs: number;
};

/** All of it. */
export type ChannelTestReport = {
  readonly tested: readonly TestedChannel[];
  /** Until when codes count, ISO 8601. */
  readonly codesUntil: string;
  /** Why the ledger could not be written: then only this host remembers. */
  readonly ledgerFailure: DrError | undefined;
  /** Alerts wait for a channel that works again. */
  readonly alertsWait: boolean;
};

type Prepared = ConfiguredChannel & { readonly message: OutgoingMessage; readonly code: SentCode };

const DAY_MS = 86_400_000;

const HIDDEN_CODE = "****-****";

/** The settings that make each channel. */
export const channelSettings: Readonly<Record<ChannelName, string>> = {
  email: "ALERT_EMAIL",
  slack: "SLACK_WEBHOOK",
  sms: "ALERT_SMS",
  pagerduty: "PRA_PAGERDUTY_KEY",
  webhook: "PRA_WEBHOOK_URL",
  command: "PRA_ALERT_COMMAND",
};

function wanted(
  environment: Environment,
  people: People,
  channel: ChannelName | undefined,
  options: ChannelOptions,
): readonly ConfiguredChannel[] {
  const unready = unreadyChannels(environment, people).find(
    (one) => channel === undefined || one.channel === channel,
  );
  if (unready !== undefined) {
    const { channel: name, missing } = unready;
    throw new PraError("CONFIG_CHANNEL_INCOMPLETE", { channel: name, missing: missing.join(", ") });
  }
  const all = configuredChannels(environment, people, options);
  const found = all.filter(({ notifier }) => channel === undefined || notifier.channel === channel);
  if (found.length === 0) {
    const settings =
      channel === undefined ? Object.values(channelSettings).join(", ") : channelSettings[channel];
    throw new PraError("CONFIG_CHANNEL_UNSET", { settings });
  }
  return found;
}

async function prepare(
  adapters: Adapters,
  environment: Environment,
  channels: readonly ConfiguredChannel[],
  people: People,
): Promise<readonly Prepared[]> {
  const { clock, observer } = adapters;
  const { cluster } = environment;
  const nowMs = clock.now();
  const at = new Date(nowMs).toISOString();
  const salt = newSalt(systemRandom);
  return await Promise.all(
    channels.map(async ({ notifier, fingerprint, address = "" }) => {
      const language = people.languages.get(address) ?? environment.language;
      const code = newCode(systemRandom);
      const id = newMessageId(nowMs, systemRandom);
      const message: OutgoingMessage = {
        id,
        inReplyTo: undefined,
        kind: "test",
        severity: "info",
        language,
        zone: reportZone(environment),
        cluster,
        host: observer.self.host,
        at,
        headline: testWords[language].headline(cluster, code),
        alerts: [],
        alertsLeftOut: 0,
        code,
      };
      const { channel, recipient } = notifier;
      return {
        notifier,
        fingerprint,
        message,
        code: {
          fingerprint,
          channel,
          recipient,
          message: id,
          salt,
          hash: await hashCode(code, salt),
          sentAt: at,
          expiresAt: new Date(nowMs + channelCodeDays * DAY_MS).toISOString(),
          usedAt: null,
        },
      };
    }),
  );
}

async function attempt(
  adapters: Adapters,
  { notifier, message }: { readonly notifier: Notifier; readonly message: OutgoingMessage },
  call: { readonly signal: AbortSignal },
): Promise<TestedChannel> {
  const { channel, recipient } = notifier;
  const began = adapters.clock.monotonic();
  const outcome = await notifier.deliver(message, call);
  const durationMs = Math.round(adapters.clock.monotonic() - began);
  // Whoever could read the code here would not have to look at the phone.
  const hide = (text: string): string => text.replaceAll(message.code ?? "", HIDDEN_CODE);
  return {
    channel,
    recipient,
    message: message.id,
    outcome: { ...outcome, said: hide(outcome.said) },
    sent: hide(notifier.preview(message)),
    durationMs,
  };
}

async function rememberTests(
  environment: Environment,
  done: {
    readonly prepared: readonly Prepared[];
    readonly tested: readonly TestedChannel[];
    readonly testedAt: string;
  },
  call: { readonly signal: AbortSignal },
): Promise<void> {
  const { prepared, tested, testedAt } = done;
  const results = prepared.flatMap(({ fingerprint }, index) => {
    const one = tested[index];
    if (one === undefined) {
      return [];
    }
    const { channel, recipient, outcome } = one;
    const { state, said } = outcome;
    return [{ fingerprint, channel, recipient, testedAt, state, said }];
  });
  await changeChannelRecords(
    environment,
    (records) => ({ records: results.reduce(withTest, records), result: undefined }),
    call,
  );
}

/**
 * Sends a test through every channel at once, or through one. @throws DrError `CONFIG_CHANNEL_UNSET`, `CONFIG_CHANNEL_INCOMPLETE`,
 * `CONFIG_ALERT_CA`, `CONFIG_YAML_*`, `STORE_*` of the state directory; never for what a channel does.
 */
export async function testChannels(
  adapters: Adapters,
  environment: Environment,
  options: ChannelOptions & {
    readonly channel: ChannelName | undefined;
    readonly onStart?: (count: number) => void;
    readonly signal: AbortSignal;
  },
): Promise<ChannelTestReport> {
  const { channel, signal, onStart } = options;
  const people = await everybody(environment);
  const channels = wanted(environment, people, channel, options);
  const prepared = await prepare(adapters, environment, channels, people);
  const nowIso = new Date(adapters.clock.now()).toISOString();
  await changeChannelRecords(
    environment,
    (records) => {
      const alive = records.codes.filter(({ expiresAt }) => expiresAt > nowIso);
      const codes = [...alive, ...prepared.map(({ code }) => code)];
      return { records: { ...records, codes, wrong: 0 }, result: undefined };
    },
    { signal },
  );
  onStart?.(prepared.length);
  const tested = await Promise.all(prepared.map((one) => attempt(adapters, one, { signal })));
  const testedAt = new Date(adapters.clock.now()).toISOString();
  await rememberTests(environment, { prepared, tested, testedAt }, { signal });
  const working = tested.filter(({ outcome }) => outcome.state === "accepted");
  const { cluster } = environment;
  const { host } = adapters.observer.self;
  const events = tested.map(({ channel: name, recipient, message, outcome }) => ({
    kind: "channelTested" as const,
    data: {
      cluster,
      channel: name,
      recipient,
      message,
      host,
      at: testedAt,
      outcome: outcome.state,
      said: outcome.said,
    },
  }));
  return {
    tested,
    codesUntil: prepared[0]?.code.expiresAt ?? testedAt,
    ledgerFailure: await recordChannelEvents(adapters, environment, events, { signal }),
    alertsWait: await noteChannelsWork(adapters, environment, working, { signal }),
  };
}
