/** The words of a proof's levels and of what its checks came to, the same in a terminal and in a report. */
import type { Language } from "./language.ts";

/** How deep a check goes. */
export type ProofLevelNumber = 1 | 2 | 3 | 4 | 5;

/** Why an assertion holds or not. */
export type AssertionOutcome =
  | "fits"
  | "differs"
  | "null"
  | "no-row"
  | "several-rows"
  | "not-one-column"
  | "too-large"
  | "time-limit"
  | "error";

/** Why the application is well or not. `unstartable`: there is no such program, or it may not be run. */
export type ApplicationOutcome =
  "well" | "exit-code" | "signal" | "time-limit" | "unstartable" | "no-database";

/** One language's words. */
export type ProofWords = {
  readonly levels: Readonly<Record<ProofLevelNumber, string>>;
  readonly assertions: Readonly<Record<AssertionOutcome, string>>;
  readonly application: Readonly<Record<ApplicationOutcome, string>>;
  /** Of a heartbeat: what the loss was measured against. */
  readonly against: Readonly<Record<"now" | "target", string>>;
};

const en: ProofWords = {
  levels: {
    1: "every object that the restore needed is authentic",
    2: "the server reached the target",
    3: "heaps, B-trees, counts and page checksums hold",
    4: "the data is as asserted",
    5: "the application works on it",
  },
  assertions: {
    fits: "holds",
    differs: "another value",
    null: "NULL",
    "no-row": "no row",
    "several-rows": "more than one row",
    "not-one-column": "not one column",
    "too-large": "an answer too large for a value",
    "time-limit": "cut at its time limit",
    error: "error",
  },
  application: {
    well: "well",
    "exit-code": "ended with code",
    signal: "ended by signal",
    "time-limit": "ended at its time limit",
    unstartable: "could not be started",
    "no-database": "there is no such database",
  },
  against: { now: "before the proof began", target: "before the target" },
};

const fr: ProofWords = {
  levels: {
    1: "chaque objet nécessaire à la restauration est authentique",
    2: "le serveur a atteint la cible",
    3: "tables, index, décomptes et sommes de contrôle tiennent",
    4: "les données sont telles qu'affirmé",
    5: "l'application fonctionne dessus",
  },
  assertions: {
    fits: "tient",
    differs: "autre valeur",
    null: "NULL",
    "no-row": "aucune ligne",
    "several-rows": "plus d'une ligne",
    "not-one-column": "pas une seule colonne",
    "too-large": "réponse trop grande pour une valeur",
    "time-limit": "coupée à sa limite de temps",
    error: "erreur",
  },
  application: {
    well: "fonctionne",
    "exit-code": "finie avec le code",
    signal: "finie par le signal",
    "time-limit": "arrêtée à sa limite de temps",
    unstartable: "n'a pu être lancée",
    "no-database": "cette base n'existe pas",
  },
  against: { now: "avant le début de la preuve", target: "avant la cible" },
};

/** The words by language. */
export const proofWords: Readonly<Record<Language, ProofWords>> = { en, fr };
