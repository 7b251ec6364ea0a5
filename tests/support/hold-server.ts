/**
 * A process for tests to kill: starts a server, says so in one JSON line, then either waits for ever
 * ("hold") or detaches the server and ends ("detach"). Arguments: mode, major.
 */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { setInterval } from "node:timers";
import { startServer } from "../../src/postgres/throwaway-server.ts";
import { freshCluster } from "./fresh-cluster.ts";
import { freePort, testBinaries, testDirectory } from "./test-server.ts";

const [mode, majorText] = process.argv.slice(2);
const { binaries, account } = await testBinaries(majorText === "15" ? 15 : 18);
const home = await testDirectory(account);
const dataDirectory = join(home, "data");
const signal = new AbortController().signal;
await freshCluster({ dataDirectory, binaries, account, signal });
const server = await startServer({ dataDirectory, binaries, port: await freePort(), signal });
const { pid, socketDirectory, port } = server;
const answer = createWriteStream("", { fd: 1 });
answer.write(`${JSON.stringify({ home, dataDirectory, pid, socketDirectory, port })}\n`);
if (mode === "detach") {
  await server.detach();
  answer.end();
  await once(answer, "finish");
} else {
  setInterval(() => undefined, 60_000);
}
