/**
 * A stretch of the ledger for a period, writer by writer: from a writer's first event in the period to its last one that is not later than the end, without
 * leaving any out, whatever a clock that was set back says of those between. So the segments of two periods that touch share no event and miss none. Before
 * each stands the last event before the period, which shows that nothing between was left out.
 *
 * Memory: the lines of the period, and one line of each writer that wrote before.
 */
import { DrError } from "../core/errors.ts";
import { canonicalJson, type JsonValue } from "./canonical-json.ts";
import { type EventEnvelope, type LedgerEvent, understood } from "./event.ts";

/** An event and the line that says it: its hash is the line's. */
export type SegmentEvent = { readonly event: LedgerEvent; readonly line: string };

/** ISO instants; `until` null: the segment goes on to each writer's newest event. */
export type SegmentPeriod = { readonly from: string; readonly until: string | null };

type WriterSegment = {
  /** The last event before the period, as a line. */
  before: string | undefined;
  begun: boolean;
  ended: boolean;
};

/** Shown the ledger writer after writer, keeps what belongs to the period. */
export class LedgerSegment {
  readonly #period: SegmentPeriod;
  readonly #bytesMax: number;
  readonly #writers = new Map<string, WriterSegment>();
  readonly events: SegmentEvent[] = [];
  #bytes = 0;

  constructor(period: SegmentPeriod, options: { readonly bytesMax: number }) {
    this.#period = period;
    this.#bytesMax = options.bytesMax;
  }

  /** The last event of each writer before the period, as a line, in the order of writers. */
  get before(): readonly string[] {
    return [...this.#writers.values()].flatMap(({ before }) => before ?? []);
  }

  /** Takes an event into account; true: it is before the period's end. @throws DrError `LEDGER_EVIDENCE_LARGE`. */
  visit(event: EventEnvelope): boolean {
    const { from, until } = this.#period;
    const { writer, time } = event;
    const known = this.#writers.get(writer) ?? { before: undefined, begun: false, ended: false };
    this.#writers.set(writer, known);
    known.ended ||= until !== null && time > until;
    if (known.ended) {
      return false;
    }
    known.begun ||= time >= from;
    const plain: JsonValue = { ...event };
    const line = canonicalJson(plain);
    if (!known.begun) {
      known.before = line;
      return true;
    }
    this.#bytes += line.length;
    if (this.#bytes > this.#bytesMax) {
      throw new DrError("LEDGER_EVIDENCE_LARGE", { limitBytes: this.#bytesMax });
    }
    this.events.push({ event: understood(event), line });
    return true;
  }
}
