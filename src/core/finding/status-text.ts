/** What is said of what `pra status` looks at. */
import type { Language } from "../language.ts";
import type { StatusCheckId, StatusFactId } from "./finding.ts";

type Facts = {
  readonly names: Readonly<Record<StatusCheckId, string>>;
  readonly facts: Readonly<
    Record<StatusFactId, { readonly summary: string; readonly hint?: string }>
  >;
};

const factsEn: Facts = {
  names: {
    "newest-backup": "newest backup",
    exposure: "exposure",
    gaps: "WAL gaps",
    receiver: "receiver",
    proof: "last proof",
    "recovery-key": "recovery key",
  },
  facts: {
    "repository-opens": { summary: "{location} opens and is authentic" },
    "space-free": { summary: "{freeBytes} free" },
    "backup-recent": { summary: "{ageMs} old ({id})" },
    "backup-old": {
      summary: "{ageMs} old ({id})",
      hint: "Look at the log of the scheduled backup, then: pra backup",
    },
    "backup-none": { summary: "there is none", hint: "pra backup --full" },
    "exposure-none": {
      summary: "nothing would be lost: the repository has all of the server's WAL",
    },
    "exposure-low": { summary: "at most {exposureMs} of work would be lost now ({lagBytes})" },
    "exposure-close": {
      summary:
        "up to {exposureMs} of work would be lost now ({lagBytes}): half of the objective ({objectiveMs}), which is the limit in the first week",
      hint: "pra wal receive (or pra backup, when no receiver is meant to run); pra wal status tells more.",
    },
    "exposure-high": {
      summary:
        "up to {exposureMs} of work would be lost now ({lagBytes}); the objective is below {objectiveMs}",
      hint: "pra wal receive (or pra backup, when no receiver is meant to run); pra wal status tells more.",
    },
    "exposure-unknown": {
      summary: "unknown: nothing in the repository says until when it has the server's work",
      hint: "pra backup --full, then pra wal receive",
    },
    "exposure-other": {
      summary:
        "the server is another cluster ({found}) than the one backed up ({expected}): nothing of it is in the repository",
      hint: "Does PG_HOST name the right server? If it was made anew on purpose: pra backup --full, then pra wal receive; its history begins with that.",
    },
    "gaps-none": { summary: "none" },
    "gaps-open": {
      summary: "{count} open: instants behind them cannot be restored",
      hint: "pra backup closes the holes; pra window shows where they are.",
    },
    "receiver-none": {
      summary: "none runs: what is written between two backups is exposed",
      hint: "pra wal receive, as a service",
    },
    "receiver-there": { summary: "process {pid} on {host}" },
    "receiver-dead": {
      summary: "process {pid} on {host} died without a word",
      hint: "pra wal receive; it goes on where the other one stopped.",
    },
    "receiver-stopped": {
      summary: "none runs, and {slot} waits for one: work is exposed, pg_wal grows",
      hint: "pra wal receive, or pra daemon as a service. If none is wanted any more: SELECT pg_drop_replication_slot('{slot}');",
    },
    "receiver-idle": {
      summary: "process {pid} on {host} does not read from {slot}: work is exposed, pg_wal grows",
      hint: "Its log says why. If it stands still, on {host}: kill -KILL {pid}, then pra wal receive; it goes on where the other one stopped.",
    },
    "proof-none": {
      summary: "no backup was proved yet",
      hint: "pra prove restores the newest one, starts it and checks it.",
    },
    "proof-recent": { summary: "proven {ageMs} ago ({id})" },
    "proof-old": { summary: "proven {ageMs} ago ({id})", hint: "pra prove" },
    "proof-failed": {
      summary: "the proof of {id} failed {ageMs} ago",
      hint: "pra prove says at which level; then pra backup --full and prove that one.",
    },
    "proof-missing": {
      summary: "{count} of {total} backups have no good proof",
      hint: "pra prove --all-unproved",
    },
    "recovery-unproved": {
      summary: "nobody ever proved that it opens the repository",
      hint: "pra key check, with the printed recovery key",
    },
    "recovery-old": { summary: "proved {ageMs} ago", hint: "pra key check" },
    "recovery-proved": { summary: "proved {ageMs} ago" },
  },
};

