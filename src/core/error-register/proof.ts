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
  PROOF_PROGRAMS_FAIL: {
    en: {
      message: `{program} does not run as {account} in {directory}: {reason}`,
      hint: `Nothing was proved. That account must be able to reach the directory and every one above it: set PRA_SPOOL_DIR to one that it can.`,
    },
    fr: {
      message: `{program} ne tourne pas sous le compte {account} dans {directory} : {reason}`,
      hint: `Rien n'a été prouvé. Ce compte doit pouvoir atteindre le dossier et tous ceux qui le contiennent : désignez-en un par PRA_SPOOL_DIR.`,
    },
  },
} as const satisfies ErrorGroup;
