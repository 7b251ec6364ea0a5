/** What `pra list` and `pra window` say. */
import { counted, countedFr } from "../../core/counted.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly list: CommandText;
  readonly window: CommandText;
  readonly empty: string;
  readonly cluster: (name: string, systemId: string) => string;
  readonly noBackups: string;
  readonly columns: Readonly<
    Record<"id" | "kind" | "started" | "timeline" | "stop" | "stored" | "proof" | "note", string>
  >;
  readonly kinds: Readonly<Record<"full" | "incremental", string>>;
  readonly proofs: Readonly<Record<"proven" | "failed" | "unfit", string>>;
  readonly notProven: string;
  readonly provedDamaged: (id: string) => string;
  readonly corrupt: (count: number) => string;
  readonly damaged: (id: string, reason: string) => string;
  readonly windows: string;
  readonly noWindow: string;
  readonly windowsFailed: (reason: string) => string;
  readonly windowLine: (timeline: number, from: string, to: string, backups: number) => string;
  readonly gap: (timeline: number, from: string, to: string, cause: string) => string;
  readonly gapAdvice: string;
  readonly givenUp: (timeline: number, from: string, to: string) => string;
  readonly held: (reason: string) => string;
  readonly dumps: string;
  readonly databases: string;
};

const en: Messages = {
  list: {
    summary: "list the backups and what can be restored",
    description:
      "Lists every cluster's backups, the windows of instants that can be restored, and the gaps. Needs the repository and its key, no server. Exit code 4: a backup is damaged.",
    examples: [
      ["pra list", "everything in BACKUP_DIR"],
      ["pra list --json", "for a script: clusters[].backups[], windows[], gaps[]"],
    ],
  },
  window: {
    summary: "show the instants that can be restored, as bars",
    description:
      "Shows, per timeline, from when to when every instant can be restored, and the gaps between. Reads every index, works with production dead.",
    examples: [["pra window", "how far back, and up to when"]],
  },
  empty: "The repository holds no backup yet. Next: pra backup --full",
  cluster: (name, systemId) => `Cluster ${name} (system ${systemId})`,
  noBackups: "no backup",
  columns: {
    id: "id",
    kind: "kind",
    started: "started (UTC)",
    timeline: "tl",
    stop: "stop LSN",
    stored: "stored",
    proof: "proof",
    note: "note",
  },
  kinds: { full: "full", incremental: "incremental" },
  proofs: { proven: "proven", failed: "FAILED", unfit: "unfit" },
  notProven: "–",
  provedDamaged: (id) =>
    `! ${id}: its newest proof found it damaged. A restore begins from an older one where that arrives at the same point; --backup overrides.`,
  corrupt: (count) => `${count} damaged pages`,
  damaged: (id, reason) => `✗ ${id} is damaged: ${reason}`,
  windows: "Can be restored:",
  windowsFailed: (reason) => `✗ What can be restored could not be told: ${reason}`,
  noWindow: "Nothing can be restored: no backup whose WAL is whole.",
  windowLine: (timeline, from, to, backups) =>
    `timeline ${timeline}: from ${from} to ${to} (${counted(backups, "backup")})`,
  gap: (timeline, from, to, cause) => `! gap on timeline ${timeline}, ${from} to ${to}: ${cause}`,
  gapAdvice:
    "Instants inside a gap cannot be restored; those after it need a backup taken after it.",
  givenUp: (timeline, from, to) =>
    `  beyond retention on timeline ${timeline}, ${from} to ${to}: nothing there is promised`,
  held: (reason) => `held: ${reason}`,
  dumps: "Dumps (pra restore-db):",
  databases: "databases",
};

const fr: Messages = {
  list: {
    summary: "lister les sauvegardes et ce qui peut être restauré",
    description:
      "Liste les sauvegardes de chaque cluster, les fenêtres d'instants restaurables, et les lacunes. Demande le dépôt et sa clé, pas de serveur. Code de sortie 4 : une sauvegarde est abîmée.",
    examples: [
      ["pra list", "tout ce qui est dans BACKUP_DIR"],
      ["pra list --json", "pour un script : clusters[].backups[], windows[], gaps[]"],
    ],
  },
  window: {
    summary: "montrer les instants restaurables, en barres",
    description:
      "Montre, par timeline, de quand à quand chaque instant peut être restauré, et les lacunes entre. Lit tous les index, marche avec la production morte.",
    examples: [["pra window", "jusqu'où en arrière, et jusqu'à quand"]],
  },
  empty: "Le dépôt n'a pas encore de sauvegarde. Ensuite : pra backup --full",
  cluster: (name, systemId) => `Cluster ${name} (système ${systemId})`,
  noBackups: "aucune sauvegarde",
  columns: {
    id: "identifiant",
    kind: "genre",
    started: "début (UTC)",
    timeline: "tl",
    stop: "LSN de fin",
    stored: "rangé",
    proof: "preuve",
    note: "note",
  },
  kinds: { full: "complète", incremental: "incrémentale" },
  proofs: { proven: "prouvée", failed: "ÉCHEC", unfit: "inapte" },
  notProven: "–",
  provedDamaged: (id) =>
    `! ${id} : sa dernière preuve l'a trouvée abîmée. Une restauration part d'une plus ancienne quand elle arrive au même point ; --backup en décide autrement.`,
  corrupt: (count) => `${count} pages abîmées`,
  damaged: (id, reason) => `✗ ${id} est abîmée : ${reason}`,
  windows: "Peut être restauré :",
  windowsFailed: (reason) => `✗ Impossible de dire ce qui peut être restauré : ${reason}`,
  noWindow: "Rien ne peut être restauré : aucune sauvegarde dont le WAL soit entier.",
  windowLine: (timeline, from, to, backups) =>
    `timeline ${timeline} : de ${from} à ${to} (${countedFr(backups, "sauvegarde")})`,
  gap: (timeline, from, to, cause) =>
    `! lacune sur la timeline ${timeline}, de ${from} à ${to} : ${cause}`,
  gapAdvice:
    "Les instants dans une lacune ne peuvent pas être restaurés ; ceux d'après demandent une sauvegarde prise après elle.",
  givenUp: (timeline, from, to) =>
    `  au-delà de la rétention sur la timeline ${timeline}, de ${from} à ${to} : rien n'y est promis`,
  held: (reason) => `conservée : ${reason}`,
  dumps: "Exports (pra restore-db) :",
  databases: "bases",
};

/** The texts by language. */
export const listText: Readonly<Record<Language, Messages>> = { en, fr };
