/** The words of the part of the monthly report that auditors read: evidence, clauses, copies, signatures. */
import type { Language } from "../../core/language.ts";
import type {
  ClauseId,
  CopyRule,
  EvidenceId,
  EvidenceState,
} from "../../queries/period/evidence-facts.ts";

type Words = {
  readonly titles: Readonly<
    Record<"evidence" | "clauses" | "copies" | "missing" | "signatures", string>
  >;
  readonly states: Readonly<Record<EvidenceState, string>>;
  readonly heads: Readonly<
    Record<"evidence" | "state" | "shownBy" | "clause" | "asks" | "rule" | "bring", string>
  >;
  readonly evidence: Readonly<Record<EvidenceId, string>>;
  /** Where what is missing would come from. */
  readonly bring: Readonly<Record<EvidenceId, string>>;
  readonly clauses: Readonly<Record<ClauseId, readonly [clause: string, asks: string]>>;
  readonly copies: Readonly<Record<CopyRule, readonly [rule: string, why: string]>>;
  readonly disclaimer: string;
  readonly nothingMissing: string;
  readonly signatures: string;
  readonly signatureHead: readonly string[];
  readonly roles: readonly string[];
};

const en: Words = {
  titles: {
    evidence: "Evidence of this month",
    clauses: "Clauses that ask for it",
    copies: "3-2-1-1-0",
    missing: "What this report does not show",
    signatures: "Signatures",
  },
  states: {
    shown: "shown here",
    partly: "in part",
    absent: "not shown",
    notNeeded: "nothing to show",
    contrary: "contradicted",
  },
  heads: {
    evidence: "evidence",
    state: "state",
    shownBy: "in this report",
    clause: "clause",
    asks: "what it asks",
    rule: "rule",
    bring: "what is missing, and who has it",
  },
  evidence: {
    policy: "backup policy in force: frequency, retention, objectives",
    runs: "log of every run with its result",
    integrity: "integrity checks of what is stored and of what is restored",
    restores: "restore tests: what, when, to which instant, with which result",
    objectives: "RPO and RTO: promised against measured",
    failover: "failover exercise with the times of its steps",
    actions: "corrective actions and their closing",
    audit: "record of accesses and changes that shows tampering",
    retention: "retention applied, and copies that cannot be changed",
    separation: "separation: network, accounts, site, custody of keys",
    plan: "continuity plan, runbook, contacts and roles, approved",
    alerting: "alerts reach people: tests and deliveries",
    people: "reviews, sign-offs and training",
    disposal: "data restored for tests is destroyed",
  },
  bring: {
    policy:
      "The planned jobs of this host: pra schedule install, or the plan of the host that has them.",
    runs: "No backup was tried in the month.",
    integrity: "pra verify and pra prove make it; what was damaged is in the incidents.",
    restores: "pra prove and ./quickstart.sh test-restore make it.",
    objectives: "Looks every five minutes (pra schedule install) and proofs make it.",
    failover:
      "A timed exercise: its report, its participants and decisions, from the team that did it.",
    actions: "Controls were missed and no action is recorded: pra action.",
    audit: "An anchor kept elsewhere: pra ledger anchor.",
    retention:
      "That copies cannot be changed or deleted before their time: from whoever runs the storage (object lock, WORM).",
    separation:
      "Network plan, accounts and custody of the recovery key: from security and infrastructure.",
    plan: "The approved plan, runbook and list of contacts: from the owner of the continuity plan.",
    alerting: "A test that a person confirmed: pra alert test, pra alert confirm.",
    people: "Signed reviews and training records: below, and from the team leads.",
    disposal:
      "That restored copies were destroyed, personal data with them: from whoever restored.",
  },
  clauses: {
    "iso22301-8.2": ["ISO 22301:2019, 8.2", "objectives of recovery for each activity"],
    "iso22301-8.4": ["ISO 22301:2019, 8.4", "plans with roles, activation, communication"],
    "iso22301-8.5": ["ISO 22301:2019, 8.5", "exercises, with reports of what came out"],
    "iso22301-9.1": ["ISO 22301:2019, 8.6 and 9.1", "monitoring, measurement, evaluation"],
    "iso22301-10.1": ["ISO 22301:2019, 10.1", "nonconformities corrected"],
    "iso27001-A.8.13": [
      "ISO/IEC 27001:2022, A.8.13",
      "copies kept and regularly tested under a policy",
    ],
    "iso27001-A.5.30": ["ISO/IEC 27001:2022, A.5.30", "ICT readiness tested against objectives"],
    "soc2-A1.2": ["SOC 2, A1.2", "backup and recovery infrastructure operated and monitored"],
    "soc2-A1.3": ["SOC 2, A1.3", "recovery tested, integrity and completeness of backups included"],
    "dora-11": [
      "DORA, article 11",
      "response and recovery plans, tested, with crisis communication",
    ],
    "dora-12.1": ["DORA, article 12(1)", "backup policy: scope, minimum frequency, methods"],
    "dora-12.2": ["DORA, article 12(2)", "backup and restoration tested periodically"],
    "dora-12.3": ["DORA, article 12(3)", "restoration on segregated systems"],
    "dora-12.6": ["DORA, article 12(6)", "recovery objectives for each function"],
    "dora-12.7": ["DORA, article 12(7)", "checks and reconciliations after recovery"],
    "nis2-4.1": ["NIS2, article 21(2)(c); 2024/2690, 4.1", "continuity and recovery plan"],
    "nis2-4.2.2": [
      "NIS2, article 21(2)(c); 2024/2690, 4.2.2",
      "backup plan: times, completeness, distance, access, retention",
    ],
    "nis2-4.2.3": [
      "NIS2, article 21(2)(c); 2024/2690, 4.2.3",
      "regular integrity checks of backups",
    ],
    "nis2-4.2.6": [
      "NIS2, article 21(2)(c); 2024/2690, 4.2.6",
      "recovery tested, results documented and corrected",
    ],
    "nis2-4.3": ["NIS2, article 21(2)(c); 2024/2690, 4.3", "crisis management"],
  },
  copies: {
    copies: ["3 copies", "the server and this repository are two; a third is not recorded"],
    media: ["2 media", "the kind of storage is not recorded"],
    offSite: ["1 off site", "the place of the repository is not recorded"],
    immutable: ["1 offline or immutable", "object lock or an offline copy is not recorded"],
    errors: ["0 errors after verification", "proofs and objects read back"],
  },
  disclaimer:
    "This is evidence for the clauses named. It does not say that the organisation complies with them: that is for its auditors to judge, with what stands elsewhere.",
  nothingMissing: "Everything that is asked for is shown, at least in part.",
  signatures:
    "Whoever signs has read this report. Its SHA-256 is in the ledger (pra ledger list --kind reportArchived).",
  signatureHead: ["role", "name", "date", "signature"],
  roles: [
    "Prepared by (DBA)",
    "Reviewed by (operations)",
    "Approved by (management)",
    "Audit or compliance",
  ],
};

