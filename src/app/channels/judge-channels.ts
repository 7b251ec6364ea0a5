/**
 * S31 to S36, R10: what is known of each channel: never tried from this host, taken by the other side, or read by somebody. Judged from what
 * this host remembers, so that it costs nothing and holds without a repository.
 */
import { isLocalHost } from "../../postgres/connection-settings.ts";
import { type Finding, found } from "../../core/finding/finding.ts";
import type { Environment } from "../environment.ts";
import { type ChannelTest, readChannelRecords } from "./channel-records.ts";
import { configuredChannels, mailRelay, unreadyChannels } from "./channels-of.ts";
import { everybody } from "./people.ts";

function minute(iso: string): string {
  return `${iso.slice(0, 16).replace("T", " ")} UTC`;
}

/** `failed`: how much a test that failed weighs. */
type JudgeOptions = { readonly failed: "bad" | "note"; readonly signal: AbortSignal };

function judge(
  name: string,
  test: ChannelTest | undefined,
  { failed }: Pick<JudgeOptions, "failed">,
): Finding {
  if (test === undefined) {
    return found("channels", "note", "channel-untested", { name });
  }
  const { state, said, testedAt, received } = test;
  const values = { name, said, at: minute(testedAt) };
  if (state !== "accepted") {
    return found(
      "channels",
      failed,
      state === "later" ? "channel-waiting" : "channel-refused",
      values,
    );
  }
  return received === null
    ? found("channels", "note", "channel-accepted", values)
    : found("channels", "good", "channel-received", {
        name,
        by: received.by,
        at: minute(received.at),
      });
}

/** One finding for each channel, and for what is missing. @throws DrError `CONFIG_ALERT_CA`, `CONFIG_YAML_*`, `STORE_IO`. */
export async function judgeChannels(
  environment: Environment,
  options: JudgeOptions,
): Promise<readonly Finding[]> {
  const people = await everybody(environment);
  const channels = configuredChannels(environment, people);
  const unready = unreadyChannels(environment, people).map(({ channel, missing }) =>
    found("channels", options.failed, "channel-unready", {
      name: channel,
      missing: missing.join(", "),
    }),
  );
  if (channels.length === 0) {
    return unready.length > 0 ? unready : [found("channels", "note", "channels-none")];
  }
  const { tests } = await readChannelRecords(environment, options);
  const relay = mailRelay(environment);
  const isDefault = !environment.settings.has("PRA_SMTP_URL");
  const mails = channels.some(({ notifier }) => notifier.channel === "email");
  return [
    ...channels.map(({ notifier: { channel, recipient }, fingerprint }) =>
      judge(
        `${channel} ${recipient}`,
        tests.find((one) => one.fingerprint === fingerprint),
        options,
      ),
    ),
    ...unready,
    ...(mails && isDefault && isLocalHost(relay.host)
      ? [found("channels", "note", "relay-local", { place: `${relay.host}:${relay.port}` })]
      : []),
  ];
}
