import type { ErrorGroup } from "./entry.ts";

/** PROOF_: a restore point could not be proved. */
export const proofErrors = {
  PROOF_COMMITS_LOST: {
    en: {
      message: `{lost} of {acknowledged} acknowledged commits are not in the restored server`,
      hint: `Keep the folder: its repository and its list of acknowledged commits show which. After --sabotage a loss is what must be seen.`,
    },
    fr: {
      message: `{lost} des {acknowledged} validations confirmées ne sont pas dans le serveur restauré`,
      hint: `Gardez le dossier : son dépôt et sa liste des validations confirmées montrent lesquelles. Après --sabotage, c'est une perte qu'il faut voir.`,
    },
  },
  PROOF_DEMO_FAILED: {
    en: {
      message: `the restored server does not hold what it must`,
      hint: `Keep the folder and read what was found above: broken chains, wrong balances, or a failed proof.`,
    },
    fr: {
      message: `le serveur restauré ne contient pas ce qu'il doit contenir`,
      hint: `Gardez le dossier et lisez ce qui a été trouvé plus haut : chaînes rompues, soldes faux, ou preuve en échec.`,
    },
  },
} as const satisfies ErrorGroup;
