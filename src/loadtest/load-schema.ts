/**
 * The tables of the load and the arithmetic of its chain. Accounts with transfers between them keep a
 * constant total; the ledger's entries of one client form a chain in which each hash covers the one
 * before, so that a lost, changed or reordered entry shows. Both are written in one transaction.
 */
import { createHash } from "node:crypto";
import type { ClientBase } from "pg";

/** Where everything of the load lies. */
export const loadSchema = "pra_load";

/** Accounts of each client; a client moves money between its own only, so clients never wait for each other. */
export const accountsPerClient = 50;
/** What each account starts with. */
export const initialBalance = 1_000_000;
/** Clients that accounts are made for. */
export const loadClientsMax = 64;

/** The hash before a client's first entry: 64 zeros. */
export const chainStart = "0".repeat(64);

/** One transfer, as it is written to the ledger. */
export type LedgerEntry = {
  readonly client: number;
  readonly sequence: number;
  readonly debit: number;
  readonly credit: number;
  readonly amount: number;
};

/** SHA-256 over the hash before and the entry's fields, in hexadecimal. The server can compute it too. */
export function entryHash(previous: string, entry: LedgerEntry): string {
  const text = `${previous}|${entry.client}|${entry.sequence}|${entry.debit}|${entry.credit}|${entry.amount}`;
  return createHash("sha256").update(text).digest("hex");
}

/** The same hash as an SQL expression over the ledger's columns. */
export const entryHashSql = `encode(sha256(convert_to(previous || '|' || client || '|' || sequence || '|' || debit || '|' || credit || '|' || amount, 'UTF8')), 'hex')`;

/** Makes the schema; does nothing when it is there. */
export async function createLoadSchema(client: ClientBase): Promise<void> {
  await client.query(`
    BEGIN;
    CREATE SCHEMA IF NOT EXISTS ${loadSchema};
    CREATE TABLE IF NOT EXISTS ${loadSchema}.account (
      id int PRIMARY KEY,
      balance bigint NOT NULL
    ) WITH (fillfactor = 70);
    CREATE TABLE IF NOT EXISTS ${loadSchema}.ledger (
      client int NOT NULL,
      sequence bigint NOT NULL,
      previous text NOT NULL,
      hash text NOT NULL,
      debit int NOT NULL,
      credit int NOT NULL,
      amount int NOT NULL,
      written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (client, sequence)
    );
    INSERT INTO ${loadSchema}.account
      SELECT id, ${initialBalance} FROM generate_series(0, ${loadClientsMax * accountsPerClient - 1}) AS id
      ON CONFLICT DO NOTHING;
    COMMIT`);
}
