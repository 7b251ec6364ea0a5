/**
 * Anchors: what the ledger was at an instant, as a short text that is kept where nobody who can write the repository can: in a mail, on paper. A
 * later verification holds the ledger against it, and finds cut ends and removed writers, which break no chain. Heads of writers that were
 * quiet for an hour are folded into one digest, so that a year's anchor is a page and not a book. White space does not count, nor the
 * marks that mail programs put before lines, so that it survives being pasted, quoted, wrapped and saved as a mail. Pure; who signs is told by `app`.
 */
import { createHash } from "node:crypto";
import { DrError, isDrError } from "../core/errors.ts";
import { type LedgerWriterName, parseLedgerWriterName } from "../repository/object-names.ts";
import type { LedgerHead } from "./ledger-writer.ts";

/** Every writer's newest event not after an instant, as one digest. */
export type SettledHeads = {
  /** Events of this instant and before count. */
  readonly until: string;
  readonly writers: number;
  readonly events: number;
  readonly digest: string;
};

/** What the ledger was. */
export type Anchor = {
  readonly repositoryId: string;
  readonly generation: number;
  readonly madeAt: string;
  /** The account that made it, without white space. */
  readonly by: string;
  readonly settled: SettledHeads;
  /** Of every writer that wrote since. */
  readonly heads: readonly LedgerHead[];
};

/** Who says so: a host's public key, the root's statement about it, and its signature, in hexadecimal. */
export type AnchorSeal = {
  readonly key: string;
  readonly enrolment: string;
  readonly signature: string;
};

const BEGIN = "-----BEGIN PRA LEDGER ANCHOR-----";
const END = "-----END PRA LEDGER ANCHOR-----";
const VERSION = "1";

/** One digest over heads, whatever their order. */
export function settledHeads(until: string, heads: readonly LedgerHead[]): SettledHeads {
  const lines = heads.map(({ writer, sequence, hash }) => `${writer} ${sequence} ${hash}\n`);
  const digest = createHash("sha256").update(lines.toSorted().join("")).digest("hex");
  const events = heads.reduce((sum, { sequence }) => sum + sequence, 0);
  return { until, writers: heads.length, events, digest };
}

function words(anchor: Anchor): readonly (readonly string[])[] {
  const { repositoryId, generation, madeAt, by, settled, heads } = anchor;
  return [
    ["version", VERSION],
    ["repository", repositoryId],
    ["generation", String(generation)],
    ["made", madeAt],
    ["by", by],
    ["until", settled.until],
    ["writers", String(settled.writers)],
    ["events", String(settled.events)],
    ["digest", settled.digest],
    ...heads.map(({ writer, sequence, hash }) => ["head", writer, String(sequence), hash]),
  ];
}

/** What is signed: its words, one space between them. */
export function anchorMessage(anchor: Anchor): Buffer {
  return Buffer.from(`PRA anchor v1 ${words(anchor).flat().join(" ")}`);
}

/** Mail programs leave such lines alone. */
const COLUMNS = 72;

/** One line, broken between words, and a word of more than 64 characters within. */
function wrapped(line: readonly string[]): string {
  let text = "";
  let columns = 0;
  for (const word of line.flatMap((long) => long.match(/.{1,64}/g) ?? [])) {
    const breaks = columns > 0 && columns + 1 + word.length > COLUMNS;
    text += (breaks ? "\n  " : columns === 0 ? "" : " ") + word;
    columns = breaks ? 2 + word.length : columns + (columns === 0 ? 0 : 1) + word.length;
  }
  return text;
}

/** The text to keep. */
export function formatAnchor(anchor: Anchor, seal: AnchorSeal): string {
  const lines = [
    ...words(anchor),
    ["key", seal.key],
    ["enrolment", seal.enrolment],
    ["signature", seal.signature],
  ];
  return [BEGIN, ...lines.map(wrapped), END, ""].join("\n");
}

