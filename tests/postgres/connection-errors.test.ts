/** What people see when a server does not let us in: each case provoked on a real server. */
import assert from "node:assert/strict";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { inspect } from "node:util";
import { after, before, test } from "node:test";
import { type ErrorCode, errorText, isDrError } from "../../src/core/errors.ts";
import type { ConnectionSettings } from "../../src/postgres/connection-settings.ts";
import { ReplicationConnection } from "../../src/postgres/replication-connection.ts";
import { requireFitServer } from "../../src/postgres/server-facts.ts";
import { SqlSession } from "../../src/postgres/sql-session.ts";
import { connectionOf, never } from "../support/connection-of.ts";
import { testCertificate, testKey } from "../support/test-certificate.ts";
import {
  freePort,
  startTestServer,
  takeOverTree,
  type TestServer,
} from "../support/test-server.ts";

const applicationName = "pra_test";
let server: TestServer;

before(async () => {
  server = await startTestServer({
    major: 18,
    tcp: true,
    settings: { max_connections: "8", superuser_reserved_connections: "2" },
  });
  await server.query(`CREATE ROLE scram LOGIN REPLICATION PASSWORD 'right planted'`);
  await server.query(
    `SET password_encryption = 'md5'; CREATE ROLE old LOGIN PASSWORD 'right planted'`,
  );
  await server.query(
    `CREATE ROLE plain LOGIN; CREATE ROLE noway LOGIN REPLICATION; CREATE ROLE nologin`,
  );
  const path = join(server.dataDirectory, "pg_hba.conf");
  const lines = [
    "host all,replication scram 127.0.0.1/32 scram-sha-256",
    "host all old 127.0.0.1/32 md5",
    "host all,replication noway 127.0.0.1/32 reject",
    "host all peered 127.0.0.1/32 ident",
  ];
  await writeFile(path, `${lines.join("\n")}\n${await readFile(path, "utf8")}`);
  await server.query("SELECT pg_reload_conf()");
});

after(async () => {
  await server[Symbol.asyncDispose]();
});

async function sql(settings: ConnectionSettings, signal = never): Promise<string> {
  await using session = await SqlSession.open(settings, { applicationName, signal });
  const [row] = await session.query("SELECT current_user AS me", { signal });
  return row?.["me"] ?? "";
}

async function replicate(settings: ConnectionSettings, signal = never): Promise<void> {
  await using connection = await ReplicationConnection.open(settings, { applicationName, signal });
  await connection.rows("IDENTIFY_SYSTEM", { signal });
}

async function fails(
  run: Promise<unknown>,
  code: ErrorCode,
  texts: { readonly message: RegExp; readonly hint: RegExp; readonly french: RegExp },
): Promise<void> {
  await assert.rejects(run, (error: unknown) => {
    assert.ok(isDrError(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, texts.message);
    assert.match(error.hint, texts.hint);
    assert.match(errorText(error, "fr").message, texts.french);
    assert.ok(!/\{[a-z]+\}/i.test(error.message + error.hint));
    assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes("planted"));
    return true;
  });
}

test("SCRAM, MD5 and trust let in, over TCP and over the socket", async () => {
  const password = "right planted";
  assert.equal(await sql(connectionOf(server, { tcp: true, user: "scram", password })), "scram");
  assert.equal(await sql(connectionOf(server, { tcp: true, user: "old", password })), "old");
  assert.equal(await sql(connectionOf(server, { tcp: true })), "postgres");
  assert.equal(await sql(connectionOf(server)), "postgres");
  await replicate(connectionOf(server, { tcp: true, user: "scram", password }));
});

test("L54 a wrong password is PG_PASSWORD_REFUSED, and shows in no error", async () => {
  const texts = {
    message: /refused the password of user (scram|old)/,
    hint: /PG_PASSWORD.*ALTER ROLE "(scram|old)"/,
    french: /a refusé le mot de passe/,
  };
  for (const user of ["scram", "old"]) {
    const settings = connectionOf(server, { tcp: true, user, password: "wrong planted" });
    await fails(sql(settings), "PG_PASSWORD_REFUSED", texts);
  }
});

test("a password that is asked for and not configured is PG_PASSWORD_NEEDED", async () => {
  await fails(sql(connectionOf(server, { tcp: true, user: "scram" })), "PG_PASSWORD_NEEDED", {
    message: /asks for the password of user scram/,
    hint: /PG_PASSWORD.*PGPASSFILE/,
    french: /demande le mot de passe/,
  });
});

test("no pg_hba.conf line is PG_HBA_REFUSED, with the line to add", async () => {
  const texts = {
    message: /no pg_hba.conf line/,
    hint: /host (postgres|replication) noway/,
    french: /aucune ligne de pg_hba.conf/,
  };
  const settings = connectionOf(server, { tcp: true, user: "noway" });
  await fails(sql(settings), "PG_HBA_REFUSED", texts);
  await fails(replicate(settings), "PG_HBA_REFUSED", texts);
});

