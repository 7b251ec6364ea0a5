/**
 * The dead-man's switch: a service outside is called while this one lives, and raises the alarm when calls stay away. For what no alert can tell:
 * that the machine, its network or the watcher itself is gone. An address in the manner of healthchecks.io is called as it is when all is
 * well, with `/fail` behind its path when not; one with `{status}` (up, down) or `{text}` is filled in.
 */
import { deadManTextMax } from "../core/channel-limits.ts";
import type { DeliveryOutcome } from "../watch/notifier.ts";
import { type HttpCall, callHttp } from "./call-http.ts";
import type { ChannelTools } from "./channel-tools.ts";
import { type JudgeOptions, judgeAnswer } from "./judge-answer.ts";

/** What the last look said, in a line or a few. */
export type LifeSign = { readonly ok: boolean; readonly text: string };

/** The call for a sign of life. */
export function deadManCall(address: string, sign: LifeSign): HttpCall {
  const text = sign.text.slice(0, deadManTextMax);
  if (/\{(?:status|text)\}/.test(address)) {
    const filled = address
      .replaceAll("{status}", sign.ok ? "up" : "down")
      .replaceAll("{text}", encodeURIComponent(text.slice(0, 200)));
    return { method: "GET", url: new URL(filled), headers: {}, body: undefined };
  }
  const url = new URL(address);
  if (!sign.ok) {
    url.pathname = `${url.pathname.replace(/\/+$/, "")}/fail`;
  }
  return {
    method: "POST",
    url,
    headers: { "content-type": "text/plain; charset=utf-8" },
    body: text,
  };
}

/** Calls once. Rejects only when aborted. */
export async function callDeadMan(
  address: string,
  sign: LifeSign,
  options: {
    readonly tools: ChannelTools;
    readonly language: JudgeOptions["language"];
    readonly signal: AbortSignal;
  },
): Promise<DeliveryOutcome> {
  const { tools, language, signal } = options;
  const answer = await callHttp(deadManCall(address, sign), tools, { signal });
  return judgeAnswer(answer, tools, { language, settings: "PRA_DEAD_MAN_URL" });
}
