/** What `pra verify` says. */
import { counted, countedFr } from "../../core/counted.ts";
import type { VerifyStep } from "../../app/verify-operation.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly optionDeep: string;
  readonly optionBackup: string;
  readonly steps: Readonly<Record<VerifyStep, string>>;
  readonly good: (deep: boolean, duration: string) => string;
  readonly bad: (objects: string, backups: string, duration: string) => string;
  readonly quickAdvice: string;
  readonly backups: string;
  readonly dumps: string;
  readonly backupsFacts: (count: string, fenced: number) => string;
  readonly objects: string;
  readonly objectsFacts: (packs: string, maps: string) => string;
  readonly checked: string;
  readonly checkedFacts: (frames: string, blocks: string, bytes: string) => string;
  readonly wal: string;
  readonly walFacts: (segments: string, parts: string, torn: number) => string;
  readonly holes: string;
  readonly hole: (from: string, to: string, timeline: number) => string;
  readonly conflicts: string;
  readonly leftovers: string;
  readonly leftoversFacts: (objects: string, bytes: string) => string;
  readonly unknown: string;
  readonly damage: string;
  readonly takesDown: (backups: string) => string;
  readonly takesDownNone: string;
  readonly more: (count: string) => string;
};

const en: Messages = {
  summary: "is everything the backups need there, and authentic?",
  description:
    "Looks at every backup, the objects it refers to, the WAL it needs, and everything else in the repository. A quick look reads headers; --deep reads, authenticates and unpacks every byte and holds every block against its fingerprint. Repairs nothing. Exit code 4 when something is damaged.",
  examples: [
    ["pra verify", "a quick look: seconds to minutes"],
    ["pra verify --deep", "every byte of the repository"],
    ["pra verify --deep --backup 019a3f", "one backup and the WAL it needs, or one dump"],
  ],
  optionDeep: "read, authenticate and unpack everything; needs the private key",
  optionBackup: "only this backup or dump: its id or the beginning of it",
  steps: {
    documents: "looking at leases, pins, keys",
    backups: "verifying backups",
    wal: "verifying WAL",
    ledger: "following the ledger",
  },
  good: (deep, duration) =>
    deep
      ? `No damage: every byte was read and is authentic (${duration}).`
      : `No damage seen in a quick look (${duration}).`,
  bad: (objects, backups, duration) =>
    `DAMAGE: ${counted(objects, "object, which takes", "objects, which take")} down ${counted(backups, "backup or dump", "backups or dumps")} (${duration}).`,
  quickAdvice: "pra verify --deep reads every byte.",
  backups: "Backups",
  dumps: "Dumps",
  backupsFacts: (count, fenced) =>
    fenced === 0 ? count : `${count}, and ${fenced} of writers that had lost their lease, ignored`,
  objects: "Objects",
  objectsFacts: (packs, maps) => `${counted(packs, "pack")}, ${counted(maps, "map")}`,
  checked: "Read",
  checkedFacts: (frames, blocks, bytes) =>
    `${counted(frames, "frame")}, ${counted(blocks, "block")}, ${bytes}`,
  wal: "WAL",
  walFacts: (segments, parts, torn) =>
    `${counted(segments, "segment")}, ${counted(parts, "part")}${torn === 0 ? "" : `, ${torn} of them torn where their writer died`}`,
  holes: "Holes in WAL",
  hole: (from, to, timeline) => `${from} → ${to}, timeline ${timeline}`,
  conflicts: "WAL conflicts",
  leftovers: "Leftovers",
  leftoversFacts: (objects, bytes) =>
    `${counted(objects, "object")}, ${bytes}: of a backup that runs, or for pra expire`,
  unknown: "Unknown objects",
  damage: "Damage:",
  takesDown: (backups) => `takes down ${backups}`,
  takesDownNone: "no backup needs it",
  more: (count) => `... and ${count} more`,
};

const fr: Messages = {
  summary: "tout ce dont les sauvegardes ont besoin est-il là, et authentique ?",
  description:
    "Regarde chaque sauvegarde, les objets qu'elle désigne, le WAL qu'il lui faut, et tout le reste du dépôt. Un examen rapide lit les en-têtes ; --deep lit, authentifie et décompresse chaque octet et compare chaque bloc à son empreinte. Ne répare rien. Code de sortie 4 si quelque chose est endommagé.",
  examples: [
    ["pra verify", "un examen rapide : de quelques secondes à quelques minutes"],
    ["pra verify --deep", "chaque octet du dépôt"],
    ["pra verify --deep --backup 019a3f", "une sauvegarde et le WAL qu'il lui faut, ou un export"],
  ],
  optionDeep: "tout lire, authentifier et décompresser ; demande la clé privée",
  optionBackup:
    "cette sauvegarde ou cet export seulement : son identifiant ou le début de celui-ci",
  steps: {
    documents: "examen des baux, épingles et clés",
    backups: "vérification des sauvegardes",
    wal: "vérification du WAL",
    ledger: "parcours du registre",
  },
  good: (deep, duration) =>
    deep
      ? `Aucun dommage : chaque octet a été lu et est authentique (${duration}).`
      : `Aucun dommage vu lors d'un examen rapide (${duration}).`,
  bad: (objects, backups, duration) =>
    `DOMMAGE : ${countedFr(objects, "objet, qui rend", "objets, qui rendent")} inutilisables ${countedFr(backups, "sauvegarde ou export", "sauvegardes ou exports")} (${duration}).`,
  quickAdvice: "pra verify --deep lit chaque octet.",
  backups: "Sauvegardes",
  dumps: "Exports",
  backupsFacts: (count, fenced) =>
    fenced === 0
      ? count
      : `${count}, et ${fenced} d'écrivains qui avaient perdu leur bail, ignorées`,
  objects: "Objets",
  objectsFacts: (packs, maps) => `${countedFr(packs, "pack")}, ${countedFr(maps, "carte")}`,
  checked: "Lu",
  checkedFacts: (frames, blocks, bytes) =>
    `${countedFr(frames, "trame")}, ${countedFr(blocks, "bloc")}, ${bytes}`,
  wal: "WAL",
  walFacts: (segments, parts, torn) =>
    `${countedFr(segments, "segment")}, ${countedFr(parts, "morceau", "morceaux")}${torn === 0 ? "" : `, dont ${torn} coupés là où leur écrivain est mort`}`,
  holes: "Trous dans le WAL",
  hole: (from, to, timeline) => `${from} → ${to}, timeline ${timeline}`,
  conflicts: "Conflits de WAL",
  leftovers: "Restes",
  leftoversFacts: (objects, bytes) =>
    `${countedFr(objects, "objet")}, ${bytes} : d'une sauvegarde en cours, ou pour pra expire`,
  unknown: "Objets inconnus",
  damage: "Dommages :",
  takesDown: (backups) => `rend inutilisables ${backups}`,
  takesDownNone: "aucune sauvegarde n'en a besoin",
  more: (count) => `... et ${count} autres`,
};

/** The texts by language. */
export const verifyText: Readonly<Record<Language, Messages>> = { en, fr };
