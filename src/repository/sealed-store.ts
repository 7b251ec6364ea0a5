/**
 * A repository's objects as their content: names, sealing and the store put together. Every read says what must lie
 * there, and gets nothing that is not authentic and in its place; every write goes under a new name.
 *
 * Follows docs/format.md, sections 1 to 5.
 */
import type { Clock } from "../core/clock.ts";
import { DrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { partPieceBytes } from "../core/limits.ts";
import { newObjectId, type ObjectId } from "../core/object-id.ts";
import type { Random } from "../core/random.ts";
import { segmentAt, timelineOfSegment, type WalSegmentName } from "../core/wal-name.ts";
import {
  decodeHistoryFacts,
  decodeWalFacts,
  decodeWalSegmentFacts,
  type WalFacts,
  type WalSegmentFacts,
} from "../pipeline/sealing/facts.ts";
import { openFramed, type FramedObject } from "../pipeline/sealing/framed-object.ts";
import type { FramePosition } from "../pipeline/sealing/frame-layout.ts";
import type { KeyRing } from "../pipeline/sealing/key-ring.ts";
import {
  checkHeader,
  type ExpectedObject,
  type OpenedTicket,
} from "../pipeline/sealing/object-header.ts";
import { openWhole, sealWhole, type OpenedWhole } from "../pipeline/sealing/whole-object.ts";
import {
  readPart,
  PartPositions,
  type PartContent,
  type PartFrame,
} from "../pipeline/sealing/wal-part.ts";
import {
  incarnationIdBytes,
  kindOfName,
  objectKey,
  systemIdentifierOf,
  timelinePrefix,
  tryParseObjectKey,
  type ObjectName,
} from "./object-names.ts";
import { getBeginning } from "./get-beginning.ts";
import { listAll, type ObjectStore, type PutResult, type StoreCall } from "./object-store.ts";

/** An object that was put. */
export type PutObject = {
  readonly objectId: ObjectId;
  readonly key: string;
  readonly bytes: number;
  readonly headerSha256: string;
  readonly result: PutResult;
};

/** One object in a listing; `name` is undefined for what no version of this format puts there. */
export type NamedEntry = {
  readonly key: string;
  readonly sizeBytes: number;
  readonly name: ObjectName | undefined;
};

/** Names of objects that are written whole. */
export type WholeName = Exclude<
  ObjectName,
  { readonly type: "pack" | "map" | "walSegment" | "walConflict" | "walPart" }
>;

type NameOf<Type extends ObjectName["type"]> = Extract<ObjectName, { readonly type: Type }>;

/** Names of objects that end with a directory. */
export type FramedName = NameOf<"pack" | "map" | "walSegment" | "walConflict">;

/** What the name of an object says about its header. */
export function expectedAt(name: ObjectName): ExpectedObject {
  const kind = kindOfName(name);
  const expected = { kind, name: objectKey(name) };
  const withIncarnation =
    "incarnation" in name
      ? { ...expected, incarnation: incarnationIdBytes(name.incarnation) }
      : expected;
  // A released pin has an id of its own: the one in its name is that of the pin it ends.
  return "id" in name && name.type !== "pinReleased"
    ? { ...withIncarnation, objectId: name.id }
    : withIncarnation;
}

function misplaced(name: ObjectName, field: string, found: string, expected: string): DrError {
  const object = objectKey(name);
  return new DrError("REPO_OBJECT_MISPLACED", { object, field, found, expected });
}

function checkWalPlace(
  name: Extract<ObjectName, { readonly segment: unknown }>,
  facts: WalFacts,
  epoch: number,
): void {
  const check = (field: string, found: string, expected: string): void => {
    if (found !== expected) {
      throw misplaced(name, field, found, expected);
    }
  };
  const segment = segmentAt(facts.timeline, facts.startLsn, facts.walSegmentBytes);
  check("segment", segment, name.segment);
  check("timeline", String(facts.timeline), String(timelineOfSegment(name.segment)));
  const system = systemIdentifierOf(name.incarnation);
  check("system identifier", String(facts.systemIdentifier), String(system));
  if (name.type === "walPart") {
    check("start", facts.startLsn.toString(16), name.startLsn.toString(16));
    check("epoch", String(epoch), String(name.epoch));
  } else {
    const offset = facts.startLsn % BigInt(facts.walSegmentBytes);
    check("offset in the segment", String(offset), "0");
  }
}

/** Compares a checked header's facts with the name. @throws DrError `REPO_OBJECT_MISPLACED`. */
function checkFacts(
  name: ObjectName,
  header: { readonly facts: Uint8Array; readonly epoch: number },
): void {
  if ("segment" in name) {
    const kind = name.type === "walConflict" ? "walSegment" : name.type;
    checkWalPlace(name, decodeWalFacts(kind, header.facts), header.epoch);
  }
  if (name.type === "history") {
    const { timeline } = decodeHistoryFacts(header.facts);
    if (timeline !== name.timeline) {
      throw misplaced(name, "timeline", String(timeline), String(name.timeline));
    }
  }
}

/**
 * What was written down when the newest generation of keys was made: of earlier generations the backups and dumps that counted then, and
 * the last segment of each timeline that may bear them. Others do not count: whoever still holds a key that was given up could have
 * made them.
 */
export type Closing = {
  readonly accepted: ReadonlySet<ObjectId>;
  /** By `timelinePrefix`. */
  readonly lastSegments: ReadonlyMap<string, WalSegmentName>;
};

/** True when an object of an earlier generation counts. */
function countsAfter({ accepted, lastSegments }: Closing, name: ObjectName): boolean {
  if (name.type === "root" || name.type === "dump") {
    return accepted.has(name.id);
  }
  if (name.type === "walSegment" || name.type === "walPart") {
    const last = lastSegments.get(timelinePrefix(name, timelineOfSegment(name.segment)));
    return last !== undefined && name.segment <= last;
  }
  return true;
}

/** Names, keys and a store. Holds no state of its own: everything is in the store. */
export class SealedStore {
  readonly store: ObjectStore;
  readonly ring: KeyRing;
  /** What of earlier generations counts; undefined when nothing was closed yet. */
  readonly #closing: Closing | undefined;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(parts: {
    readonly store: ObjectStore;
    readonly ring: KeyRing;
    readonly clock: Clock;
    readonly random: Random;
    readonly closing?: Closing | undefined;
  }) {
    this.store = parts.store;
    this.ring = parts.ring;
    this.#closing = parts.closing;
    this.#clock = parts.clock;
    this.#random = parts.random;
  }

  /** A new object's id. */
  newId(): ObjectId {
    return newObjectId({ clock: this.#clock, random: this.#random });
  }

  /**
   * Seals and puts an object that is written whole; durable when it returns. Its object id is the one in its
   * name, or a new one. Aborting: see `ObjectStore.put`; putting again after an error seals anew, so it conflicts with what
   * an earlier attempt may have left. Peak memory: three times the content.
   * @throws DrError what `ObjectStore.put` throws: `STORE_CONFLICT` when the name exists.
   */
  async putWhole(
    name: WholeName,
    content: Uint8Array,
    call: StoreCall & {
      readonly epoch?: number | undefined;
      readonly facts?: Uint8Array | undefined;
    },
  ): Promise<PutObject> {
    const { kind, incarnation, objectId: idInName } = expectedAt(name);
    const key = objectKey(name);
    const objectId = idInName ?? this.newId();
    const createdAtMs = this.#clock.now();
    const { epoch, facts, signal } = call;
    checkFacts(name, { facts: facts ?? new Uint8Array(0), epoch: epoch ?? 0 });
    const sealed = await sealWhole(
      this.ring,
      { kind, name: key, objectId, createdAtMs, incarnation, epoch, facts },
      content,
    );
    const result = await this.store.put(key, [sealed.bytes], { signal });
    const { headerSha256 } = sealed;
    return { objectId, key, bytes: sealed.bytes.length, headerSha256, result };
  }

  /**
   * The content of an object that is written whole. Peak memory: the object and twice its content.
   * @throws DrError `STORE_MISSING` and what else the store throws; what `openWhole` throws; `KEY_GENERATION_CLOSED` for a root
   * or a dump of an earlier generation that appeared after that was closed (readers of WAL throw it for WAL).
   */
  async getWhole(name: WholeName, call: StoreCall): Promise<OpenedWhole> {
    const bytes = await this.store.get(objectKey(name), call);
    const opened = await openWhole(this.ring, bytes, expectedAt(name));
    checkFacts(name, opened.ticket);
    this.#checkClosing(name, opened.ticket.generation);
    return opened;
  }

  #checkClosing(name: ObjectName, generation: number): void {
    const closing = this.#closing;
    if (closing === undefined || generation >= this.ring.generation) {
      return;
    }
    if (!countsAfter(closing, name) && guard("L41-closed-generation")) {
      throw new DrError("KEY_GENERATION_CLOSED", { object: objectKey(name), generation });
    }
  }

  /**
   * Opens a pack, a map or a WAL segment for reading frames. @throws DrError what the store and `openFramed` throw.
   */
  async openFramed(name: FramedName, call: StoreCall): Promise<FramedObject> {
    const key = objectKey(name);
    const sizeBytes = await this.store.size(key, call);
    const read = (offset: number, length: number): Promise<Buffer> =>
      this.store.get(key, { ...call, range: { offset, length } });
    const opened = await openFramed(this.ring, read, sizeBytes, expectedAt(name));
    checkFacts(name, opened.ticket);
    this.#checkClosing(name, opened.ticket.generation);
    return opened;
  }

  /** The facts of a published segment, on any host: nothing is decrypted. */
  async segmentFacts(
    name: NameOf<"walSegment" | "walConflict">,
    call: StoreCall,
  ): Promise<WalSegmentFacts> {
    const bytes = await getBeginning(this.store, objectKey(name), call);
    const header = checkHeader(this.ring, bytes, expectedAt(name));
    checkFacts(name, header);
    this.#checkClosing(name, header.generation);
    return decodeWalSegmentFacts(header.facts);
  }

  /** The facts of saved settings, on any host: nothing is decrypted. */
  async settingsFacts(name: NameOf<"settings">, call: StoreCall): Promise<Uint8Array> {
    const bytes = await getBeginning(this.store, objectKey(name), call);
    return checkHeader(this.ring, bytes, expectedAt(name)).facts;
  }

  /** The authentic WAL of a part: see `readPart`. */
  async readPart(
    name: NameOf<"walPart">,
    call: StoreCall,
  ): Promise<PartContent<PartFrame> & { readonly ticket: OpenedTicket }> {
    const bytes = await this.store.get(objectKey(name), call);
    const part = await readPart(this.ring, bytes, expectedAt(name));
    checkFacts(name, part.ticket);
    this.#checkClosing(name, part.ticket.generation);
    return part;
  }

  /** The positions of a part, without the private side: see `PartPositions`. */
  async readPartPositions(
    name: NameOf<"walPart">,
    call: StoreCall,
  ): Promise<PartContent<FramePosition> & { readonly generation: number }> {
    const key = objectKey(name);
    const beginning = await getBeginning(this.store, key, call, { length: partPieceBytes });
    const part = new PartPositions(this.ring, beginning, expectedAt(name));
    const { facts, epoch, generation } = part.content;
    checkWalPlace(name, facts, epoch);
    this.#checkClosing(name, generation);
    // Behind what a writer has appended lies the room that it reserved: nothing there is worth reading.
    let isWhole = beginning.length < partPieceBytes;
    for (let length = partPieceBytes; !isWhole && part.content.stop.reason !== "corrupt";) {
      const { offset } = part.content.stop;
      const piece = await getBeginning(this.store, key, call, { offset, length });
      part.add(piece);
      isWhole = piece.length < length;
      // A frame that is longer than a piece.
      length = part.content.stop.offset === offset ? length * 2 : partPieceBytes;
    }
    return part.content;
  }

  /** Every object under a prefix, in order of keys. Nothing is read, so nothing is authentic but the fact of a name. */
  async *listNames(
    prefix: string,
    call: StoreCall & { readonly startAfter?: string },
  ): AsyncGenerator<NamedEntry, void, undefined> {
    for await (const { key, sizeBytes } of listAll(this.store, prefix, call)) {
      yield { key, sizeBytes, name: tryParseObjectKey(key) };
    }
  }
}
