/**
 * A message as one SMS: the headline, then as much of the rest as one segment holds, the most useful first. A second segment costs as much
 * again and may arrive before the first, so there never is one.
 */
import type { Language } from "../core/language.ts";
import { smsSeptetsMax } from "../core/channel-limits.ts";
import type { OutgoingMessage } from "../watch/notifier.ts";
import { beginsWithCommand, isCommand } from "./message-words.ts";
import { cutToSeptets, septets, toGsm7 } from "./gsm7.ts";

const words: Readonly<
  Record<Language, { readonly typeBack: (code: string) => string; readonly more: string }>
> = {
  en: { typeBack: (code) => `Type: pra alert confirm ${code} --by NAME`, more: "more" },
  fr: { typeBack: (code) => `Tapez : pra alert confirm ${code} --by NOM`, more: "de plus" },
};

/** Fewer than this are no use as the beginning of a sentence. */
const PIECE_SEPTETS_MIN = 24;

/** What may follow the headline, the most useful first. A command is whole or absent: half of one is a trap at 3 in the morning. */
function piecesOf(
  message: OutgoingMessage,
): readonly { readonly text: string; readonly whole: boolean }[] {
  const { code, language, alerts, alertsLeftOut } = message;
  const { typeBack, more } = words[language];
  const [worst] = alerts;
  const others = Math.max(0, alerts.length - 1) + alertsLeftOut;
  const step = worst?.nextStep ?? "";
  const isSaid = worst === undefined || message.headline.includes(worst.summary);
  return [
    { text: code === undefined ? "" : typeBack(code), whole: true },
    { text: worst?.consequence ?? "", whole: false },
    { text: isCommand(step) ? `> ${step}` : step, whole: beginsWithCommand(step) },
    { text: others === 0 ? "" : `+${others} ${more}`, whole: true },
    { text: isSaid ? "" : worst.summary, whole: false },
  ];
}

/** As a sentence of its own, where it begins with a word and not with the name of something. */
function asSentence({ text, whole }: { readonly text: string; readonly whole: boolean }): string {
  return whole ? text : text.replace(/^\p{Ll}(?=\p{Ll}* )/u, (letter) => letter.toUpperCase());
}

/** At most `smsSeptetsMax` septets, all in the alphabet of an SMS, on one line. */
export function smsText(message: OutgoingMessage): string {
  let text = cutToSeptets(toGsm7(message.headline), smsSeptetsMax);
  for (const piece of piecesOf(message)) {
    const more = toGsm7(asSentence(piece));
    const joint = /[.!?:]$/.test(text) ? " " : ". ";
    const left = smsSeptetsMax - (septets(text) ?? 0) - joint.length;
    if (more === "" || left < PIECE_SEPTETS_MIN) {
      continue;
    }
    if ((septets(more) ?? 0) <= left) {
      text += joint + more;
    } else if (!piece.whole) {
      text += joint + cutToSeptets(more, left);
    }
  }
  return text;
}
