/**
 * How the ways to people do, as observations of the rule `channel`, one for each route: ill when it refused a message, or when one waits
 * for longer than any passing trouble explains; well when it took the last. So a channel that fails is told on the others, once.
 */
import { deliveryLateMs } from "../core/watch-limits.ts";
import type { Route } from "./compose-messages.ts";
import { type Moment, passTime } from "./moment.ts";
import type { Observation } from "./observation.ts";
import type { WatchDocument } from "./watch-document.ts";

function wordsOf(said: string, isLate: boolean): Observation["words"] {
  const answer = said === "" ? "" : `: ${said}`;
  return {
    en: {
      summary: `${isLate ? "messages wait for it" : "it refused a message"}${answer}`,
      hint: "pra alert test",
    },
    fr: {
      summary: `${isLate ? "des messages l'attendent" : "il a refusé un message"}${answer === "" ? "" : ` ${answer}`}`,
      hint: "pra alert test",
    },
  };
}

/** One observation for each route that was ever used. */
export function channelObservations(
  document: WatchDocument,
  routes: readonly Route[],
  now: Moment,
): readonly Observation[] {
  const { watchMs } = passTime(document.alerts.time, now);
  return routes.flatMap(({ id }): readonly Observation[] => {
    const state = document.outbox.routes[id];
    const first = document.outbox.waiting.find(({ route }) => route === id);
    const about = { rule: "channel", subject: id } as const;
    if (state?.fault !== undefined && state.fault !== null) {
      return [{ ...about, health: "ill", words: wordsOf(state.fault.said, false) }];
    }
    if (first !== undefined && watchMs - first.queuedMs > deliveryLateMs) {
      return [{ ...about, health: "ill", words: wordsOf(first.said, true) }];
    }
    const words = {
      en: { summary: "it takes messages", hint: "" },
      fr: { summary: "il prend les messages", hint: "" },
    };
    return state === undefined ? [] : [{ ...about, health: "well", words }];
  });
}
