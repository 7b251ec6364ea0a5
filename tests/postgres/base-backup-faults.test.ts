/** What no healthy server sends: a scripted one answers BASE_BACKUP wrongly, and nothing passes for a backup. */
import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { inspect } from "node:util";
import { test } from "node:test";
import { type ErrorCode, isDrError } from "../../src/core/errors.ts";
import { connectionSettings } from "../../src/postgres/connection-settings.ts";
import { streamBackup } from "../../src/source/stream-source.ts";
import { never } from "../support/connection-of.ts";

function message(type: string, body: Buffer | string = ""): Buffer {
  const content = typeof body === "string" ? Buffer.from(body, "latin1") : body;
  const header = Buffer.alloc(5);
  header.write(type, 0, "latin1");
  header.writeUInt32BE(4 + content.length, 1);
  return Buffer.concat([header, content]);
}

function row(...values: readonly (string | null)[]): Buffer {
  const parts = [Buffer.from([0, values.length])];
  for (const value of values) {
    const length = Buffer.alloc(4);
    length.writeInt32BE(value === null ? -1 : Buffer.byteLength(value));
    parts.push(length, Buffer.from(value ?? ""));
  }
  return message("D", Buffer.concat(parts));
}

const description = message("T", "\0\0");
const complete = message("C", "SELECT\0");
const ready = message("Z", "I");
const resultSet = (...rows: readonly Buffer[]): readonly Buffer[] => [
  description,
  ...rows,
  complete,
];
const error = (sqlstate: string): Buffer =>
  message("E", `SERROR\0VERROR\0C${sqlstate}\0Mplanned\0\0`);

function tarOf(...names: readonly string[]): Buffer {
  const headers = names.map((name) => {
    const header = Buffer.alloc(512);
    header.write(name);
    header.write("0000600 0000000 0000000 00000000000 00000000000         0", 100, "latin1");
    header.write("ustar\x0000", 257, "latin1");
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    return header;
  });
  return Buffer.concat([...headers, Buffer.alloc(1024)]);
}

const start = [
  ...resultSet(row("0/2000028", "1")),
  ...resultSet(row(null, null, "1")),
  message("H", "\0\0\0"),
];
const whole = tarOf("backup_label", "base", "global/pg_control");
const archive = (tar = whole, name = "base.tar"): readonly Buffer[] => [
  message("d", `n${name}\0\0`),
  message("d", Buffer.concat([Buffer.from("d"), tar])),
];
const manifest = [message("d", "m"), message("d", "d{}")];
const copyDone = message("c");
const end = resultSet(row("0/2000100", "1"));

/** Runs a backup against a server that answers BASE_BACKUP with `script` and then closes, or stays. */
async function backUp(
  script: readonly Buffer[],
  options: { readonly thenClose?: boolean } = {},
): Promise<unknown> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    let started = false;
    socket.on("data", (data) => {
      if (!started) {
        started = true;
        socket.write(Buffer.concat([message("R", "\0\0\0\0"), ready]));
      } else if (data.includes("server_version_num")) {
        socket.write(Buffer.concat([...resultSet(row("180004")), ready]));
      } else if (data.includes("BASE_BACKUP")) {
        socket.write(Buffer.concat(script));
        if (options.thenClose === true) {
          socket.end();
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? String(address.port) : "";
  try {
    const settings = connectionSettings(
      { PG_HOST: "127.0.0.1", PG_PORT: port, PGSSLMODE: "disable" },
      { account: { user: "postgres", home: undefined } },
    );
    return await streamBackup(
      settings,
      {
        label: "x",
        fastCheckpoint: true,
        manifestChecksums: "none",
        applicationName: "pra_test",
        signal: never,
      },
      {
        begin: () => undefined,
        entry: () => undefined,
        data: () => undefined,
        endEntry: () => undefined,
        pressure: () => undefined,
      },
    );
  } finally {
    for (const socket of sockets) {
      socket.destroy();
    }
    server.close();
  }
}

async function refused(
  script: readonly Buffer[],
  code: ErrorCode,
  text: RegExp,
  options: { readonly thenClose?: boolean } = {},
): Promise<void> {
  await assert.rejects(backUp(script, options), (caught: unknown) => {
    assert.ok(isDrError(caught), inspect(caught));
    assert.equal(caught.code, code, caught.message);
    assert.match(caught.message, text);
    assert.ok(!/\{[a-z]+\}/i.test(caught.message + caught.hint));
    return true;
  });
}

test("the script itself, complete, is a backup; with XX001 after its end it is one that is flagged", async () => {
  const script = [...start, ...archive(), ...manifest, copyDone, ...end];
  const good = await backUp([...script, ready]);
  assert.match(inspect(good), /checksumFailed: false/);
  const flagged = await backUp([...script, error("XX001"), ready]);
  assert.match(inspect(flagged), /checksumFailed: true/);
});

test("XX001 before the end position, and any other error after it, are no backups", async () => {
  const before = [...start, ...archive(), ...manifest, error("XX001"), ready];
  await refused(before, "SRC_BACKUP_REFUSED", /XX001: planned/);
  const after = [...start, ...archive(), ...manifest, copyDone, ...end, error("58030"), ready];
  await refused(after, "SRC_BACKUP_REFUSED", /58030: planned/);
});

test("a missing end position, manifest, archive, backup_label or pg_control is SRC_BACKUP_INCOMPLETE", async () => {
  const code = "SRC_BACKUP_INCOMPLETE";
  await refused([...start, ...archive(), ...manifest, copyDone, ready], code, /stop LSN/);
  await refused([...start, ...archive(), copyDone, ...end, ready], code, /backup_manifest/);
  await refused([...start, copyDone, ...end, ready], code, /base\.tar/);
  const withTar = (tar: Buffer): readonly Buffer[] => [
    ...start,
    ...archive(tar),
    ...manifest,
    copyDone,
    ...end,
    ready,
  ];
  await refused(withTar(tarOf("base", "global/pg_control")), code, /backup_label/);
  await refused(withTar(tarOf("backup_label", "base")), code, /global\/pg_control/);
});

test("an archive cut short is SRC_TAR_TRUNCATED even when the server goes on as if it were whole", async () => {
  const script = [...start, ...archive(whole.subarray(0, 1500)), ...manifest, copyDone, ...end];
  await refused([...script, ready], "SRC_TAR_TRUNCATED", /base\.tar ends too early/);
});

test("a connection that ends anywhere before the last message is SRC_BACKUP_INTERRUPTED", async () => {
  const script = [...start, ...archive(), ...manifest, copyDone, ...end];
  for (let length = 0; length <= script.length; length++) {
    await refused(script.slice(0, length), "SRC_BACKUP_INTERRUPTED", /broke off/, {
      thenClose: true,
    });
  }
});

test("messages out of order or unknown are PG_PROTOCOL, never skipped", async () => {
  const cases: readonly (readonly Buffer[])[] = [
    [message("H", "\0\0\0")],
    [...start, message("d", "dxyz")],
    [...start, ...archive(), ...archive()],
    [...start, ...archive(whole, "16384.tar")],
    [...start, message("d", "?")],
    [...start, message("x", "?")],
    [...resultSet(row(null, null))],
    [description, message("D", "\0\x05")],
    [...start, message("d", `n${"x".repeat(70_000)}`)],
  ];
  for (const script of cases) {
    await refused(script, "PG_PROTOCOL", /sent something unexpected/);
  }
});

test("a server that refuses for want of rights says so", async () => {
  await refused([error("42501"), ready], "PG_RIGHTS", /planned/);
  await refused([error("55000"), ready], "SRC_BACKUP_STATE", /planned/);
});
