/** What the recorder of planned runs itself writes into their logs. */
import type { RunWords } from "../../app/schedule/run-job.ts";
import { errorText, isDrError } from "../../core/errors.ts";
import { formatDuration } from "../../core/format.ts";
import type { Language } from "../../core/language.ts";

function reasonOf(failure: Error, language: Language): string {
  return isDrError(failure) ? errorText(failure, language).message : failure.message;
}

const en: RunWords = {
  begins: (job, at) => `--- ${at} ${job} begins`,
  busy: (job, at, since) =>
    `--- ${at} ${job}: another run is at work since ${since}; nothing to do`,
  ended: (job, at, exitCode, durationMs) =>
    `--- ${at} ${job} ended with exit code ${exitCode} after ${formatDuration(durationMs, "en")}`,
  unstartable: (program, reason) => `pra: ${program} cannot be started: ${reason}`,
  unnoted: (failure) => `pra: this run cannot be noted: ${reasonOf(failure, "en")}`,
  notLast: (job, at) => `--- ${at} ${job}: this weekday comes again this month; nothing to do`,
  catchesUp: (job, dueAt) => `--- ${job} was due ${dueAt} and is made up for now`,
};

const fr: RunWords = {
  begins: (job, at) => `--- ${at} ${job} commence`,
  busy: (job, at, since) =>
    `--- ${at} ${job} : une autre exécution est en cours depuis ${since} ; rien à faire`,
  ended: (job, at, exitCode, durationMs) =>
    `--- ${at} ${job} finie, code de sortie ${exitCode}, après ${formatDuration(durationMs, "fr")}`,
  unstartable: (program, reason) => `pra : ${program} ne peut pas être lancé : ${reason}`,
  unnoted: (failure) => `pra : cette exécution ne peut pas être notée : ${reasonOf(failure, "fr")}`,
  notLast: (job, at) => `--- ${at} ${job} : ce jour revient encore ce mois-ci ; rien à faire`,
  catchesUp: (job, dueAt) => `--- ${job} était prévue ${dueAt} et est rattrapée maintenant`,
};

/** The words by language. */
export const runWords: Readonly<Record<Language, RunWords>> = { en, fr };
