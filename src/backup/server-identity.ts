/** What a root keeps of the server: what restoring needs, and all else that was visible, as it was told. */
import { guard } from "../core/failpoint.ts";
import type { ServerFacts, Visible } from "../postgres/server-facts.ts";
import type { BackupRoot, ServerIdentity } from "../repository/root.ts";

function numberIn(row: Visible<Readonly<Record<string, unknown>>>, column: string): number {
  const value = row.visible ? Number(row.value[column]) : 0;
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

/** The server as a root describes it. The system identifier comes from the replication connection. */
export function serverIdentity(facts: ServerFacts, systemIdentifier: bigint): ServerIdentity {
  return {
    major: facts.version.major,
    version: facts.versionText,
    systemId: String(systemIdentifier),
    blockBytes: facts.blockBytes,
    walBlockBytes: facts.walBlockBytes,
    walSegmentBytes: facts.walSegmentBytes,
    segmentBlocks: facts.segmentBlocks,
    dataChecksums: facts.dataChecksums,
    controlVersion: numberIn(facts.controlSystem, "pg_control_version"),
    catalogVersion: numberIn(facts.controlSystem, "catalog_version_no"),
    standby: facts.inRecovery,
    facts: { ...facts, configurationFiles: undefined },
  };
}

/** Configuration that lies outside the data directory, as far as the role may read it. */
export function outsideConfiguration(facts: ServerFacts): BackupRoot["configuration"] {
  return facts.configurationFiles.flatMap(({ path, text }) =>
    text.visible && guard("L30-outside-captured") ? [{ path, content: text.value }] : [],
  );
}
