/**
 * The Grafana dashboards, one a language: from top to bottom what people ask at night, in that order. Is all well; what would be lost; can it be
 * restored; will it go on. A panel names metrics of the registry only: another name does not compile.
 */
import type { Language } from "../../src/core/language.ts";
import {
  statusBackupAgeBadMs,
  statusBackupAgeNoteMs,
  statusProofAgeNoteMs,
} from "../../src/core/look-limits.ts";
import type { MetricName } from "../../src/watch/metrics/metric-registry.ts";

type Words = Readonly<Record<Language, string>>;

/** A colour from a value on. */
type Step = { readonly color: "green" | "orange" | "red" | "text"; readonly value: number | null };

type Query = {
  /** `{}` behind a metric stands for the chosen clusters. */
  readonly expr: (metric: (name: MetricName, more?: string) => string) => string;
  readonly legend?: string;
};

type Panel = {
  readonly type: "stat" | "timeseries" | "state-timeline";
  readonly title: Words;
  readonly help?: Words;
  readonly unit?: "s" | "bytes" | "dateTimeFromNow" | "none";
  readonly steps?: readonly Step[];
  /** What values are called. */
  readonly names?: Readonly<Record<string, readonly [text: Words, color: Step["color"]]>>;
  readonly width: number;
  readonly height: number;
  readonly queries: readonly Query[];
};

const yes: readonly Step[] = [
  { color: "red", value: null },
  { color: "green", value: 1 },
];
const none: readonly Step[] = [
  { color: "green", value: null },
  { color: "red", value: 1 },
];
const plain: readonly Step[] = [{ color: "text", value: null }];

function isUp(up: Words, down: Words): NonNullable<Panel["names"]> {
  return { "0": [down, "red"], "1": [up, "green"] };
}

function stat(title: Words, query: Query, rest: Partial<Panel>): Panel {
  return { type: "stat", title, queries: [query], width: 4, height: 4, steps: plain, ...rest };
}

function curve(title: Words, queries: readonly Query[], rest: Partial<Panel>): Panel {
  return { type: "timeseries", title, queries, width: 12, height: 8, steps: plain, ...rest };
}

