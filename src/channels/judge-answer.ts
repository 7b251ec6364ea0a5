/** What an answer over HTTP means for a message: taken, to be tried again, or useless to try. The same for every channel that speaks HTTP. */
import { unreachable } from "../core/assert.ts";
import type { Language } from "../core/language.ts";
import type { DeliveryOutcome } from "../watch/notifier.ts";
import type { HttpAnswer } from "./call-http.ts";
import type { ChannelTools } from "./channel-tools.ts";
import { channelWords, oneLine } from "./channel-words.ts";

/** `settings`: those that a person would change when the other side refuses. */
export type JudgeOptions = {
  readonly language: Language;
  readonly settings: string;
  /** What counts of the answer's body; the whole when nothing is given. */
  readonly words?: (text: string) => string;
};

/** Too early, too many, not in time: the same message may be taken later. Everything else below 500 says that the message or the address is wrong. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

function judgeStatus(
  answer: HttpAnswer & { readonly kind: "answered" },
  tools: ChannelTools,
  options: JudgeOptions,
): DeliveryOutcome {
  const { status, text, retryAfterMs: afterMs, location } = answer;
  const words = channelWords[options.language];
  const body = options.words?.(text) ?? text;
  const said = oneLine(`${status} ${tools.mask(body)}`);
  if (status >= 200 && status < 300) {
    return { state: "accepted", said };
  }
  if (status >= 500 || LATER.has(status)) {
    return { state: "later", said, afterMs };
  }
  if (status >= 300 && status < 400) {
    // Only where to, without path and query: they may repeat a token.
    const host = URL.parse(location)?.host ?? "?";
    return { state: "refused", said: oneLine(words.redirect(status, host, options.settings)) };
  }
  return { state: "refused", said: oneLine(words.settings(said, options.settings)) };
}

/** The outcome of an attempt that got this answer. */
export function judgeAnswer(
  answer: HttpAnswer,
  tools: ChannelTools,
  options: JudgeOptions,
): DeliveryOutcome {
  const words = channelWords[options.language];
  const later = (said: string): DeliveryOutcome => ({
    state: "later",
    said: oneLine(tools.mask(said)),
    afterMs: undefined,
  });
  switch (answer.kind) {
    case "answered":
      return judgeStatus(answer, tools, options);
    case "unconnected":
      return later(words.unconnected(answer.waitedMs));
    case "silent":
      return later(words.silent(answer.waitedMs));
    case "unreachable":
      return later(words.unreachable(answer.reason));
    case "certificate":
      return {
        state: "refused",
        said: oneLine(tools.mask(words.certificate(answer.reason, options.settings))),
      };
    default:
      return unreachable(answer);
  }
}
