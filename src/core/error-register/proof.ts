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
  PROOF_TIME_LIMIT: {
    en: {
      message: `the proof was ended at its limit of {minutes} min`,
      hint: `Nothing was proved, and nothing was left behind. Set PRA_PROOF_TIME_LIMIT to more minutes, or PRA_PROOF_NICE to a smaller number.`,
    },
    fr: {
      message: `la preuve a été arrêtée à sa limite de {minutes} min`,
      hint: `Rien n'a été prouvé, et rien ne reste. Donnez plus de minutes à PRA_PROOF_TIME_LIMIT, ou une valeur plus petite à PRA_PROOF_NICE.`,
    },
  },
  PROOF_NO_WINDOW: {
    en: {
      message: `the repository of {cluster} has no window with a known time to draw an instant from`,
      hint: `Take a backup and keep WAL, then try again; pra window shows what can be restored.`,
    },
    fr: {
      message: `le dépôt de {cluster} n'a aucune fenêtre à l'heure connue où tirer un instant`,
      hint: `Faites une sauvegarde et gardez le WAL, puis réessayez ; pra window montre ce qui peut être restauré.`,
    },
  },
  PROOF_HEARTBEAT_OFF: {
    en: {
      message: `no database for the heartbeat is configured`,
      hint: `Set PRA_HEARTBEAT_DATABASE to the database that holds the table; pra heartbeat --sql prints what makes it.`,
    },
    fr: {
      message: `aucune base n'est configurée pour le battement`,
      hint: `Donnez à PRA_HEARTBEAT_DATABASE la base qui contient la table ; pra heartbeat --sql affiche ce qui la crée.`,
    },
  },
  PROOF_HEARTBEAT_TABLE: {
    en: {
      message: `the heartbeat could not be written into {database}: {reason}`,
      hint: `The table public.pra_heartbeat is made by what pra heartbeat --sql prints, run by the owner of that database on the primary server.`,
    },
    fr: {
      message: `le battement n'a pas pu être écrit dans {database} : {reason}`,
      hint: `La table public.pra_heartbeat se crée avec ce que pra heartbeat --sql affiche, exécuté par le propriétaire de cette base sur le serveur primaire.`,
    },
  },
} as const satisfies ErrorGroup;