const rows: readonly (readonly [title: Words, panels: readonly Panel[]])[] = [
  [
    { en: "Now", fr: "Maintenant" },
    [
      stat(
        { en: "Server", fr: "Serveur" },
        { expr: (m) => m("pra_server_up") },
        {
          steps: yes,
          names: isUp({ en: "answers", fr: "répond" }, { en: "down", fr: "arrêté" }),
        },
      ),
      stat(
        { en: "Repository", fr: "Dépôt" },
        { expr: (m) => m("pra_repository_up") },
        { steps: yes, names: isUp({ en: "opens", fr: "s'ouvre" }, { en: "closed", fr: "fermé" }) },
      ),
      stat(
        { en: "Critical alerts", fr: "Alertes critiques" },
        { expr: (m) => m("pra_alerts_open", 'severity="critical"') },
        { steps: none },
      ),
      stat(
        { en: "Failed checks", fr: "Contrôles en échec" },
        {
          expr: (m) =>
            `count(${m("pra_check_severity")} == 2) or 0 * count(${m("pra_check_severity")})`,
        },
        { steps: none },
      ),
      stat(
        { en: "Gaps in the WAL", fr: "Trous dans le WAL" },
        { expr: (m) => m("pra_wal_gaps") },
        { steps: none },
      ),
      stat(
        { en: "Last look", fr: "Dernier contrôle" },
        { expr: (m) => `time() - ${m("pra_look_timestamp_seconds", 'scope="everything"')}` },
        {
          unit: "s",
          steps: [
            { color: "green", value: null },
            { color: "orange", value: 400 },
            { color: "red", value: 900 },
          ],
          help: {
            en: "Everything else on this page is as old. A daemon looks every minute, cron every five.",
            fr: "Tout le reste de cette page a cet âge. Un démon regarde chaque minute, cron toutes les cinq.",
          },
        },
      ),
    ],
  ],
  [
    { en: "What would be lost", fr: "Ce qui serait perdu" },
    [
      curve(
        { en: "Exposure, against the objective", fr: "Exposition, face à l'objectif" },
        [
          { expr: (m) => m("pra_exposure_seconds"), legend: "{{cluster}}" },
          { expr: (m) => m("pra_objective_rpo_seconds"), legend: "RPO {{cluster}}" },
        ],
        {
          unit: "s",
          help: {
            en: "Work that would be lost if the server vanished now. No line: nothing tells.",
            fr: "Travail perdu si le serveur disparaissait maintenant. Pas de ligne : rien ne le dit.",
          },
        },
      ),
      curve(
        { en: "WAL not yet in the repository, and kept for slots", fr: "WAL pas encore au dépôt, et gardé pour des slots" },
        [
          { expr: (m) => m("pra_exposure_bytes"), legend: "{{cluster}}" },
          { expr: (m) => m("pra_slot_retained_bytes"), legend: "{{slot}}" },
        ],
        { unit: "bytes" },
      ),
    ],
  ],
  [
    { en: "What can be restored", fr: "Ce qui est restaurable" },
    [
      stat(
        { en: "Age of the newest backup", fr: "Âge de la dernière sauvegarde" },
        { expr: (m) => `time() - ${m("pra_newest_backup_timestamp_seconds")}` },
        {
          unit: "s",
          steps: [
            { color: "green", value: null },
            { color: "orange", value: statusBackupAgeNoteMs / 1000 },
            { color: "red", value: statusBackupAgeBadMs / 1000 },
          ],
        },
      ),
      stat(
        { en: "Age of the newest proof", fr: "Âge de la dernière preuve" },
        { expr: (m) => `time() - ${m("pra_newest_proof_timestamp_seconds")}` },
        {
          unit: "s",
          steps: [
            { color: "green", value: null },
            { color: "orange", value: statusProofAgeNoteMs / 1000 },
          ],
        },
      ),
      stat(
        { en: "Newest proof", fr: "Dernière preuve" },
        { expr: (m) => m("pra_newest_proof_success") },
        {
          steps: yes,
          names: isUp({ en: "proved", fr: "prouvée" }, { en: "not proved", fr: "non prouvée" }),
        },
      ),
      stat(
        { en: "Backups without a good proof", fr: "Sauvegardes sans bonne preuve" },
        { expr: (m) => m("pra_backups_unproved") },
        {},
      ),
      stat(
        { en: "Backups", fr: "Sauvegardes" },
        { expr: (m) => m("pra_backups") },
        {},
      ),
      stat(
        { en: "Damaged pages in the newest", fr: "Pages abîmées dans la dernière" },
        { expr: (m) => m("pra_newest_backup_corrupt_pages") },
        { steps: none },
      ),
    ],
  ],
  [
    { en: "Will it go on", fr: "Est-ce que cela durera" },
    [
      curve(
        { en: "Free space", fr: "Place libre" },
        [
          { expr: (m) => m("pra_repository_free_bytes"), legend: "{{cluster}}" },
          { expr: (m) => m("pra_repository_free_min_bytes"), legend: "MIN_FREE_GB {{cluster}}" },
          { expr: (m) => m("pra_server_wal_free_bytes"), legend: "pg_wal {{cluster}}" },
        ],
        { unit: "bytes" },
      ),
      stat(
        { en: "The repository's disk is full", fr: "Le disque du dépôt sera plein" },
        { expr: (m) => `${m("pra_repository_full_timestamp_seconds")} * 1000` },
        { unit: "dateTimeFromNow", width: 6, height: 4 },
      ),
      stat(
        { en: "First certificate to end", fr: "Premier certificat à finir" },
        { expr: (m) => `min(${m("pra_certificate_expiry_timestamp_seconds")}) * 1000` },
        { unit: "dateTimeFromNow", width: 6, height: 4 },
      ),
      stat(
        { en: "Missed runs", fr: "Exécutions manquées" },
        { expr: (m) => `sum(${m("pra_job_missed_runs")})` },
        { steps: none, width: 6, height: 4 },
      ),
      stat(
        { en: "Messages that wait", fr: "Messages en attente" },
        { expr: (m) => m("pra_alert_messages_waiting") },
        { width: 6, height: 4 },
      ),
    ],
  ],
  [
    { en: "Each check and each job", fr: "Chaque contrôle et chaque tâche" },
    [
      {
        type: "state-timeline",
        title: { en: "Checks", fr: "Contrôles" },
        width: 12,
        height: 14,
        names: {
          "0": [{ en: "good", fr: "bon" }, "green"],
          "1": [{ en: "worth a look", fr: "à regarder" }, "orange"],
          "2": [{ en: "failed", fr: "en échec" }, "red"],
        },
        queries: [{ expr: (m) => m("pra_check_severity"), legend: "{{check}}" }],
      },
      {
        type: "state-timeline",
        title: { en: "Jobs: the last run", fr: "Tâches : la dernière exécution" },
        width: 12,
        height: 14,
        names: isUp({ en: "exit code 0", fr: "code 0" }, { en: "failed", fr: "en échec" }),
        queries: [{ expr: (m) => m("pra_job_last_success"), legend: "{{job}}" }],
      },
    ],
  ],
];

