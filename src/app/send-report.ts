/**
 * A report on its way to people: by mail with its PDF, and to Slack in words, on the routes that the daily digest takes too. It goes through the
 * outbox, so that a relay that is down gets it later, once; a first attempt is made at once.
 */
import { join } from "node:path";
import { cutText } from "../core/cut-text.ts";
import type { Language } from "../core/language.ts";
import { digestLinesMax, watchTextMax } from "../core/watch-limits.ts";
import { reportWriteMs } from "../core/limits.ts";
import { createDirectories } from "../files/directories.ts";
import { writeDurably } from "../files/write-durably.ts";
import { type ReportDocument, colonOf, signOf } from "../render/report-document.ts";
import type { MessageContent } from "../watch/compose-messages.ts";
import type { StoredAttachment } from "../watch/outbox.ts";
import { hashOf } from "./archive-report.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { type MadeReport, reportFileBase } from "./report-files.ts";
import { type SentMessage, sendToReaders } from "./watch/send-to-readers.ts";
import type { WatchOptions } from "./watch/watch-setup.ts";

const HEADLINE_MAX = 100;

type Where = Readonly<Record<"figures" | "judged" | "more" | "attached", string>>;

const where: Readonly<Record<Language, Where>> = {
  en: {
    figures: "In figures",
    judged: "What is not met",
    more: "The whole report",
    attached: "attached",
  },
  fr: {
    figures: "En chiffres",
    judged: "Ce qui n'est pas atteint",
    more: "Le rapport entier",
    attached: "joint",
  },
};

function line(text: string): string {
  return cutText(text.replaceAll(/\s+/g, " "), watchTextMax);
}

/** What is not good of the first table: of a report of a period, its controls. */
function openLines({ sections, language }: ReportDocument): readonly string[] {
  const judged = sections.find((section) => section.kind === "table");
  const rows = (judged?.rows ?? []).filter((row) =>
    row.some(({ tone = "plain" }) => tone === "bad" || tone === "unknown" || tone === "warning"),
  );
  return rows.slice(0, digestLinesMax).map((row) => {
    const [name, result, verdict] = row;
    return line(
      `${name?.text ?? ""}${colonOf(language)}${result?.text ?? ""} (${verdict?.text ?? ""})`,
    );
  });
}

/** Words for one route. Pure. */
export function reportContent(
  document: ReportDocument,
  of: { readonly attachment: StoredAttachment | undefined; readonly id: string | undefined },
): MessageContent {
  const { language, title, subtitle, verdict, figures } = document;
  const words = where[language];
  const colon = colonOf(language);
  const told = figures.map(({ label, value, note, tone }) =>
    line(`${signOf(tone)} ${label}${colon}${value} (${note})`.trim()),
  );
  const { attachment, id } = of;
  const open = openLines(document);
  const more = [
    ...(attachment === undefined ? [] : [`${words.attached}${colon}${attachment.name}`]),
    ...(id === undefined
      ? []
      : [`pra report show ${id.slice(0, 16)} --format html --output report.html`]),
  ];
  return {
    inReplyTo: null,
    kind: "report",
    severity: verdict.tone === "good" ? "info" : "warning",
    headline: line(`${verdict.text}${colon}${title}, ${subtitle.split(" · ")[0] ?? ""}`).slice(
      0,
      HEADLINE_MAX,
    ),
    alerts: [],
    alertsLeftOut: 0,
    sections: [
      {
        title: `${signOf(verdict.tone)} ${verdict.text}`,
        lines: [line(subtitle), line(verdict.detail)],
      },
      { title: words.figures, lines: told.slice(0, digestLinesMax) },
      ...(open.length === 0 ? [] : [{ title: words.judged, lines: [...open] }]),
      ...(more.length === 0 ? [] : [{ title: words.more, lines: more }]),
    ],
    ...(attachment === undefined ? {} : { attachment }),
  };
}

/** Its PDFs, where a later process finds them to hand over. */
async function putAttachments(
  { stateDirectory }: Environment,
  { report, files }: MadeReport,
  languages: ReadonlySet<Language>,
): Promise<ReadonlyMap<Language, StoredAttachment>> {
  const signal = AbortSignal.timeout(reportWriteMs);
  const directory = join(stateDirectory, "reports");
  await createDirectories(directory, { group: "RESTORE", signal });
  const put = new Map<Language, StoredAttachment>();
  for (const language of languages) {
    const bytes = files.get(`pdf.${language}`) ?? Buffer.of();
    const path = join(directory, `${reportFileBase(report)}.${language}.pdf`);
    await writeDurably({ finalPath: path, parts: [bytes], group: "RESTORE", signal });
    const name = `pra-${report.cluster}-${report.fileName ?? report.kind}.pdf`;
    put.set(language, { name, type: "application/pdf", path, sha256: hashOf(bytes) });
  }
  return put;
}

/** Queues it and tries once. Empty: nobody reads mail or Slack here. @throws DrError `STORE_*` of the state directory, `RESTORE_*` of its files, `WATCH_MEMORY_BUSY`. */
export async function sendReport(
  adapters: Adapters,
  environment: Environment,
  options: WatchOptions & { readonly made: MadeReport },
): Promise<readonly SentMessage[]> {
  const { made, ...watching } = options;
  const { documents } = made.report;
  return await sendToReaders(adapters, environment, {
    ...watching,
    kind: "report",
    compose: async (languages) => {
      const attachments = await putAttachments(environment, made, languages);
      return ({ language, channel }) => {
        const attachment = channel === "email" ? attachments.get(language) : undefined;
        return reportContent(documents[language], { attachment, id: made.reportId });
      };
    },
  });
}
