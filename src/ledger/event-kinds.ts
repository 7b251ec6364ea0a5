/**
 * What can happen, as the ledger records it. Each kind holds all that `list`, windows, RPO and RTO reports need, so that they can
 * be computed from the ledger alone; `event-meanings.ts` says what each means, `docs/ledger.md` shows both. Positions are text (`0/16B3748`), instants ISO 8601 in UTC, times in
 * milliseconds or seconds as their names say. A kind is never changed: a new version of it gets a new number.
 */
import * as z from "zod/mini";
import { actionSchemas } from "./action-kinds.ts";
import { cluster, id, text, time } from "./event-fields.ts";

const incarnation = z.string().check(z.regex(/^[0-9a-f]{16}-[0-9a-f]{32}$/));
const lsn = z.string().check(z.regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/));
const timeline = z.int().check(z.minimum(1), z.maximum(0xffffffff));
const count = z.int().check(z.nonnegative());
const duration = z.number().check(z.nonnegative());
const hash = z.string().check(z.regex(/^[0-9a-f]{64}$/));
/** As `parseLedgerWriterName` takes it. */
const writer = z.string().check(z.regex(/^[0-9a-f]{16}-[0-9a-f]{32}$/));
const place = { cluster, incarnation };

const backupFacts = {
  ...place,
  backup: id,
  kind: z.enum(["full", "incremental"]),
  parent: z.nullable(id),
};

/** A wanted point, in the words of the command line. */
const target = z.object({
  kind: z.enum(["latest", "time", "lsn", "xid", "name", "immediate"]),
  value: z.nullable(text),
  timeline: z.nullable(timeline),
});
const reached = z.object({ lsn, time: z.nullable(time), timeline });
const phases = z.array(z.object({ name: text, durationMs: duration }));
const restoreFacts = {
  ...place,
  backup: id,
  target,
  /** `restore` by a person, or as a part of a proof or a drill. */
  purpose: z.enum(["restore", "proof", "drill", "failover"]),
  host: text,
  restoredBytes: count,
  phases,
  durationMs: duration,
  predictedMs: z.nullable(duration),
};

const alertFacts = { cluster, alert: text, rule: text, subject: text };
const channelFacts = { cluster, channel: text, recipient: text, message: text };
const quietKind = z.enum(["silence", "maintenance"]);
const messageFacts = {
  cluster,
  message: text,
  what: text,
  route: text,
  headline: text,
  decidedAt: text,
};