const unknown: Words = { en: "not known", fr: "inconnu" };

const source = { type: "prometheus", uid: "${source}" } as const;

function selected(name: MetricName, more?: string): string {
  const cluster = 'cluster=~"$cluster"';
  return `${name}{${more === undefined ? cluster : `${cluster},${more}`}}`;
}

function panelObject(panel: Panel, language: Language): object {
  const { type, title, help, unit = "none", steps, names, queries } = panel;
  const mappings =
    names === undefined
      ? []
      : [
          {
            type: "value",
            options: Object.fromEntries(
              Object.entries(names).map(([value, [text, color]], index) => [
                value,
                { text: text[language], color, index },
              ]),
            ),
          },
        ];
  return {
    type,
    title: title[language],
    ...(help === undefined ? {} : { description: help[language] }),
    datasource: source,
    fieldConfig: {
      defaults: {
        unit,
        mappings,
        noValue: unknown[language],
        color: { mode: type === "timeseries" ? "palette-classic" : "thresholds" },
        ...(steps === undefined ? {} : { thresholds: { mode: "absolute", steps } }),
      },
      overrides: [],
    },
    options:
      type === "stat"
        ? { colorMode: "value", graphMode: "none", reduceOptions: { calcs: ["lastNotNull"] } }
        : { legend: { displayMode: "list", placement: "bottom" } },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + index),
      datasource: source,
      expr: expr(selected),
      legendFormat: legend ?? "{{cluster}}",
      // A figure that is gone must not be shown as it was hours ago.
      ...(type === "stat" ? { instant: true, range: false } : {}),
    })),
  };
}

/** One row, from left to right on Grafana's 24 columns; below each other beside a panel that is as high as the row. */
function placed(row: readonly Panel[], top: number): readonly { readonly x: number; readonly y: number }[] {
  const highest = Math.max(...row.map(({ height }) => height));
  const places: { readonly x: number; readonly y: number }[] = [];
  let [x, y, left] = [0, top, 0];
  for (const { width, height } of row) {
    if (x + width > 24) {
      [x, y] = [left, y + height];
    }
    places.push({ x, y });
    x += width;
    if (height === highest && row.some((other) => other.height < highest)) {
      left = x;
    }
  }
  return places;
}

function laidOut(language: Language): readonly object[] {
  const panels: object[] = [];
  let y = 0;
  for (const [title, row] of rows) {
    const heading = { type: "row", title: title[language], collapsed: false, panels: [] };
    panels.push({ ...heading, id: panels.length + 1, gridPos: { x: 0, y, w: 24, h: 1 } });
    const places = placed(row, y + 1);
    row.forEach((panel, index) => {
      const gridPos = { ...places[index], w: panel.width, h: panel.height };
      panels.push({ ...panelObject(panel, language), id: panels.length + 1, gridPos });
    });
    y += 1 + Math.max(...row.map(({ height }) => height));
  }
  return panels;
}

/** `monitoring/grafana-dashboard.json`, and its sister in French. */
export function dashboardFile(language: Language): string {
  const dashboard = {
    uid: language === "fr" ? "pra-fr" : "pra",
    title: language === "fr" ? "PRA : reprise après sinistre" : "PRA: disaster recovery",
    tags: ["pra", "postgresql", "backup"],
    schemaVersion: 39,
    editable: true,
    refresh: "1m",
    time: { from: "now-24h", to: "now" },
    timezone: "browser",
    templating: {
      list: [
        { type: "datasource", name: "source", label: "Prometheus", query: "prometheus" },
        {
          type: "query",
          name: "cluster",
          label: "cluster",
          datasource: source,
          query: { query: "label_values(pra_look_timestamp_seconds, cluster)", refId: "cluster" },
          refresh: 2,
          includeAll: true,
          multi: true,
          current: { text: "All", value: "$__all" },
        },
      ],
    },
    annotations: { list: [] },
    panels: laidOut(language),
  };
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}
