/** `docs/metrics.md`, from the registry of metrics. Pure; `npm run docs` writes it. */
import { labelsOf, metricNames, metricRegistry } from "../../watch/metrics/metric-registry.ts";

const HEAD = `# Metrics · Métriques

Generated from \`src/watch/metrics\`. For Prometheus and whatever reads its formats; a name and its meaning do not change once they stand here.

Page produite à partir de \`src/watch/metrics\`. Pour Prometheus et ce qui lit ses formats ; un nom et son sens ne changent plus une fois écrits ici.

With \`pra daemon\`: \`PRA_METRICS_LISTEN=127.0.0.1:19187\` in \`.env\` serves \`/metrics\` (OpenMetrics to those who ask for it, else Prometheus's text format)
and \`/healthz\` (503 when nothing was looked at for too long). It is off unless set, and on this machine only: no password is asked.
A question starts no look; what the newest one saw is answered at once, and \`pra_look_timestamp_seconds\` says how old that is.

Avec \`pra daemon\` : \`PRA_METRICS_LISTEN=127.0.0.1:19187\` dans \`.env\` sert \`/metrics\` (OpenMetrics à qui le demande, sinon le format texte de Prometheus)
et \`/healthz\` (503 quand rien n'a été regardé depuis trop longtemps). Rien n'est servi sans ce réglage, et seulement sur cette machine : aucun mot de
passe n'est demandé. Une question ne lance aucun contrôle ; la réponse est celle du dernier, et \`pra_look_timestamp_seconds\` en dit l'âge.

Without a daemon, by cron, for node_exporter's textfile collector, which reads the text format alone:
Sans démon, par cron, pour le collecteur de fichiers de node_exporter, qui ne lit que le format texte :

\`\`\`text
*/5 * * * * /opt/pra/pra status --openmetrics --output /var/lib/prometheus/node-exporter/pra.prom >/dev/null
\`\`\`

In \`monitoring/\`: alert rules (\`prometheus-rules.yml\`), their tests (\`promtool test rules prometheus-rules.test.yml\`) and a Grafana dashboard in both
languages, all made from the same registry.

Dans \`monitoring/\` : des règles d'alerte (\`prometheus-rules.yml\`), leurs tests (\`promtool test rules prometheus-rules.test.yml\`) et un tableau de bord Grafana
dans les deux langues, tous produits à partir du même registre.

What is not known is not told: a metric without an answer behind it has no line, never a zero. Where the absence itself is the news, \`…_known\` is 0.

Ce qui n'est pas connu n'est pas dit : une métrique sans réponse derrière elle n'a pas de ligne, jamais un zéro. Quand l'absence est la nouvelle, \`…_known\` vaut 0.

| metric / métrique | type | labels | meaning / sens |
| --- | --- | --- | --- |`;

function cell(text: string): string {
  return text.replace(/[|<*_]/g, "\\$&");
}

/** The page. */
export function metricsPage(): string {
  const rows = metricNames.map((name) => {
    const { kind, help } = metricRegistry[name];
    const labels = labelsOf(name)
      .map((label) => `\`${label}\``)
      .join(", ");
    return `| \`${name}\` | ${kind} | ${labels} | ${cell(help.en)}<br>${cell(help.fr)} |`;
  });
  return `${[HEAD, ...rows].join("\n")}\n`;
}
