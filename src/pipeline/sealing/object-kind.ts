/**
 * The kinds of objects in a repository, with their number in the header and the class of their key. One
 * table, because the number, the key and the place of an object must never be decided twice.
 *
 * Follows docs/format.md, sections 2 and 3.
 */

/** What an object is. */
export type ObjectKind =
  | "format"
  | "keySlot"
  | "lease"
  | "pin"
  | "condemn"
  | "identity"
  | "root"
  | "pack"
  | "map"
  | "walSegment"
  | "walPart"
  | "history"
  | "walIndex"
  | "ledger"
  | "hold"
  | "settings"
  | "dump"
  | "sign"
  | "report";

/** `open`: anyone can read it. `data`: only the private side can. `metadata`: every enrolled host can. */
export type KeyClass = "open" | "data" | "metadata";

/**
 * How an object's frames are arranged. `whole`: written in one piece, its header vouches for every byte.
 * `directory`: frames in any number, then a directory of them. `part`: frames until the writer stops.
 */
export type ObjectLayout = "whole" | "directory" | "part";

/** One row of the table. */
export type KindFacts = {
  readonly number: number;
  readonly keyClass: KeyClass;
  readonly layout: ObjectLayout;
  /** Belongs to one incarnation of a cluster; the others belong to the whole repository. */
  readonly ofIncarnation: boolean;
  /** Its name carries its object id, which the place check needs. */
  readonly namedById: boolean;
  /** Length of the facts in its header. */
  readonly factsBytes: number;
  /** Its content frames carry WAL positions. */
  readonly positions: boolean;
};

function row(
  number: number,
  keyClass: KeyClass,
  layout: ObjectLayout,
  more: Partial<KindFacts> = {},
): KindFacts {
  return {
    number,
    keyClass,
    layout,
    ofIncarnation: false,
    namedById: false,
    factsBytes: 0,
    positions: false,
    ...more,
  };
}

const ofIncarnation = true;

/** Every kind. */
export const objectKinds: Readonly<Record<ObjectKind, KindFacts>> = {
  format: row(1, "open", "whole"),
  keySlot: row(2, "open", "whole"),
  lease: row(3, "metadata", "whole"),
  pin: row(4, "metadata", "whole"),
  condemn: row(5, "metadata", "whole"),
  identity: row(6, "metadata", "whole", { ofIncarnation }),
  root: row(7, "metadata", "whole", { ofIncarnation }),
  pack: row(8, "data", "directory", { ofIncarnation, namedById: true }),
  map: row(9, "metadata", "directory", { ofIncarnation, namedById: true }),
  walSegment: row(10, "data", "directory", { ofIncarnation, factsBytes: 56, positions: true }),
  walPart: row(11, "data", "part", { ofIncarnation, factsBytes: 24, positions: true }),
  history: row(12, "metadata", "whole", { ofIncarnation, factsBytes: 4 }),
  walIndex: row(13, "metadata", "whole", { ofIncarnation, factsBytes: 24 }),
  ledger: row(14, "metadata", "whole"),
  hold: row(15, "metadata", "whole"),
  settings: row(16, "data", "whole", { factsBytes: 32 }),
  dump: row(17, "metadata", "whole", { ofIncarnation }),
  sign: row(18, "metadata", "whole"),
  report: row(19, "metadata", "whole"),
};

/** The number of a key class in a header. */
export const keyClassNumbers: Readonly<Record<KeyClass, number>> = {
  open: 0,
  data: 1,
  metadata: 2,
};

const kindByNumber: ReadonlyMap<number, ObjectKind> = new Map(
  (Object.keys(objectKinds) as ObjectKind[]).map((kind) => [objectKinds[kind].number, kind]),
);

/** The kind with a number; undefined when no kind of this version has it. */
export function objectKindOf(number: number): ObjectKind | undefined {
  return kindByNumber.get(number);
}
