/** A copy that `pra restore --start` started, for as long as a test looks at it; stopped and removed afterwards. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import type { CommandLine } from "./command-line.ts";
import { freePort } from "./test-server.ts";

/** What was restored. */
export type RestoredCopy = {
  readonly dataDirectory: string;
  readonly socketDirectory: string;
  readonly port: number;
  /** The command's result. */
  readonly result: Record<string, unknown>;
  /** The first column of the first row, as text. */
  readonly value: (sql: string) => Promise<string>;
};

/** Restores with the words of a target, runs `look`, stops and removes the copy. `variables` as `CommandLine.run` takes them. */
export async function withRestored<T>(
  pra: CommandLine,
  target: string,
  look: (copy: RestoredCopy) => Promise<T>,
  variables: Readonly<Record<string, string>> = {},
): Promise<T> {
  const dataDirectory = join(pra.directory, "copy");
  const port = await freePort();
  const words = `restore --to ${dataDirectory} ${target} --start --port ${port}`;
  const { code, value: result, out, err } = await pra.json(words, variables);
  assert.equal(code, 0, `${out}${err}`);
  const socketDirectory = String(result["socketDirectory"]);
  const value = async (sql: string): Promise<string> => {
    const connection = { host: socketDirectory, port, user: "postgres", database: "postgres" };
    const client = new Client(connection);
    client.on("error", () => undefined);
    await client.connect();
    try {
      const { rows } = await client.query<[unknown]>({ text: sql, rowMode: "array" });
      return String(rows[0]?.[0]);
    } finally {
      await client.end();
    }
  };
  try {
    return await look({ dataDirectory, socketDirectory, port, result, value });
  } finally {
    const stopped = await pra.run(`stop ${dataDirectory}`, variables);
    assert.equal(stopped.code, 0, stopped.err);
    assert.equal(existsSync(socketDirectory), false, "its socket's directory went with it");
    await rm(dataDirectory, { recursive: true });
  }
}
