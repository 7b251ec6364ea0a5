/**
 * What this host remembers of trying its channels: who took a test message, who has read one, and which codes may still be typed back. It is this
 * host's own, because a channel that another host reaches says nothing about this one; the ledger has it for everybody. Codes lie here
 * as hashes, each good once.
 */
import * as z from "zod/mini";
import {
  channelCodesMax,
  channelRecordAttemptsMax,
  channelRecordsMax,
} from "../../core/channel-limits.ts";
import { DrError } from "../../core/errors.ts";
import { NumberedFile } from "../../files/numbered-file.ts";
import { channelNames } from "../../watch/notifier.ts";
import type { Environment } from "../environment.ts";
import { watchDirectory } from "../look/memory.ts";

const place = {
  fingerprint: z.string(),
  channel: z.enum(channelNames),
  recipient: z.string(),
};

const schema = z.object({
  version: z.literal(1),
  /** The newest test of each channel. */
  tests: z.array(
    z.object({
      ...place,
      testedAt: z.iso.datetime(),
      state: z.enum(["accepted", "later", "refused"]),
      said: z.string(),
      /** Who has read a test message last, and when. */
      received: z.nullable(z.object({ by: z.string(), at: z.iso.datetime() })),
    }),
  ),
  codes: z.array(
    z.object({
      ...place,
      message: z.string(),
      salt: z.string(),
      hash: z.string(),
      sentAt: z.iso.datetime(),
      expiresAt: z.iso.datetime(),
      usedAt: z.nullable(z.iso.datetime()),
    }),
  ),
  /** Wrong codes since the last test. */
  wrong: z.int(),
});

/** All that is remembered. */
export type ChannelRecords = z.infer<typeof schema>;

/** The newest test of a channel. */
export type ChannelTest = ChannelRecords["tests"][number];

/** A code that was sent. */
export type SentCode = ChannelRecords["codes"][number];

type Call = { readonly signal: AbortSignal };

const nothing: ChannelRecords = { version: 1, tests: [], codes: [], wrong: 0 };

function fileOf(environment: Environment): NumberedFile {
  const directory = watchDirectory(environment);
  return new NumberedFile({ directory, base: "channels" });
}

function decode(content: Buffer): ChannelRecords {
  try {
    return schema.parse(JSON.parse(content.toString("utf8")));
  } catch {
    // Of another version, or damaged: channels count as never tried, which a test mends.
    return nothing;
  }
}

/** What is remembered. @throws DrError `STORE_IO`. */
export async function readChannelRecords(
  environment: Environment,
  call: Call,
): Promise<ChannelRecords> {
  const state = await fileOf(environment).read(call);
  return state === undefined ? nothing : decode(state.content);
}

/**
 * Changes it, as one step: of two commands at once the second works on what the first has left. `change` may be asked again.
 * @throws DrError `STORE_*`, `WATCH_MEMORY_BUSY`.
 */
export async function changeChannelRecords<T>(
  environment: Environment,
  change: (records: ChannelRecords) => { readonly records: ChannelRecords; readonly result: T },
  call: Call,
): Promise<T> {
  const file = fileOf(environment);
  for (let attempt = 0; attempt < channelRecordAttemptsMax; attempt += 1) {
    const state = await file.read(call);
    const { records, result } = change(state === undefined ? nothing : decode(state.content));
    const bounded: ChannelRecords = {
      ...records,
      tests: records.tests.slice(-channelRecordsMax),
      codes: records.codes.slice(-channelCodesMax),
    };
    const content = Buffer.from(JSON.stringify(bounded));
    if (await file.write({ number: (state?.number ?? 0) + 1, content }, call)) {
      return result;
    }
  }
  const path = watchDirectory(environment);
  throw new DrError("WATCH_MEMORY_BUSY", { path });
}

/** The records with this test in place of an earlier one of the same channel. */
export function withTest(
  records: ChannelRecords,
  test: Omit<ChannelTest, "received">,
): ChannelRecords {
  const before = records.tests.find(({ fingerprint }) => fingerprint === test.fingerprint);
  const others = records.tests.filter((one) => one !== before);
  return { ...records, tests: [...others, { ...test, received: before?.received ?? null }] };
}
