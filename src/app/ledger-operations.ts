/**
 * `pra ledger`: what was recorded, whether it is all there and as it was written, and anchors that say so later. Reading the ledger is
 * recorded in it as any other look; verifying it writes nothing, so that it can be done on a host that must not write.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { DrError } from "../core/errors.ts";
import { ledgerShownMax } from "../core/ledger-limits.ts";
import { type Anchor, settledProblem } from "../ledger/anchor.ts";
import type { LedgerEvent } from "../ledger/event.ts";
import { eventKinds } from "../ledger/event-kinds.ts";
import type { LedgerHead } from "../ledger/ledger-writer.ts";
import { readLedger } from "../ledger/read-ledger.ts";
import { type LedgerVerdict, verifyLedger } from "../ledger/verify-ledger.ts";
import { errnoOf } from "../files/file-error.ts";
import { writeDurably } from "../files/write-durably.ts";
import type { LedgerWriterName } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { foldUntil, openAnchor, signAnchor } from "./ledger-anchor.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { openRepository } from "./repository-access.ts";
import { rememberedHeads } from "./seen-heads.ts";

/** Which events to show. Instants in milliseconds. */
export type LedgerFilter = {
  /** None: all but the one by which a process introduces itself, which is shown with each of its events. */
  readonly kinds: readonly string[];
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  /** The beginning of a writer's name, or a host's. */
  readonly writer: string | undefined;
  /** Newest first wanted at most. */
  readonly limit: number;
};

/** An event, and what its writer's first one says of the process. */
export type ShownEvent = LedgerEvent & {
  readonly host: string | undefined;
  readonly from: string | undefined;
};

/** What was found: the newest `limit`, oldest first. */
export type LedgerListing = {
  readonly events: readonly ShownEvent[];
  /** All that fit. */
  readonly matching: number;
  readonly read: number;
};

type Person = { readonly host: string; readonly from: string | undefined };

function fits(event: LedgerEvent, person: Person | undefined, filter: LedgerFilter): boolean {
  const { kinds, sinceMs = -Infinity, untilMs = Infinity, writer } = filter;
  const atMs = Date.parse(event.time);
  return (
    atMs >= sinceMs &&
    atMs <= untilMs &&
    (kinds.length === 0 ? event.kind !== "writerStarted" : kinds.includes(event.kind)) &&
    (writer === undefined || event.writer.startsWith(writer) || person?.host === writer)
  );
}

/** A kind, however its letters were typed. @throws DrError `LEDGER_KIND_UNKNOWN`. */
function kindNamed(typed: string): string {
  const kind = eventKinds.find((one) => one.toLowerCase() === typed.toLowerCase());
  if (kind === undefined) {
    throw new DrError("LEDGER_KIND_UNKNOWN", { value: typed, known: eventKinds.join(", ") });
  }
  return kind;
}

/** Reads the ledger and keeps what fits. @throws DrError `LEDGER_KIND_UNKNOWN`; what the store throws, `REPO_*` for an object that is not authentic. */
export async function listLedger(
  adapters: Adapters,
  environment: Environment,
  options: StoreCall & { readonly filter: LedgerFilter },
): Promise<LedgerListing> {
  const { signal } = options;
  const filter = { ...options.filter, kinds: options.filter.kinds.map(kindNamed) };
  const { sealed } = await openRepository(adapters, environment, { signal });
  const people = new Map<string, Person>();
  const limit = Math.min(filter.limit, ledgerShownMax);
  const events: ShownEvent[] = [];
  let read = 0;
  let matching = 0;
  for await (const event of readLedger(sealed, { signal })) {
    read += 1;
    const { content, writer } = event;
    if (content?.kind === "writerStarted") {
      people.set(writer, { host: content.data.host, from: content.data.from ?? undefined });
    }
    const person = people.get(writer);
    if (fits(event, person, filter)) {
      matching += 1;
      events.push({ ...event, host: person?.host, from: person?.from });
      if (events.length > 2 * limit) {
        events.splice(0, events.length - limit);
      }
    }
  }
  return { events: events.slice(-limit), matching, read };
}

/** What the ledger was held against. */
export type LedgerCheck = LedgerVerdict & {
  readonly anchors: readonly Anchor[];
  /** Writers whose newest event this host remembers. */
  readonly rememberedWriters: number;
  /** Of writers whose newest event nobody remembers, but at most earlier ones: what of theirs was cut off behind those would not show. */
  readonly openEnded: LedgerVerdict["heads"];
  readonly durationMs: number;
};

async function anchorText(path: string, { signal }: StoreCall): Promise<string> {
  try {
    return await readFile(path === "-" ? "/dev/stdin" : path, { encoding: "utf8", signal });
  } catch (error) {
    const reason = errnoOf(error);
    if (reason === undefined) {
      throw error;
    }
    throw new DrError("LEDGER_ANCHOR_FILE", { path, reason }, { cause: error });
  }
}

