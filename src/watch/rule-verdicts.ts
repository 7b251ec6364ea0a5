/** What is wrong when a rule is ill, in the few words that fit a lock screen, in both languages. */
import { checkNames } from "../core/finding/finding-words.ts";
import type { Language } from "../core/language.ts";
import { type KnownRuleId, registeredRuleIds } from "./alert-rules.ts";

const verdicts: Readonly<Record<KnownRuleId, Readonly<Record<Language, string>>>> = {
  server: { en: "server unreachable", fr: "serveur injoignable" },
  repository: { en: "repository unusable", fr: "dépôt inutilisable" },
  key: { en: "key unusable", fr: "clé inutilisable" },
  "newest-backup": { en: "no recent backup", fr: "pas de sauvegarde récente" },
  exposure: { en: "too much work exposed", fr: "trop de travail exposé" },
  gaps: { en: "WAL is missing", fr: "il manque du WAL" },
  receiver: { en: "WAL receiver stopped", fr: "récepteur de WAL arrêté" },
  slots: { en: "replication slot lost", fr: "slot de réplication perdu" },
  archiver: { en: "archiving fails", fr: "l'archivage échoue" },
  writes: { en: "server takes no writes", fr: "aucune écriture possible" },
  forecast: { en: "repository will be full", fr: "le dépôt sera plein" },
  "wal-space": { en: "pg_wal is filling up", fr: "pg_wal se remplit" },
  space: { en: "repository is filling up", fr: "le dépôt se remplit" },
  proof: { en: "no good recent proof", fr: "pas de bonne preuve récente" },
  "recovery-key": { en: "recovery key unproved", fr: "clé de secours non prouvée" },
  corruption: { en: "damaged pages found", fr: "pages abîmées trouvées" },
  application: { en: "application is down", fr: "application en panne" },
  jobs: { en: "a backup failed", fr: "une sauvegarde a échoué" },
  runs: { en: "a planned job failed", fr: "une tâche planifiée a échoué" },
  schedule: { en: "a planned run is missing", fr: "une exécution prévue manque" },
  daemon: { en: "the daemon is in trouble", fr: "le démon est en difficulté" },
  watcher: { en: "the first watcher is silent", fr: "le premier surveillant se tait" },
  "dead-man": { en: "dead-man's switch not called", fr: "homme mort pas appelé" },
  ledger: { en: "nothing is recorded any more", fr: "plus rien n'est enregistré" },
  routines: { en: "a routine was not done", fr: "une routine n'a pas été faite" },
  actions: { en: "a corrective action waits", fr: "une action corrective attend" },
  "first-week": { en: "first week", fr: "première semaine" },
  configuration: { en: "configuration unusable", fr: "configuration inutilisable" },
  memory: { en: "state directory unwritable", fr: "dossier d'état non inscriptible" },
  channel: { en: "an alert channel fails", fr: "un canal d'alerte échoue" },
  channels: { en: "alert channels not proved", fr: "canaux d'alerte non prouvés" },
  reachability: { en: "network not as planned", fr: "réseau non conforme" },
  clock: { en: "clocks differ", fr: "horloges en désaccord" },
  certificate: { en: "certificate expires soon", fr: "certificat bientôt expiré" },
  "version-end": { en: "version near its end of life", fr: "version en fin de vie" },
  reading: { en: "not all can be dumped", fr: "tout n'est pas exportable" },
  password: { en: "weak password", fr: "mot de passe faible" },
  "database-url": { en: "DATABASE_URL does not answer", fr: "DATABASE_URL ne répond pas" },
  "restore-place": { en: "no place for test restores", fr: "pas de place d'essai" },
  "settings-copy": { en: "saved settings differ", fr: "réglages sauvés différents" },
  "unknown-settings": { en: "unknown settings", fr: "réglages inconnus" },
  settings: { en: "settings are missing", fr: "il manque des réglages" },
  "env-file": { en: "no .env", fr: "pas de .env" },
  "env-mode": { en: ".env readable by others", fr: ".env lisible par d'autres" },
  gitignore: { en: ".env not ignored by git", fr: ".env non ignoré par git" },
  "git-history": { en: "secrets in git's history", fr: "secrets dans l'historique git" },
  scripts: { en: "scripts not executable", fr: "scripts non exécutables" },
  "backup-folder": { en: "BACKUP_DIR not private", fr: "BACKUP_DIR non privé" },
  version: { en: "server version unfit", fr: "version du serveur inadaptée" },
  "wal-level": { en: "wal_level too low", fr: "wal_level trop bas" },
  "replication-right": { en: "REPLICATION right missing", fr: "droit REPLICATION absent" },
  "replication-connection": { en: "replication refused", fr: "réplication refusée" },
  "visible-settings": { en: "settings hidden", fr: "réglages masqués" },
  senders: { en: "WAL senders used up", fr: "émetteurs de WAL épuisés" },
  "slot-limit": { en: "retained WAL unlimited", fr: "WAL retenu sans limite" },
  checksums: { en: "no page checksums", fr: "pas de sommes de contrôle" },
  archiving: { en: "archiving not as needed", fr: "archivage inadapté" },
  synchronous: { en: "synchronous commit at risk", fr: "commit synchrone menacé" },
  place: { en: "repository on the same machine", fr: "dépôt sur la même machine" },
  leases: { en: "leases impossible", fr: "baux impossibles" },
};

const isKnown = (id: string): id is KnownRuleId => Object.hasOwn(verdicts, id);

/** Every rule that has words. */
export const knownRuleIds: readonly KnownRuleId[] = Object.keys(verdicts).filter(isKnown);

/** Names that a silence or a window may bear, beside `all`. */
export const namedRules: ReadonlySet<string> = new Set([...knownRuleIds, ...registeredRuleIds]);

/** Parts of the daemon that bear no check's name. */
const partNames: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: { digest: "daily digest", signs: "signs of life" },
  fr: {
    watch: "contrôles",
    delivery: "remise",
    metrics: "métriques",
    signs: "signes de vie",
    digest: "résumé du jour",
  },
};

/** What is wrong; `blind`: it could not be judged for too long. A rule without words is told by its id. */
export function verdictOf(
  about: { readonly rule: string; readonly subject: string; readonly blind: boolean },
  language: Language,
): string {
  const { rule, subject, blind } = about;
  const words = isKnown(rule) ? verdicts[rule][language] : rule;
  const verdict = blind
    ? language === "fr"
      ? `impossible à juger : ${rule}`
      : `cannot be judged: ${rule}`
    : words;
  const names: Readonly<Record<string, string>> =
    rule === "daemon" ? { ...checkNames[language], ...partNames[language] } : {};
  return subject === "" ? verdict : `${verdict} (${names[subject] ?? subject})`;
}
