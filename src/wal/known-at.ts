/**
 * At which instant the server certainly had written nothing beyond a position, judged from its messages alone.
 *
 * The walsender looks at the end of WAL, reads, and dates the message last; so its date proves nothing about the
 * moments before it was sent. But it handles one message after the other: it looked at the end of WAL *after* it had
 * dated the message before. Hence a piece of WAL that says "the end is E" proves that nothing lay beyond E at the
 * date of the message before it. A keepalive tells only what was sent; between two keepalives that were asked for, the
 * walsender looks at the end of WAL and sends what is there. So when nothing came between two, the first one's
 * date holds for the end of what we have. On a standby the end is what it has replicated: there nothing is claimed.
 *
 * "Written" is flushed: a transaction that was acknowledged before the instant is not beyond the position, unless it was
 * committed with `synchronous_commit = off`, which a crash would lose as well.
 *
 * Follows XLogSendPhysical, WalSndKeepalive and WalSndLoop in src/backend/replication/walsender.c.
 */
import { type Lsn, LSN_ZERO } from "../core/lsn.ts";
import type { ServerPosition } from "../postgres/wal-stream.ts";

/** A claim: at `knownAt`, nothing was written beyond `endLsn`. */
export type KnownAt = { readonly endLsn: Lsn; readonly knownAt: bigint };

/** One connection's messages. States: nothing heard → `last` is the date of the newest message. */
export class KnownAtJudge {
  readonly #inRecovery: boolean;
  #last: ServerPosition | undefined;
  #lastWasIdle = false;
  #claim: KnownAt = { endLsn: LSN_ZERO, knownAt: 0n };

  constructor(options: { readonly inRecovery: boolean }) {
    this.#inRecovery = options.inRecovery;
  }

  /** The newest claim; `knownAt` 0 before the first. */
  get claim(): KnownAt {
    return this.#claim;
  }

  /** A piece of WAL; several pieces of one message come with the same object. */
  onWal(server: ServerPosition): void {
    if (server !== this.#last) {
      this.#claims(server.endLsn, this.#last);
      this.#last = server;
      this.#lastWasIdle = false;
    }
  }

  /** A keepalive when all WAL up to `receivedLsn` had arrived. */
  onKeepalive(server: ServerPosition, receivedLsn: Lsn): void {
    const idle = server.endLsn === receivedLsn;
    if (idle && this.#lastWasIdle) {
      this.#claims(receivedLsn, this.#last);
    }
    this.#last = server;
    this.#lastWasIdle = idle;
  }

  #claims(endLsn: Lsn, before: ServerPosition | undefined): void {
    if (!this.#inRecovery && before !== undefined && before.timeMicros > 0n) {
      this.#claim = { endLsn, knownAt: before.timeMicros };
    }
  }
}