/** The furthest event of each writer. */
function furthest(heads: readonly LedgerHead[]): ReadonlyMap<LedgerWriterName, number> {
  const sequences = new Map<LedgerWriterName, number>();
  for (const { writer, sequence } of heads) {
    sequences.set(writer, Math.max(sequence, sequences.get(writer) ?? 0));
  }
  return sequences;
}

async function check(
  sealed: SealedStore,
  about: { readonly adapters: Adapters; readonly environment: Environment },
  call: StoreCall & { readonly anchors: readonly Anchor[]; readonly settledUntil: string },
): Promise<LedgerCheck> {
  const { adapters, environment } = about;
  const { anchors, settledUntil, signal } = call;
  const began = adapters.clock.monotonic();
  const seen = await rememberedHeads({ adapters, environment }, sealed, { signal });
  const remembered = [...seen, ...anchors.flatMap(({ heads }) => heads)];
  const verdict = await verifyLedger(sealed, { signal, remembered, settledUntil });
  // An anchor vouches for what it folded, too.
  const known = furthest([...remembered, ...(anchors.length === 0 ? [] : verdict.settledHeads)]);
  const openEnded = verdict.heads.filter(
    ({ writer, sequence }) => sequence > (known.get(writer) ?? 0),
  );
  const durationMs = Math.round(adapters.clock.monotonic() - began);
  return { ...verdict, anchors, rememberedWriters: seen.length, openEnded, durationMs };
}

/**
 * Verifies the whole ledger, against anchors and against what this host has seen. @throws DrError `LEDGER_ANCHOR_*`,
 * `CONFIG_*`, `KEY_*`, what the store throws; what is wrong with the ledger is in the result.
 */
export async function checkLedger(
  adapters: Adapters,
  environment: Environment,
  options: StoreCall & { readonly anchorFiles: readonly string[] },
): Promise<LedgerCheck> {
  const { signal, anchorFiles } = options;
  const { sealed } = await openRepository(adapters, environment, { signal });
  const anchors: Anchor[] = [];
  for (const path of anchorFiles) {
    anchors.push(openAnchor(sealed, await anchorText(path, { signal })));
  }
  const about = { adapters, environment };
  const settledUntil = anchors
    .map(({ settled: { until } }) => until)
    .reduce((a, b) => (a > b ? a : b), "");
  const result = await check(sealed, about, { signal, anchors, settledUntil });
  const problems = [...result.problems];
  for (const anchor of anchors) {
    // Each anchor folds at its own instant.
    const { until } = anchor.settled;
    const now =
      until === settledUntil
        ? result.settled
        : (await verifyLedger(sealed, { signal, settledUntil: until })).settled;
    const problem = settledProblem(anchor.settled, now);
    if (problem !== undefined) {
      problems.push(problem);
    }
  }
  return { ...result, problems };
}

/** An anchor that was made. */
export type MadeAnchor = {
  readonly text: string;
  readonly anchor: Anchor;
  readonly writers: number;
  readonly events: number;
  /** Where it was written, when asked for. */
  readonly path: string | undefined;
  readonly ledgerFailure: DrError | undefined;
};

/**
 * Makes an anchor of a ledger that is whole. @throws DrError the first problem of one that is not; `LEDGER_ANCHOR_FILE` for a file that is
 * there already.
 */
export async function makeAnchor(
  adapters: Adapters,
  environment: Environment,
  options: StoreCall & { readonly output: string | undefined },
): Promise<MadeAnchor> {
  const { signal, output } = options;
  const { sealed } = await openRepository(adapters, environment, { signal });
  const nowMs = adapters.clock.now();
  const settledUntil = foldUntil(nowMs);
  const about = { adapters, environment };
  const verdict = await check(sealed, about, { signal, anchors: [], settledUntil });
  const [problem] = verdict.problems;
  if (problem !== undefined) {
    throw problem;
  }
  const actor = `${adapters.account}@${adapters.observer.self.host}`;
  const { anchor, text } = signAnchor(sealed, verdict, { actor, nowMs });
  if (output !== undefined) {
    const parts = [Buffer.from(text)];
    const written = await writeDurably({ finalPath: output, parts, group: "STORE", signal });
    if (written === "conflict") {
      throw new DrError("LEDGER_ANCHOR_FILE", { path: output, reason: "EEXIST" });
    }
  }
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason: "pra ledger anchor" });
  const { writers, events } = verdict;
  const digest = createHash("sha256").update(text).digest("hex");
  await ledger.record({ kind: "anchorMade", data: { writers, events, digest } });
  return { text, anchor, writers, events, path: output, ledgerFailure: ledger.failure };
}