/** The data of each kind; all have version 1. */
export const eventSchemas = {
  /** First event of a writer. `follows`: newest events of other writers that it knew, which their removal would betray. */
  writerStarted: z.object({
    host: text,
    pid: count,
    program: text,
    /** From where the person came, as far as the system tells: "ssh 192.0.2.7", "sudo alice". */
    from: z._default(z.nullable(text), null),
    follows: z.array(z.object({ writer, sequence: count, hash })),
  }),
  backupStarted: z.object({ ...backupFacts, timeline, startLsn: lsn }),
  backupFinished: z.object({
    ...backupFacts,
    label: text,
    startedAt: time,
    finishedAt: time,
    timeline,
    startLsn: lsn,
    stopLsn: lsn,
    clusterBytes: count,
    readBytes: count,
    storedBytes: count,
    newBlocks: count,
    totalBlocks: count,
    corruptPages: count,
  }),
  backupFailed: z.object({
    cluster,
    incarnation: z.nullable(incarnation),
    backup: z.nullable(id),
    startedAt: time,
    code: text,
    message: text,
  }),
  walGapOpened: z.object({
    ...place,
    timeline,
    fromLsn: lsn,
    /** Null while WAL is still missing up to now. */
    toLsn: z.nullable(lsn),
    cause: z.enum(["slotLost", "segmentMissing", "receiverDown", "conflict", "other"]),
    detail: text,
  }),
  walReceiverStarted: z.object({
    ...place,
    timeline,
    startLsn: lsn,
    slot: text,
    synchronous: z.boolean(),
  }),
  walReceiverStopped: z.object({
    ...place,
    timeline,
    durableLsn: lsn,
    durableTime: z.nullable(time),
    slot: text,
    cause: z.enum([
      "asked",
      "serverStopped",
      "connectionLost",
      "leaseLost",
      "storeFailed",
      "other",
    ]),
    detail: text,
  }),
  slotLost: z.object({ ...place, slot: text, restartLsn: z.nullable(lsn), cause: text }),
  /** An hour of looks by one host; a slot is five minutes, the worst of its looks, and null where nobody looked or could tell. */
  looksSampled: z.object({
    cluster,
    host: text,
    /** The hour's beginning. */
    from: time,
    /** In force at these looks. */
    objectives: z.object({ rpoSeconds: duration, rtoSeconds: duration }),
    looks: count,
    slots: z
      .array(
        z.nullable(
          z.object({
            exposureSeconds: z.nullable(duration),
            backupAgeSeconds: z.nullable(duration),
            proofAgeSeconds: z.nullable(duration),
            /** Of what was found at worst. */
            state: z.enum(["good", "note", "bad"]),
          }),
        ),
      )
      .check(z.maxLength(12)),
  }),
  /** A signed head over all writers was given out, to be kept elsewhere. `digest`: of its text. */
  anchorMade: z.object({ writers: count, events: count, digest: hash }),
  restoreFinished: z.object({ ...restoreFacts, reached }),
  restoreFailed: z.object({ ...restoreFacts, phase: text, code: text, message: text }),
  /** Of a whole restore into an empty directory that succeeded: what later ones are predicted from. */
  restoreMeasured: z.object({
    ...place,
    backup: id,
    purpose: z.enum(["restore", "proof", "drill", "failover"]),
    host: text,
    restoredBytes: count,
    /** Of WAL between the backup and the target. */
    walBytes: count,
    filesMs: duration,
    walMs: duration,
    /** Null: no server was started. */
    startMs: z.nullable(duration),
  }),
  proofFinished: z.object({
    ...place,
    backup: id,
    target,
    verdict: z.enum(["proven", "failed", "unfit"]),
    reached: z.nullable(reached),
    levels: z.array(
      z.object({
        level: z.int().check(z.minimum(1), z.maximum(5)),
        ok: z.boolean(),
        durationMs: duration,
        findings: z.array(text),
      }),
    ),
    serverVersion: z.nullable(text),
    rpoSeconds: z.nullable(duration),
    rtoSeconds: z.nullable(duration),
    predictedMs: z.nullable(duration),
  }),
  /** Follows the `proofFinished` of the same backup and writer: what was checked and measured beyond the server itself, within which limits. */
  proofChecked: z.object({
    ...place,
    backup: id,
    /** Those that failed first, where there are too many for an event. */
    assertions: z.array(
      z.object({
        name: text,
        database: text,
        ok: z.boolean(),
        outcome: text,
        value: z.nullable(text),
        durationMs: duration,
      }),
    ),
    assertionsTotal: count,
    /** The newest beat that came back, and what it says would be lost. */
    heartbeat: z.nullable(
      z.object({
        database: text,
        beatAt: z.nullable(time),
        against: z.enum(["now", "target"]),
        lossSeconds: z.nullable(duration),
      }),
    ),
    application: z.nullable(
      z.object({
        ok: z.boolean(),
        outcome: text,
        exitCode: z.nullable(z.int()),
        durationMs: duration,
      }),
    ),
    limits: z.object({ nice: count, idleDisk: z.boolean(), minutesMax: count, neededBytes: count }),
  }),
  leaseLost: z.object({
    cluster,
    purpose: z.enum(["backup", "wal", "expire"]),
    epoch: count,
    cause: text,
  }),
  verifyFinished: z.object({
    cluster: z.nullable(cluster),
    depth: z.enum(["headers", "sample", "deep"]),
    objects: count,
    bytes: count,
    damaged: z.array(z.object({ key: text, code: text })),
    durationMs: duration,
  }),
  expireFinished: z.object({
    cluster,
    epoch: count,
    backups: z.array(id),
    deletedObjects: count,
    deletedBytes: z.nullable(count),
    sparedObjects: count,
    durationMs: duration,
  }),
  /** Written before the first of them is deleted: from then on their absence is no sign of a repository set back. */
  backupsGivenUp: z.object({
    cluster,
    backups: z.array(z.object({ incarnation, backup: id })),
  }),
  backupHeld: z.object({ ...place, backup: id, number: count, until: z.nullable(time), why: text }),
  backupReleased: z.object({ ...place, backup: id, number: count, why: text }),
  /** Of dumps, likewise. */
  dumpsGivenUp: z.object({ cluster, dumps: z.array(z.object({ incarnation, dump: id })) }),
  dumpHeld: z.object({ ...place, dump: id, number: count, until: z.nullable(time), why: text }),
  dumpReleased: z.object({ ...place, dump: id, number: count, why: text }),
  /** Somebody is about to read. `repeats`: looks of the same kind by the same account since the last that was recorded. */
  accessed: z.object({
    what: text,
    cluster: z.nullable(cluster),
    object: z.nullable(text),
    repeats: count,
  }),
  conflictFound: z.object({ ...place, segment: text, key: text }),
  rollbackAccepted: z.object({ missing: z.array(text) }),
  dumpFinished: z.object({
    ...place,
    dump: id,
    startedAt: time,
    finishedAt: time,
    databases: z.array(
      z.object({ name: text, snapshotLsn: lsn, plainBytes: count, tables: count, rows: count }),
    ),
    globals: z.boolean(),
    plainBytes: count,
    storedBytes: count,
  }),
  dumpFailed: z.object({ ...place, startedAt: time, code: text, message: text }),
  dumpExported: z.object({
    cluster,
    database: text,
    file: text,
    bytes: count,
    sha256: hash,
    encrypted: z.boolean(),
  }),
  /** Tables brought next to the live ones; `missing` where they were compared. `copied`: rows inserted into live tables, when asked for. */
  tablesRescued: z.object({
    cluster,
    backup: id,
    database: text,
    into: text,
    host: text,
    at: z.nullable(text),
    tables: z.array(z.object({ name: text, rows: count, missing: z.nullable(count) })),
    copied: z.nullable(z.array(z.object({ name: text, rows: count }))),
    durationMs: duration,
  }),
  /** A database was made anew from a dump, a file or a backup, and compared with what that held. */
  databaseRestored: z.object({
    cluster,
    source: z.object({ kind: z.enum(["dump", "file", "backup"]), name: text }),
    /** The instant of the data: of the dump's snapshot, or the one asked for. Null for files. */
    at: z.nullable(text),
    host: text,
    database: text,
    ok: z.boolean(),
    tables: count,
    rows: count,
    findings: z.array(text),
    /** Null when nobody named an address. */
    application: z.nullable(z.object({ ok: z.boolean(), answer: text, attempts: count })),
    phases,
    durationMs: duration,
    report: z.nullable(text),
    dropped: z.boolean(),
  }),
  /** A report lies in the repository; follows what it reports, of the same writer. `bytes` as it is stored, each file's of its text. */
  reportArchived: z.object({
    cluster,
    report: id,
    /** `proof`, `restore-db`. */
    of: text,
    model: count,
    startedAt: time,
    /** A backup, a database. */
    subject: text,
    verdict: text,
    bytes: count,
    files: z.array(z.object({ name: text, bytes: count, sha256: hash })),
  }),
  databaseRestoreFailed: z.object({
    cluster,
    source: z.nullable(text),
    host: text,
    database: text,
    phase: text,
    code: text,
    message: text,
  }),
  /** What a person typed opened a slot, and with it the newest backup, when there was one. */
  keyChecked: z.object({
    generation: count,
    slot: text,
    method: text,
    root: text,
    cluster: z.nullable(cluster),
    backup: z.nullable(id),
  }),
  keySlotAdded: z.object({ generation: count, slot: text, method: text, label: text }),
  keySlotRemoved: z.object({ generation: count, slot: text, method: text, label: text }),
  /** A new generation; `root` is the fingerprint of its root signing key, `closed` how many backups and dumps of earlier ones count. */
  keysRotated: z.object({
    generation: count,
    encrypted: z.boolean(),
    slots: z.array(text),
    root: text,
    closed: count,
  }),
  /** A rule was ill for long enough; `at` is when that began. */
  alertOpened: z.object({
    ...alertFacts,
    severity: z.enum(["critical", "warning"]),
    at: time,
    summary: text,
  }),
  alertAcknowledged: z.object({ ...alertFacts, by: text, why: text, at: time }),
  /** `forgotten`: nobody looks at it any more. `exposedSeconds`: the work exposed at worst; null: not known. */
  alertResolved: z.object({
    ...alertFacts,
    how: z.enum(["well", "forgotten"]),
    at: time,
    lastedSeconds: duration,
    exposedSeconds: z.nullable(duration),
    proof: text,
  }),
  /** A silence or a maintenance window began. `rule`: `all` is every rule. */
  alertsSilenced: z.object({
    cluster,
    quiet: text,
    what: quietKind,
    rule: text,
    until: time,
    by: text,
    why: text,
  }),
  /** It ended; `by` is null when its time was over. */
  alertsUnsilenced: z.object({
    cluster,
    quiet: text,
    what: quietKind,
    rule: text,
    at: time,
    by: z.nullable(text),
  }),
  /** A channel took a message over. */
  messageDelivered: z.object({ ...messageFacts, attempts: count, at: time, said: text }),
  /** A test message went to a channel; `outcome` is what the other side did with it. */
  channelTested: z.object({
    ...channelFacts,
    host: text,
    at: time,
    outcome: z.enum(["accepted", "later", "refused"]),
    said: text,
  }),
  /** A person typed back the code of a test message: it was read. */
  channelConfirmed: z.object({ ...channelFacts, by: text, sentAt: time, at: time }),
  /** A channel refused it for good; nothing more is tried. */
  messageRefused: z.object({ ...messageFacts, attempts: count, at: time, said: text }),
  /** A person says that the system is in production from `at` on. `again`: it was said before, and the first week begins anew. */
  wentLive: z.object({ cluster, by: text, note: text, at: time, again: z.boolean() }),
  /** A throw-away server was loaded, backed up, crashed and restored. `reports`: the files that were written, by name and hash. */
  loadTestFinished: z.object({
    cluster,
    host: text,
    startedAt: time,
    durationMs: duration,
    ending: z.enum(["finished", "interrupted", "serverLost", "failed"]),
    ok: z.boolean(),
    seed: count,
    clients: count,
    databaseBytes: count,
    acknowledged: count,
    tests: z.array(z.object({ name: text, outcome: z.enum(["pass", "fail", "notReached"]) })),
    rpoSeconds: z.nullable(duration),
    rtoSeconds: z.nullable(duration),
    objectives: z.object({ rpoSeconds: duration, rtoSeconds: duration }),
    reports: z.array(z.object({ file: text, sha256: hash })),
  }),
  /** A load test went onto production, as its person had said twice: before anything was touched. `share`: of its time that each client works. */
  productionLoadStarted: z.object({
    cluster,
    where: text,
    database: text,
    loadMs: duration,
    clients: count,
    share: z.number().check(z.minimum(0), z.maximum(1)),
  }),
  /** A person says that a planned routine was done. `routine`: its name in the schedule. */
  routineDone: z.object({ cluster, routine: text, by: text, note: text, at: time }),
  ...actionSchemas,
  /** A host was given a key file, which `writer` (the first digits of its public key) names in what it writes. */
  hostEnrolled: z.object({
    generation: count,
    writer: text,
    full: z.boolean(),
    slot: z.nullable(text),
  }),
} as const;

/** The name of a kind. */
export type EventKind = keyof typeof eventSchemas;

/** The data of a kind. */
export type EventData<K extends EventKind> = z.infer<(typeof eventSchemas)[K]>;

/** Every kind with its data. */
export type EventContent = {
  [K in EventKind]: { readonly kind: K; readonly data: EventData<K> };
}[EventKind];

/** Every kind. */
export const eventKinds = Object.keys(eventSchemas) as EventKind[];

const schemas = eventKinds.map((kind) =>
  z.object({ kind: z.literal(kind), data: eventSchemas[kind] }),
);

/** Kind and data, when this version knows the kind and the data fits; undefined otherwise. */
export function parseEventContent(event: {
  readonly kind: string;
  readonly version: number;
  readonly data: unknown;
}): EventContent | undefined {
  const schema = schemas[eventKinds.findIndex((kind) => kind === event.kind)];
  if (schema === undefined || event.version !== 1) {
    return undefined;
  }
  const parsed = schema.safeParse({ kind: event.kind, data: event.data });
  return parsed.success ? (parsed.data as EventContent) : undefined;
}