class Words {
  readonly #words: readonly string[];
  #at = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  get next(): string | undefined {
    return this.#words[this.#at];
  }

  take(pattern: RegExp): string {
    const word = this.next ?? "";
    if (!pattern.test(word)) {
      throw new DrError("LEDGER_ANCHOR_UNREADABLE", { at: JSON.stringify(word.slice(0, 40)) });
    }
    this.#at += 1;
    return word;
  }

  /** A value of 128 digits stands in pieces of 64. */
  takeHex(digits: number): string {
    let hex = "";
    while (hex.length < digits) {
      hex += this.take(/^[0-9a-f]{1,128}$/);
    }
    return hex;
  }

  named(name: string, pattern: RegExp): string {
    this.take(new RegExp(`^${name}$`));
    return this.take(pattern);
  }
}

const NUMBER = /^(?:0|[1-9]\d{0,14})$/;
const HASH = /^[0-9a-f]{64}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

function readAnchor(text: Words): Anchor {
  text.named("version", new RegExp(`^${VERSION}$`));
  const repositoryId = text.named("repository", /^[0-9a-f]{32}$/);
  const generation = Number(text.named("generation", /^[1-9]\d{0,8}$/));
  const madeAt = text.named("made", INSTANT);
  const by = text.named("by", /^\S{1,300}$/);
  const settled = {
    until: text.named("until", INSTANT),
    writers: Number(text.named("writers", NUMBER)),
    events: Number(text.named("events", NUMBER)),
    digest: text.named("digest", HASH),
  };
  const heads: LedgerHead[] = [];
  while (text.next === "head") {
    const writer: LedgerWriterName = parseLedgerWriterName(
      text.named("head", /^[0-9a-f]{16}-[0-9a-f]{32}$/),
    );
    heads.push({ writer, sequence: Number(text.take(NUMBER)), hash: text.take(HASH) });
  }
  return { repositoryId, generation, madeAt, by, settled, heads };
}

type ParsedAnchor = { readonly anchor: Anchor; readonly seal: AnchorSeal };

/**
 * Reads the anchor in a text: the last one, where there are several. One that cannot be read does not hide one before it: a mail that was saved whole holds
 * its text twice, once inside a page. @throws DrError `LEDGER_ANCHOR_UNREADABLE`, of the last one.
 */
export function parseAnchor(text: string): ParsedAnchor {
  let failure: DrError | undefined;
  for (let at = text.length; ;) {
    const begin = at < 0 ? -1 : text.lastIndexOf(BEGIN, at);
    if (begin === -1) {
      throw failure ?? new DrError("LEDGER_ANCHOR_UNREADABLE", { at: JSON.stringify(BEGIN) });
    }
    try {
      return parseAt(text, begin);
    } catch (error) {
      if (!isDrError(error)) {
        throw error;
      }
      failure ??= error;
      at = begin - 1;
    }
  }
}

function parseAt(text: string, begin: number): ParsedAnchor {
  const end = text.indexOf(END, begin);
  if (end === -1) {
    throw new DrError("LEDGER_ANCHOR_UNREADABLE", { at: JSON.stringify(END) });
  }
  // Lines of a mail that was saved as it was sent are broken anywhere, behind an equals sign (RFC 2045, section 6.7); an anchor holds none.
  const whole = text.slice(begin + BEGIN.length, end).replaceAll(/=\r?\n/g, "");
  const body = whole.replace(/^[\s>|]+/gmu, " ");
  const found = new Words(body.split(/\s+/u).filter((word) => word !== ""));
  const anchor = readAnchor(found);
  found.take(/^key$/);
  const key = found.takeHex(64);
  found.take(/^enrolment$/);
  const enrolment = found.takeHex(128);
  found.take(/^signature$/);
  const seal = { key, enrolment, signature: found.takeHex(128) };
  found.take(/^$/);
  return { anchor, seal };
}

/** What the anchor's instant shows now, held against what it showed then; undefined: the same. */
export function settledProblem(then: SettledHeads, now: SettledHeads): DrError | undefined {
  const { until, writers, events, digest } = then;
  return digest === now.digest
    ? undefined
    : new DrError("LEDGER_ANCHOR_DIFFERS", {
        until,
        writers,
        events,
        foundWriters: now.writers,
        foundEvents: now.events,
      });
}