const fr: Words = {
  titles: {
    evidence: "Preuves apportées par ce mois",
    clauses: "Exigences auxquelles elles répondent",
    copies: "3-2-1-1-0",
    missing: "Ce que ce rapport ne montre pas",
    signatures: "Signatures",
  },
  states: {
    shown: "montré ici",
    partly: "en partie",
    absent: "non montré",
    notNeeded: "rien à montrer",
    contrary: "contredit",
  },
  heads: {
    evidence: "preuve",
    state: "état",
    shownBy: "dans ce rapport",
    clause: "exigence",
    asks: "ce qu'elle demande",
    rule: "règle",
    bring: "ce qui manque, et qui l'a",
  },
  evidence: {
    policy: "politique de sauvegarde en vigueur : fréquence, rétention, objectifs",
    runs: "journal de chaque exécution avec son résultat",
    integrity: "contrôles d'intégrité de ce qui est stocké et de ce qui est restauré",
    restores: "tests de restauration : quoi, quand, à quel instant, avec quel résultat",
    objectives: "RPO et RTO : promis et mesurés",
    failover: "exercice de bascule avec le temps de ses étapes",
    actions: "actions correctives et leur clôture",
    audit: "trace des accès et des changements, qui montre les falsifications",
    retention: "rétention appliquée, et copies inaltérables",
    separation: "séparation : réseau, comptes, site, garde des clés",
    plan: "plan de continuité, procédures, contacts et rôles, approuvés",
    alerting: "les alertes parviennent aux personnes : essais et remises",
    people: "revues, signatures et formations",
    disposal: "les données restaurées pour les tests sont détruites",
  },
  bring: {
    policy:
      "Les tâches planifiées de cette machine : pra schedule install, ou le plan de la machine qui les a.",
    runs: "Aucune sauvegarde n'a été essayée dans le mois.",
    integrity:
      "pra verify et pra prove l'apportent ; ce qui est endommagé figure dans les incidents.",
    restores: "pra prove et ./quickstart.sh test-restore l'apportent.",
    objectives:
      "Des observations toutes les cinq minutes (pra schedule install) et des preuves l'apportent.",
    failover:
      "Un exercice chronométré : son rapport, ses participants et décisions, de l'équipe qui l'a fait.",
    actions: "Des contrôles sont manqués et aucune action n'est consignée : pra action.",
    audit: "Une ancre conservée ailleurs : pra ledger anchor.",
    retention:
      "Que les copies ne peuvent être modifiées ni supprimées avant leur terme : de qui gère le stockage (verrou d'objet, WORM).",
    separation:
      "Plan du réseau, comptes et garde de la clé de secours : de la sécurité et de l'infrastructure.",
    plan: "Le plan approuvé, les procédures et la liste des contacts : du responsable du plan de continuité.",
    alerting: "Un essai confirmé par une personne : pra alert test, pra alert confirm.",
    people: "Revues signées et registres de formation : ci-dessous, et des responsables d'équipe.",
    disposal:
      "Que les copies restaurées ont été détruites, données personnelles comprises : de qui a restauré.",
  },
  clauses: {
    "iso22301-8.2": ["ISO 22301:2019, 8.2", "des objectifs de reprise par activité"],
    "iso22301-8.4": ["ISO 22301:2019, 8.4", "des plans avec rôles, activation, communication"],
    "iso22301-8.5": ["ISO 22301:2019, 8.5", "des exercices, et le rapport de leurs résultats"],
    "iso22301-9.1": ["ISO 22301:2019, 8.6 et 9.1", "surveillance, mesure, évaluation"],
    "iso22301-10.1": ["ISO 22301:2019, 10.1", "non-conformités corrigées"],
    "iso27001-A.8.13": [
      "ISO/IEC 27001:2022, A.8.13",
      "des copies conservées et régulièrement testées selon une politique",
    ],
    "iso27001-A.5.30": [
      "ISO/IEC 27001:2022, A.5.30",
      "préparation des TIC testée face aux objectifs",
    ],
    "soc2-A1.2": ["SOC 2, A1.2", "sauvegarde et reprise exploitées et surveillées"],
    "soc2-A1.3": [
      "SOC 2, A1.3",
      "reprise testée, intégrité et complétude des sauvegardes comprises",
    ],
    "dora-11": [
      "DORA, article 11",
      "plans de réponse et de reprise, testés, avec communication de crise",
    ],
    "dora-12.1": [
      "DORA, article 12(1)",
      "politique de sauvegarde : périmètre, fréquence minimale, méthodes",
    ],
    "dora-12.2": ["DORA, article 12(2)", "sauvegarde et restauration testées périodiquement"],
    "dora-12.3": ["DORA, article 12(3)", "restauration sur des systèmes séparés"],
    "dora-12.6": ["DORA, article 12(6)", "objectifs de reprise par fonction"],
    "dora-12.7": ["DORA, article 12(7)", "contrôles et rapprochements après la reprise"],
    "nis2-4.1": ["NIS2, article 21(2)(c) ; 2024/2690, 4.1", "plan de continuité et de reprise"],
    "nis2-4.2.2": [
      "NIS2, article 21(2)(c) ; 2024/2690, 4.2.2",
      "plan de sauvegarde : délais, complétude, distance, accès, rétention",
    ],
    "nis2-4.2.3": [
      "NIS2, article 21(2)(c) ; 2024/2690, 4.2.3",
      "contrôles réguliers de l'intégrité des sauvegardes",
    ],
    "nis2-4.2.6": [
      "NIS2, article 21(2)(c) ; 2024/2690, 4.2.6",
      "reprise testée, résultats documentés et corrigés",
    ],
    "nis2-4.3": ["NIS2, article 21(2)(c) ; 2024/2690, 4.3", "gestion de crise"],
  },
  copies: {
    copies: ["3 copies", "le serveur et ce dépôt en font deux ; une troisième n'est pas consignée"],
    media: ["2 supports", "la nature du stockage n'est pas consignée"],
    offSite: ["1 hors site", "le lieu du dépôt n'est pas consigné"],
    immutable: [
      "1 hors ligne ou inaltérable",
      "ni verrou d'objet ni copie hors ligne ne sont consignés",
    ],
    errors: ["0 erreur après vérification", "preuves et objets relus"],
  },
  disclaimer:
    "Ceci est une preuve pour les exigences nommées. Cela ne dit pas que l'organisation s'y conforme : c'est à ses auditeurs d'en juger, avec ce qui se trouve ailleurs.",
  nothingMissing: "Tout ce qui est demandé est montré, au moins en partie.",
  signatures:
    "Qui signe a lu ce rapport. Son SHA-256 est dans le journal (pra ledger list --kind reportArchived).",
  signatureHead: ["rôle", "nom", "date", "signature"],
  roles: [
    "Préparé par (DBA)",
    "Revu par (exploitation)",
    "Approuvé par (direction)",
    "Audit ou conformité",
  ],
};

/** By language. */
export const evidenceText: Readonly<Record<Language, Words>> = { en, fr };
