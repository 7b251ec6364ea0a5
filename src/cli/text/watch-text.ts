/** What `pra watch` says. */
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly optionFromRepository: string;
  readonly optionEvery: string;
  readonly leftToFirst: (names: readonly string[], host: string) => string;
};

const en: Messages = {
  summary: "watch the watcher from another host, with nothing but the repository and a key",
  description:
    "Where the server's host dies, whoever watched there dies with it. This one sees no server: it tells when the first watcher leaves no signs of life in the repository, when it cannot tell what it sees, and, as long as it is silent, whatever the repository shows: exposure, age of backups and proofs, gaps, a receiver that renews nothing. What the first one tells, or keeps quiet, it leaves to it, so nobody is told twice. Same rules, channels and pra alert as there. Exit code 4 when a check fails.",
  examples: [
    ["pra watch --from-repository", "one look, from cron every five minutes"],
    ["pra watch --from-repository --every 60", "a look a minute, as a service; SIGTERM ends it"],
  ],
  optionFromRepository: "see nothing but the repository: BACKUP_DIR and a key file are enough",
  optionEvery: "go on, and look every so many seconds, 10 to 3600",
  leftToFirst: (names, host) =>
    `! Told by the watcher on ${host}, and not by this one: ${names.join(", ")}`,
};

const fr: Messages = {
  summary: "surveiller le surveillant depuis une autre machine, avec le seul dépôt et une clé",
  description:
    "Si la machine du serveur meurt, celui qui y surveillait meurt avec elle. Celui-ci ne voit pas le serveur : il prévient quand le premier surveillant ne laisse plus de signes de vie dans le dépôt, quand il ne peut plus dire ce qu'il voit et, tant qu'il se tait, de tout ce que montre le dépôt : exposition, âge des sauvegardes et des preuves, trous, un récepteur qui ne renouvelle rien. Ce que le premier dit, ou tait exprès, il le lui laisse : personne n'est prévenu deux fois. Mêmes règles, mêmes canaux et même pra alert que là-bas. Code de sortie 4 quand un contrôle échoue.",
  examples: [
    ["pra watch --from-repository", "un regard, par cron toutes les cinq minutes"],
    [
      "pra watch --from-repository --every 60",
      "un regard par minute, comme service ; SIGTERM l'arrête",
    ],
  ],
  optionFromRepository: "ne voir que le dépôt : BACKUP_DIR et un fichier de clé suffisent",
  optionEvery: "continuer, et regarder toutes les N secondes, 10 à 3600",
  leftToFirst: (names, host) =>
    `! Dit par le surveillant sur ${host}, et pas par celui-ci : ${names.join(", ")}`,
};

/** The texts by language. */
export const watchText: Readonly<Record<Language, Messages>> = { en, fr };