test("a role that does not exist or may not log in is PG_ROLE_REFUSED", async () => {
  const texts = { message: /does not accept user/, hint: /pra role sql/, french: /n'accepte pas/ };
  await fails(sql(connectionOf(server, { user: "ghost" })), "PG_ROLE_REFUSED", texts);
  await fails(sql(connectionOf(server, { user: "nologin" })), "PG_ROLE_REFUSED", texts);
});

test("a role without REPLICATION is PG_NO_REPLICATION_RIGHT, with the statement to run", async () => {
  await fails(replicate(connectionOf(server, { user: "plain" })), "PG_NO_REPLICATION_RIGHT", {
    message: /user plain may not start replication/,
    hint: /ALTER ROLE "plain" REPLICATION/,
    french: /n'a pas le droit de réplication/,
  });
});

test("a missing database is PG_DATABASE_MISSING", async () => {
  await fails(sql(connectionOf(server, { database: "nowhere" })), "PG_DATABASE_MISSING", {
    message: /no database nowhere/,
    hint: /psql -l/,
    french: /n'a pas de base nowhere/,
  });
});

test("a port nobody listens on, a missing socket and an unknown name are PG_UNREACHABLE", async () => {
  const texts = { message: /no server answers/, hint: /pra check/, french: /aucun serveur/ };
  const port = String(await freePort());
  for (const environment of [
    { PG_HOST: "127.0.0.1", PG_PORT: port },
    { PG_HOST: "/tmp/no-such-directory" },
    { PG_HOST: "no-such-host.invalid", PGSSLMODE: "disable" },
  ]) {
    await fails(sql(connectionOf(server, { environment })), "PG_UNREACHABLE", texts);
  }
});

test("a server that accepts and says nothing is PG_CONNECT_TIMEOUT; one that is no PostgreSQL is refused too", async () => {
  const silent = createServer();
  const http = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  for (const each of [silent, http]) {
    await new Promise<void>((resolve) => each.listen(0, "127.0.0.1", resolve));
  }
  const portOf = (each: typeof silent): string => {
    const address = each.address();
    return typeof address === "object" && address !== null ? String(address.port) : "";
  };
  try {
    const environment = { PG_HOST: "127.0.0.1", PG_PORT: portOf(silent), PGCONNECT_TIMEOUT: "1" };
    await fails(sql(connectionOf(server, { environment })), "PG_CONNECT_TIMEOUT", {
      message: /did not answer within 1 s/,
      hint: /PGCONNECT_TIMEOUT/,
      french: /n'a pas répondu/,
    });
    const other = { PG_HOST: "127.0.0.1", PG_PORT: portOf(http), PGSSLMODE: "disable" };
    await assert.rejects(sql(connectionOf(server, { environment: other })), (error: unknown) =>
      isDrError(error),
    );
  } finally {
    silent.close();
    http.close();
  }
});

test("too many sessions are PG_TOO_MANY_CONNECTIONS, too many senders PG_NO_FREE_WALSENDER, and both go away", async () => {
  const held: SqlSession[] = [];
  const settings = connectionOf(server, { user: "plain" });
  try {
    await fails(
      (async () => {
        for (let i = 0; i < 12; i++) {
          held.push(await SqlSession.open(settings, { applicationName, signal: never }));
        }
      })(),
      "PG_TOO_MANY_CONNECTIONS",
      {
        message: /no free connection/,
        hint: /pg_stat_activity/,
        french: /plus de connexion libre/,
      },
    );
  } finally {
    for (const session of held) {
      await session.close();
    }
  }
  const senders: ReplicationConnection[] = [];
  try {
    await fails(
      (async () => {
        for (let i = 0; i < 12; i++) {
          senders.push(
            await ReplicationConnection.open(connectionOf(server), {
              applicationName,
              signal: never,
            }),
          );
        }
      })(),
      "PG_NO_FREE_WALSENDER",
      {
        message: /no free WAL sender/,
        hint: /max_wal_senders/,
        french: /plus de processus d'envoi/,
      },
    );
  } finally {
    for (const sender of senders) {
      await sender.close();
    }
  }
  assert.equal(senders.length, 10);
});

test("aborting an attempt to connect rejects with the signal's own reason", async () => {
  const reason = new Error("enough");
  await assert.rejects(
    sql(connectionOf(server), AbortSignal.abort(reason)),
    (error) => error === reason,
  );
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const address = silent.address();
  const port = typeof address === "object" && address !== null ? String(address.port) : "";
  const aborter = new AbortController();
  const timer = setTimeout(() => {
    aborter.abort(reason);
  }, 50);
  try {
    const environment = { PG_HOST: "127.0.0.1", PG_PORT: port };
    await assert.rejects(
      sql(connectionOf(server, { environment }), aborter.signal),
      (error) => error === reason,
    );
  } finally {
    clearTimeout(timer);
    silent.close();
  }
});

test("aborting a statement rejects with the signal's own reason and ends the session", async () => {
  await using session = await SqlSession.open(connectionOf(server), {
    applicationName,
    signal: never,
  });
  const reason = new Error("enough");
  const aborter = new AbortController();
  const waiting = session.query("SELECT pg_sleep(60)", { signal: aborter.signal });
  setTimeout(() => {
    aborter.abort(reason);
  }, 50);
  await assert.rejects(waiting, (error) => error === reason);
});

test("a session that the server ends is PG_SHUTTING_DOWN or PG_CONNECTION_LOST, and retryable", async () => {
  await using session = await SqlSession.open(connectionOf(server), {
    applicationName,
    signal: never,
  });
  const [row] = await session.query("SELECT pg_backend_pid() AS pid", { signal: never });
  const waiting = session.query("SELECT pg_sleep(60)", { signal: never });
  await Promise.all([
    server.query(`SELECT pg_terminate_backend(${row?.["pid"] ?? "0"})`),
    assert.rejects(waiting, (error: unknown) => {
      assert.ok(isDrError(error, "PG_SHUTTING_DOWN"), inspect(error));
      return error.retryable;
    }),
  ]);
});

test("TLS: refused by a server without it, unless preferred only", async () => {
  const environment = { PGSSLMODE: "require" };
  await fails(sql(connectionOf(server, { tcp: true, environment })), "PG_TLS_REFUSED", {
    message: /does not offer TLS, which sslmode require requires/,
    hint: /ALTER SYSTEM SET ssl = on/,
    french: /ne propose pas TLS/,
  });
  const preferring = connectionOf(server, { tcp: true, environment: { PGSSLMODE: "prefer" } });
  assert.equal(await sql(preferring), "postgres");
  // On a socket TLS is never used, so it cannot be required either.
  assert.equal(await sql(connectionOf(server, { environment })), "postgres");
});

test("TLS: verify-full refuses a certificate nobody vouches for, and takes it with its authority's file", async () => {
  await using secure = await startTestServer({ major: 18, tcp: true });
  const key = join(secure.dataDirectory, "server.key");
  const certificate = join(secure.dataDirectory, "server.crt");
  await writeFile(key, testKey, { mode: 0o600 });
  await writeFile(certificate, testCertificate);
  await takeOverTree(secure.dataDirectory, secure.account);
  await secure.query("ALTER SYSTEM SET ssl = on");
  await secure.query("SELECT pg_reload_conf()");
  const tls = (environment: Readonly<Record<string, string>>): ConnectionSettings =>
    connectionOf(secure, { tcp: true, environment });
  await fails(sql(tls({ PGSSLMODE: "verify-full" })), "PG_TLS_UNVERIFIED", {
    message: /cannot be trusted with sslmode verify-full/,
    hint: /PGSSLROOTCERT/,
    french: /ne peut être accepté/,
  });
  const verified = tls({ PGSSLMODE: "verify-full", PGSSLROOTCERT: certificate });
  assert.equal(await sql(verified), "postgres");
  await replicate(verified);
  assert.equal(await sql(tls({ PGSSLMODE: "require" })), "postgres");
  await fails(sql(tls({ PGSSLMODE: "require", PGSSLROOTCERT: "/no/file" })), "PG_TLS_FILE", {
    message: /\/no\/file cannot be read: ENOENT/,
    hint: /PGSSLROOTCERT/,
    french: /ne peut être lu/,
  });
});

test("a server that is starting up is PG_STARTING, and retryable", async () => {
  await using late = await startTestServer({ major: 15 });
  await late.stop();
  await writeFile(join(late.dataDirectory, "standby.signal"), "");
  await appendFile(join(late.dataDirectory, "postgresql.conf"), "hot_standby = off\n");
  await late.start({ goal: "standby" });
  await fails(sql(connectionOf(late)), "PG_STARTING", {
    message: /does not accept connections yet/,
    hint: /Wait until/,
    french: /n'accepte pas encore/,
  });
});

test("wal_level = minimal is refused with PG_WAL_LEVEL_MINIMAL, and leaves no free WAL sender", async () => {
  await using minimal = await startTestServer({
    major: 15,
    settings: { wal_level: "minimal", max_wal_senders: "0" },
  });
  const settings = connectionOf(minimal);
  await assert.rejects(replicate(settings), (error) => isDrError(error, "PG_NO_FREE_WALSENDER"));
  const version = { major: 15, minor: 1, text: "15.1" };
  assert.throws(
    () => {
      requireFitServer({ version, walLevel: "minimal" }, { settings, allowUntestedMajor: false });
    },
    (error: unknown) =>
      isDrError(error, "PG_WAL_LEVEL_MINIMAL") && error.hint.includes("wal_level = 'replica'"),
  );
});

test("an unknown major is refused with PG_MAJOR_UNTESTED until it is allowed", () => {
  const facts = { version: { major: 19, minor: 0, text: "19beta1" }, walLevel: "replica" };
  const settings = connectionOf(server);
  assert.throws(
    () => {
      requireFitServer(facts, { settings, allowUntestedMajor: false });
    },
    (error: unknown) => isDrError(error, "PG_MAJOR_UNTESTED"),
  );
  requireFitServer(facts, { settings, allowUntestedMajor: true });
});
