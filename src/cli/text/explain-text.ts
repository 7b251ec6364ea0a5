/** What `pra explain` says. */
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly argumentCode: string;
  readonly whatToDo: string;
  readonly retryable: string;
};

const en: Messages = {
  summary: "say what an error code means and what to do",
  argumentCode: "the code, as printed with an error; any case, a unique beginning is enough",
  examples: [["pra explain USAGE_LSN", "what the code means, and the next step"]],
  whatToDo: "What to do: ",
  retryable: "The same command may succeed later without any change.",
};

const fr: Messages = {
  summary: "expliquer un code d'erreur et dire que faire",
  argumentCode: "le code affiché avec l'erreur ; peu importe la casse, un début unique suffit",
  examples: [["pra explain USAGE_LSN", "le sens du code, et l'étape suivante"]],
  whatToDo: "Que faire : ",
  retryable: "La même commande peut réussir plus tard sans rien changer.",
};

/** The texts by language. */
export const explainText: Readonly<Record<Language, Messages>> = { en, fr };
