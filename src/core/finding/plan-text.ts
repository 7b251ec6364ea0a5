/** What is said of what runs by a plan. */
import type { Language } from "../language.ts";
import type { PlanCheckId, PlanFactId } from "./finding.ts";

type Messages = {
  readonly names: Readonly<Record<PlanCheckId, string>>;
  readonly facts: Readonly<
    Record<PlanFactId, { readonly summary: string; readonly hint?: string }>
  >;
};

const en: Messages = {
  names: {
    schedule: "schedule",
    runs: "planned jobs",
  },
  facts: {
    "schedule-fired": { summary: "every run of the last period happened" },
    "schedule-missed": {
      summary: "{job} was due {ageMs} ago and did not run",
      hint: "pra schedule missed; is cron running, and the line still there (crontab -l)?",
    },
    "runs-well": { summary: "the newest run of each ended well" },
    "run-failed": {
      summary: "{job} failed {ageMs} ago (exit code {exit})",
      hint: "pra schedule show names the folder of its log. Once mended: {step}",
    },
    "run-died": {
      summary: "{job} died {ageMs} ago without an end",
      hint: "A full memory or a reboot ends a process so. Run it again: {step}",
    },
    "run-unstartable": {
      summary: "{job} could not be started {ageMs} ago: {reason}",
      hint: "Was the program moved? pra schedule install writes where it lies now. Then: {step}",
    },
    "run-long": {
      summary: "{job} is at work for {ageMs}",
      hint: "pra schedule show names the folder of its log. If it is stuck, end its process: the next run goes on.",
    },
  },
};

const fr: Messages = {
  names: {
    schedule: "planification",
    runs: "tâches planifiées",
  },
  facts: {
    "schedule-fired": { summary: "tous les passages de la dernière période ont eu lieu" },
    "schedule-missed": {
      summary: "{job} était prévu il y a {ageMs} et n'a pas eu lieu",
      hint: "pra schedule missed ; cron tourne-t-il, et la ligne est-elle toujours là (crontab -l) ?",
    },
    "runs-well": { summary: "la dernière exécution de chacune a bien fini" },
    "run-failed": {
      summary: "{job} a échoué il y a {ageMs} (code de sortie {exit})",
      hint: "pra schedule show nomme le dossier de son journal. Une fois réparé : {step}",
    },
    "run-died": {
      summary: "{job} est morte il y a {ageMs}, sans finir",
      hint: "Une mémoire pleine ou un redémarrage finit ainsi un processus. Relancez-la : {step}",
    },
    "run-unstartable": {
      summary: "{job} n'a pas pu être lancée il y a {ageMs} : {reason}",
      hint: "Le programme a-t-il été déplacé ? pra schedule install écrit où il est maintenant. Puis : {step}",
    },
    "run-long": {
      summary: "{job} travaille depuis {ageMs}",
      hint: "pra schedule show nomme le dossier de son journal. Si elle est bloquée, terminez son processus : l'exécution suivante reprend.",
    },
  },
};

/** The texts by language. */
export const planText: Readonly<Record<Language, Messages>> = { en, fr };