const factsFr: Facts = {
  names: {
    "newest-backup": "dernière sauvegarde",
    exposure: "exposition",
    gaps: "trous de WAL",
    receiver: "récepteur",
    proof: "dernière preuve",
    "recovery-key": "clé de secours",
  },
  facts: {
    "repository-opens": { summary: "{location} s'ouvre et est authentique" },
    "space-free": { summary: "{freeBytes} libres" },
    "backup-recent": { summary: "finie il y a {ageMs} ({id})" },
    "backup-old": {
      summary: "finie il y a {ageMs} ({id})",
      hint: "Regardez le journal de la sauvegarde planifiée, puis : pra backup",
    },
    "backup-none": { summary: "il n'y en a aucune", hint: "pra backup --full" },
    "exposure-none": { summary: "rien ne serait perdu : le dépôt a tout le WAL du serveur" },
    "exposure-low": {
      summary: "au plus {exposureMs} de travail seraient perdues maintenant ({lagBytes})",
    },
    "exposure-close": {
      summary:
        "jusqu'à {exposureMs} de travail seraient perdues maintenant ({lagBytes}) : la moitié de l'objectif ({objectiveMs}), limite de la première semaine",
      hint: "pra wal receive (ou pra backup, si aucun récepteur ne doit tourner) ; pra wal status en dit plus.",
    },
    "exposure-high": {
      summary:
        "jusqu'à {exposureMs} de travail seraient perdues maintenant ({lagBytes}) ; l'objectif est sous {objectiveMs}",
      hint: "pra wal receive (ou pra backup, si aucun récepteur ne doit tourner) ; pra wal status en dit plus.",
    },
    "exposure-unknown": {
      summary: "inconnue : rien dans le dépôt ne dit jusqu'à quand il a le travail du serveur",
      hint: "pra backup --full, puis pra wal receive",
    },
    "exposure-other": {
      summary:
        "le serveur est un autre cluster ({found}) que celui qui est sauvegardé ({expected}) : rien de lui n'est dans le dépôt",
      hint: "PG_HOST désigne-t-il le bon serveur ? S'il a été recréé exprès : pra backup --full, puis pra wal receive ; son histoire commence là.",
    },
    "gaps-none": { summary: "aucun" },
    "gaps-open": {
      summary: "{count} ouvert(s) : les instants au-delà ne peuvent pas être restaurés",
      hint: "pra backup referme les trous ; pra window montre où ils sont.",
    },
    "receiver-none": {
      summary: "aucun ne tourne : ce qui s'écrit entre deux sauvegardes est exposé",
      hint: "pra wal receive, comme service",
    },
    "receiver-there": { summary: "processus {pid} sur {host}" },
    "receiver-dead": {
      summary: "le processus {pid} sur {host} est mort sans un mot",
      hint: "pra wal receive ; il reprend où l'autre s'est arrêté.",
    },
    "receiver-stopped": {
      summary: "aucun ne tourne, et {slot} en attend un : du travail est exposé, pg_wal grossit",
      hint: "pra wal receive, ou pra daemon comme service. S'il n'en faut plus : SELECT pg_drop_replication_slot('{slot}');",
    },
    "receiver-idle": {
      summary:
        "le processus {pid} sur {host} ne lit pas {slot} : du travail est exposé, pg_wal grossit",
      hint: "Son journal dit pourquoi. S'il est figé, sur {host} : kill -KILL {pid}, puis pra wal receive ; il reprend où l'autre s'est arrêté.",
    },
    "proof-none": {
      summary: "aucune sauvegarde n'a encore été prouvée",
      hint: "pra prove restaure la dernière, la démarre et la contrôle.",
    },
    "proof-recent": { summary: "prouvée il y a {ageMs} ({id})" },
    "proof-old": { summary: "prouvée il y a {ageMs} ({id})", hint: "pra prove" },
    "proof-failed": {
      summary: "la preuve de {id} a échoué il y a {ageMs}",
      hint: "pra prove dit à quel niveau ; puis pra backup --full, et prouvez celle-là.",
    },
    "proof-missing": {
      summary: "{count} sauvegardes sur {total} n'ont pas de bonne preuve",
      hint: "pra prove --all-unproved",
    },
    "recovery-unproved": {
      summary: "personne n'a jamais prouvé qu'elle ouvre le dépôt",
      hint: "pra key check, avec la clé de secours imprimée",
    },
    "recovery-old": { summary: "prouvée il y a {ageMs}", hint: "pra key check" },
    "recovery-proved": { summary: "prouvée il y a {ageMs}" },
  },
};

/** What each check finds, by language. */
export const statusText: Readonly<Record<Language, Facts>> = { en: factsEn, fr: factsFr };
